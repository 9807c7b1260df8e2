"""Guards over whole runs: a server that plays each failure on purpose, kills, and any order of events."""

import json
import random
from collections.abc import Mapping
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_args

import pytest

from agentsim.library import Library
from agentsim.llm.model import Request
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from agentsim.run.runner import create, play
from agentsim.run.settings import RunSettings
from agentsim.schema import FailureKind, Record
from agentsim.schema.scenario import Ending
from tests.kettle import LINES, WRONG, Kettle, ana, role_turn, scenario
from tests.loopback import LoopbackServer
from tests.run.world import Jittery, dataset
from tests.scripted import ScriptedModel

KINDS: tuple[FailureKind, ...] = get_args(FailureKind)


def library(**fields: Any) -> Library:
    """The kettle, its customer, and agentsim's rubrics."""
    return Library.of(personas=[ana()], scenarios=[scenario(**fields)], rubrics=list(Library.load().rubrics.values()))


def settings(**fields: Any) -> RunSettings:
    """A run about the kettle that nobody grades."""
    given: dict[str, Any] = {
        "model": "openai/anything",
        "dialogues": 1,
        "agenda": False,
        "critic": {"enabled": False},
        "goal_check": {"enabled": False},
        "validation_share": 0,
        **fields,
    }
    return RunSettings.model_validate(given)


async def served(folder: Path, kettle: Kettle, *, turns: int = 12, **fields: Any) -> Record:
    """Run one dialogue against a real server that answers as ``kettle`` does, and read it back from the store."""
    ending = Ending(goal="The customer knows what they get back.", min_turns=6, max_turns=turns)
    async with LoopbackServer(lambda body: kettle(body["messages"])) as server:
        models = {"openai/anything": {"api_base": server.url, "api_key_env": "KETTLE_KEY"}}
        await create(settings(models=models, **fields), library(ending=ending), folder)
        await play(folder)
    with closing(RunReader(folder)) as reader:
        (record,) = reader.records()
    return record


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETTLE_KEY", "sk-test")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "farewell_loop"])
async def test_each_failure_is_seen_repaired_and_accepted(kind: FailureKind, tmp_path: Path) -> None:
    record = await served(tmp_path / "it", Kettle(kind))
    assert [turn.text for turn in record.dialogue.turns] == list(LINES)
    assert kind in {one.finding.kind for one in record.dialogue.interventions}
    assert record.dialogue.end.reason == "turn_limit"
    assert (record.verdict.outcome, record.verdict.by) == ("accepted", "evidence")


async def test_a_farewell_loop_ends_the_dialogue_and_spoils_nothing(tmp_path: Path) -> None:
    record = await served(tmp_path / "it", Kettle("farewell_loop"), turns=16)
    assert record.dialogue.end.reason == "guard"
    assert "farewell_loop" in (record.dialogue.end.detail or "")
    assert record.verdict.outcome == "accepted"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
async def test_each_failure_that_stays_turns_the_dialogue_down_with_its_name(kind: FailureKind, tmp_path: Path) -> None:
    record = await served(tmp_path / "it", Kettle(kind), turns=16, guards={"mode": "tag"})
    assert kind in {finding.kind for finding in record.dialogue.findings}
    assert (record.verdict.outcome, record.verdict.by) == ("rejected", "detectors")
    assert kind in {reason.code for reason in record.verdict.reasons}


async def test_a_role_that_stays_silent_fails_the_dialogue(tmp_path: Path) -> None:
    with pytest.raises(ValueError):  # no record: it has no verdict
        await served(tmp_path / "it", Kettle("empty", times=99))
    with closing(RunReader(tmp_path / "it")) as reader:
        assert reader.tally().failed == {"error:EmptyAnswer": 1}


async def test_a_failure_may_be_put_up_with(tmp_path: Path) -> None:
    guards = {"policies": {"flake_reply": {"action": "tag", "rejects": False}}}
    record = await served(tmp_path / "it", Kettle("flake_reply"), guards=guards)
    assert [finding.kind for finding in record.dialogue.findings] == ["flake_reply"]
    assert record.verdict.outcome == "accepted"


async def test_what_repairs_take_is_counted(tmp_path: Path) -> None:
    record = await served(tmp_path / "it", Kettle("role_flip"))
    with closing(RunReader(tmp_path / "it")) as reader:
        spent = reader.usage()
    (done,) = record.dialogue.interventions
    assert spent.calls == len(LINES) + 1
    assert spent.completion_tokens == record.dialogue.usage.completion_tokens + done.discarded.completion_tokens
    assert done.discarded.completion_tokens > 0


def wobbly(request: Request) -> str:
    """Goes wrong at some turns of some dialogues: in a way that the request, its seed included, decides alone."""
    turn = role_turn(request.messages)
    told = json.dumps([list(map(dict, request.messages)), request.sample]).encode()
    draw = random.Random(blake2b(told, digest_size=8).digest())
    wrong: list[Mapping[int, str]] = [lines for kind, lines in WRONG.items() if turn in lines and kind != "empty"]
    if wrong and draw.random() < 0.6:
        return draw.choice(wrong)[turn]
    return LINES[turn] if turn < len(LINES) else f"One more thing on number {turn}: the kettle is packed."


async def _run(folder: Path, concurrency: int) -> tuple[dict[str, bytes], list[Record]]:
    ending = Ending(goal="The customer knows what they get back.", min_turns=6, max_turns=14)
    await create(
        settings(dialogues=20, concurrency=concurrency, validation_share=0.2),
        library(ending=ending),
        folder,
        check_models=False,
    )
    await play(folder, model=Jittery(wobbly))
    export_run(folder, ["messages"])
    with closing(RunReader(folder)) as reader:
        return dataset(folder), list(reader.records())


async def test_repaired_runs_are_the_same_in_any_order(tmp_path: Path) -> None:
    alone, records = await _run(tmp_path / "1", 1)
    assert sum(len(record.dialogue.interventions) for record in records) > 10
    assert {one.action for record in records for one in record.dialogue.interventions} >= {"hint", "rewind", "end"}
    again, same = await _run(tmp_path / "9", 9)
    assert (alone, records) == (again, same)


class Cut(Exception):
    """The power went."""


async def test_a_repaired_run_that_was_cut_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, records = await _run(tmp_path / "whole", 1)
    folder = tmp_path / "cut"
    ending = Ending(goal="The customer knows what they get back.", min_turns=6, max_turns=14)
    await create(
        settings(dialogues=20, concurrency=3, validation_share=0.2),
        library(ending=ending),
        folder,
        check_models=False,
    )
    asked: list[Request] = []

    def failing(request: Request) -> str:
        asked.append(request)
        if len(asked) % 25 == 0:
            raise Cut
        return wobbly(request)

    for _ in range(60):
        await play(folder, model=ScriptedModel(failing))
        with closing(RunReader(folder)) as reader:
            if reader.tally().failed == {}:
                break
    export_run(folder, ["messages"])
    with closing(RunReader(folder)) as reader:
        assert list(reader.records()) == records
    assert dataset(folder) == whole
