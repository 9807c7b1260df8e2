"""Who tells what before anybody asked.

A *fact* is a private fact of the persona or of the role, or a particular of the task (the value of one of its slots;
only the leading role knows the task). Two questions are answered without a model, and so with errors:

* **Told?** A turn tells a fact where it holds ``TOLD`` of the content words of one of the fact's sentences, or ``LESS``
  of them beside a sentence whose meaning is near (cosine ``NEAR``), and at least two words.
* **Asked for?** Somebody else asked a question before, or gave an order to tell, that shares a content word with the
  fact or is near in meaning (``ASKED_WORD``, ``ASKED``); or asked openly (``What happened?``) since the role
  last spoke.

The thresholds were chosen on one half of ``tests/data/disclosure.jsonl`` (130 pairs written for it, nearly all
English). On the other half *told* is right in 37 of 42 pairs (4 seen that are none, 1 missed) and *asked for* in 20 of
22 (2 missed); of 6,000 pairs that have nothing to do with each other, 0.1 % were taken for told and 0.5 % for asked
for. So a share of some percent may be noise, and differences say more than levels. Facts have to be written in the
language of the dialogue: others are never seen to be told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from agentsim.measures.meanings import near
from agentsim.measures.phrases import count
from agentsim.measures.words import content, sentences
from agentsim.schema import Assignment, Dialogue, Persona, Role

TOLD = 0.7
"""Share of a fact's content words that tell it by themselves."""

LESS = 0.45
"""Share of them that tells it where the meaning is near, too."""

NEAR = 0.4
"""Cosine of two meanings from which they are near."""

ASKED_WORD = 0.2
"""Cosine from which a question asks for a fact with which it shares a content word."""

ASKED = 0.25
"""Cosine from which a question asks for a fact with which it shares no word."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What became of one fact in one dialogue."""

    fact: str
    """The fact, as the role was given it."""

    turn: int | None
    """Index of the first turn that tells it; ``None`` where none does."""

    asked: bool
    """Whether somebody had asked for it by then; for what was not told, by the end."""

    @property
    def unsolicited(self) -> bool:
        """Whether it was told though nobody had asked."""
        return self.turn is not None and not self.asked


def private_facts(role: Role, persona: Persona | None) -> tuple[str, ...]:
    """Return what a role knows and others do not: its own facts of the case, and its persona's."""
    return (*role.private_facts, *(persona.private_facts if persona else ()))


def particulars(role: Role, assignment: Assignment) -> tuple[str, ...]:
    """Return what is particular to the task as a role was given it: the values of its slots, for the leading role."""
    return tuple(assignment.slots.values()) if role.part == "leads" else ()


def tellings(facts: Sequence[str], dialogue: Dialogue, role: str, language: str) -> list[Telling]:
    """Return what became of each fact that ``role`` knows, in their order."""
    return [_telling(fact, dialogue, role, language) for fact in facts]


def tells(fact: str, turn: str, language: str) -> bool:
    """Return whether a turn tells a fact, or one of its sentences."""
    there = content(turn, language)
    for part in sentences(fact):
        words = content(part, language)
        both = len(words & there)
        if not words or both < min(2, len(words)):
            continue
        share = both / len(words)
        if share >= TOLD or (share >= LESS and any(near(part, one) >= NEAR for one in (turn, *sentences(turn)))):
            return True
    return False


def asks_for(fact: str, turn: str, language: str) -> bool:
    """Return whether a turn of somebody else asks for a fact; open questions do not."""
    words = content(fact, language)
    return any(
        near(fact, question) >= (ASKED_WORD if words & content(question, language) else ASKED)
        for question in questions(turn, language)
    )


@lru_cache(maxsize=16384)
def asks_openly(turn: str, language: str) -> bool:
    """Return whether a turn asks for whatever there is to tell."""
    return count(turn, "open", language) > 0


@lru_cache(maxsize=16384)
def questions(turn: str, language: str) -> tuple[str, ...]:
    """Return the sentences of a turn that ask for something."""
    requests = count(turn, "request", language) > 0
    return tuple(
        part
        for part in sentences(turn)
        if part.rstrip("\"'”’») ").endswith(("?", "？", "؟")) or (requests and count(part, "request", language))
    )


def _telling(fact: str, dialogue: Dialogue, role: str, language: str) -> Telling:
    asked = openly = False
    for turn in dialogue.turns:
        if turn.role == role:
            if tells(fact, turn.text, language):
                return Telling(fact, turn.index, asked or openly)
            openly = False
            continue
        asked = asked or asks_for(fact, turn.text, language)
        openly = openly or asks_openly(turn.text, language)
    return Telling(fact, None, asked)
