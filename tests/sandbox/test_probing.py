"""Where no code can be executed, the reason and the fix are told, and nothing is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentsim.sandbox import tools as tools_module
from agentsim.sandbox.probing import probe
from agentsim.sandbox.tools import Tools, Unavailable, find_tools
from tests.sandbox.hostile import SOMEBODY
from tests.sandbox.needs import needs_sandbox

ASK = "from agentsim.sandbox.probing import probe; found = probe(); print(type(found).__name__, '|', found)"
RUN = """
import asyncio
from agentsim.sandbox.running import run_python
print(asyncio.run(run_python("print('executed')", seconds=10)))
"""


def told(folder: Path, program: str, *before: str, user: int | None = None, path: str = os.environ["PATH"]) -> str:
    """What the system's Python prints, started by a command."""
    python = next(place for place in ("/usr/bin/python3", sys.executable) if Path(place).exists())
    return subprocess.run(
        [*before, python, "-s", "-B", "-c", program],
        env={"PYTHONPATH": str(folder), "PATH": path},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_without_bubblewrap_it_is_to_be_installed(folder: Path) -> None:
    wanted = "Unavailable | bubblewrap is not installed (apt install bubblewrap)\n"
    assert told(folder, ASK, path="/nowhere") == wanted
    ran = told(folder, RUN, path="/nowhere")
    assert "status='not_run'" in ran
    assert "executed" not in ran


@needs_sandbox
@pytest.mark.parametrize("program", [ASK, RUN])
def test_without_user_namespaces_nothing_is_executed(folder: Path, program: str) -> None:
    """A real refusal: around this one there is a sandbox in which the kernel grants no further namespaces."""
    around = ("bwrap", "--unshare-user", "--disable-userns", "--dev-bind", "/", "/")
    said = told(folder, program, *around, user=SOMEBODY if os.geteuid() == 0 else None)
    assert "user namespaces are switched off" in said
    assert "sysctl" in said
    assert "executed" not in said


@needs_sandbox
def test_root_that_cannot_become_somebody_else_executes_nothing(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the tests do not run as root")
    around = ("bwrap", "--unshare-user", "--disable-userns", "--dev-bind", "/", "/")
    assert "root cannot become an ordinary user here" in told(folder, ASK, *around)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("bwrap: Unknown option --disable-userns", "this bubblewrap is too old"),
        ("bwrap: setting up uid map: Permission denied", "user namespaces are switched off"),
        ("bwrap: No permissions to create new namespace, likely because ...", "user namespaces are switched off"),
        ("bwrap: Can't mount proc on /newroot/proc", "the sandbox does not work"),
    ],
)
def test_what_bubblewrap_says_is_understood(folder: Path, tmp_path: Path, words: str, why: str) -> None:
    """By a stand-in that says what bubblewraps say on other machines."""
    stand_in = tmp_path / "bwrap"
    stand_in.write_text(f'#!/bin/sh\necho "{words}" >&2\nexit 1\n')
    for place in (tmp_path, *tmp_path.parents[:3], stand_in):
        if os.geteuid() == 0 and place != Path("/tmp"):
            place.chmod(place.stat().st_mode | 0o755)
    assert f"Unavailable | {why}: {words}" in told(folder, ASK, path=f"{tmp_path}:/usr/bin:/bin")


@needs_sandbox
def test_an_old_python_judges_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools_module, "LEAST", (99, 0))
    found = find_tools()
    assert isinstance(found, Unavailable)
    assert found.why == "there is no Python 99.0 or newer below /usr"
    assert "/usr/bin/python3 is 3." in found.fix


@needs_sandbox
def test_the_interpreter_is_the_systems() -> None:
    found = probe()
    assert isinstance(found, Tools)
    assert found is probe()
    shown = [argument for argument in found.mounts() if argument.startswith("/")]
    assert all(place.startswith(("/usr/", "/lib", "/dev/", "/etc/ld.so.cache")) for place in shown), shown
