"""Checks of Python code: what is run, what it decides, and that nothing is run without a sandbox."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from agentsim.critic.checks import run_checks
from agentsim.library import Library
from agentsim.sandbox import testing
from agentsim.sandbox.tools import Unavailable
from agentsim.schema import CheckResult, PythonCheck, Scenario
from tests.dialogue.build import said, situation
from tests.sandbox.needs import needs_sandbox

ADDS = PythonCheck(id="adds", kind="python", tests="assert add(1, 2) == 3", entry="add")
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"
WRONG = "```python\ndef add(a, b):\n    return a - b\n```"


async def result(*texts: str, check: PythonCheck = ADDS) -> CheckResult:
    """What the check finds where the helper says these texts."""
    scenario = situation(checks=[check])
    words = [word for text in texts for word in ("Well?", text)]
    (one,) = await run_checks(said(scenario, *words), scenario)
    return one


@needs_sandbox
async def test_code_that_does_its_task_passes() -> None:
    assert await result(RIGHT) == CheckResult(check="adds", outcome="passed", detail="the tests held")


@needs_sandbox
async def test_the_last_version_decides() -> None:
    assert (await result(WRONG, RIGHT)).outcome == "passed"
    wrong = await result(RIGHT, "I changed it.\n" + WRONG, "Fine.")
    assert wrong.outcome == "failed"
    assert wrong.detail == "line 1 of the tests, `assert add(1, 2) == 3`: AssertionError: left -1, right 3"


@needs_sandbox
async def test_where_the_last_turn_is_asked_for_earlier_ones_do_not_count() -> None:
    last = ADDS.model_copy(update={"where": "last"})
    assert (await result(RIGHT, "Done.", check=last)).outcome == "failed"
    assert (await result("First:", RIGHT, check=last)).outcome == "passed"


async def test_without_code_the_check_fails() -> None:
    nothing = await result("I would rather not.")
    assert (nothing.outcome, nothing.detail) == ("failed", "no block of code defines add")


async def test_without_a_sandbox_nothing_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(testing, "probe", lambda: Unavailable("bubblewrap is not installed", "apt install bubblewrap"))
    mark = tmp_path / "ran"
    found = await result(f"```python\nopen({str(mark)!r}, 'w')\ndef add(a, b): return a + b\n```")
    assert found.outcome == "not_run"
    assert found.detail == "bubblewrap is not installed (apt install bubblewrap)"
    assert not mark.exists()


@needs_sandbox
async def test_a_sandbox_that_does_not_start_is_no_failure_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("agentsim.sandbox.box.subprocess.Popen", refused)
    found = await result(WRONG)
    assert found.outcome == "not_run"
    assert "did not start" in found.detail


@pytest.mark.parametrize("entry", ["two words", "1st", "a.b", "class", "f()"])
def test_an_entry_is_a_name(entry: str) -> None:
    with pytest.raises(ValidationError, match="no name that Python code could define"):
        PythonCheck(id="adds", kind="python", tests="pass", entry=entry)


SOLUTIONS = Path(__file__).with_name("solutions.py").read_text(encoding="utf-8")
SHIPPED = [
    (scenario, check)
    for scenario in Library.load().scenarios.values()
    for check in scenario.checks
    if isinstance(check, PythonCheck)
]


@needs_sandbox
@pytest.mark.parametrize(("scenario", "check"), SHIPPED, ids=[check.id for _, check in SHIPPED])
async def test_the_shipped_tests_tell_right_from_nothing(scenario: Scenario, check: PythonCheck) -> None:
    right = await testing.run_tests(SOLUTIONS, check.tests, check.entry, seconds=30)
    assert str(right) == "the tests held"
    empty = f"def {check.entry}(*given, **named): return None"
    assert (await testing.run_tests(empty, check.tests, check.entry, seconds=30)).outcome == "failed"


def test_there_are_shipped_tests() -> None:
    assert len(SHIPPED) == 18
