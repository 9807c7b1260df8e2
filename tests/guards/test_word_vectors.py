"""Static vectors of single words: the same for a word whoever else is looked up, and near for words that are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.guards.word_vectors import WordVectors
from agentsim.meaning import word_vectors

words = st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12), min_size=1, max_size=6)


@settings(deadline=None)
@given(words, words)
def test_a_words_vector_does_not_depend_on_the_words_beside_it(some: list[str], others: list[str]) -> None:
    alone, telling = word_vectors(some)
    beside, told = word_vectors([*others, *some])
    assert np.allclose(alone, beside[len(others) :], atol=1e-6)
    assert np.array_equal(telling, told[len(others) :])
    kept = WordVectors()
    kept.of(others)
    assert np.allclose(kept.of(some)[:, :-1], alone, atol=1e-6)


@pytest.mark.parametrize(("word", "near", "far"), [("buy", "purchase", "kettle"), ("doctor", "physician", "invoice")])
def test_what_means_the_same_is_near_and_what_does_not_is_far(word: str, near: str, far: str) -> None:
    found, _ = word_vectors([word, near, far])
    assert found[0] @ found[1] > 0.6
    assert abs(found[0] @ found[2]) < 0.2
