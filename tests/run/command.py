"""The real command line in processes of its own, which tests may kill.

Importing litellm takes seconds, so processes are forked from one that has imported everything already; each
runs `agentsim.cli.main.main`, as the installed command does. `fresh` starts a new interpreter instead.
"""

import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any

import pytest

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.run.preloaded"])


@cache
def _warm() -> None:
    """Start the process to fork from; it knows where `tests` lies from its environment only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        ensure_running()


@dataclass
class Command:
    """A running command."""

    process: Any
    out: Path
    err: Path

    @classmethod
    def start(
        cls, *args: object, cwd: Path, environment: Mapping[str, str], file_limit: int | None = None
    ) -> "Command":
        """Start ``agentsim ARGS`` in ``cwd``; what it prints goes to files there.

        ``file_limit`` is the most bytes the system lets it write to one file, as a full disk would.
        """
        names = [str(arg) for arg in args]
        number = len(list(cwd.glob("*.out")))
        out, err = cwd / f"{number}.out", cwd / f"{number}.err"
        out.touch()
        _warm()
        process = _context.Process(target=_main, args=(names, cwd, dict(environment), out, err, file_limit))
        process.start()
        return cls(process, out, err)

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.join(20)

    def wait(self, seconds: float = 60) -> int:
        """Return its exit status; fail where it does not end."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.kill()
            raise AssertionError(f"it did not end within {seconds} s:\n{self.told}")
        return int(self.process.exitcode)

    @property
    def said(self) -> str:
        """What it printed to standard output."""
        return self.out.read_text(encoding="utf-8")

    @property
    def told(self) -> str:
        """What it printed to standard error."""
        return self.err.read_text(encoding="utf-8") if self.err.exists() else ""


def fresh(*args: object, cwd: Path, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m agentsim.cli.main ARGS`` in a new interpreter to its end."""
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "agentsim.cli.main", *map(str, args)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def until(true: Callable[[], object], seconds: float = 30, *, every: float = 0.002) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(every)


def _main(
    args: list[str], cwd: Path, environment: dict[str, str], out: Path, err: Path, file_limit: int | None
) -> None:
    os.chdir(cwd)
    os.environ.update(environment)
    for number, path in ((1, out), (2, err)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)
    from agentsim.cli.main import main

    if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    try:
        main(args)
    finally:
        sys.stdout.flush()
