"""Which of several proposals for a turn is best: without failure before all, then on task and new."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from agentsim.guards.talk import Talk
from agentsim.meaning import vectors
from agentsim.schema import Finding

SPACELESS = 12
"""Characters a word from which on a text is taken for one of a script without spaces."""


def fitness(talk: Talk) -> float:
    """Return how well the last turn of a talk moves it on, from 0 to 1, to four decimals.

    The mean of *on task*, the cosine of its meaning with the task or with the turn before it, whichever is
    nearer, and *new*, one minus the largest share of its word pairs that one earlier turn has too.
    """
    texts = [said.text for said in talk.turns]
    last, before = texts[-1], texts[:-1]
    near = vectors([last, talk.task, *before[-1:]])
    on_task = max(0.0, *(float(near[0] @ other) for other in near[1:]))
    pairs = _pairs(last)
    said = max((len(pairs & _pairs(text)) / len(pairs) for text in before), default=0.0) if pairs else 1.0
    return round((on_task + 1.0 - said) / 2, 4)


def score(fit: float, findings: Iterable[Finding]) -> float:
    """Return the rank of a proposal, higher is better: any without a failure is above any with one."""
    faults = sum(finding.confidence for finding in findings)
    return round(fit - 1 - faults if faults else fit, 4)


def best(scores: Sequence[float]) -> int:
    """Return the index of the highest score, the earliest among equals."""
    return max(range(len(scores)), key=lambda index: (scores[index], -index))


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """Return the pairs of neighbouring words, or of characters in scripts that set no spaces."""
    parts: Sequence[str] = text.casefold().split()
    if len(text) > SPACELESS * len(parts):
        parts = text.casefold()
    return frozenset(pairwise(parts)) or frozenset((part, "") for part in parts)
