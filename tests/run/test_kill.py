"""Killed at any moment, a run goes on where it stood: nothing is asked twice, lost or doubled."""

import random
import re
from contextlib import closing
from pathlib import Path

import pytest

from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from tests.run.command import Command, fresh, until
from tests.run.served import DeterministicServer, asked_for, environment, stored_answers, write_project
from tests.run.world import dataset

DIALOGUES = 50
CONCURRENCY = 16


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The dataset of a run that nobody disturbed."""
    here = write_project(tmp_path_factory.mktemp("whole"), dialogues=DIALOGUES, concurrency=CONCURRENCY)
    with DeterministicServer.going(most=0.005) as server:
        done = fresh("run", "-o", "whole", cwd=here, environment=environment(server))
        assert done.returncode == 3, done.stderr  # some were ungraded
        assert done.stdout == "whole\n"
        assert "never retrieved" not in done.stderr
        assert "Warning" not in done.stderr
        bodies = asked_for(server.bodies)
        assert len(set(bodies)) == len(bodies)
    return dataset(here / "whole")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", dialogues=DIALOGUES, concurrency=CONCURRENCY)


def test_killed_again_and_again(here: Path, uninterrupted: dict[str, bytes]) -> None:
    draw = random.Random()
    told: list[set[str]] = []
    repeated: list[int] = []
    run = here / "it"
    with DeterministicServer.going() as server:
        args: tuple[object, ...] = ("run", "-o", run, "--stream")
        for _ in range(8):
            asked = len(server.requests)
            command = Command.start(*args, cwd=here, environment=environment(server))
            wanted = asked + draw.randint(1, 90)
            _until(server, wanted, command)
            command.kill()
            kept = stored_answers(run)
            _shown_verdicts_are_kept(command.told, run)
            before = set(asked_for(server.bodies[:asked]))
            now = asked_for(server.bodies[asked:])
            if told:
                assert not told[-1].intersection(now), "what was stored was asked for again"
                assert told[-1] <= kept
            repeated.append(len(before.intersection(now)))
            assert len(set(now)) == len(now), "one process asked the same twice"
            told.append(kept)
            args = ("resume", run, "--stream")
        asked = len(server.requests)
        done = Command.start("resume", run, cwd=here, environment=environment(server))
        assert done.wait() == 3
        now = asked_for(server.bodies[asked:])
        assert not told[-1].intersection(now)
        assert max(repeated) <= CONCURRENCY
    print(f"asked again after each kill: {repeated}")
    assert dataset(run) == uninterrupted
    with closing(RunReader(run)) as reader:
        summaries = reader.summaries()
        assert [summary.index for summary in summaries] == list(range(DIALOGUES))
        assert {summary.state for summary in summaries} <= {"accepted", "rejected", "undecided"}
        for summary in summaries:
            turns = reader.story(summary.id).history.turns
            assert [turn.index for turn in turns] == list(range(len(turns)))
        tally = reader.tally()
        assert tally.planned == tally.accepted + sum(tally.rejected.values()) + sum(tally.failed.values())


def _shown_verdicts_are_kept(told: str, run: Path) -> None:
    with closing(RunReader(run)) as reader:
        states = {summary.id: summary.state for summary in reader.summaries()}
    for name, state in re.findall(r"^\[\d+/\d+\] (\S+) (\w+) by .*\n", told, re.MULTILINE):
        assert states[name] == state


def test_killed_between_the_last_turn_and_the_verdict(here: Path, uninterrupted: dict[str, bytes]) -> None:
    """The critic's call is in flight when the process dies: dialogues are over and undecided."""
    run = here / "it"
    commands: list[Command] = []
    with DeterministicServer.going(most=0.005) as server:

        def at_the_critic(body: dict[str, object]) -> None:
            wanted = body.get("response_format")
            if wanted is not None and "score" in str(wanted) and len(server.requests) > 60:
                commands[0].process.kill()

        server.before = at_the_critic
        commands.append(Command.start("run", "-o", run, cwd=here, environment=environment(server)))
        assert commands[0].wait() == -9
        with closing(RunReader(run)) as reader:
            ended = [story for _, story in reader.stories(unfinished=True) if story.history.end is not None]
            assert ended
            assert reader.tally().failed["incomplete"] >= len(ended)
        server.before = lambda _: None
        kept = stored_answers(run)
        asked = len(server.requests)
        assert Command.start("resume", run, cwd=here, environment=environment(server)).wait() in (0, 3)
        assert not kept.intersection(asked_for(server.bodies[asked:]))
    assert dataset(run) == uninterrupted


def test_killed_while_the_dataset_is_written(here: Path, uninterrupted: dict[str, bytes]) -> None:
    """A reader finds no dataset or a whole one, and the next command writes it."""
    run = here / "it"
    with DeterministicServer.going(most=0.002) as server:
        command = Command.start("run", "-o", run, cwd=here, environment=environment(server))
        half = run / "exports" / ".parquet.agentsim-new"
        until(half.exists, every=0.0001)
        command.kill()
        asked = len(server.requests)
        found = dataset(run)
        assert {name: found[name] for name in found if not name.startswith(".")}.items() <= uninterrupted.items()
        # All is played; what is left is to write it.
        assert Command.start("resume", run, cwd=here, environment=environment(server)).wait() in (0, 3)
        assert len(server.requests) == asked
    assert dataset(run) == uninterrupted
    assert export_run(run, ("messages",))[0].accepted > 0


def test_killed_before_it_was_set_up(here: Path) -> None:
    """A directory without settings says so, and is not mistaken for a run."""
    from agentsim.errors import StorageError
    from agentsim.run.store import Store

    (here / "half").mkdir()
    Store(here / "half").close()
    with pytest.raises(StorageError, match="never set up"):
        RunReader(here / "half")


def _until(server: DeterministicServer, requests: int, command: Command) -> None:
    until(lambda: len(server.requests) >= requests or command.process.exitcode is not None)
