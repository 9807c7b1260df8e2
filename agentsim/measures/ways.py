"""How each way of being difficult shows in what a role says: one or two plain counts for each way, no model.

None of them proves that somebody is, say, distrustful; each is what people who are so do more of, or less, than others
who play the same role in the same scenario, and only such comparisons are reported (``agentsim.measures.people``).
Phrases are known for English, German, French and Spanish; in other languages the counts that need them are missing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agentsim.measures.disclosure import Telling
from agentsim.measures.lengths import mean
from agentsim.measures.meanings import meaning
from agentsim.measures.phrases import count, group, known
from agentsim.measures.reversals import reversals
from agentsim.measures.words import words
from agentsim.schema import Dialogue
from agentsim.schema.persona import Uncooperative


@dataclass(frozen=True, slots=True)
class Part:
    """What one role said in one dialogue, and what became of the facts that it knows."""

    dialogue: Dialogue
    """The dialogue."""

    role: str
    """The role."""

    language: str
    """Language of the dialogue, BCP-47."""

    tellings: Sequence[Telling]
    """What became of its private facts and of the task's particulars."""

    @property
    def said(self) -> list[str]:
        """What it said, turn by turn."""
        return [turn.text for turn in self.dialogue.turns if turn.role == self.role]


@dataclass(frozen=True, slots=True)
class Sign:
    """One count by which a way of being difficult shows."""

    name: str
    """Short stable name."""

    way: Uncooperative
    """The way."""

    expected: Literal["lower", "higher"]
    """How it is expected to differ in people of that way."""

    meaning: str
    """What is counted, in a few words."""

    value: Callable[[Part], float | None]
    """The count for one role of one dialogue; ``None`` where there is nothing to count, or no means to."""


def specifics(text: str, language: str) -> int:
    """Return how many specifics a text holds: numbers, days and months, and names.

    A name is a run of words with a capital that does not begin a sentence; in German, where every noun has one, names
    are not counted.
    """
    plain = group("numbers", language) | group("dates", language)
    found = sum(word[0].isdigit() or word in plain for word in words(text))
    if language.split("-")[0] != "de":
        # Days and months that are written with a capital were counted already, and I is nobody's name.
        found += sum(not {part.casefold() for part in run.split()} & plain for run in _NAMES.findall(text))
    return found


_NAMES = re.compile(r"(?<=[a-zà-öø-ÿа-я,;] )(?!I\b)[A-ZÀ-ÖØ-ÞА-Я][\w'’-]*(?: [A-ZÀ-ÖØ-ÞА-Я][\w'’-]+)*")


def _each_turn(measure: Callable[[str, str], float], *, phrases: bool) -> Callable[[Part], float | None]:
    """Return the mean of a measure over a role's turns; ``phrases`` where it needs a language whose phrases we know."""

    def value(part: Part) -> float | None:
        if phrases and not known(part.language):
            return None
        return mean([measure(text, part.language) for text in part.said])

    return value


def _reversals(part: Part) -> float | None:
    """Return reversals a turn."""
    said = part.said
    return reversals(said, part.language) / len(said) if said and known(part.language) else None


def _distance(part: Part) -> float | None:
    """Return the mean distance in meaning of a role's turns from the subject.

    One minus the cosine with the task or with the first turns of the two who spoke first, whichever is nearer; those
    two turns are left out. A weak sign for a single turn: on the development dialogues for the detectors it ranks a
    turn off the task above another in 70 of 100 pairs.
    """
    turns = part.dialogue.turns
    later = [turn.text for turn in turns[2:] if turn.role == part.role]
    if not later:
        return None
    subject, opening = meaning(part.dialogue.task), meaning(turns[0].text) + meaning(turns[1].text)
    length = float((opening @ opening) ** 0.5) or 1.0
    near = [max(float(one @ subject), float(one @ opening) / length) for one in map(meaning, later)]
    return 1 - sum(near) / len(near)


def _asked_first(part: Part) -> float | None:
    """Return the share of what was told that somebody had asked for."""
    told = [telling for telling in part.tellings if telling.turn is not None]
    return sum(telling.asked for telling in told) / len(told) if told else None


SIGNS: Mapping[str, Sign] = {
    sign.name: sign
    for sign in (
        Sign("specifics", "vague", "lower", "numbers, dates and names a turn", _each_turn(specifics, phrases=False)),
        Sign(
            "words", "impatient", "lower", "words a turn", _each_turn(lambda text, _: len(words(text)), phrases=False)
        ),
        Sign(
            "pushes",
            "impatient",
            "higher",
            "pushes for speed a turn",
            _each_turn(lambda text, language: count(text, "push", language), phrases=True),
        ),
        Sign(
            "doubts",
            "distrustful",
            "higher",
            "doubts and demands for proof a turn",
            _each_turn(lambda text, language: count(text, "proof", language), phrases=True),
        ),
        Sign("reversals", "contradicting", "higher", "own statements taken back or denied, a turn", _reversals),
        Sign("distance", "wandering", "higher", "distance of the turns from the subject", _distance),
        Sign("asked_first", "withholding", "higher", "share of told facts that were asked for before", _asked_first),
    )
}
"""The signs by name."""
