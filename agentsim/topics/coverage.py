"""How much was said about each topic, and how much of that was kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentsim.topics.graph import broadest, leaves, narrower, node_id, path_of, walk
from agentsim.topics.placing import Placement

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph


@dataclass(frozen=True)
class Outcome:
    """What became of one planned dialogue."""

    topic: str
    """Node of the topic it was assigned."""

    state: str
    """``planned``, ``in flight``, ``accepted``, ``rejected``, ``undecided`` or ``failed``."""

    placement: Placement | None = None
    """Where it belongs by what was said; ``None`` before it has ended."""

    tokens: int = 0
    """Tokens it took, of prompts and completions, as far as it got."""


@dataclass
class Count:
    """Dialogues of one topic, those of narrower topics among them."""

    planned: int = 0
    """Assigned to it, whatever became of them."""

    in_flight: int = 0
    """Assigned to it and begun, without an end."""

    failed: int = 0
    """Assigned to it and broken off by an error."""

    simulated: int = 0
    """Assigned to it and ended."""

    on_topic: int = 0
    """Of those simulated: how many were about it, by what was said."""

    said: int = 0
    """Ended dialogues that were about it, whatever they were assigned to."""

    accepted: int = 0
    """Of those said: how many went into the dataset."""

    tokens: int = 0
    """Tokens of all that was assigned to it."""

    @property
    def covered(self) -> bool:
        """Whether the dataset has a dialogue about it."""
        return self.accepted > 0


@dataclass
class Coverage:
    """The counts of a whole graph."""

    topics: dict[str, Count]
    """The count of each topic's node."""

    nowhere: int = 0
    """Ended dialogues that were about no topic of the graph."""

    wrong: dict[str, dict[str, int]] = field(default_factory=dict)
    """For each leaf, where dialogues assigned to it went instead: node (empty for none) to number."""

    leaves: int = 0
    covered: int = 0
    """Leaves that the dataset has a dialogue about."""

    @property
    def share(self) -> float:
        """Share of the leaves that are covered."""
        return self.covered / self.leaves if self.leaves else 0.0


def cover(graph: "Graph", outcomes: Iterable[Outcome]) -> Coverage:
    """Count outcomes on the topics of a graph, and on all that are broader."""
    every = [node for top in broadest(graph) for node in walk(graph, top)]
    found = Coverage({node: Count() for node in every})
    paths = {node: path_of(graph, node) for node in every}
    above = {
        node: [node_id("topic", *path[:depth]) for depth in range(1, len(path) + 1)] for node, path in paths.items()
    }
    for outcome in outcomes:
        _take(found, above, outcome)
    bottom = leaves(graph)
    found.leaves = len(bottom)
    found.covered = sum(found.topics[node].covered for node in bottom)
    return found


def _take(found: Coverage, above: dict[str, list[str]], outcome: Outcome) -> None:
    assigned = above[outcome.topic]
    there = outcome.placement.topic if outcome.placement is not None else None
    reached = set(above[there]) if there is not None else set()
    for node in assigned:
        count = found.topics[node]
        count.planned += 1
        count.tokens += outcome.tokens
        count.in_flight += outcome.state == "in flight"
        count.failed += outcome.state == "failed"
        if outcome.placement is not None:
            count.simulated += 1
            count.on_topic += node in reached
    if outcome.placement is None:
        return
    if there is None:
        found.nowhere += 1
    for node in reached:
        found.topics[node].said += 1
        found.topics[node].accepted += outcome.state == "accepted"
    if there != outcome.topic:
        went = found.wrong.setdefault(outcome.topic, {})
        went[there or ""] = went.get(there or "", 0) + 1


def covered_below(graph: "Graph", coverage: Coverage, topic: str) -> tuple[int, int]:
    """Return how many of the leaves of a topic are covered, and how many it has: itself, where nothing is narrower."""
    below = [node for node in walk(graph, topic) if not narrower(graph, node)]
    return sum(coverage.topics[node].covered for node in below), len(below)


def short(graph: "Graph", coverage: Coverage, wanted: int) -> list[tuple[str, Count]]:
    """Return the leaves that fewer dialogues than are wanted were accepted about, those that were tried most first."""
    found = [(node, coverage.topics[node]) for node in leaves(graph)]
    missing = [(node, count) for node, count in found if count.accepted < wanted]
    return sorted(missing, key=lambda one: (-one[1].planned, path_of(graph, one[0])))


def gaps(graph: "Graph", coverage: Coverage) -> list[str]:
    """Return the leaves that the dataset lacks, those that were tried most first."""
    missing = [node for node in leaves(graph) if not coverage.topics[node].covered]
    return sorted(missing, key=lambda node: (-coverage.topics[node].simulated, path_of(graph, node)))
