"""Recorded answers stand for the models: the same dataset without a server, or one clear message."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentsim.errors import NotRecorded
from agentsim.events import DialogueFailed, Event
from agentsim.run.exporting import export_run
from tests.run.command import Command
from tests.run.served import DeterministicServer, environment, write_project
from tests.run.world import dataset, made, played

NOBODY = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": ""}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a finished run in it; its server is gone."""
    here = write_project(tmp_path_factory.mktemp("project"), dialogues=12)
    with DeterministicServer.going(most=0.002) as server:
        assert Command.start("run", "-o", "first", cwd=here, environment=environment(server)).wait() in (0, 3)
    yield here


def test_without_a_server(recorded: Path) -> None:
    again = Command.start("run", "-o", "again", "-j", 9, "--replay", "first", cwd=recorded, environment=NOBODY)
    assert again.wait() in (0, 3), again.told
    assert dataset(recorded / "again") == dataset(recorded / "first") != {}


def test_a_replay_can_be_replayed(recorded: Path) -> None:
    """Answers are taken over, so the run stands on its own."""
    Command.start("run", "-o", "b", "--replay", "first", cwd=recorded, environment=NOBODY).wait()
    Command.start("run", "-o", "c", "--replay", "b", cwd=recorded, environment=NOBODY).wait()
    assert dataset(recorded / "c") == dataset(recorded / "first")


def test_another_seed_was_not_recorded(recorded: Path) -> None:
    other = Command.start("run", "-o", "other", "--seed", 9, "--replay", "first", cwd=recorded, environment=NOBODY)
    assert other.wait(20) == 2
    assert other.told.count("the recording holds no answer to this request") == 2  # in the list, and at the end
    assert "same library, seed, models and settings" in other.told
    assert "Traceback" not in other.told


def test_a_recording_that_is_not_there(recorded: Path) -> None:
    missing = Command.start("run", "-o", "never", "--replay", "nowhere", cwd=recorded, environment=NOBODY)
    assert missing.wait(20) == 2
    assert "nowhere does not exist" in missing.told
    assert not (recorded / "never").exists(), "a run directory was made for nothing"


async def test_a_replay_sends_nothing(tmp_path: Path) -> None:
    first = await made(tmp_path / "a", dialogues=4)
    await played(first)
    longer = await made(tmp_path / "b", dialogues=5, concurrency=1)
    told: list[Event] = []
    with pytest.raises(NotRecorded):
        await played(longer, replay=first, watchers=[told.append])
    assert sum(isinstance(event, DialogueFailed) for event in told) == 1
    same = await made(tmp_path / "c", dialogues=4)
    await played(same, replay=first)
    for run in (first, same):
        export_run(run, ("messages",))
    assert dataset(first) == dataset(same)
