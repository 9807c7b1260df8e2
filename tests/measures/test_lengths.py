"""Words, and how their number varies."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.measures.lengths import lengths
from agentsim.measures.words import content, sentences, words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("I don't know - maybe 3.5 or 14,000?", 7),
        ("", 0),
        ("…!?", 0),
        ("你好吗", 3),
        ("我有3本书 and a pen", 8),
        ("안녕하세요 여러분", 2),
        ("मुझे पता नहीं", 3),
    ],
)
def test_words_are_characters_only_where_no_spaces_are_set(text: str, count: int) -> None:
    assert len(words(text)) == count


def test_content_is_without_little_words_and_endings() -> None:
    assert content("The letters from the companies", "en") == content("letter company's", "en") | {"compan"}
    assert content("14,000 of it", "en") == {"14,000"}
    assert content("我的朋友", "zh") == {"我的", "的朋", "朋友"}


def test_sentences_end_where_marks_and_lines_end() -> None:
    assert sentences("Yes, 3.5. No! he said\nWell? 好。不。") == (
        "Yes, 3.5.",
        "No!",
        "he said",
        "Well?",
        "好。",
        "不。",
    )


def test_the_spreads() -> None:
    found = lengths([[1, 3], [2, 2], [4]], ["ana", "ana", "bea"])
    assert (found.turns, found.mean) == (5, 2.4)
    assert found.deviation == pytest.approx(math.sqrt(1.04))
    assert found.variation == pytest.approx(math.sqrt(1.04) / 2.4)
    assert found.within == pytest.approx(0.25)  # 0.5 in the first, 0 in the second; the third has one turn
    assert found.between == 0  # Ana's dialogues both have the mean 2; Bea has one dialogue


def test_nothing_has_no_spread() -> None:
    found = lengths([], [])
    assert (found.turns, found.mean, found.deviation, found.variation, found.within, found.between) == (
        0, None, None, None, None, None,
    )  # fmt: skip
    assert lengths([[0, 0]], ["ana"]).variation is None


@given(st.lists(st.lists(st.integers(1, 500), min_size=1, max_size=6), min_size=1, max_size=6), st.integers(2, 9))
def test_variation_does_not_change_with_the_unit(counts: list[list[int]], factor: int) -> None:
    people = [str(n % 2) for n in range(len(counts))]
    one, other = lengths(counts, people), lengths([[factor * n for n in several] for several in counts], people)
    for name in ("variation", "within", "between"):
        before, after = getattr(one, name), getattr(other, name)
        assert (before is None) == (after is None)
        assert before is None or after == pytest.approx(before, abs=1e-9)
