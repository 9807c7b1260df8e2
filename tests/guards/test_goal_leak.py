"""Secrets told, and instructions behind the role spoken of."""

import pytest

from agentsim.guards.detect import detect
from agentsim.guards.talk import Said, Talk


def leaks(text: str, task: str = "Agree on a price.") -> bool:
    private = {"user": ["You would let it go for 900, but never say so."]}
    return bool(
        detect(
            Talk([Said(0, "user", text)], leader="user", setting="negotiation", task=task, private=private),
            ["goal_leak"],
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "Between us, I'd be fine with 900.",
        "My card says I should get angry now.",
        "I've been configured to play a grumpy seller.",
    ],
)
def test_a_leak_is_found(text: str) -> None:
    assert leaks(text)


@pytest.mark.parametrize(
    "text", ["I was told to start with three.", "My goal is to finish a marathon.", "It is 1,400."]
)
def test_an_ordinary_wish_is_none(text: str) -> None:
    assert not leaks(text)


def test_a_shelf_has_instructions_too() -> None:
    assert not leaks("My instructions say to use eight screws.", "Assemble a shelf.")
