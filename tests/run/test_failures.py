"""What goes wrong is told once, in its place, and stops no more than it must."""

import asyncio
import traceback
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from agentsim.cli.playing import Look, play_and_report
from agentsim.dialogue.function_agent import Said
from agentsim.dialogue.speakers import AgentSpeaker, FunctionSpeaker
from agentsim.errors import (
    AuthenticationFailed,
    ContextTooLong,
    OutOfQuota,
    RateLimited,
    Refused,
    ServerFailed,
    StorageError,
)
from agentsim.events import DialogueFailed, Event, Notice, RunFinished, RunStarted
from agentsim.llm.model import Request
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from tests.loopback import BAD_KEY, POLICY, Failure
from tests.run.command import Command, until
from tests.run.served import DeterministicServer, environment, write_project
from tests.run.world import by_request, dataset, made, played
from tests.scripted import ScriptedModel

NOT_NOW = Failure(status=429, message="Rate limit reached", headers={"Retry-After": "0.2"})


def test_a_bad_key_stops_the_run_at_once(tmp_path: Path) -> None:
    here = write_project(tmp_path / "project", dialogues=500, concurrency=8)
    with DeterministicServer.going() as server:
        server.failing = lambda _: BAD_KEY
        command = Command.start("run", "-o", "it", "--json", cwd=here, environment=environment(server))
        assert command.wait(15) == 2
        assert len(server.requests) <= 8
        assert command.told.count("\nagentsim: ") == 1
        assert command.told.count(" failed error:AuthenticationFailed") == 1
        assert "Traceback" not in command.told
        assert command.said == ""
        # The key is mended.
        server.failing = lambda _: None
        again = Command.start("resume", "it", "-n", 500, cwd=here, environment=environment(server))
        until(lambda: len(server.requests) > 8)
        again.kill()


async def test_what_waiting_heals_is_tried_again(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=6, concurrency=6, critic={"enabled": False})
    failed: set[str] = set()

    def sometimes(request: Request) -> str | Exception:
        text = by_request(request)
        if text not in failed and text[-2] in "01":
            failed.add(text)
            if text[-2] == "0":
                return RateLimited("slow down", model=request.model, retry_after=0.05)
            return ServerFailed("it fell over", model=request.model)
        return text

    told: list[Event] = []
    outcome = await played(folder, ScriptedModel(sometimes), watchers=[told.append])
    assert failed
    assert outcome.finished.tally.accepted == 6
    assert sum(isinstance(event, Notice) for event in told) == len(failed)


def test_a_server_that_is_busy_now_and_then(tmp_path: Path) -> None:
    here = write_project(tmp_path / "project", dialogues=4, critic={"enabled": False})
    with DeterministicServer.going(script=[NOT_NOW, Failure(status=500), None, Failure(kind="hangup")]) as server:
        command = Command.start("run", "-o", "it", cwd=here, environment=environment(server))
        assert command.wait() == 0, command.told
        assert "trying again in 0.2 s" in command.told
    assert "never retrieved" not in command.told


