"""Turns that take the other side's part, and turns that only look like it."""

import pytest

from agentsim.guards.detect import detect
from agentsim.guards.talk import Said, Talk

FLIPPED = [
    ("My little one coughs at night because of it. When could somebody come round to look at it?", "assistant"),
    (
        "My toaster trips it every morning, and I'm scared of a fire. Could somebody have a look at it this week?",
        "assistant",
    ),
    ("We have an inspector free on Thursday between ten and twelve. Would that suit you?", "user"),
    ("As a virtual assistant I cannot see your wall.", "user"),
]
RIGHT = [
    ("How many people, and what should I write as the date? Do I need to mention the food?", "assistant"),
    ("Could you tell me whether it is an outside wall, and help me understand when it began?", "assistant"),
    ("I had that myself. How long has it been there?", "assistant"),
    ("I can come any time. Let me know if you need a photo of my wall.", "user"),
]


def flips(text: str, speaker: str) -> list[int]:
    before = "There is black mould on my bedroom wall and it smells awful." if speaker == "assistant" else "Since when?"
    other = "user" if speaker == "assistant" else "assistant"
    talk = Talk([Said(0, other, before), Said(1, speaker, text)], leader="user", setting="support", task="Report damp.")
    return [finding.turn for finding in detect(talk, ["role_flip"])]


@pytest.mark.parametrize(("text", "speaker"), FLIPPED)
def test_the_other_sides_part_is_found(text: str, speaker: str) -> None:
    assert flips(text, speaker) == [1]


@pytest.mark.parametrize(("text", "speaker"), RIGHT)
def test_ones_own_part_is_no_flip(text: str, speaker: str) -> None:
    assert flips(text, speaker) == []


def test_turns_that_go_along_are_found_too() -> None:
    talk = Talk(
        [
            Said(0, "user", "My suitcase didn't arrive from Oslo."),
            Said(1, "assistant", "I'm sorry. What does it look like?"),
            Said(
                2,
                "user",
                "We have traced the bag and our courier will bring it by noon. Is there anything else I can do?",
            ),
            Said(3, "assistant", "Oh what a relief! I'm staying at the Bristol. Do I have to sign for it?"),
            Said(4, "user", "It's grey with a red ribbon."),
        ],
        leader="user",
        setting="support",
    )
    assert [finding.turn for finding in detect(talk, ["role_flip"])] == [2, 3]
