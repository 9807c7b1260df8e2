"""Statements that their own speaker takes back, denies or tells with other numbers later on."""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from agentsim.measures.phrases import count, group
from agentsim.measures.words import content, sentences, words

SAME = 0.6
"""Share of the content words of the shorter of two statements from which they are about the same."""

REMEMBERED = 60
"""Statements of the same speaker, back from the one at hand, that it is compared with."""


_ANSWER = re.compile(r"\W*\w+\s*[,;:.!–—-]")


@dataclass(frozen=True, slots=True)
class _Statement:
    about: frozenset[str]
    """Stems of its content, without numbers and negations."""

    negated: bool
    numbers: frozenset[str]


def reversals(turns: Sequence[str], language: str) -> int:
    """Return how many sentences reverse what the same speaker said in an earlier turn.

    A sentence counts where it says so (``I changed my mind``), or where it is about the same as an earlier statement
    and one of the two is negated, or both have numbers and none in common. Questions state nothing.
    """
    found = 0
    before: deque[_Statement] = deque(maxlen=REMEMBERED)
    for turn in turns:
        new = []
        told_so = bool(before) and count(turn, "reversal", language) > 0
        for sentence in sentences(turn):
            said_so = told_so and count(sentence, "reversal", language) > 0
            statement = None if sentence.rstrip("\"'”’»)").endswith(("?", "？", "؟")) else _read(sentence, language)
            if statement is not None:
                new.append(statement)
            found += bool(said_so or (statement and any(_reverses(statement, other) for other in before)))
        before.extend(new)
    return found


def _read(sentence: str, language: str) -> _Statement | None:
    """Return what a sentence states; ``None`` where it is about nothing."""
    said = words(sentence)
    negating, counting = group("negation", language), group("numbers", language)
    about = frozenset(stem for stem in content(sentence, language) if not stem[0].isdigit())
    for word in said:
        if word in negating or word in counting:
            about -= content(word, language)
    if not about:
        return None
    numbers = frozenset(word for word in said if word[0].isdigit() or word in counting)
    # The no that answers a question denies what the other said.
    own = said[1:] if _ANSWER.match(sentence) else said
    return _Statement(about, any(word in negating for word in own), numbers)


def _reverses(one: _Statement, other: _Statement) -> bool:
    shorter = min(len(one.about), len(other.about))
    if len(one.about & other.about) < SAME * shorter:
        return False
    if one.negated != other.negated:
        return True
    return bool(one.numbers) and bool(other.numbers) and not one.numbers & other.numbers
