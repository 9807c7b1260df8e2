"""Promises in place of the work."""

import pytest

from agentsim.guards.detect import detect
from agentsim.guards.talk import Said, Talk


def flakes(request: str, answer: str) -> bool:
    talk = Talk([Said(0, "user", request), Said(1, "assistant", answer)], leader="user", setting="assistant")
    return bool(detect(talk, ["flake_reply"]))


@pytest.mark.parametrize(
    "answer",
    [
        "Understood. I will carefully think about the mood, and will produce a toast that fits.",
        "What a lovely story! I'd be honoured to write that. A toast is such a special moment.",
    ],
)
def test_a_promise_alone_is_found(answer: str) -> None:
    assert flakes("Write a short toast for my brother's wedding.", answer)


def test_a_promise_with_the_work_is_none() -> None:
    assert not flakes("Convert 5 miles, please.", "Sure, I'll convert that for you: it's about 8 kilometres.")
