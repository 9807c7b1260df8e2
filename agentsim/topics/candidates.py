"""Subjects that the graph does not have: dialogues that belong nowhere on it, together by what they were about.

A dialogue joins the group whose middle it is nearest to, from a cosine of ``NEAR`` on (leader clustering); a group of
``LEAST`` dialogues or more is a candidate. Its name is made of the words that stand in most of its dialogues and in few
others (document frequency times inverse document frequency, Sparck Jones 1972).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentsim.meaning import centred, unit, vectors
from agentsim.topics.graph import node_id

if TYPE_CHECKING:
    from agentsim.meaning import Vectors
    from agentsim.topics.graph import Graph

NEAR = 0.4
"""Cosine from which two dialogues are together: of pairs about one task two in three have it, of pairs about different
tasks one in a hundred."""

LEAST = 3
"""Dialogues of a candidate, at least."""

WORDS = 3
"""Words of a name."""

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Candidate:
    """A subject that some dialogues were about and no topic is."""

    name: str
    dialogues: tuple[int, ...]
    """Positions of its dialogues."""


def candidates(dialogues: Sequence[Sequence[str]], nowhere: Sequence[int]) -> list[Candidate]:
    """Return new subjects, those with most dialogues first.

    Args:
        dialogues: the turns of all dialogues that ended.
        nowhere: positions of those that belong to no topic.
    """
    import numpy as np

    groups: list[tuple[Vectors, list[int]]] = []
    for at in nowhere:
        turns = [turn for turn in dialogues[at] if turn.strip()]
        if not turns:
            continue
        meaning = centred(vectors(turns).mean(axis=0))
        near = [float(meaning @ unit(summed)) for summed, _ in groups]
        best = int(np.argmax(near)) if near else -1
        if best >= 0 and near[best] >= NEAR:
            groups[best] = (groups[best][0] + meaning, [*groups[best][1], at])
        else:
            groups.append((meaning, [at]))
    large = [held for _, held in groups if len(held) >= LEAST]
    if not large:
        return []
    words = [frozenset(_WORD.findall(" ".join(turns).casefold())) for turns in dialogues]
    often = Counter(word for one in words for word in one)
    found = [Candidate(_name(held, words, often), tuple(held)) for held in large]
    return sorted(found, key=lambda one: (-len(one.dialogues), one.dialogues))


def add_candidates(graph: "Graph", found: Sequence[Candidate]) -> None:
    """Add candidates to the graph as nodes of their own kind: no dialogue is planned for them."""
    for one in found:
        graph.add_node(node_id("candidate", one.name), kind="candidate", name=one.name)


def _name(held: Sequence[int], words: Sequence[frozenset[str]], often: Counter[str]) -> str:
    here = Counter(word for at in held for word in words[at])
    worth = {word: times * math.log(1 + len(words) / often[word]) * min(len(word), 6) for word, times in here.items()}
    return ", ".join(sorted(worth, key=lambda word: (-worth[word], word))[:WORDS])