async def test_a_refused_dialogue_fails_alone_and_is_taken_up_again(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=5, scenarios=("shop",), concurrency=3)
    with closing(RunReader(folder)) as reader:
        from agentsim.planning.plan import Plan
        from tests.run.world import library

        victim = Plan(library(), reader.settings.seed, scenarios=("shop",))[2]
    first: list[Request] = []

    def refusing(request: Request) -> str | Exception:
        turns = sum(message["role"] == "assistant" for message in request.messages)
        if victim.task in request.messages[0]["content"] and turns == 1 and request.params.get("seed"):
            first.append(request)
            return Refused("we do not talk about lamps", model=request.model, fix="choose another subject")
        return by_request(request)

    outcome = await played(folder, ScriptedModel(refusing))
    refused = {request.messages[0]["content"] for request in first}
    tally = outcome.finished.tally
    assert tally.failed["error:Refused"] == len(first) > 0
    assert outcome.finished.stopped == "done"
    assert outcome.bug is None
    with closing(RunReader(folder)) as reader:
        failed = [summary for summary in reader.summaries() if summary.state == "failed"]
        assert [summary.code for summary in failed] == ["error:Refused"] * len(first)
        story = reader.story(failed[0].id)
        assert story.failure is not None
        assert story.failure.detail == "we do not talk about lamps\n  fix: choose another subject"
        spoken = len(story.history.turns)
        assert spoken == 2

    again = ScriptedModel(by_request)
    outcome = await played(folder, again)
    assert "error:Refused" not in outcome.finished.tally.failed
    turns = [request for request in again.requests if "seed" in request.params]
    assert turns, "nothing was asked"
    assert all(message in refused for message in {turns[0].messages[0]["content"]})
    assert [r.messages for r in turns[:1]][0] in [r.messages for r in first], "it goes on with the failed turn"

    whole = await made(tmp_path / "whole", dialogues=5, scenarios=("shop",))
    await played(whole)
    for run in (folder, whole):
        export_run(run, ("messages",))
    assert dataset(folder) == dataset(whole)


def test_a_refusal_on_the_command_line(tmp_path: Path) -> None:
    here = write_project(tmp_path / "project", dialogues=6, critic={"enabled": False})
    with DeterministicServer.going() as server:
        server.failing = lambda body: POLICY if len(body["messages"]) > 4 else None
        command = Command.start("run", "-o", "it", "--json", cwd=here, environment=environment(server))
        assert command.wait() == 3
        assert '"error:Refused"' in command.said
        server.failing = lambda _: None
        assert Command.start("resume", "it", cwd=here, environment=environment(server)).wait() == 0


async def test_a_dialogue_that_fails_before_its_first_event_is_counted(tmp_path: Path) -> None:
    """Its task could not be made: there is no start to tell of, yet it failed and why is kept."""
    folder = await made(tmp_path / "it", dialogues=3, task_specifier={"enabled": True})

    def no_task(request: Request) -> str | Exception:
        if request.params.get("max_tokens") == 160:
            return Refused("no", model=request.model)
        return by_request(request)

    outcome = await played(folder, ScriptedModel(no_task))
    assert outcome.finished.tally.failed == {"error:Refused": 3}
    with closing(RunReader(folder)) as reader:
        assert [s.scenario for s in reader.summaries()] == [
            s.scenario for s in sorted(reader.summaries(), key=lambda s: s.index)
        ]
        assert {summary.scenario for summary in reader.summaries()} <= {"shop", "meeting"}
        story = reader.story("0")
        assert story.failure is not None
        assert story.record() is None
    assert (await played(folder)).finished.tally.failed.get("error:Refused") is None


async def test_a_context_that_is_full_ends_a_dialogue(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=2, scenarios=("shop",), critic={"enabled": False})

    def full(request: Request) -> str | Exception:
        if len(request.messages) > 4:
            return ContextTooLong("too long", model=request.model)
        return by_request(request)

    outcome = await played(folder, ScriptedModel(full))
    assert outcome.finished.tally.accepted == 2


def _boom(said: Sequence[Said]) -> str:
    if len(said) > 2:
        raise KeyError("the till is empty \x1b]0;owned\x07")
    return "Wait a moment."


