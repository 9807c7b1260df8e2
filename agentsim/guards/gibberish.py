"""Turns of letters that are no words, and of words that are no sentences."""

import re
from itertools import pairwise

from agentsim.guards.phrasebook import language, languages
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Reading, Span
from agentsim.guards.tongue import little_words, scripts
from agentsim.guards.word_order import disordered

_VOWELS = re.compile(r"[aeiouyäöüàáâãåæèéêëìíîïòóôõøùúûýœıąęóő]")
_RARE = re.compile(r"[bcdfghjklmnpqrstvwxzñçß]{6,}|(?:qw|asdf|sdfg|dfgh|hjkl|zxcv|xcvb|qwer|wert|poiu|lkjh)")
_SOUP = re.compile(r"(?<![a-z])[b-df-hj-np-tv-xz]{4,}(?![a-z])|" + _RARE.pattern)
"""What is in every text with letters that are no words."""

_PICTURES = re.compile(r"[\u2500-\u27bf\U0001f000-\U0001faff]")


def gibberish(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    """Return confidence, place and reason where a turn has letters that are no words, or words without grammar."""
    reading = prepared.readings[position]
    foreign = reading.unspaced or scripts(reading.own)["latin"] < 0.5 * len(reading.own.replace(" ", ""))
    if foreign and prepared.tongue != "ru":
        return _marks(reading)
    words = reading.places
    if len(words) < 3:
        return None
    soup = [
        (start, end)
        for start, end in (words if _SOUP.search(reading.own) else ())
        if (
            end - start >= 4
            and not _VOWELS.search(reading.own[start:end])
            and reading.own[start:end].isascii()
            and reading.text[start:end].islower()
        )
        or (_RARE.search(reading.own[start:end]) and reading.text[start:end].islower())
    ]
    if len(soup) >= 3 and (len(soup) >= 0.3 * len(words) or _crowded(soup, words)) and not reading.code:
        return 0.9, (soup[0][0], soup[-1][1]), "letters that are no words"
    salad = _salad(prepared, reading)
    if salad is not None:
        number, span = salad
        protested = prepared.reaction(position, "to_broken") or prepared.reaction(position, "to_broken_soft")
        if number >= 3 or (number >= 2 and len(words) <= 45) or (number >= 1 and protested):
            return (0.9 if protested else 0.75), span, "words without grammar"
    if prepared.tongue == "en" and not prepared.situation.lesson:
        disorder = disordered(reading)
        if disorder is not None:
            return 0.72, disorder, "words without grammar"
    return _no_little_words(prepared, position) or _marks(reading)


def _crowded(soup: list[Span], words: list[Span]) -> bool:
    """Return whether three of those stand among eight words in a row."""
    order = {place: at for at, place in enumerate(words)}
    return any(order[third] - order[first] < 8 for first, third in zip(soup, soup[2:], strict=False))


def _salad(prepared: Prepared, reading: Reading) -> tuple[int, Span] | None:
    if prepared.tongue not in languages() or prepared.situation.lesson:
        return None
    known = language(prepared.tongue)
    if not known.before:
        return None
    first: Span | None = None
    number = 0
    places = reading.places
    own = reading.own
    for (start, end), (after, last) in pairwise(places):
        if own[start:end] in known.before and own[after:last] in known.never and own[end:after].isspace():
            number += 1
            first = first or (start, last)
    if first is None:
        return None
    return number, reading.sentence_of(first)


def _no_little_words(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    # Sentences are held together by little words; lists, tables and verse do without.
    reading = prepared.readings[position]
    if (
        prepared.tongue not in ("en", "de", "fr", "es", "it", "pt", "nl")
        or prepared.tongue not in languages()
        or reading.code
        or prepared.situation.lesson
    ):
        return None
    common = language(prepared.tongue).common
    for start, end in reading.sentences:
        words = [reading.own[a:b] for a, b in reading.places if start <= a < end]
        if len(words) < 14 or any(char.isdigit() for char in reading.own[start:end]):
            continue
        marks = sum(reading.own[start:end].count(char) for char in ",;:/|()—–")
        little = sum(1 for word in words if word in common)
        if (
            little <= 0.1 * len(words)
            and marks <= 0.1 * len(words)
            and sum(little_words(words).values()) <= 0.3 * len(words)
        ):
            return 0.75, (start, end), "words without grammar"
    return None


def _marks(reading: Reading) -> tuple[float, Span, str] | None:
    text = reading.prose.replace("\x00", "")
    if 2 * sum(map(str.isalnum, text)) >= len(text) or reading.code or "`" in reading.text:
        return None
    shown = [char for char in text if not char.isspace()]
    if len(shown) < 25:
        return None
    odd = [char for char in shown if not char.isalnum() and not 0x300 <= ord(char) <= 0xDFF]
    letters = sum(char.isalpha() for char in shown)
    if (
        len(odd) > 0.5 * len(shown)
        and letters < 0.4 * len(shown)
        and not _PICTURES.search(text)
        and "|" not in text
        and len(set(odd)) >= 6
    ):
        return 0.7, (0, len(reading.text)), "signs that are no words"
    return None
