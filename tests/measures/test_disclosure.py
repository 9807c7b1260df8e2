"""Whether a fact was told, and whether anybody had asked for it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.measures.disclosure import asks_for, asks_openly, private_facts, tellings, tells
from tests.dataset.build import role
from tests.measures.build import FACT, dialogue, tenant

SAMPLE = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "disclosure.jsonl").read_text(encoding="utf-8").splitlines()
]
TELLS = "Since Easter I have not opened the letters from the housing company."


def tried(question: str) -> list[dict[str, Any]]:
    """The half of the sample on which no threshold was chosen: of pairs with one fact, every second."""
    rows = [row for row in SAMPLE if row["question"] == question]
    return [row for place, row in enumerate(rows) if place // 2 % 2]


def errors(rows: list[dict[str, Any]], answer: Callable[[dict[str, Any]], bool]) -> tuple[int, int, int]:
    """How many are right, seen though they are not, and missed."""
    seen = sum(answer(row) and not row["yes"] for row in rows)
    missed = sum(row["yes"] and not answer(row) for row in rows)
    return len(rows) - seen - missed, seen, missed


def test_the_errors_are_those_that_are_told() -> None:
    told = errors(tried("told"), lambda row: tells(row["fact"], row["turn"], row["language"]))
    asked = errors(
        tried("asked"),
        lambda row: asks_for(row["fact"], row["turn"], row["language"]) or asks_openly(row["turn"], row["language"]),
    )
    # As the docstring of agentsim.measures.disclosure says; better is welcome, and to be said there.
    assert told == (37, 4, 1)
    assert asked == (20, 0, 2)


@pytest.mark.parametrize(
    ("said", "turn", "asked"),
    [
        ((f"Good day. {TELLS}", "I see."), 0, False),
        (("Good day.", "Did you read the letters from the housing company?", TELLS), 2, True),
        (("Good day.", "Have you got the letters of the housing company with you?", "No.", "I see.", TELLS), 4, True),
        (("Good day.", "What happened?", TELLS), 2, True),
        # An open question is answered by what is said next, not by what comes later.
        (("Good day.", "What happened?", "The lift is broken.", "I see.", TELLS), 4, False),
        (("Good day.", "Which floor do you live on?", TELLS), 2, False),
        (("Good day.", "Tell me about those letters from the company.", TELLS), 2, True),
        (("Good day.", "Which floor do you live on?", "The sixth."), None, False),
        # What somebody else says is not told by the tenant.
        (("Good day.", TELLS, "True."), None, False),
    ],
)
def test_who_tells_unasked(said: tuple[str, ...], turn: int | None, asked: bool) -> None:
    (telling,) = tellings([FACT], dialogue(*said), "tenant", "en")
    assert (telling.turn, telling.asked) == (turn, asked)
    assert telling.unsolicited == (turn is not None and not asked)


def test_facts_are_the_role_s_and_the_persona_s() -> None:
    assert private_facts(role("tenant", private_facts=("The lift is broken.",)), tenant()) == (
        "The lift is broken.",
        FACT,
    )
    assert private_facts(role("clerk"), None) == ()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["en", "de-AT", "zh", "xx"]))
def test_any_text_can_be_asked_about(fact: str, turn: str, language: str) -> None:
    told = tells(fact, turn, language)
    assert tells(fact, turn, language) is told
    if told:
        assert tells(fact, f"{turn}\n{turn}", language)
    asks_for(fact, turn, language)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["lamp", "kettle", "harbour", "seven", "letter", "aunt", "wall"]), min_size=2))
def test_who_repeats_a_fact_word_for_word_tells_it(words: list[str]) -> None:
    fact = " ".join(words)
    assert tells(fact, f"Well, {fact}!", "en")
