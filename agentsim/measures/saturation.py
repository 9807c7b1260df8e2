"""When more is not worth it: how many topics were new in the last dialogues, and how many the next ones will bring.

The expected share of what was never seen, the chance that the next dialogue is about a topic none was about, is the
share of topics that were seen once (Good 1953); the number of topics in reach is estimated from those seen once and
twice (Chao 1984).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

POINTS = 40
"""Points of the curve, at most."""

ENOUGH = 0.05
"""Chance of something new, below which more is not worth it."""


@dataclass(frozen=True)
class Saturation:
    """How a run has filled its topics."""

    curve: tuple[tuple[int, int], ...]
    """Dialogues, and topics that were spoken of in so many."""

    next_new: float
    """Chance that the next dialogue is about a topic that none was about."""

    reachable: float
    """Estimate of the topics that this way of playing reaches."""

    @property
    def saturated(self) -> bool:
        """Whether more is not worth it."""
        return self.next_new < ENOUGH


def saturation(said: Sequence[str | None]) -> Saturation:
    """Return how dialogues about these topics, in their order, have filled what they reach."""
    seen: set[str] = set()
    curve = [(0, 0)]
    step = max(1, len(said) // POINTS)
    for number, topic in enumerate(said, 1):
        if topic is not None:
            seen.add(topic)
        if number % step == 0 or number == len(said):
            curve.append((number, len(seen)))
    times = Counter(Counter(topic for topic in said if topic is not None).values())
    once, twice = times[1], times[2]
    placed = sum(topic is not None for topic in said)
    more = once * (once - 1) / (2 * (twice + 1))
    return Saturation(tuple(curve), once / placed if placed else 1.0, len(seen) + more)