def test_a_fault_in_the_users_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That dialogue fails with its traceback kept; the others go on; it is shown once, made harmless."""
    folder = asyncio.run(made(tmp_path / "it", dialogues=8, critic={"enabled": False}, goal_check={"enabled": False}))
    with DeterministicServer.going(most=0.001) as server:
        for name, value in environment(server).items():
            monkeypatch.setenv(name, value)
        status = play_and_report(folder, Look(), speakers={"clerk": FunctionSpeaker(_boom)})
    told = capsys.readouterr()
    assert status == 1
    assert told.err.count("Traceback") == 1
    assert told.err.count("failed error:KeyError: KeyError: 'the till is empty") == 4
    assert "\x1b" not in told.err
    assert told.out == f"{folder}\n"
    with closing(RunReader(folder)) as reader:
        assert reader.tally().failed == {"error:KeyError": 4}
        assert reader.tally().accepted == 4
        failure = next(s for _, s in reader.stories(unfinished=True)).failure
        assert failure is not None
        assert "in _boom" in failure.detail
        assert "the till is empty" in failure.detail


class _Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    "fault",
    [_Mute(), asyncio.CancelledError("gave up"), TimeoutError(), StopIteration(), ValueError("\ud800")],
)
async def test_any_fault_stays_in_its_dialogue(tmp_path: Path, fault: BaseException) -> None:
    """Exceptions that cannot be printed, and those with a meaning of their own to asyncio, too."""
    folder = await made(tmp_path / "it", dialogues=6, concurrency=2, critic={"enabled": False})

    def bad(_: Sequence[Said]) -> str:
        raise fault

    outcome = await played(folder, speakers={"clerk": FunctionSpeaker(bad)})
    assert outcome.finished.stopped == "done"
    assert outcome.bug is not None
    assert outcome.finished.tally.accepted == 3
    assert sum(outcome.finished.tally.failed.values()) == 3
    assert all(code.startswith("error:") for code in outcome.finished.tally.failed)


async def test_an_agent_that_cannot_be_made(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=2, scenarios=("shop",))

    def make() -> object:
        raise RuntimeError("no agent today")

    outcome = await played(folder, speakers={"clerk": AgentSpeaker(make)})  # type: ignore[arg-type]
    assert outcome.finished.tally.failed == {"error:RuntimeError": 2}
    assert "no agent today" in "".join(traceback.format_exception(outcome.bug))


@pytest.mark.parametrize("error", [AuthenticationFailed, OutOfQuota])
async def test_what_every_dialogue_would_meet_is_told_once(tmp_path: Path, error: type[AuthenticationFailed]) -> None:
    folder = await made(tmp_path / "it", dialogues=40, concurrency=20)
    told: list[Event] = []
    with pytest.raises(error):
        await played(
            folder,
            ScriptedModel(lambda request: error("no", model=request.model), latency=0.01),
            watchers=[told.append],
        )
    assert isinstance(told[0], RunStarted)
    assert isinstance(told[-1], RunFinished)
    assert told[-1].stopped == "error"
    assert sum(isinstance(event, DialogueFailed) for event in told) == 1
    tally = told[-1].tally
    assert tally.failed == {f"error:{error.__name__}": 1, "incomplete": 19, "not_run": 20}
    assert tally.planned == sum(tally.failed.values())


def test_a_full_disk(tmp_path: Path) -> None:
    """What was done stays done, the message names the file, and the run goes on when there is room."""
    here = write_project(tmp_path / "project", dialogues=20, concurrency=4)
    with DeterministicServer.going(most=0.002) as server:
        whole = Command.start("run", "-o", "whole", cwd=here, environment=environment(server))
        assert whole.wait() in (0, 3)
        full = Command.start("run", "-o", "it", cwd=here, environment=environment(server), file_limit=400_000)
        assert full.wait() == 5
        assert "cannot write to it/run.db" in full.told
        assert "agentsim resume it" in full.told
        assert "Traceback" not in full.told
        assert "never retrieved" not in full.told
        with closing(RunReader(here / "it")) as reader:
            assert reader.usage().calls > 0
            assert len(reader.summaries()) > 0
        assert Command.start("resume", "it", cwd=here, environment=environment(server)).wait() in (0, 3)
    assert dataset(here / "it") == dataset(here / "whole")


async def test_a_store_that_breaks_stops_the_run(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=50, concurrency=10)
    model = ScriptedModel(by_request)
    with pytest.raises(StorageError, match="full"):
        await played(folder, model, on_engine=lambda engine: _limit_pages(engine))
    asked = len(model.requests)
    assert asked < 200
    with closing(RunReader(folder)) as reader:
        assert reader.tally().failed.get("incomplete", 0) > 0
    assert (await played(folder)).finished.stopped == "done"


def _limit_pages(engine: object) -> None:
    db = engine._store._db  # type: ignore[attr-defined]
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages + 20}")
