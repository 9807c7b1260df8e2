"""Checks: what counts as found, and what only looks like it."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agentsim.critic.checks import run_checks
from agentsim.schema import Check, CheckResult, Dialogue, Scenario, TaskTemplate
from tests.dialogue.build import said, situation

CHECKS: TypeAdapter[Check] = TypeAdapter(Check)


def check(kind: str, **fields: Any) -> Check:
    return CHECKS.validate_python({"kind": kind, "id": "it", **fields})


def found(dialogue: Dialogue, scenario: Scenario) -> tuple[CheckResult, ...]:
    return asyncio.run(run_checks(dialogue, scenario))


def outcome(one: Check, *texts: str) -> str:
    """What the check finds where the helper says these texts."""
    scenario = situation(checks=[one])
    words = [word for text in texts for word in ("Well?", text)]
    (result,) = found(said(scenario, *words), scenario)
    assert result.check == "it"
    return result.outcome


@pytest.mark.parametrize(
    ("fields", "texts", "expected"),
    [
        ({}, ["Two EUROS."], "passed"),
        ({}, ["no", "two euros"], "passed"),
        ({}, ["no"], "failed"),
        ({"where": "last"}, ["two euros", "no"], "failed"),
        ({"where": "last"}, ["no", "two euros"], "passed"),
        ({"absent": True}, ["no", "nothing"], "passed"),
        ({"absent": True}, ["two euros", "no"], "failed"),
        ({"absent": True, "where": "last"}, ["two euros", "no"], "passed"),
        ({"role": "asker"}, ["two euros"], "failed"),
    ],
)
def test_a_pattern_is_searched(fields: dict[str, Any], texts: list[str], expected: str) -> None:
    assert outcome(check("regex", pattern=r"two\s+euros", **fields), *texts) == expected


@pytest.mark.parametrize(
    ("answer", "text", "expected"),
    [
        ("Paris", "It is PARIS!", "passed"),
        ("Paris", "comparison", "failed"),
        ("Paris", "Parisian", "failed"),
        ("art", "The start of art.", "passed"),
        ("art", "The start.", "failed"),
        ("'Paris.'", "paris", "passed"),
        ("New York", "in New\nYork now", "passed"),
        ("New York", "in NewYork", "failed"),
        ("a.b", "a.b", "passed"),
        ("a.b", "axb", "failed"),
        ("C++", "I like C++ a lot", "passed"),
        ("x = 1", "so `x = 1`", "passed"),
        ("Straße", "STRASSE", "passed"),
        ("42", "142", "failed"),
        ("42", "**42**", "passed"),
        ("?", "anything", "failed"),
        ("?", "really?", "passed"),
        ("-", "no dash", "failed"),
    ],
)
def test_an_exact_answer_is_found_as_a_word(answer: str, text: str, expected: str) -> None:
    assert outcome(check("exact", answer=answer), text) == expected


@pytest.mark.parametrize(
    ("answer", "tolerance", "text", "expected"),
    [
        (1234.5, 0, "It is 1,234.5 in all.", "passed"),
        (1234567, 0, "$1,234,567", "passed"),
        (1234, 0, "1\u202f234 euros", "passed"),
        (1234, 0, "1,2345", "failed"),
        (5, 0, "between 3-5", "passed"),
        (-5, 0, "between 3-5", "failed"),
        (-5, 0, "2024-05-06", "failed"),
        (-5, 0, "minus: -5", "passed"),
        (-5, 0, "(−5)", "passed"),
        (0.5, 0, "about .5", "passed"),
        (5, 0, "about .5", "failed"),
        (1000, 0, "1e3", "passed"),
        (12, 0, "room B12", "failed"),
        (42, 0, "答えは42です", "passed"),
        (42, 0, r"$\boxed{42}$", "passed"),
        (42, 0, "42.", "passed"),
        (42, 0, "42.5", "failed"),
        (42, 0, "1,042", "failed"),
        (3.14, 0.01, "3.15", "passed"),
        (3.14, 0.01, "3.1501", "failed"),
        (20, 0.01, "20.01", "passed"),
        (20, 0.01, "19.99", "passed"),
        (0.3, 0, "0.3", "passed"),
        (100, 0, "one hundred", "failed"),
        (7, 0, "1e999 and 7", "passed"),
        (7, 0, "9" * 5000 + " and 7", "passed"),
    ],
)
def test_a_number_is_found_as_it_is_written(answer: float, tolerance: float, text: str, expected: str) -> None:
    assert outcome(check("numeric", answer=answer, tolerance=tolerance), text) == expected


@given(st.integers(-(10**9), 10**9))
def test_every_whole_number_is_found_with_and_without_commas(number: int) -> None:
    one = check("numeric", answer=number)
    for written in (f"{number}", f"{number:,}", f"It is {number}.", f"**{number:,}** euros", f"={number}"):
        assert outcome(one, written) == "passed", written
    assert outcome(one, f"{number + 1:,} or {number - 1}") == "failed"


SCHEMA = {"type": "object", "required": ["price"], "properties": {"price": {"type": "number"}}}


@pytest.mark.parametrize(
    ("document", "text", "expected"),
    [
        (SCHEMA, '{"price": 2}', "passed"),
        (SCHEMA, 'Here:\n```json\n{"price": 2.5}\n```\nFine?', "passed"),
        (SCHEMA, '{"price": "two"}', "failed"),
        (SCHEMA, 'You gave {"cost": 1}; mine is {"price": 2}', "passed"),
        (SCHEMA, "price: 2", "failed"),
        (SCHEMA, '{"price": 2', "failed"),
        ({"type": "array", "items": {"type": "integer"}}, "[1, 2]", "passed"),
        ({"type": "array", "items": {"type": "integer"}}, '["1"]', "failed"),
        ({"type": "array"}, '{"a": 1}', "failed"),
        (SCHEMA, '[{"price": 2}]', "failed"),
    ],
)
def test_json_is_judged_by_its_schema(document: dict[str, Any], text: str, expected: str) -> None:
    assert outcome(check("json_schema", document=document), text) == expected


def test_a_schema_that_points_elsewhere_reaches_for_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[object] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda *args, **kwargs: reached.append(args))
    one = check("json_schema", document={"$ref": "http://127.0.0.1:9/other.json"})
    assert outcome(one, '{"price": 2}') == "not_run"
    assert reached == []


def test_a_check_applies_only_to_the_slots_it_waits_for() -> None:
    task = TaskTemplate(text="{topic} {size}", slots={"size": ("small", "large")})
    small = check("exact", answer="two", when={"size": "small"}).model_copy(update={"id": "small"})
    always = check("exact", answer="two")
    scenario = situation(checks=[small, always], task=task)
    dialogue = said(scenario, "Figs?", "two")
    applied = {
        size: [
            result.check
            for result in found(
                dialogue.model_copy(
                    update={"assignment": dialogue.assignment.model_copy(update={"slots": {"size": size}})}
                ),
                scenario,
            )
        ]
        for size in ("small", "large")
    }
    assert applied == {"small": ["small", "it"], "large": ["it"]}


def test_a_role_that_never_spoke_passes_nothing_by_silence() -> None:
    scenario = situation(checks=[check("exact", answer="two")])
    (result,) = found(said(scenario, "two"), scenario)
    assert result.outcome == "failed"


def test_the_first_of_several_followers_is_examined() -> None:
    scenario = situation(3, checks=[check("exact", answer="two")])
    assert found(said(scenario, "Figs?", "two", "three"), scenario)[0].outcome == "passed"
    assert found(said(scenario, "Figs?", "three", "two"), scenario)[0].outcome == "failed"
