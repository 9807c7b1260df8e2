"""The phrase files: every phrase of every language can be read, and knows what it says."""

import pytest

from agentsim.guards.phrase import compile_phrase
from agentsim.guards.phrasebook import _act, book, language, languages
from agentsim.guards.reading import read

ACTS = ("offer", "need", "promise", "assent", "farewell", "thanks", "leak", "machine", "done", "order")


@pytest.mark.parametrize("name", languages())
def test_every_language_has_words_and_phrases_for_what_matters_most(name: str) -> None:
    assert len(language(name).common) > 30
    book((name,))  # whatever cannot be read is an error here
    for act in ACTS:
        assert _act(act, name), f"{name} has no {act}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("en", "Goodbye, and take care!"),
        ("de", "Auf Wiedersehen!"),
        ("fr", "Au revoir et bonne journée !"),
        ("es", "¡Adiós, que tenga un buen día!"),
        ("it", "Arrivederci!"),
        ("pt", "Até logo!"),
        ("nl", "Tot ziens!"),
        ("pl", "Do widzenia!"),
        ("sv", "Hej då!"),
        ("ru", "До свидания!"),
        ("tr", "Görüşmek üzere, hoşça kalın!"),
        ("id", "Sampai jumpa!"),
        ("ja", "さようなら。"),
        ("zh", "再见!"),
        ("ko", "안녕히 가세요."),
        ("ar", "مع السلامة"),
        ("hi", "अलविदा।"),
    ],
)
def test_a_goodbye_is_one_in_each_language(name: str, text: str) -> None:
    assert read(text).has("farewell", (name,))


def test_a_phrase_that_cannot_be_read_says_so() -> None:
    with pytest.raises(ValueError, match="is not closed"):
        compile_phrase("good (bye", {})
    with pytest.raises(KeyError):
        compile_phrase("good <evening>", {})


def test_slots_gaps_and_ends() -> None:
    (phrase,) = compile_phrase("^ <will> * right away $", {"will": "i will|i'll"})
    assert phrase.pattern.search("i'll write it right away.")
    assert not phrase.pattern.search("maybe i'll write it right away.")
    assert not phrase.pattern.search("i'll write it right away tomorrow")
