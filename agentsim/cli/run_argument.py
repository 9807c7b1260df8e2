"""Which run is meant: a path, the name of a directory below ./runs, or `last`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from agentsim.run.reader import RunReader

LAST = "last"
BASE = Path("runs")
"""Where runs are kept unless told otherwise: `agentsim.run.directory.RUNS`, without importing it."""

_LISTED = 5


def _complete(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    folders = sorted(path.parent for path in BASE.glob("*/run.db"))
    names = [LAST, *(folder.name for folder in folders), *map(str, folders)]
    return [name for name in names if name.startswith(begun)]


def run_argument(*, required: bool = True) -> Callable[[Any], Any]:
    """Return the decorator that adds the argument RUN, which `run_folder` makes a path of."""
    return click.argument("run", type=click.Path(path_type=Path), required=required, shell_complete=_complete)


def run_folder(run: Path, base: Path = BASE) -> Path:
    """Return the run directory that ``run`` means.

    Args:
        run: a path, the name of a directory below ``base``, or ``last`` for the newest one there.
        base: where runs are kept.

    Raises:
        UserError: where there is no such run; it names what there is.
    """
    from agentsim.errors import UserError

    if (run / "run.db").is_file():
        return run
    known = runs_by_time(base)
    if str(run) == LAST:
        if known:
            return known[-1]
        raise UserError(f"there is no run below {base}", fix="`agentsim run` makes one")
    if run.name == str(run) and base / run in known:
        return base / run
    what = "is no run directory: it has no run.db" if run.exists() else "does not exist"
    raise UserError(f"{run} {what}", fix=_instead(known, base))


def runs_by_time(base: Path) -> list[Path]:
    """Return the run directories below ``base``, oldest first.

    The time is the one that a directory's name begins with; where the user chose another name, the time when
    its run.yaml was written.
    """
    from agentsim.run.directory import find_runs

    # A run that was given a directory of its own lies beside `runs`.
    beside = find_runs(base.parent) if base == BASE else []
    return sorted([*find_runs(base), *beside], key=lambda folder: (_begun(folder), folder.name))


def _begun(folder: Path) -> str:
    import re
    from datetime import UTC, datetime

    stamped = re.match(r"[0-9]{8}-[0-9]{6}", folder.name)
    if stamped:
        return stamped.group()
    try:
        written = (folder / "run.yaml").stat().st_mtime
    except OSError:
        return ""
    return f"{datetime.fromtimestamp(written, UTC):%Y%m%d-%H%M%S}"


@contextmanager
def opened(folder: Path) -> "Iterator[RunReader]":
    """Give read access to a run, and turn what a damaged file makes of it into one clear message.

    Raises:
        StorageError: where the file cannot be read, or another version of agentsim wrote it.
    """
    import json
    import sqlite3

    from pydantic import ValidationError

    from agentsim.errors import StorageError
    from agentsim.run.reader import RunReader

    reader = None
    try:
        reader = RunReader(folder)
        yield reader
    except (sqlite3.Error, ValidationError, json.JSONDecodeError) as error:
        first = str(error).split("\n", 1)[0]
        raise StorageError(
            f"{folder} is damaged, or another version of agentsim wrote it: {first}",
            fix="read it with the version that run.yaml in it names, or restore it from a copy",
        ) from error
    finally:
        if reader is not None:
            reader.close()


def _instead(known: list[Path], base: Path) -> str:
    if not known:
        return f"there is no run below {base}; `agentsim run` makes one"
    names = ", ".join(str(path) for path in reversed(known[-_LISTED:]))
    more = f" and {len(known) - _LISTED} more (`agentsim ls`)" if len(known) > _LISTED else ""
    return f"name one of: {LAST}, {names}{more}"
