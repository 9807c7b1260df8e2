"""How varied a run's dialogues are: measures of unlike kinds, so that no one fault can hide from all of them.

* ``topics``: leaves of the topic graph that were spoken of; ``effective_topics``: the exponential of the entropy over
  them (Hill number of order 1), as many equally frequent ones as would be as uncertain; ``evenness``: its logarithm
  over the logarithm of the number of leaves (Pielou).
* ``pairs``: share of the pairs of scenario, topic, people and difficulty that the run's plan allows which were met
  (two-way coverage, Kuhn et al. 2004).
* ``vendi``: the Vendi score (Friedman and Dieng 2023), the exponential of the entropy of the eigenvalues of the
  similarity matrix over its size, with cosine as similarity.
* ``cells``: the effective number of cells in a frozen partition of meaning, which no run moves: on which side of eight
  fixed random planes a dialogue lies.
* ``distance``: mean distance (1 minus cosine) of a dialogue to its nearest neighbour.
* ``lzma``: size of all text once compressed, over its size; copies and stock phrases make it small.
* ``distinct_4``: share of different runs of four words.

All depend on how many dialogues are looked at, so runs and parts of runs are compared at a fixed number.
"""

import lzma
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from agentsim.meaning import centred, vectors
from agentsim.planning.seeded import digest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from agentsim.meaning import Vectors

PLANES = 8
WORDS = 20_000
"""Words that ``distinct_4`` looks at, at most."""


@dataclass(frozen=True)
class Spoken:
    """What the measures look at of one dialogue."""

    turns: tuple[str, ...]
    assigned: str
    """The topic it was assigned."""

    said: str | None
    """The topic it was about; ``None`` where it was about none."""

    pairs: frozenset[tuple[object, ...]] = frozenset()
    """The pairs that it met, of those that the plan allows."""


class Texts:
    """A run's dialogues, looked at once; measures are taken of any part of them, given by positions."""

    def __init__(self, dialogues: Sequence[Spoken], leaves: int, pairs: int = 0) -> None:
        self.dialogues = dialogues
        self.leaves = leaves
        """Leaves of the topic graph."""

        self.pairs = pairs
        """Pairs that the plan allows."""

    def __len__(self) -> int:
        return len(self.dialogues)

    @cached_property
    def turns(self) -> list["Vectors"]:
        """The vectors of each dialogue's turns."""
        every = [turn for one in self.dialogues for turn in one.turns]
        found, at, parts = vectors(every), 0, []
        for one in self.dialogues:
            parts.append(found[at : at + len(one.turns)])
            at += len(one.turns)
        return parts

    @cached_property
    def meanings(self) -> "Vectors":
        """One vector a dialogue: the mean of its turns, less what all language has in common."""
        import numpy as np

        means = [part.mean(axis=0) if len(part) else np.zeros(256, dtype=np.float32) for part in self.turns]
        return centred(np.stack(means))

    @cached_property
    def words(self) -> list[list[str]]:
        """The words of each dialogue."""
        return [" ".join(one.turns).casefold().split() for one in self.dialogues]

    @cached_property
    def cells(self) -> "npt.NDArray[np.int64]":
        """Cell of the frozen partition that each dialogue lies in."""
        import numpy as np

        seed = int.from_bytes(digest(0, "planes")[:8], "big")
        planes = np.random.Generator(np.random.PCG64(seed)).standard_normal((PLANES, 256))
        sides: npt.NDArray[np.int64] = (self.meanings @ planes.T > 0) @ (1 << np.arange(PLANES))
        return sides


def topics(texts: Texts, part: Sequence[int]) -> float:
    return float(len({texts.dialogues[at].said for at in part} - {None}))


def effective_topics(texts: Texts, part: Sequence[int]) -> float:
    return effective(Counter(said for at in part if (said := texts.dialogues[at].said) is not None).values())


def evenness(texts: Texts, part: Sequence[int]) -> float:
    return math.log(max(1.0, effective_topics(texts, part))) / math.log(max(2, texts.leaves))


def pairs(texts: Texts, part: Sequence[int]) -> float:
    return len(frozenset().union(*(texts.dialogues[at].pairs for at in part))) / max(1, texts.pairs)


def vendi(texts: Texts, part: Sequence[int]) -> float:
    import numpy as np

    held = texts.meanings[list(part)].astype(np.float64)
    shape = held @ held.T if len(held) < held.shape[1] else held.T @ held
    shares = np.clip(np.linalg.eigvalsh(shape), 0, None)
    return effective((shares / max(shares.sum(), 1e-12)).tolist())


def cells(texts: Texts, part: Sequence[int]) -> float:
    return effective(Counter(texts.cells[list(part)].tolist()).values())


def distance(texts: Texts, part: Sequence[int]) -> float:
    import numpy as np

    if len(part) < 2:
        return 0.0
    return float(1 - np.mean([near for near, _ in nearest(texts, part)]))


def lzma_ratio(texts: Texts, part: Sequence[int]) -> float:
    text = "\n".join("\n".join(texts.dialogues[at].turns) for at in part).encode("utf-8", "replace")
    return len(lzma.compress(text, preset=1)) / len(text) if text else 0.0


def distinct_4(texts: Texts, part: Sequence[int]) -> float:
    # Runs do not cross dialogues; each dialogue gives the same number of words, so that none outweighs the others.
    each = max(8, WORDS // max(1, len(part)))
    runs = [run for at in part if (held := texts.words[at][:each]) for run in zip(held, held[1:], held[2:], held[3:])]  # noqa: B905
    return len(set(runs)) / len(runs) if runs else 0.0


MEASURES: Mapping[str, Callable[[Texts, Sequence[int]], float]] = {
    "topics": topics,
    "effective_topics": effective_topics,
    "evenness": evenness,
    "pairs": pairs,
    "vendi": vendi,
    "cells": cells,
    "distance": distance,
    "lzma": lzma_ratio,
    "distinct_4": distinct_4,
}
"""Every measure by its name."""


def effective(counts: Iterable[float]) -> float:
    """Return the exponential of the entropy of shares or counts: how many equal ones would be as uncertain."""
    held = list(counts)
    total = sum(held)
    shares = [one / total for one in held] if total else []
    return math.exp(-sum(share * math.log(share) for share in shares if share > 0)) if shares else 0.0


def nearest(texts: Texts, part: Sequence[int]) -> list[tuple[float, int]]:
    """Return for each dialogue of a part the cosine to its nearest neighbour there, and that one's position."""
    import numpy as np

    held = texts.meanings[list(part)]
    found: list[tuple[float, int]] = []
    for start in range(0, len(held), 1024):
        near = held[start : start + 1024] @ held.T
        near[np.arange(len(near)), np.arange(start, start + len(near))] = -2
        best = near.argmax(axis=1)
        found += [(float(near[row, at]), part[at]) for row, at in enumerate(best.tolist())]
    return found
