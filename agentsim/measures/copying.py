"""How much of what a role says was copied out of its own script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agentsim.measures.words import is_character, words
from agentsim.schema import Persona, Role

RUN = 8
"""Consecutive words from which they are taken for copied; two characters count as a word in scripts without spaces."""


@dataclass(frozen=True, slots=True)
class Script:
    """A role's own text, made ready for being searched."""

    texts: tuple[tuple[str, ...], ...]
    """The words of each text."""

    places: Mapping[tuple[str, ...], Sequence[tuple[int, int]]]
    """Text and position of each run of the least length."""

    least: int
    """Words of the shortest run that counts: ``RUN``, or twice as many characters."""


def script_texts(role: Role, persona: Persona | None) -> tuple[str, ...]:
    """Return the text that describes a role and its persona to the one who plays it.

    The persona's summary, background, schooling, manner of speaking, mood, values, goals, note on difficulty and
    private facts; the role's goals, private facts and rules. The task is left out: it is there to be told.
    """
    texts: list[str | None] = [role.goal, role.private_goal, *role.private_facts, *role.rules]
    if persona is not None:
        texts += [persona.summary, persona.background, persona.schooling, persona.speaking_style, persona.mood]
        texts += [*persona.values, *persona.goals, persona.difficulty.note, *persona.private_facts]
    return tuple(text for text in texts if text)


@lru_cache(maxsize=4096)
def script(texts: tuple[str, ...]) -> Script:
    """Return some texts, ready to be searched."""
    split = tuple(words(text) for text in texts)
    whole = [word for text in split for word in text]
    least = 2 * RUN if sum(map(is_character, whole)) > len(whole) / 2 else RUN
    places: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for number, text in enumerate(split):
        for start in range(len(text) - least + 1):
            places.setdefault(text[start : start + least], []).append((number, start))
    return Script(split, places, least)


def longest_copy(turn: str, script: Script) -> int:
    """Return the length, in words, of the longest run that a turn has in common with a script.

    Runs shorter than the script's ``least`` are not looked for: 0 where there is none of that length. The time grows
    with the turn's length, but for texts that repeat themselves.
    """
    said = words(turn)
    longest = 0
    ends: dict[tuple[int, int], int] = {}
    for start in range(len(said) - script.least + 1):
        for number, place in script.places.get(said[start : start + script.least], ()):
            # The tail of a run that was measured from its beginning is no new one.
            if ends.get((number, place - start), 0) > start:
                continue
            run = _common(said, start, script.texts[number], place)
            ends[number, place - start] = start + run
            longest = max(longest, run)
    return longest


def _common(one: Sequence[str], start: int, other: Sequence[str], place: int) -> int:
    length = 0
    while start + length < len(one) and place + length < len(other) and one[start + length] == other[place + length]:
        length += 1
    return length
