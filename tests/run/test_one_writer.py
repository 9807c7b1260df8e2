"""One process writes a run; others may look on."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from agentsim.errors import StorageError, UserError
from agentsim.run import directory
from agentsim.run.directory import find_runs, make_run_folder
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from agentsim.run.runner import adjust
from agentsim.run.settings import RunSettings
from agentsim.run.store import Store
from tests.run.command import Command, until
from tests.run.served import DeterministicServer, environment, write_project
from tests.run.world import made


def test_a_second_writer_refuses_at_once_while_readers_read(tmp_path: Path) -> None:
    here = write_project(tmp_path / "project", dialogues=50, concurrency=4)
    with DeterministicServer.going(most=0.05) as server:
        first = Command.start("run", "-o", "it", cwd=here, environment=environment(server))
        until(lambda: len(server.requests) > 60)
        asked = len(server.requests)
        for args in (("resume", "it"), ("resume", "it", "-j", 2)):
            second = Command.start(*args, cwd=here, environment=environment(server))
            assert second.wait(5) == 5
            assert "another process is writing to it" in second.told
            assert "Traceback" not in second.told
        with closing(RunReader(here / "it")) as reader:
            begun = reader.usage().calls
            assert begun >= asked - 4
            until(lambda: reader.usage().calls > begun)
            tally = reader.tally()
            assert tally.planned == tally.accepted + sum(tally.rejected.values()) + sum(tally.failed.values())
            assert reader.story("0").history.turns
        export_run(here / "it", ("messages",), out=tmp_path / "so-far")
        assert first.process.exitcode is None
        # kill -9 lets go of it.
        first.kill()
        Store(here / "it").close()


async def test_in_one_process_too(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it")
    with closing(Store(folder)):
        with pytest.raises(StorageError, match="another process is writing"):
            Store(folder)
        with pytest.raises(StorageError, match="another process is writing"):
            adjust(folder, concurrency=9)
    Store(folder).close()
    with closing(RunReader(folder)) as reader:
        assert reader.settings.concurrency == 4


def test_runs_begun_in_the_same_second_get_folders_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(directory, "RUNS", tmp_path / "runs")
    made: list[Path] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        made.extend(make_run_folder(RunSettings(), None) for _ in range(5))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 40
    assert find_runs(tmp_path / "runs") == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="already holds something else"):
        make_run_folder(RunSettings(), tmp_path)
    with pytest.raises(UserError, match="already holds"):
        make_run_folder(RunSettings(), tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


async def test_a_folder_with_a_run_says_how_to_go_on(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it")
    with pytest.raises(UserError, match="already holds a run") as told:
        make_run_folder(RunSettings(), folder)
    assert f"agentsim resume {folder}" in str(told.value)
