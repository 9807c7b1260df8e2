"""Runs that go on until enough is accepted, from the command line, killed and resumed on the way."""

import json
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from agentsim.run.reader import RunReader
from tests.run.command import Command, fresh, until
from tests.run.served import DeterministicServer, environment, write_project
from tests.run.world import dataset


def chosen(folder: Path) -> list[str]:
    with closing(RunReader(folder)) as reader:
        return [event.assignment.id for event in reader.chosen()]


def reached(server: DeterministicServer, requests: int, command: Command) -> bool:
    return len(server.requests) > requests or not command.process.is_alive()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", dialogues=400, concurrency=6)


def test_killed_and_resumed_it_plans_the_same_and_stops_at_the_same_place(here: Path) -> None:
    with DeterministicServer.going(most=0.005) as server:
        whole = fresh("run", "-o", "whole", "--accepted", 15, cwd=here, environment=environment(server))
        assert "15 accepted" in whole.stderr, whole.stderr
        asked = len(server.requests)
        command = Command.start("run", "-o", "it", "--accepted", 15, cwd=here, environment=environment(server))
        for more in (20, 55, 90):
            until(partial(reached, server, asked + more, command))
            command.kill()
            command = Command.start("resume", "it", cwd=here, environment=environment(server))
        command.process.join()
        told = fresh("coverage", "it", "--compare", "whole", "--json", cwd=here, environment={})
        shown = fresh("coverage", "it", "--compare", "whole", cwd=here, environment={})
    assert chosen(here / "it") == chosen(here / "whole")
    same = json.loads(told.stdout)
    assert same["dialogues"] >= 15
    assert [one["other"] - one["one"] for one in same["measures"]] == [0.0] * 9
    assert all(one["low"] <= 0 <= one["high"] for one in same["measures"])
    assert shown.stdout.splitlines()[0] == "measure\tfirst\tsecond\tdifference\tfrom\tto"
    assert "beyond chance (95 %): nothing" in shown.stderr
    assert dataset(here / "it") == dataset(here / "whole")


def test_what_is_missing_is_told_with_its_reason(here: Path) -> None:
    with DeterministicServer.going(most=0.001) as server:
        few = fresh("run", "-o", "few", "-n", 3, "--accepted", 9, cwd=here, environment=environment(server))
        topics = fresh(
            "run", "-o", "topics", "-n", 60, "--per-topic", 40, "--json", cwd=here, environment=environment(server)
        )
    assert few.returncode == 3
    assert "of 9 dialogues accepted, 3 tried" in few.stderr
    assert "agentsim resume few --dialogues 6" in few.stderr
    told = json.loads(topics.stdout)
    assert topics.returncode == 3
    lacking = told["missed"]["topics"]
    assert {topic["wanted"] for topic in lacking} == {40}
    assert sum(topic["tried"] for topic in lacking) == told["planned"] <= 60
    assert all(topic["tried"] >= max(8, topic["about_it"]) for topic in lacking)


def test_a_goal_is_asked_for_beforehand(here: Path) -> None:
    with DeterministicServer.going(most=0.001) as server:
        plain = fresh("run", "-o", "plain", "-n", 2, cwd=here, environment=environment(server))
        assert plain.stdout == "plain\n", plain.stderr
        later = fresh("resume", "plain", "--accepted", 4, cwd=here, environment=environment(server))
    assert later.returncode == 2
    assert "was not planned with --accepted" in later.stderr
    assert "Traceback" not in later.stderr
