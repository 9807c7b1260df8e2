"""Stopping a run by hand: the first signal lets calls in flight finish, the second does not wait."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.run.command import Command, until
from tests.run.served import (
    DeterministicServer,
    asked_for,
    environment,
    stored_answers,
    write_project,
)
from tests.run.world import by_body, dataset


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", dialogues=20, concurrency=8)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_drains(here: Path, number: signal.Signals) -> None:
    with DeterministicServer.in_thread(by_body, most=0.01) as server:
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
    with DeterministicServer.in_thread(by_body) as server:
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
    with DeterministicServer.in_thread(by_body, most=0.001) as server:
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
