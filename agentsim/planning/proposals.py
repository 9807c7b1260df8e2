"""A share of the run is spent on what lies beyond: which choices these are, and what they are."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from agentsim.planning.beyond import Beyond, Node
from agentsim.planning.casting import Casting
from agentsim.planning.plan import Plan
from agentsim.planning.seeded import digest
from agentsim.schema import Assignment, Proposal, Scenario, TopicPath

Idea = tuple[Mapping[str, str], Proposal]
"""Whom to cast, by role, and why."""


class Proposals:
    """Proposes combinations and bridges, in turn, for a share of the assignments.

    Args:
        plan: who may play what, and the seed.
        casting: what was met so far.
        share: of all assignments, 0 to 1.
        topics: every leaf.
        skills: people who know of the same, a group each.
    """

    def __init__(
        self,
        plan: Plan,
        casting: Casting,
        share: float,
        topics: Sequence[TopicPath],
        skills: Iterable[Collection[str]] = (),
    ) -> None:
        self._plan = plan
        self._casting = casting
        self._share = share
        self._beyond = Beyond(plan.seed)
        self._bridged: set[tuple[TopicPath, TopicPath]] = set()
        """Pairs of topics that were in one dialogue or are to be, in alphabetical order."""

        self._able: dict[tuple[str, str], frozenset[str]] = {}
        self._known: dict[str, frozenset[TopicPath]] = {}
        """Who may play each role of each scenario, and what each scenario can be about."""

        if share > 0:
            for scenario in plan.scenarios:
                self._known[scenario.id] = frozenset(scenario.topic_paths())
                for role in scenario.roles:
                    if role.persona is not None:
                        self._able[scenario.id, role.name] = frozenset(plan.candidates(scenario.id, role.name))
            branches: dict[TopicPath, list[Node]] = {}
            for topic in topics:
                branches.setdefault(topic[:-1], []).append(("topic", *topic))
            for branch in branches.values():
                self._beyond.tie(branch)
            roles = sorted({name for _, name in self._able})
            for people in skills:
                for name in roles:
                    self._beyond.tie(("persona", person, name) for person in people)

    def went_well(self, assignment: Assignment, about: TopicPath | None, also: Iterable[TopicPath]) -> None:
        """Take in an accepted dialogue and the topics that it was about."""
        if self._share == 0:
            return
        topics = [topic for topic in (about, *also) if topic is not None]
        # A scenario that all share would lead everywhere at once.
        scenario = [("scenario", assignment.scenario)] if len(self._plan.scenarios) > 1 else []
        self._beyond.tie([*(("topic", *topic) for topic in topics), *scenario, *_people(assignment)], dialogue=True)
        self._bridged.update(_pair(one, other) for one in topics for other in topics if one != other)

    def keep(self, assignment: Assignment) -> None:
        """Count what is tried; a bridge is not proposed again."""
        if self._share > 0:
            self._beyond.tried(assignment.topic)
            if assignment.bridge is not None:
                self._bridged.add(_pair(assignment.topic, assignment.bridge))

    def propose(self, index: int, scenario: Scenario, topic: TopicPath) -> tuple[Mapping[str, str], Proposal | None]:
        """Return whom assignment ``index`` is to cast and why; nobody and ``None`` where it is none of the share, or
        walks reach nothing new from its topic."""
        if self._share == 0:
            return {}, None
        drawn = digest(self._plan.seed, "beyond", index)
        if int.from_bytes(drawn[:4], "big") >= self._share * 2**32:
            return {}, None
        combination, bridge = self.foretold(index, scenario, topic)
        found = combination or bridge if drawn[4] % 2 else bridge or combination
        return found or ({}, None)

    def foretold(self, index: int, scenario: Scenario, topic: TopicPath) -> tuple[Idea | None, Idea | None]:
        """Return the best combination and the best bridge for a topic, whatever the share, where there are any.

        The one casts somebody who never met the topic in that role; the other leads to a topic of another branch that
        was never in one dialogue with this one.
        """
        reached = self._beyond.reached(("topic", *topic), index)
        combination: Idea | None = None
        bridge: Idea | None = None
        for score, away, (person, role) in self._beyond.people(reached):
            if person in self._able.get((scenario.id, role), ()) and not self._casting.met(topic, role, person):
                combination = {role: person}, Proposal(score=score, distance=away)
                break
        for score, away, other in self._beyond.bridges(topic, reached):
            if other in self._known[scenario.id] and _pair(topic, other) not in self._bridged:
                bridge = {}, Proposal(bridge=other, score=score, distance=away)
                break
        return combination, bridge


def _people(assignment: Assignment) -> list[Node]:
    return [("persona", person, role) for role, person in sorted(assignment.cast.items())]


def _pair(one: TopicPath, other: TopicPath) -> tuple[TopicPath, TopicPath]:
    return (one, other) if one < other else (other, one)
