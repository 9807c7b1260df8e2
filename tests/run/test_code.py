"""Whole runs in which somebody writes code: it is executed, decides, and leaves the same dataset each time."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agentsim.events import Event, Notice
from agentsim.library import Library
from agentsim.llm.model import Request
from agentsim.run import runner
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from agentsim.run.runner import create, play
from agentsim.sandbox import testing
from agentsim.sandbox.tools import Unavailable
from agentsim.schema import Record
from tests.run.world import dataset, settings
from tests.sandbox.needs import needs_sandbox
from tests.scripted import ScriptedModel

SOLUTIONS = (Path(__file__).parents[1] / "critic" / "solutions.py").read_text(encoding="utf-8")
MISSING = Unavailable("bubblewrap is not installed", "apt install bubblewrap")


def programmer(code: str) -> ScriptedModel:
    """Answers as an instructor who asks, and as a programmer who writes that code."""

    def reply(request: Request) -> str:
        leads = "you are an instructor" in str(request.messages[0]["content"])
        return "Write it, please." if leads else f"Here it is:\n```python\n{code}\n```\nDoes that serve?"

    return ScriptedModel(reply)


async def played(folder: Path, code: str, **fields: Any) -> tuple[list[Record], list[Event]]:
    """Play six dialogues about code."""
    given = {"dialogues": 6, "max_turns": 4, "goal_check": {"enabled": False}, "critic": {"enabled": False}, **fields}
    scenarios = ("programmer-text", "programmer-data", "programmer-dates")
    await create(settings(scenarios=scenarios, **given), Library.load(), folder, check_models=False)
    told: list[Event] = []
    await play(folder, model=programmer(code), watchers=[told.append])
    export_run(folder, ["messages"])
    with closing(RunReader(folder)) as reader:
        return list(reader.records()), told


@needs_sandbox
async def test_code_that_works_is_accepted_by_evidence(tmp_path: Path) -> None:
    records, told = await played(tmp_path / "run", SOLUTIONS)
    executed = [check for record in records for check in record.verdict.checks if check.check.endswith("-works")]
    assert len(executed) == 6
    assert {(check.outcome, check.detail) for check in executed} == {("passed", "the tests held")}
    assert not any(isinstance(event, Notice) and "executed" in event.text for event in told)


@needs_sandbox
async def test_code_that_does_not_is_rejected_with_what_went_wrong(tmp_path: Path) -> None:
    records, _ = await played(tmp_path / "run", SOLUTIONS.replace("return ", "return 0 and "))
    assert {record.verdict.outcome for record in records} == {"rejected"}
    for record in records:
        (reason,) = [reason for reason in record.verdict.reasons if "-works" in reason.detail]
        assert reason.code == "check_failed"
        assert "of the tests, `" in reason.detail


@needs_sandbox
async def test_executing_does_not_show_in_the_order_of_things(tmp_path: Path) -> None:
    wrong = SOLUTIONS.replace("keep < 0", "False").replace("size < 1", "False").replace('"-"', "object()")
    await played(tmp_path / "one", wrong, concurrency=1)
    await played(tmp_path / "six", wrong, concurrency=6)
    assert dataset(tmp_path / "one") == dataset(tmp_path / "six")


async def test_without_a_sandbox_it_is_said_once_and_every_dialogue_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "probe", lambda: MISSING)
    monkeypatch.setattr(runner, "probe", lambda: MISSING)
    records, told = await played(tmp_path / "run", SOLUTIONS)
    notices = [event.text for event in told if isinstance(event, Notice)]
    assert notices == [
        "code in dialogues is not executed, so its checks are not run: "
        "bubblewrap is not installed (apt install bubblewrap)"
    ]
    for record in records:
        unverified = [reason for reason in record.verdict.reasons if reason.code == "unverified"]
        assert [reason.detail.partition(": ")[2] for reason in unverified] == [str(MISSING)]
        assert record.verdict.by == "evidence"


async def test_where_nobody_writes_code_nothing_is_said_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "probe", lambda: MISSING)
    given = settings(scenarios=("home-helper",), dialogues=1, max_turns=2, critic={"enabled": False})
    await create(given, Library.load(), tmp_path / "run", check_models=False)
    told: list[Event] = []
    await play(tmp_path / "run", model=ScriptedModel(lambda _: '{"reached": false}'), watchers=[told.append])
    assert not any(isinstance(event, Notice) for event in told)
