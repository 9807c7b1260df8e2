"""The command line as a function, and a folder with runs in it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentsim.cli.main import main
from tests.cli.folders import EVIL, make_run

FINE, HOSTILE = "20260101-000000-fine", "20260102-000000-hostile"


@dataclass(frozen=True)
class Said:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output, which must be one line of JSON."""
        import json

        assert self.out.count("\n") == 1
        return json.loads(self.out)

    def lines(self, kind: str) -> list[list[str]]:
        """The cells of its tab-separated lines of a kind."""
        rows = [line.split("\t") for line in self.out.splitlines()]
        return [cells[1:] for cells in rows if cells[0] == kind]


Agentsim = Callable[..., Said]


@pytest.fixture
def agentsim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Agentsim:
    """Run a command in an empty folder, with nothing of this machine's user in its environment."""
    import os

    for name in list(os.environ):
        if name.startswith("AGENTSIM_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("AGENTSIM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "here")

    def call(*args: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(list(args))
        heard = capsys.readouterr()
        return Said(int(stop.value.code or 0), heard.out, heard.err)

    return call


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, made once: one of decent people, one of a hostile model and persona."""
    base = tmp_path_factory.mktemp("made")
    make_run(base / FINE)
    make_run(base / HOSTILE, said=EVIL, name="Eve\x1b[1m [red]\x07")
    return base


@pytest.fixture
def runs(made: Path, agentsim: Agentsim) -> Path:
    """The two runs, copied below ./runs."""
    shutil.copytree(made, "runs")
    return Path("runs")
