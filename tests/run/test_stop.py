"""Stopping a run by hand: the first signal lets calls in flight finish, the second does not wait."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from agentsim.dialogue.speakers import FunctionSpeaker
from agentsim.events import Event
from agentsim.run.engine import Engine
from tests.run.command import Command, until
from tests.run.served import (
    DeterministicServer,
    asked_for,
    environment,
    stored_answers,
    write_project,
)
from tests.run.world import by_request, dataset, made, played
from tests.scripted import ScriptedModel


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", dialogues=20, concurrency=8)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_drains(here: Path, number: signal.Signals) -> None:
    with DeterministicServer.going(most=0.01) as server:
        whole = Command.start("run", "-o", "whole", cwd=here, environment=environment(server))
        assert whole.wait() in (0, 3)

        server.requests.clear()
        server.latency = 0.4
        command = Command.start("run", "-o", "it", cwd=here, environment=environment(server))
        until(lambda: len(server.requests) >= 20)
        os.kill(command.pid, number)
        time.sleep(0.1)
        asked = len(server.requests)
        assert server.in_flight > 0
        assert command.wait() == 130
        assert len(server.requests) == asked, "something new was begun"
        assert stored_answers(here / "it") == set(asked_for(server.bodies)), "a call in flight was lost"
        assert command.said == "it\n"
        assert "incomplete" in command.told
        assert "agentsim resume it" in command.told
        assert "Traceback" not in command.told

        server.latency = 0
        assert Command.start("resume", "it", cwd=here, environment=environment(server)).wait() in (0, 3)
        assert len(set(asked_for(server.bodies))) == len(asked_for(server.bodies))
    assert dataset(here / "it") == dataset(here / "whole")


def test_the_second_signal_does_not_wait(here: Path) -> None:
    with DeterministicServer.going() as server:
        server.latency = 60
        command = Command.start("run", "-o", "it", cwd=here, environment=environment(server))
        until(lambda: len(server.requests) >= 8)
        os.kill(command.pid, signal.SIGINT)
        until(lambda: "stopping" in command.told)
        assert command.process.exitcode is None
        os.kill(command.pid, signal.SIGINT)
        assert command.wait(5) == 130
    assert "Traceback" not in command.told
    assert "never retrieved" not in command.told
    assert "agentsim resume it" in command.told


def test_stopped_when_all_is_done_but_the_last_verdict(here: Path) -> None:
    """Nothing is left to do after it, so a resume asks nothing."""
    with DeterministicServer.going(most=0.001) as server:
        command = Command.start("run", "-o", "it", "-n", 1, cwd=here, environment=environment(server))

        signalled: list[bool] = []

        def at_the_critic(body: dict[str, object]) -> None:
            if "score" in str(body.get("response_format")) and not signalled:
                signalled.append(True)
                os.kill(command.pid, signal.SIGINT)
                time.sleep(0.1)

        server.before = at_the_critic
        assert command.wait() == 130
        asked = len(server.requests)
        server.before = lambda _: None
        assert Command.start("resume", "it", cwd=here, environment=environment(server)).wait() in (0, 3)
        assert len(server.requests) == asked


async def test_calls_that_wait_for_their_turn_are_not_begun(tmp_path: Path) -> None:
    """Where a model takes two calls at once, those behind them have not been sent when the run is stopped."""
    folder = await made(tmp_path / "it", dialogues=30, concurrency=20, models={"openai/anything": {"in_flight": 2}})
    model = ScriptedModel(by_request, latency=0.05)
    engines: list[Engine] = []

    async def stop() -> int:
        await asyncio.sleep(0.12)
        engines[0].drain()
        return len(model.requests)

    stopped = asyncio.create_task(stop())
    outcome = await played(folder, model, on_engine=engines.append)
    assert outcome.finished.stopped == "interrupted"
    assert len(model.requests) == await stopped
    assert outcome.finished.usage.calls == len(model.requests)
    assert (await played(folder)).finished.stopped == "done"


async def test_functions_are_not_called_again_either(tmp_path: Path) -> None:
    """A dialogue of two functions asks no model; it stops after the turn in hand all the same."""
    folder = await made(tmp_path / "it", dialogues=4, scenarios=("shop",), concurrency=1, critic={"enabled": False})
    engines: list[Engine] = []
    turns: list[Event] = []

    def watch(event: Event) -> None:
        if event.kind == "turn_done":
            turns.append(event)
            engines[0].drain()

    both = {role: FunctionSpeaker(lambda said: f"Turn {len(said)}.") for role in ("customer", "clerk")}
    await played(folder, speakers=both, watchers=[watch], on_engine=engines.append)
    assert len(turns) == 1
    outcome = await played(folder, speakers=both)
    assert outcome.finished.tally.accepted == 4
