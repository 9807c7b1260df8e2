"""A run directory: ``runs/<time>-<name>/`` with ``run.yaml``, ``run.db`` and ``exports/``."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

import agentsim
from agentsim.errors import StorageError, UserError
from agentsim.run.settings import RunSettings

RUNS = Path("runs")
_REPORTED = ("autogen-agentchat", "litellm", "xllamacpp", "pydantic")


def make_run_folder(settings: RunSettings, out: Path | None) -> Path:
    """Create the directory of a new run and return it.

    Args:
        settings: the run's; its name is part of the directory's.
        out: the directory to use, which must be empty or missing; ``runs/<time>-<name>`` where left out.

    Raises:
        UserError: where ``out`` holds something.
        StorageError: where the directory cannot be made.
    """
    try:
        if out is None:
            return _made(RUNS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{settings.name}")
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            again = out / "run.db"
            raise UserError(
                f"{out} already holds {'a run' if again.exists() else 'something else'}",
                fix=f"`agentsim resume {out}` goes on with it, or choose another --out"
                if again.exists()
                else "choose another --out",
            )
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the run directory {out or RUNS}: {error}", fix="choose another --out"
        ) from None
    return out


def write_run_yaml(folder: Path, settings: RunSettings) -> None:
    """Write the resolved settings to ``run.yaml``, the versions they ran under as comments above them."""
    lines = [f"# agentsim {agentsim.__version__}, Python {platform.python_version()}"]
    for package in _REPORTED:
        try:
            lines.append(f"# {package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"# {package} not installed")
    body = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    try:
        (folder / "run.yaml").write_text("\n".join([*lines, body]), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write in {folder}: {error}", fix="make room or choose another --out") from None


def find_runs(base: Path = RUNS) -> list[Path]:
    """Return the run directories below ``base``, oldest first by name."""
    return sorted(path.parent for path in base.glob("*/run.db")) if base.is_dir() else []


def _made(path: Path) -> Path:
    """Make the folder, or the first numbered one beside it that nobody has taken, and return it."""
    taken, number = path, 2
    while True:
        try:
            taken.mkdir(parents=True)
        except FileExistsError:
            taken = path.with_name(f"{path.name}-{number}")
            number += 1
        else:
            return taken
