"""The signs by which ways of being difficult are counted."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.measures.disclosure import Telling
from agentsim.measures.phrases import count, known
from agentsim.measures.reversals import reversals
from agentsim.measures.ways import SIGNS, Part, specifics
from agentsim.schema.persona import Uncooperative
from tests.measures.build import dialogue


def part(*said: str, language: str = "en", tellings: tuple[Telling, ...] = ()) -> Part:
    return Part(dialogue(*said), "tenant", language, tellings)


def value(name: str, *said: str, language: str = "en", tellings: tuple[Telling, ...] = ()) -> float | None:
    return SIGNS[name].value(part(*said, language=language, tellings=tellings))


def test_every_way_has_a_sign() -> None:
    assert {sign.way for sign in SIGNS.values()} == set(get_args(Uncooperative))


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("It was delivered on Tuesday, 12 June, for 39.90 euros.", "en", 4),
        ("I talked to Mrs Elena Braga in Faro, I think.", "en", 2),
        ("Some time ago, somewhere. It was some money.", "en", 0),
        ("Ich war am Montag mit zwei Koffern in der Stadt.", "de", 2),
        ("J'ai payé trente euros à Monsieur Roy.", "fr", 2),
    ],
)
def test_specifics_are_numbers_days_and_names(text: str, language: str, number: int) -> None:
    assert specifics(text, language) == number


@pytest.mark.parametrize(
    ("act", "text", "language", "number"),
    [
        ("push", "Come on, get to the point. I don't have all day.", "en", 3),
        ("push", "Take all the time that you need; I bought two at once.", "en", 0),
        ("proof", "How do I know that? I want it in writing. What's the catch?", "en", 3),
        ("proof", "Thank you, that is good to know.", "en", 0),
        ("proof", "Wo ist der Haken? Das geben Sie mir schriftlich.", "de", 2),
        ("reversal", "Actually, no. I've changed my mind.", "en", 2),
        ("push", "Vite, je n'ai pas le temps.", "fr", 2),
        ("proof", "¿Quién lo dice? No me fío.", "es", 2),
        # What somebody quotes is not what they say.
        ("push", 'My boss always says "hurry up, get to the point" to us, which is no way to treat people.', "en", 0),
    ],
)
def test_phrases_are_counted_once_each(act: str, text: str, language: str, number: int) -> None:
    assert count(text, act, language) == number  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("turns", "number"),
    [
        (["I have paid the rent.", "No, I have not paid the rent."], 1),
        (["There are two rooms with a balcony.", "As I said, three rooms with a balcony."], 1),
        (["I will take the blue coat.", "Hm, I changed my mind."], 1),
        (["I have paid the rent.", "I have paid the rent."], 0),
        (["I bought a lamp.", "It does not work."], 0),
        (["Have I not paid the rent?", "I have paid the rent."], 0),
        # Within one turn one may weigh one's words.
        (["I have paid the rent. I have not paid the rent."], 0),
        ([], 0),
    ],
)
def test_reversals_are_of_one_s_own_words_in_earlier_turns(turns: list[str], number: int) -> None:
    assert reversals(turns, "en") == number


def test_each_sign_counts_what_it_says() -> None:
    talk = ("Good day, it is about the heating bill of 2024.", "Yes?", "Hurry up. I want proof.", "Well.", "Bye.")
    assert value("specifics", *talk) == pytest.approx(1 / 3)
    assert value("words", *talk) == pytest.approx((10 + 5 + 1) / 3)
    assert value("pushes", *talk) == pytest.approx(1 / 3)
    assert value("doubts", *talk) == pytest.approx(1 / 3)
    assert value("reversals", *talk) == 0


def test_who_wanders_is_farther_from_the_subject() -> None:
    begun = ("My heating bill is wrong, I want it corrected.", "Which bill is it?")
    on, off = "The bill for the heating of last winter.", "My brother keeps pigeons and they won a race in Dayton."
    near, far = value("distance", *begun, on), value("distance", *begun, off)
    assert near is not None
    assert far is not None
    assert far > near + 0.2
    assert value("distance", *begun) is None


def test_what_was_told_on_request_is_a_share_of_what_was_told() -> None:
    told = (Telling("a", 2, True), Telling("b", 4, False), Telling("c", None, True))
    assert value("asked_first", "Hello.", tellings=told) == 0.5
    assert value("asked_first", "Hello.", tellings=told[2:]) is None


def test_a_language_without_phrases_is_not_counted() -> None:
    assert not known("sw")
    assert [value(name, "Habari.", language="sw") for name in ("pushes", "doubts", "reversals")] == [None] * 3
    assert value("words", "Habari.", language="sw") == 1


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6), st.sampled_from(["en", "de", "zh", "xx"]))
def test_any_talk_can_be_counted(said: list[str], language: str) -> None:
    for sign in SIGNS.values():
        found = sign.value(part(*said, language=language))
        assert found is None or found >= -1e-6 or sign.name == "distance"
        assert sign.value(part(*said, language=language)) == found
