"""Starting the runner as root and as somebody else."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import agentsim
from agentsim.sandbox.probing import probe
from agentsim.sandbox.tools import Tools

SOMEBODY = 12345
SECRET = "planted-3b1f0c"


@dataclass(frozen=True)
class Runner:
    """Runs hostile code as one user."""

    folder: Path
    """Where a copy of the package lies that everybody can read."""

    uid: int | None
    """Whom it runs as; ``None`` for whoever runs the tests."""

    def command(self, seconds: float) -> list[str]:
        tools = probe()
        assert isinstance(tools, Tools)
        return [tools.python, "-s", "-B", str(self.folder / "runner.py"), str(seconds)]

    def start(self, seconds: float) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(seconds),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(self.folder), "PATH": os.environ["PATH"], "SECRET": SECRET},
            user=self.uid,
            group=self.uid,
            extra_groups=None if self.uid is None else [],
        )

    def __call__(self, code: str, *, seconds: float = 10) -> dict[str, Any]:
        """Run the code, see that nothing is left of it, and return how it ran."""
        with self.start(seconds) as process:
            out, error = process.communicate(code, timeout=120)
        assert process.returncode == 0, error
        told: dict[str, Any] = json.loads(out)
        assert told["status"] != "not_run", told["stderr"]
        assert told["children"] == []
        assert told["descriptors"] is False
        assert told["uid"] == (os.getuid() if self.uid is None else self.uid)
        assert SECRET not in told["stdout"] + told["stderr"]
        return told


def published(into: Path) -> Path:
    """Copy the runner and what it imports to a folder that everybody can read."""
    source = Path(agentsim.__file__).parent
    shutil.copytree(source / "sandbox", into / "agentsim" / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source / "__init__.py", into / "agentsim")
    shutil.copy(Path(__file__).with_name("runner.py"), into)
    for path in (into, *into.rglob("*")):
        path.chmod(0o755)
    return into


def runner_as(who: str, folder: Path) -> Runner:
    """The runner for ``root`` or ``ordinary``; skips where the tests' user cannot be it."""
    root = os.geteuid() == 0
    if who == "root" and not root:
        pytest.skip("the tests do not run as root")
    return Runner(folder, SOMEBODY if who == "ordinary" and root else None)


Hostile = Callable[..., dict[str, Any]]
