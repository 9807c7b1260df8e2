"""How many of the pairs that a plan allows were met: two-way coverage, as of combinatorial tests (Kuhn et al. 2004)."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Literal, get_args

from agentsim.planning.plan import Plan
from agentsim.schema import TopicPath

Kind = Literal["scenario and person", "topic and person", "topic and difficulty", "person and person"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What a pair is made of. A person or a difficulty is always that of a role."""

Pair = tuple[object, ...]
"""Its kind, and what it is made of."""


class Pairs:
    """The pairs that dialogues of a plan may meet.

    Args:
        plan: what is played, and who may play what.
        levels: difficulty of each persona, by id.
    """

    def __init__(self, plan: Plan, levels: Mapping[str, str]) -> None:
        self._levels = levels
        self._able = {
            scenario.id: {
                role.name: frozenset(plan.candidates(scenario.id, role.name))
                for role in scenario.roles
                if role.persona is not None
            }
            for scenario in plan.scenarios
        }
        where: dict[TopicPath, list[str]] = {}
        for scenario in plan.scenarios:
            for topic in scenario.topic_paths():
                where.setdefault(topic, []).append(scenario.id)
        self._where = {topic: tuple(scenarios) for topic, scenarios in where.items()}
        self._together: dict[tuple[str, ...], Mapping[str, frozenset[str]]] = {}

    def reachable(self) -> dict[Kind, int]:
        """Return how many pairs there are of each kind."""
        people = [self._who(scenarios) for scenarios in self._where.values()]
        return {
            "scenario and person": sum(len(able) for roles in self._able.values() for able in roles.values()),
            "topic and person": sum(len(able) for roles in people for able in roles.values()),
            "topic and difficulty": sum(len(self._levels_of(able)) for roles in people for able in roles.values()),
            "person and person": self._couples(),
        }

    def of(self, scenario: str, cast: Mapping[str, str], topic: TopicPath | None) -> frozenset[Pair]:
        """Return the pairs that a dialogue meets.

        Args:
            scenario: its scenario.
            cast: a persona's id for each role that has one.
            topic: what it was about; ``None`` where that was no topic of the plan.
        """
        found: set[Pair] = {("scenario and person", scenario, *part) for part in cast.items()}
        found.update(("person and person", *one, *other) for one, other in combinations(sorted(cast.items()), 2))
        able = self._who(self._where.get(topic, ())) if topic is not None else {}
        for role, person in cast.items():
            if person in able.get(role, ()):
                found.add(("topic and person", topic, role, person))
                found.add(("topic and difficulty", topic, role, self._levels[person]))
        return frozenset(found)

    def _who(self, scenarios: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
        """Return who may play each role in one of some scenarios."""
        held = self._together.get(scenarios)
        if held is None:
            merged: dict[str, frozenset[str]] = {}
            for scenario in scenarios:
                for role, able in self._able[scenario].items():
                    merged[role] = merged.get(role, frozenset()) | able
            held = self._together[scenarios] = merged
        return held

    def _levels_of(self, people: Iterable[str]) -> frozenset[str]:
        return frozenset(self._levels[person] for person in people)

    def _couples(self) -> int:
        """Count pairs of two roles with people who may play them in one scenario, nobody with themselves."""
        rooms: dict[tuple[str, str], list[tuple[frozenset[str], frozenset[str]]]] = {}
        for roles in self._able.values():
            for (one, ones), (other, others) in combinations(sorted(roles.items()), 2):
                rooms.setdefault((one, other), []).append((ones, others))
        return sum(_couples(parts) for parts in rooms.values())


def _couples(parts: Sequence[tuple[frozenset[str], frozenset[str]]]) -> int:
    found: dict[str, set[str]] = {}
    for ones, others in parts:
        for person in ones:
            found.setdefault(person, set()).update(others)
    return sum(len(others - {person}) for person, others in found.items())
