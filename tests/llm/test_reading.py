"""Pieces of streams: events out of bytes, reasoning out of text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.llm.sse import EventReader
from agentsim.llm.thinking import Splitter, split

STREAM = (
    ': hello\r\n\r\nevent: x\ndata: {"a": "ü🌍"}\n\ndata:one\r\ndata: two\r\n\r\nid: 3\n\ndata: [DONE]\n\n'
).encode()


@given(st.lists(st.integers(0, len(STREAM))))
def test_events_do_not_depend_on_the_cuts(cuts: list[int]) -> None:
    reader, events = EventReader(), []
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        events += reader.feed(STREAM[start:end])
    assert [*events, *reader.end()] == ['{"a": "ü🌍"}', "one\ntwo", "[DONE]"]


def test_a_last_event_without_its_empty_line() -> None:
    reader = EventReader()
    assert reader.feed(b"data: 1\n\ndata: 2") == ["1"]
    assert reader.end() == ["2"]
    assert reader.end() == []


@pytest.mark.parametrize(
    ("text", "reasoning", "rest"),
    [
        ("plain", None, "plain"),
        ("<think>a</think>b", "a", "b"),
        (" \n<thinking>a\n</thinking>\n\nb", "a\n", "\n\nb"),
        ("<think>never ends", "never ends", ""),
        ("a <think>b</think>", None, "a <think>b</think>"),
        ("<thinker>", None, "<thinker>"),
    ],
)
def test_split(text: str, reasoning: str | None, rest: str) -> None:
    assert split(text) == (reasoning, rest)


TEXTS = st.lists(
    st.sampled_from(["<think>", "</think>", "<thinking>", "<", "thin", "k>", " ", "\n", "a", "</", ">"]),
    max_size=8,
)


@given(TEXTS, st.integers(1, 9), st.booleans())
def test_pieces_come_to_the_same(parts: list[str], size: int, reasoned: bool) -> None:
    text = "".join(parts)
    splitter = Splitter()
    if reasoned:
        splitter.reasoned()
    shown = "".join(splitter.feed(text[i : i + size]) for i in range(0, len(text), size)) + splitter.end()
    reasoning, rest = split(text)
    assert shown == (rest if reasoning is None and not reasoned else rest.lstrip())
