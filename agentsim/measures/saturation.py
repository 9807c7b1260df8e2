"""When more is not worth it: how topics filled, and how many the last dialogues still added.

Estimates of what was never seen from what was seen once (Good 1953, Chao 1984) take each dialogue for an independent
draw. A run that is steered to what is missing is none, so what the last fifth of it added is told instead: a rate that
is right for either, if a little late.
"""

from collections.abc import Sequence
from dataclasses import dataclass

POINTS = 40
"""Points of the curve, at most."""

LAST = 5
"""The last dialogues that are looked at: one in so many, ten at least."""

ENOUGH = 0.05
"""New topics a dialogue, below which more is not worth it."""


@dataclass(frozen=True)
class Saturation:
    """How a run has filled its topics."""

    curve: tuple[tuple[int, int], ...]
    """Dialogues, and topics that were spoken of in so many."""

    last: int
    """Number of the last dialogues that are looked at."""

    new: int
    """Topics that these were the first to speak of."""

    @property
    def topics(self) -> int:
        """Topics that were spoken of."""
        return self.curve[-1][1]

    @property
    def saturated(self) -> bool:
        """Whether more is not worth it; not said of fewer than ten dialogues."""
        return self.last >= 10 and self.new < ENOUGH * self.last


def saturation(said: Sequence[str | None]) -> Saturation:
    """Return how dialogues about these topics, in their order, have filled what they reach."""
    seen: set[str] = set()
    counts = [0]
    for topic in said:
        if topic is not None:
            seen.add(topic)
        counts.append(len(seen))
    step = max(1, -(-len(said) // POINTS))
    shown = sorted({*range(0, len(counts), step), len(said)})
    last = min(len(said), max(10, len(said) // LAST))
    return Saturation(tuple((number, counts[number]) for number in shown), last, counts[-1] - counts[len(said) - last])
