"""Two runs side by side: every measure of diversity at the same number of dialogues, and how sure the difference is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentsim.measures.diversity import MEASURES, Texts
from agentsim.planning.seeded import derive_seed

if TYPE_CHECKING:
    import numpy as np

DRAWS = 80
"""Random halves from which the spread of a measure is taken."""


@dataclass(frozen=True)
class Difference:
    """One measure of two runs, at the same number of dialogues."""

    measure: str
    one: float
    other: float
    low: float
    """Lower end of the 95 % interval of the second less the first."""

    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out no difference."""
        return self.low > 0 or self.high < 0


def compare(one: Texts, other: Texts) -> list[Difference]:
    """Return every measure of two runs at as many dialogues as the smaller one has.

    Of the larger run, the mean of random parts of that size is taken. A measure of dialogues drawn with repetition
    would see copies, so intervals come from random halves without any: their spread is that of the whole (the delete-d
    jackknife with d of half of them, Shao and Wu 1989).

    Raises:
        ValueError: for a run of fewer than four dialogues.
    """
    import numpy as np

    size = min(len(one), len(other))
    if size < 4:
        raise ValueError("a comparison needs four dialogues of each run")
    draw = np.random.default_rng(derive_seed(0, "comparison", size))
    found = []
    parts = [[_parts(draw, len(texts), size), _parts(draw, len(texts), size // 2)] for texts in (one, other)]
    for name, measure in MEASURES.items():
        at_size = [
            float(np.mean([measure(texts, part) for part in (wholes if len(texts) > size else [range(size)])]))
            for texts, (wholes, _) in zip((one, other), parts, strict=True)
        ]
        spread = [
            float(np.var([measure(texts, part) for part in halves]))
            for texts, (_, halves) in zip((one, other), parts, strict=True)
        ]
        gap, error = at_size[1] - at_size[0], 1.96 * sum(spread) ** 0.5
        found.append(Difference(name, at_size[0], at_size[1], gap - error, gap + error))
    return found


def _parts(draw: "np.random.Generator", count: int, size: int) -> list[Sequence[int]]:
    return [draw.choice(count, size, replace=False).tolist() for _ in range(DRAWS)]
