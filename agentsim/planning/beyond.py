"""What lies beyond: combinations that were never tried and bridges between subjects, foretold from what went well.

Every accepted dialogue ties together the topics it was about, its scenario and its people; so do a branch of the topic
tree and a skill that several people have. Random walks go from a topic to one of these ties, from there to one of its
members, and so on: walks over a hypergraph, after Sourati and Evans (2023). What they often reach and what was never in
one dialogue with the topic is proposed. The share of all steps that reach it is the score of a combination. Bridges
lead to another branch of the tree: theirs is divided by the square root of the dialogues that topic had (else what is
popular would always be reached) and multiplied by the number of ties between, so that far ones count for more. Steps
are drawn from the seed, at a price that does not grow with the run.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agentsim.planning.seeded import fractions
from agentsim.schema import TopicPath

WALKS = 64
"""Walks that start at a topic."""

STEPS = 5
"""Ties that a walk goes over; two numbers are drawn for each."""

LESS = 0.5
"""Power of the dialogues that a topic had, by which walks that reach it are divided. For people this does harm: who
often went well is reached often for good reason."""

Node = tuple[str, ...]
"""``topic`` and its path, ``scenario`` and its id, or ``persona``, id and role."""

Reached = Mapping[Node, tuple[float, int]]
"""For each node that walks reach its share of all steps, and over how many ties it lies at most."""


class Beyond:
    """The ties of one run, and what walks over them foretell.

    Args:
        seed: shapes every walk.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ties: dict[Node, list[Sequence[Node]]] = {}
        self._went_well: set[Node] = set()
        """What was part of an accepted dialogue."""

        self._tried: Counter[TopicPath] = Counter()
        """Planned dialogues of each topic."""

    def tie(self, members: Iterable[Node], *, dialogue: bool = False) -> None:
        """Tie nodes together: those of an accepted dialogue, or what is known to be alike."""
        held = tuple(dict.fromkeys(members))
        if len(held) < 2:
            return
        for node in held:
            self._ties.setdefault(node, []).append(held)
        if dialogue:
            self._went_well.update(held)

    def tried(self, topic: TopicPath) -> None:
        """Count a dialogue that is planned."""
        self._tried[topic] += 1

    def reached(self, start: Node, index: int) -> Reached:
        """Return what walks reach.

        Args:
            start: where walks begin.
            index: number of the choice; others walk elsewhere.
        """
        times: Counter[Node] = Counter()
        nearest: dict[Node, int] = {}
        if start not in self._ties:
            return {}
        for walk in range(WALKS):
            node, drawn = start, fractions(self._seed, "walk", index, walk)
            for step in range(1, STEPS + 1):
                ties = self._ties[node]
                members = ties[int(drawn[2 * step - 2] * len(ties))]
                node = members[int(drawn[2 * step - 1] * len(members))]
                times[node] += 1
                nearest[node] = min(step, nearest.get(node, step))
        return {node: (times[node] / (WALKS * STEPS), nearest[node]) for node in times if node != start}

    def people(self, reached: Reached) -> list[tuple[float, int, Node]]:
        """Return score, distance, id and role of the people among what was reached, the best first."""
        found = [
            (share, away, node[1:])
            for node, (share, away) in reached.items()
            if node[0] == "persona" and node in self._went_well
        ]
        return sorted(found, key=lambda one: (-one[0], one[2]))

    def bridges(self, topic: TopicPath, reached: Reached) -> list[tuple[float, int, TopicPath]]:
        """Return score, distance and path of the topics of other branches among what was reached, the best first."""
        found = [
            (share * away / (1 + self._tried[node[1:]]) ** LESS, away, node[1:])
            for node, (share, away) in reached.items()
            if node[0] == "topic" and node[1:-1] != topic[:-1] and node in self._went_well
        ]
        return sorted(found, key=lambda one: (-one[0], one[2]))
