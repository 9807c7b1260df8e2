"""A share of the run is spent on what lies beyond: which choices these are, and what they are."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from agentsim.planning.beyond import Beyond, Node
from agentsim.planning.casting import Casting
from agentsim.planning.plan import Plan
from agentsim.planning.seeded import digest
from agentsim.schema import Assignment, Proposal, Scenario, TopicPath


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

        if share > 0:
            branches: dict[TopicPath, list[Node]] = {}
            for topic in topics:
                branches.setdefault(topic[:-1], []).append(("topic", *topic))
            for branch in branches.values():
                self._beyond.tie(branch)
            for people in skills:
                for role in sorted({role.name for scenario in plan.scenarios for role in scenario.roles}):
                    self._beyond.tie(("persona", person, role) for person in people)

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
        if assignment.beyond is not None and assignment.beyond.bridge is not None:
            self._bridged.add(_pair(assignment.topic, assignment.beyond.bridge))

    def propose(self, index: int, scenario: Scenario, topic: TopicPath) -> tuple[Mapping[str, str], Proposal | None]:
        """Return whom assignment ``index`` is to cast and why; nobody and ``None`` where it is none of the share, or
        walks reach nothing new from its topic."""
        drawn = digest(self._plan.seed, "beyond", index)
        if int.from_bytes(drawn[:4], "big") >= self._share * 2**32:
            return {}, None
        first, second = (self.combination, self.bridge) if drawn[4] % 2 else (self.bridge, self.combination)
        found = first(index, scenario, topic) or second(index, scenario, topic)
        return found or ({}, None)

    def combination(
        self, index: int, scenario: Scenario, topic: TopicPath
    ) -> tuple[Mapping[str, str], Proposal] | None:
        """Return somebody whom walks from a topic reach and who never met it in a role, and why."""
        able = {
            role.name: frozenset(self._plan.candidates(scenario.id, role.name))
            for role in scenario.order
            if role.persona is not None
        }
        for score, away, (person, role) in self._beyond.people(topic, index):
            if person in able.get(role, ()) and not self._casting.met(topic, role, person):
                return {role: person}, Proposal(score=score, distance=away)
        return None

    def bridge(self, index: int, scenario: Scenario, topic: TopicPath) -> tuple[Mapping[str, str], Proposal] | None:
        """Return a topic of another branch that walks reach and that was never in one dialogue with this one."""
        known = frozenset(scenario.topic_paths())
        for score, away, other in self._beyond.bridges(topic, index):
            if other in known and _pair(topic, other) not in self._bridged:
                return {}, Proposal(bridge=other, score=score, distance=away)
        return None


def _people(assignment: Assignment) -> list[Node]:
    return [("persona", person, role) for role, person in sorted(assignment.cast.items())]


def _pair(one: TopicPath, other: TopicPath) -> tuple[TopicPath, TopicPath]:
    return (one, other) if one < other else (other, one)
