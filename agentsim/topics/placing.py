"""Where a dialogue belongs on the topic graph, by what was said in it, whatever it was meant to be about.

Two kinds of evidence count: how near the text is to a topic in meaning, once what all topics have in common is taken
off (Mu and Viswanath 2018), and the share of the topic's words that stand in it, rare words counting more (inverse
document frequency over the graph's topics, Sparck Jones 1972).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentsim.meaning import unit, vectors
from agentsim.topics.graph import leaves, path_of

if TYPE_CHECKING:
    from agentsim.meaning import Vectors
    from agentsim.topics.graph import Graph

LEAST = 0.6
"""Evidence below which a text is on no topic of the graph: of dialogues about one of the 359 shipped topics one in
twenty has less; of dialogues about other things, two in three."""

NAMED = 0.5
"""Share of the words of a leaf's own name, rare ones counting more, that a turn has which names it."""

MOST = 4
"""Leaves that a text is about beside the one it belongs to, at most."""

LOOKED_AT = 100
"""Leaves with most evidence among which these are looked for."""

_WORD = re.compile(r"[^\W_]+")
_STEM = 6
"""Letters by which words are compared, so that most inflected forms meet."""


@dataclass(frozen=True)
class Placement:
    """Where a text belongs."""

    topic: str | None
    """The leaf it is nearest to; ``None`` where it is near none."""

    evidence: float
    """Evidence for the nearest leaf: cosine and share of words, 2 at most."""

    confidence: float
    """How clearly that leaf leads, 0 to 1: its evidence less that of the next one, as a share of it."""

    also: tuple[str, ...] = ()
    """Other leaves that the text is about too, those with most evidence first: each is named in two turns or more."""


class Placer:
    """Places dialogues on the leaves of one graph. The same words always come out at the same place.

    Args:
        graph: a topic graph with at least one topic.
    """

    def __init__(self, graph: "Graph") -> None:
        import numpy as np

        self._leaves = leaves(graph)
        told = [_told(graph, leaf) for leaf in self._leaves]
        found = vectors(told)
        self._middle = found.mean(axis=0) if len(told) > 1 else np.zeros_like(found[0])
        self._meanings = unit(found - self._middle)
        stems = [_stems(text) for text in told]
        seen = Counter(stem for one in stems for stem in one)
        weights = {stem: math.log(1 + len(stems) / times) for stem, times in seen.items()}
        # Sums are taken in one order, so that they are the same to the last bit in every process.
        wholes = [sum(weights[stem] for stem in sorted(one)) or 1.0 for one in stems]
        self._weights = weights
        self._names = [_stems(path_of(graph, leaf)[-1]) for leaf in self._leaves]
        having: dict[str, list[int]] = {}
        for leaf, one in enumerate(stems):
            for stem in one:
                having.setdefault(stem, []).append(leaf)
        whole = np.array(wholes)
        self._shares = {
            stem: (np.array(held), (weights[stem] / whole[held]).astype(np.float32)) for stem, held in having.items()
        }

    def place(self, dialogues: Sequence[Sequence[str]]) -> list[Placement]:
        """Return where each dialogue belongs, given the text of its turns."""
        return [self._place([turn for turn in turns if turn.strip()]) for turns in dialogues]

    def nearest(self, turns: Sequence[str], most: int) -> list[tuple[str, float]]:
        """Return the leaves that a dialogue is nearest to, with their evidence, at most so many; none where nothing was
        said."""
        import numpy as np

        said = [turn for turn in turns if turn.strip()]
        if not said:
            return []
        evidence = self._evidence(said, [_stems(turn) for turn in said])
        order = np.lexsort((np.arange(len(evidence)), -evidence))[:most]
        return [(self._leaves[leaf], round(float(evidence[leaf]), 4)) for leaf in order.tolist()]

    def _evidence(self, turns: Sequence[str], said: Sequence[frozenset[str]]) -> "Vectors":
        evidence: Vectors = self._meanings @ unit(vectors(turns).mean(axis=0) - self._middle)
        for stem in sorted(frozenset().union(*said) & self._shares.keys()):
            held, shares = self._shares[stem]
            evidence[held] += shares
        return evidence

    def _place(self, turns: Sequence[str]) -> Placement:
        import numpy as np

        if not turns:
            return Placement(None, 0.0, 0.0)
        said = [_stems(turn) for turn in turns]
        evidence = self._evidence(turns, said)
        best = int(np.argmax(evidence))
        most = float(evidence[best])
        if most < LEAST:
            return Placement(None, round(most, 4), 0.0)
        next_ = float(max(evidence[:best].max(initial=-2), evidence[best + 1 :].max(initial=-2)))
        next_ = next_ if len(evidence) > 1 else 0.0
        near = np.flatnonzero(evidence >= LEAST)
        near = near[np.lexsort((near, -evidence[near]))][:LOOKED_AT]
        others = [self._leaves[leaf] for leaf in near.tolist() if leaf != best and self._named(leaf, said)]
        return Placement(
            self._leaves[best], round(most, 4), round(min(1.0, (most - next_) / most), 4), tuple(others[:MOST])
        )

    def _named(self, leaf: int, said: Sequence[frozenset[str]]) -> bool:
        """Return whether two turns or more have enough of the words of a leaf's own name."""
        name = self._names[leaf]
        whole = sum(self._weights[stem] for stem in sorted(name))
        shares = [sum(self._weights[stem] for stem in sorted(name & turn)) for turn in said]
        return whole > 0 and sum(share >= NAMED * whole for share in shares) > 1


def _told(graph: "Graph", topic: str) -> str:
    """Return the words that tell a topic: its own and those right above it."""
    path = path_of(graph, topic)
    held = graph.nodes[topic]
    return " ".join([*path[-2:], held.get("about", ""), held.get("also", "")]).strip()


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(text.casefold()) if len(word) > 2 or not word.isascii())
