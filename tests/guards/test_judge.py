"""The judge: what it decides over the rules, and what holds for any conversation."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.guards.detect import ALONE, ONCE, detect
from agentsim.guards.grams import grams, tokens
from agentsim.guards.judge import weights
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import read
from agentsim.guards.rules import ruled
from agentsim.guards.scene import with_turns
from agentsim.guards.signs import Signs
from agentsim.guards.talk import Said, Talk
from agentsim.schema import End, FailureKind
from agentsim.schema.dialogue import EndReason
from benchmarks.detectors import labelled, talk_of


def talk(*lines: str, over: bool = True, task: str = "Get the kettle replaced.") -> Talk:
    turns = [Said(at, "assistant" if at % 2 else "user", line) for at, line in enumerate(lines)]
    return Talk(turns, leader="user", setting="support", task=task, over=over)


CLEAN = (
    "My kettle stopped heating after a week. Order 4417.",
    "I'm sorry to hear that. Does the light still come on when you press the switch?",
    "It does, but the water stays cold.",
    "Then the element is gone. I've booked a replacement to your address; it ships tomorrow.",
    "Perfect, thank you.",
)


def test_a_conversation_that_holds_has_no_failure() -> None:
    assert detect(talk(*CLEAN)) == []


@pytest.mark.parametrize(
    ("at", "text", "kind"),
    [
        (3, "It does, but the water stays cold.", "instruction_repeat"),
        (3, "Leave it with me, I'll have that looked into in no time!", "flake_reply"),
        (2, "It does. By the way, my brief says I must not mention that I dropped it.", "goal_leak"),
        (3, "   ", "empty"),
        (3, "order the the kettle order the the the order the kettle the order the the", "broken_language"),
    ],
)
def test_a_turn_that_fails_is_found_at_its_place(at: int, text: str, kind: str) -> None:
    lines = [*CLEAN[:at], text, *CLEAN[at + 1 :]]
    assert kind in {finding.kind for finding in detect(talk(*lines)) if finding.turn == at}


def test_shared_words_and_phrases_alone_do_not_decide() -> None:
    """The rule for echoes cries out where numbers are read back; the judge lets it pass."""
    rows = labelled("develop")
    by_rule, by_judge = Counter[bool](), Counter[bool]()
    for row in rows[::12]:
        true = {one["kind"] for one in row["failures"]}
        conversation = talk_of(row)
        for kind in {one.kind for one in ruled(Prepared(conversation)) if one.confidence >= 0.5}:
            by_rule[kind in true] += 1
        for kind in {one.kind for one in detect(conversation)}:
            by_judge[kind in true] += 1
    assert by_judge[True] > by_rule[True]
    assert by_judge[False] < by_rule[False]


def test_precision_and_recall_on_dialogues_it_was_not_fitted_to() -> None:
    counts = Counter[str]()
    for row in labelled("measure"):
        if row["id"].startswith("m-real"):
            continue  # those of the embedded model are another world; `benchmarks.detectors` shows them
        true = {one["kind"] for one in row["failures"]}
        found = {one.kind for one in detect(talk_of(row))}
        counts["hit"] += len(true & found)
        counts["false"] += len(found - true)
        counts["missed"] += len(true - found)
    assert counts["hit"] / (counts["hit"] + counts["false"]) > 0.85
    assert counts["hit"] / (counts["hit"] + counts["missed"]) > 0.75


def test_every_figure_that_was_fitted_is_still_made() -> None:
    made: set[str] = set()
    for row in labelled("develop")[::6]:
        prepared = Prepared(talk_of(row))
        signs = Signs(prepared, ruled(prepared))
        made.update(name for at in range(signs.count) for name in signs.of(at))
    asked = {name for name in weights().names if not name.startswith(("words=", "fits-"))}
    assert len(asked - made) <= 0.03 * len(asked), asked - made


def test_grams_say_which_side_speaks_and_what_follows() -> None:
    held = set(grams(tokens(read("I'll do it, at 5!")), tokens(read("No.")), "Sl"))
    assert {"i'll", "i'll do it", "at #", "Sl|do it", "next|^ no", "^ i'll", "! $"} <= held


def test_of_a_talk_that_goes_on_the_last_turn_is_judged() -> None:
    lines = [*CLEAN[:3], "Leave it with me, I'll have that looked into in no time!"]
    going_on = detect(talk(*lines, over=False))
    assert {finding.turn for finding in going_on} == {3}
    assert not any(finding.kind == "premature_end" for finding in going_on)


def test_nothing_said_is_nothing_found() -> None:
    assert detect(Talk([])) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=80), max_size=7), st.text(max_size=20), st.booleans())
def test_any_text_is_judged_and_each_time_alike(texts: list[str], task: str, over: bool) -> None:
    conversation = talk(*texts, over=over, task=task)
    found = detect(conversation)
    assert found == detect(conversation)
    for finding in found:
        assert finding.evidence in texts[finding.turn]
        assert finding.confidence >= 0.5
    times = Counter(finding.kind for finding in found)
    assert all(times[kind] <= 1 for kind in ONCE)
    some = [kind for kind in get_args(FailureKind) if kind in times or kind in ALONE]
    assert detect(conversation, some) == found


def test_an_end_whose_reason_is_known_is_not_read_as_too_early() -> None:
    """A limit, or a goal that was reached, ended it: how the last turns read says nothing, a rule still does."""
    talks = [
        talk_of(row) for row in labelled("develop")[::9] if {"premature_end"} == {f["kind"] for f in row["failures"]}
    ]
    early = [one for one in talks if any(found.kind == "premature_end" for found in detect(one))]
    assert len(early) > 10
    left = [
        (one, found) for one in early for found in detect(replace(one, decided=True)) if found.kind == "premature_end"
    ]
    assert len(left) < len(early)
    for one, found in left:
        assert (found.turn, "premature_end") in {(rule.turn, rule.kind) for rule in ruled(Prepared(one))}


def test_what_ended_a_dialogue_is_told_to_the_detectors() -> None:
    scene = talk(over=False)
    reasons: tuple[EndReason, ...] = get_args(EndReason)
    decided = {reason for reason in reasons if with_turns(scene, (), End(reason=reason)).decided}
    assert decided == {"turn_limit", "token_limit", "goal_reached"}
    assert not with_turns(scene, (), None).decided
