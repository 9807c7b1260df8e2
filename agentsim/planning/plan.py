"""Which dialogue comes next: every scenario in turn, every topic before any repeats, people in rotation."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from agentsim.errors import UserError
from agentsim.library.library import Library
from agentsim.planning.seeded import derive_seed, digest, shuffled
from agentsim.schema import Assignment, Proposal, Scenario, TopicPath
from agentsim.schema.assignment import joined

T = TypeVar("T")


class Plan:
    """An endless sequence of assignments, a pure function of library, choice and seed.

    Assignment ``k`` does not depend on how many are asked for, so a longer run begins with a shorter one's
    dialogues.

    Args:
        library: where scenarios and personas come from.
        seed: shapes every choice.
        scenarios: ids to play; all where empty.
        personas: ids to cast; all where empty.

    Raises:
        UserError: where an id is not in the library, or a role is left without anyone to play it.
    """

    def __init__(
        self, library: Library, seed: int, *, scenarios: Iterable[str] = (), personas: Iterable[str] = ()
    ) -> None:
        self.seed = seed
        chosen = _chosen("scenario", tuple(scenarios), library.scenarios)
        people = {persona.id for persona in _chosen("persona", tuple(personas), library.personas)}
        self._items: dict[tuple[str, str, str], Sequence[Any]] = {}
        playable: list[Scenario] = []
        for scenario in chosen:
            able = {
                role.name: tuple(p.id for p in library.candidates(role) if p.id in people)
                for role in scenario.roles
                if role.persona is not None
            }
            empty = next((role for role, ids in able.items() if not ids), None)
            if empty is None:
                playable.append(scenario)
                self._take_in(scenario, able)
            elif tuple(scenarios):
                raise UserError(
                    f"no chosen persona may play {empty!r} in scenario {scenario.id!r}",
                    fix="choose more personas, or other scenarios; `agentsim personas` lists tags",
                )
        if not playable:
            raise UserError(
                "no scenario can be cast with the chosen personas" if chosen else "the library has no scenario",
                fix="choose more personas; `agentsim scenarios show ID` tells whom a role takes",
            )
        self.scenarios: tuple[Scenario, ...] = tuple(playable)
        """The scenarios that are played, by id."""
        self._items["", "scenario", ""] = self.scenarios

    def _take_in(self, scenario: Scenario, able: Mapping[str, tuple[str, ...]]) -> None:
        """Keep what there is to choose from in a scenario, by kind and name."""
        self._items[scenario.id, "topic", ""] = scenario.topic_paths()
        self._items.update({(scenario.id, "slot", name): values for name, values in scenario.task.slots.items()})
        self._items.update({(scenario.id, "cast", role): ids for role, ids in able.items()})

    def __getitem__(self, index: int) -> Assignment:
        """Return assignment ``index`` (0 or more)."""
        round_, place = divmod(index, len(self.scenarios))
        return self._assign(index, round_, self._order("", "scenario", "", round_)[place])

    @lru_cache(maxsize=4096)  # noqa: B019 (a plan lives as long as its run)
    def _order(self, scenario: str, kind: str, name: str, cycle: int) -> Sequence[Any]:
        """Return the order in which a scenario's choices of one kind are taken, drawn anew for each cycle."""
        items = self._items[scenario, kind, name]
        return shuffled(items, self.seed, kind, scenario, name, cycle, key=_name)

    def _choice(self, scenario: Scenario, kind: str, name: str, round_: int) -> Any:
        cycle, place = divmod(round_, len(self._items[scenario.id, kind, name]))
        return self._order(scenario.id, kind, name, cycle)[place]

    def candidates(self, scenario: str, role: str) -> Sequence[str]:
        """Return the ids of those who may play a role, in an order drawn by the seed."""
        return self._order(scenario, "cast", role, 0)

    def take(self, count: int) -> Iterator[Assignment]:
        """Yield the first ``count`` assignments."""
        return (self[index] for index in range(count))

    def _assign(self, index: int, round_: int, scenario: Scenario) -> Assignment:
        topic: TopicPath = self._choice(scenario, "topic", "", round_)
        return self.assignment(index, scenario, topic, self._cast(scenario, round_), round_)

    def assignment(
        self,
        index: int,
        scenario: Scenario,
        topic: TopicPath,
        cast: Mapping[str, str],
        round_: int,
        beyond: Proposal | None = None,
    ) -> Assignment:
        """Return assignment ``index`` with the given choices.

        Args:
            index: 0 or more.
            scenario: one of ``scenarios``.
            topic: a leaf of its topic tree.
            cast: a persona's id for each role that has one.
            round_: how often the scenario was assigned before; the slots of its task are filled in rotation.
            beyond: what is proposed, where it was foretold.
        """
        slots = {name: self._choice(scenario, "slot", name, round_) for name in sorted(scenario.task.slots)}
        subject = joined(topic, beyond.bridge if beyond is not None else None)
        task = scenario.task.fill((*topic[:-1], subject), slots)
        people = (part for role in sorted(cast.items()) for part in role)
        name = digest(self.seed, "id", index, scenario.id, *people, *topic, task).hex()[:8]
        return Assignment(
            index=index,
            id=f"{index:06d}-{name}",
            scenario=scenario.id,
            cast=dict(cast),
            topic=topic,
            slots=slots,
            task=task,
            beyond=beyond,
            seed=derive_seed(self.seed, "dialogue", index),
        )

    def _cast(self, scenario: Scenario, round_: int) -> dict[str, str]:
        roles = [role.name for role in scenario.order if role.persona is not None]
        cast: dict[str, str] = {role: self._choice(scenario, "cast", role, round_) for role in roles}
        if len(set(cast.values())) < len(cast):
            # Nobody talks to themselves unless the library leaves no other choice.
            orders = {role: self._order(scenario.id, "cast", role, round_) for role in roles}
            cast = told_apart({role: [cast[role], *orders[role]] for role in roles})
        return cast


def told_apart(wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give each role the first of its people whom no other role needs (Kuhn's matching).

    A role for whom nobody is left gets its first choice all the same.
    """
    holder: dict[str, str] = {}

    def place(role: str, tried: set[str]) -> bool:
        for person in wanted[role]:
            if person not in holder:
                holder[person] = role
                return True
        for person in wanted[role]:
            if person not in tried:
                tried.add(person)
                if place(holder[person], tried):
                    holder[person] = role
                    return True
        return False

    for role in wanted:
        place(role, set())
    placed = {role: person for person, role in holder.items()}
    return {role: placed.get(role, people[0]) for role, people in wanted.items()}


def _name(item: Scenario | TopicPath | str) -> str:
    """Return what tells an item apart from others of its kind, spelt alike by every Python version."""
    if isinstance(item, Scenario):
        return item.id
    return item if isinstance(item, str) else "\x1e".join(item)


def _chosen(kind: str, ids: tuple[str, ...], known: Mapping[str, T]) -> tuple[T, ...]:
    missing = [name for name in ids if name not in known]
    if missing:
        near = difflib.get_close_matches(missing[0], known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UserError(f"no {kind} called {', '.join(map(repr, missing))}", fix=f"{hint}`agentsim {kind}s` lists them")
    return tuple(known[name] for name in sorted(set(ids) or known))
