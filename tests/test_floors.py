"""Imports go down only, and what is said never to happen on a floor does not."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FLOORS = {
    "agentsim.schema": 0,
    "agentsim.events": 0,
    "agentsim.errors": 0,
    "agentsim.sanitise": 0,
    "agentsim.meaning": 1,
    "agentsim.guards": 1,
    "agentsim.measures": 1,
    "agentsim.library": 1,
    "agentsim.planning": 1,
    "agentsim.topics": 1,
    "agentsim.prompts": 1,
    "agentsim.dataset": 1,
    "agentsim.llm": 2,
    "agentsim.sandbox": 2,
    "agentsim.dialogue": 3,
    "agentsim.critic": 3,
    "agentsim.run": 4,
    "agentsim.cli": 5,
    "agentsim_tui": 6,
}
SHOP_WINDOW = "agentsim"
"""The package itself re-exports names lazily; anyone may read its version."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / "agentsim").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path
    for path in sorted((ROOT / "tui").rglob("*.py")):
        parts = path.relative_to(ROOT / "tui").with_suffix("").parts
        yield ".".join(("agentsim_tui", *(parts[:-1] if parts[-1] == "__init__" else parts))), path


def floor(module: str) -> int | None:
    return next((n for name, n in FLOORS.items() if module == name or module.startswith(name + ".")), None)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # The watcher is installed under another name than its folder's, so it names its own modules relatively.
            assert node.level == 0 or "tui" in path.parts, f"{path}:{node.lineno}: imports are absolute"
            base = f"agentsim_tui.{node.module}" if node.level else node.module
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


ALL = list(modules())


def test_every_module_stands_on_a_floor() -> None:
    assert len(ALL) > 50
    homeless = [name for name, _ in ALL if name != SHOP_WINDOW and floor(name) is None]
    assert homeless == []


def test_imports_go_down_only() -> None:
    up = [
        f"{path.relative_to(ROOT)}:{line}: {name} (floor {floor(name)}) imports {target} (floor {floor(target)})"
        for name, path in ALL
        if name != SHOP_WINDOW
        for target, line in imports(path)
        if (below := floor(target)) is not None and below > (floor(name) or 0)
    ]
    assert up == []


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("litellm", ("agentsim.llm",)),
        ("xllamacpp", ("agentsim.llm.embedded",)),
        ("autogen_core", ("agentsim.llm.client", "agentsim.dialogue", "agentsim.run.simulate")),
        ("autogen_agentchat", ("agentsim.dialogue", "agentsim.run.simulate")),
        ("sqlite3", ("agentsim.run", "agentsim.cli")),
        ("rich", ("agentsim.cli", "agentsim_tui")),
        ("textual", ("agentsim_tui",)),
        ("random", ()),
    ],
)
def test_a_package_is_known_only_where_it_belongs(package: str, allowed: tuple[str, ...]) -> None:
    strangers = [
        f"{path.relative_to(ROOT)}:{line}"
        for name, path in ALL
        for target, line in imports(path)
        if target.split(".")[0] == package and not any(name == a or name.startswith(a + ".") for a in allowed)
    ]
    assert strangers == []


CLOCKS = {"time", "datetime", "random", "secrets", "uuid"}


def test_no_clock_no_chance_and_no_salted_hash_on_the_lowest_floors() -> None:
    found = []
    for name, path in ALL:
        if floor(name) not in (0, 1):
            continue
        found += [f"{path}:{line} imports {target}" for target, line in imports(path) if target.split(".")[0] in CLOCKS]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"hash", "print"}:
                found.append(f"{path}:{node.lineno} calls {node.func.id}()")
    assert found == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, agentsim; dir(agentsim);"
        "heavy = {'litellm', 'autogen_core', 'autogen_agentchat', 'textual', 'numpy', 'pyarrow', 'pydantic', 'aiohttp',"
        " 'xllamacpp', 'networkx', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_help_loads_nothing_but_click() -> None:
    code = (
        "import sys\nfrom agentsim.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit as e: assert not e.code\n"
        "heavy = {'litellm', 'autogen_core', 'pydantic', 'yaml', 'rich', 'asyncio', 'aiohttp', 'numpy', 'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "resume" in done.stdout


def test_every_public_name_can_be_had() -> None:
    import agentsim

    for name in agentsim.__all__:
        assert getattr(agentsim, name) is not None


def test_packages_are_all_listed_for_the_wheel() -> None:
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "agentsim").rglob("*.py")}
    assert there - set(listed) == set()
