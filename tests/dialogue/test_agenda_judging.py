"""Whether an item was said and answered, measured on labelled pairs, and how items are worded."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agentsim.dialogue.agenda_judging import was_answered, was_said
from agentsim.dialogue.agenda_wording import second_person, sentences, spoken
from agentsim.schema.agenda import AgendaItem

PAIRS = [json.loads(line) for line in (Path(__file__).parent.parent / "data" / "agenda.jsonl").open(encoding="utf-8")]


# Judging


def judged(rows: Sequence[dict[str, Any]]) -> tuple[float, float, int, int]:
    """Precision and recall of ``answered``, and how often ``said`` errs to yes and to no."""
    hits = wrong = missed = said_wrong = said_missed = 0
    for row in rows:
        item = AgendaItem(id=0, act=row["act"], text=row["item"], made_by="scenario")
        said = was_said(item, row["turn"])
        said_wrong += said and not row["said"]
        said_missed += row["said"] and not said
        if row["said"]:
            answered = was_answered(item, row["turn"], row["reply"])
            hits += answered and row["answered"]
            wrong += answered and not row["answered"]
            missed += row["answered"] and not answered
    return hits / (hits + wrong), hits / (hits + missed), said_wrong, said_missed


def test_the_rule_errs_no_more_than_it_says() -> None:
    precision, recall, said_wrong, said_missed = judged([row for row in PAIRS if row["part"] == "develop"])
    assert precision >= 0.97 and recall >= 0.99 and said_wrong == 0 and said_missed <= 4
    precision, recall, said_wrong, said_missed = judged([row for row in PAIRS if row["part"] == "held_out"])
    assert precision >= 0.75 and recall >= 0.99 and said_wrong == 0 and said_missed == 0


@pytest.mark.parametrize(
    ("turn", "said"), [("The task is done, I am content.", True), ("Bye!", True), ("Next step.", False)]
)
def test_a_closing_of_the_scenarios_own_is_heard(turn: str, said: bool) -> None:
    item = AgendaItem(id=0, act="close", text="Say that you are content and that the task is done.", made_by="scenario")
    assert was_said(item, turn) is said


@pytest.mark.parametrize(
    "reply", ["", "  ", "How long does the refund take?", "Sure! Happy to help.", "Which refund?", "Let me check that."]
)
def test_no_answer_is_told_as_none(reply: str) -> None:
    item = AgendaItem(id=0, act="ask", text="Ask how long the refund takes.", made_by="scenario")
    assert not was_answered(item, "How long does the refund take?", reply)
    assert was_answered(item, "How long does the refund take?", f"{reply} Three days.")


# Wording


@pytest.mark.parametrize(
    ("text", "you"),
    [
        ("The asker wants a lamp.", "You want a lamp."),
        ("The asker's lamp is broken.", "Your lamp is broken."),
        ("They have their lamp and it helps them.", "You have your lamp and it helps you."),
        ("The asker needs a van and has come.", "You need a van and have come."),
        ("What the asker carries is heavy.", "What you carry is heavy."),
    ],
)
def test_the_leader_is_addressed(text: str, you: str) -> None:
    assert second_person(text, "asker", they=True) == you


def test_sentences_leave_code_out() -> None:
    assert sentences("Look at this.\n```python\nx = 1. And\n```\nIt fails. Why?") == [
        "Look at this.",
        "It fails.",
        "Why?",
    ]


@pytest.mark.parametrize(
    ("order", "line"),
    [
        ("Ask how long your refund takes.", "I would like to know how long my refund takes."),
        ("Ask for the full price back.", "I would like the full price back."),
        ("Ask about the lamp.", "I have a question about the lamp."),
        ("Say that you are tired.", "I am tired."),
        (
            "Say that you doubt it, and ask how they can be sure.",
            "I doubt it, and I would like to know how they can be sure.",
        ),
    ],
)
def test_an_order_becomes_a_line(order: str, line: str) -> None:
    assert spoken(order) == line
