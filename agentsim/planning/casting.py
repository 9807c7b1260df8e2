"""Who plays: people such that all pairs of scenario, role, person, topic and difficulty are met early.

A greedy step of t-way covering arrays for t = 2 (Cohen et al. 1997): of those who may play a role, the one whose pairs
with what is chosen already were met least.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from agentsim.planning.plan import Plan, told_apart
from agentsim.planning.seeded import digest
from agentsim.schema import Scenario, TopicPath

LOOKED_AT = 48
"""Candidates that are compared for a role; of more people another part comes to the turn each time."""

OWED = 10.0
"""What it counts that somebody is behind their target share by a dialogue: more than any pairs."""

BITS = 21
"""Bits of a name's number in the number of a pair, so that millions of pairs fit into memory."""

Name = tuple[str, str]
"""What has a share: ``persona`` or ``difficulty``, and its name."""


class Casting:
    """Casts roles and remembers which pairs were met.

    Args:
        plan: who may play what.
        levels: difficulty of each persona, by id.
        shares: target share by ``persona`` or ``difficulty`` and its name, where there are any.
    """

    def __init__(self, plan: Plan, levels: Mapping[str, str], shares: Mapping[Name, float]) -> None:
        self._plan = plan
        self._levels = levels
        self._shares = shares
        self._met: Counter[int] = Counter()
        self._given: Counter[Name] = Counter()
        """Parts given to each person and to each difficulty."""

        self._wanted = [name for kind, name in shares if kind == "persona"]
        """People who have a share: they are always looked at."""

        self._numbers: dict[str, int] = {}
        self._cast = 0

    def choose(
        self, scenario: Scenario, topic: TopicPath, index: int, given: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return a persona for each role that has one, ``given`` ones as they are; nobody plays two unless there is no
        other choice."""
        roles = [role.name for role in scenario.order if role.persona is not None]
        chosen: dict[str, str] = dict(given or {})
        for role in roles:
            if role in chosen:
                continue
            worth = self._worth(scenario.id, topic, role, chosen, index)
            best = max(worth, key=lambda person: (worth[person], person), default=None)
            if best is None:
                orders = {name: [*self._plan.candidates(scenario.id, name)] for name in roles}
                return told_apart(
                    {name: [*([chosen[name]] if name in chosen else []), *orders[name]] for name in roles}
                )
            chosen[role] = best
        return chosen

    def _worth(
        self, scenario: str, topic: TopicPath, role: str, chosen: Mapping[str, str], index: int
    ) -> dict[str, float]:
        every = self._plan.candidates(scenario, role)
        looked_at = every
        if len(every) > LOOKED_AT:
            looked_at = [every[(index * LOOKED_AT + place) % len(every)] for place in range(LOOKED_AT)]
        wanted = [person for person in self._wanted if person in every and person not in looked_at]
        met, found = self._met, {}
        for person in (*looked_at, *wanted):
            if person in chosen.values():
                continue
            pairs = self._pairs(scenario, topic, role, person, chosen)
            worth = sum(1 / (1 + met[pair]) for pair in pairs)
            for name in self._names(person):
                if (share := self._shares.get(name)) is not None:
                    owed = share * (self._cast + 1) - self._given[name]
                    worth += OWED * (max(-1.0, min(1.0, owed)) if share else -2.0)
            # Among equals chance decides, the same everywhere.
            found[person] = worth + digest(self._plan.seed, "cast", index, role, person)[0] / 1e6
        return found

    def _pairs(
        self, scenario: str, topic: TopicPath, role: str, person: str, chosen: Mapping[str, str]
    ) -> Sequence[int]:
        pair, level, about = self._pair, self._levels[person], _about(topic)
        return (
            pair(scenario, role, person),
            pair(scenario, role, level),
            pair(about, role, person),
            pair(about, role, level),
            *(pair(f"{other}={there}", role, person) for other, there in chosen.items()),
        )

    def met(self, topic: TopicPath, role: str, person: str) -> bool:
        """Return whether somebody played a role in a dialogue that was assigned a topic."""
        return self._met[self._pair(_about(topic), role, person)] > 0

    def _names(self, person: str) -> tuple[Name, Name]:
        return ("persona", person), ("difficulty", self._levels[person])

    def _pair(self, one: str, role: str, other: str) -> int:
        numbers, found = self._numbers, 0
        for name in (one, role, other):
            found = found << BITS | numbers.setdefault(name, len(numbers))
        return found

    def keep(self, scenario: Scenario, topic: TopicPath, cast: Mapping[str, str]) -> None:
        """Count the pairs of an assignment as met."""
        before: dict[str, str] = {}
        for role in (role.name for role in scenario.order if role.name in cast):
            person = cast[role]
            self._met.update(self._pairs(scenario.id, topic, role, person, before))
            self._given.update(self._names(person))
            self._cast += 1
            before[role] = person


def _about(topic: TopicPath) -> str:
    return "".join(f"\x1e{name}" for name in topic)
