"""Who is next: the assignments of a run in the order they are played, those begun before first."""

import asyncio
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agentsim.events import Planned
from agentsim.planning.plan import Plan
from agentsim.planning.steering import Ended, Steering, Wait
from agentsim.schema import Assignment


@dataclass(frozen=True)
class Begun:
    """Where a run stands that goes on."""

    open: tuple[Assignment, ...] = ()
    """What was chosen and has no verdict, in its order."""

    accepted: frozenset[int] = frozenset()
    """Indices of what was accepted."""


@dataclass(frozen=True)
class Taken:
    """What is played next."""

    assignment: Assignment
    planned: Planned | None = None
    """The choice, where it is a new one that outcomes decided."""


class Line(Protocol):
    """Hands out assignments to whoever plays next."""

    async def take(self) -> "Taken | None":
        """Return what is next, ``None`` where there is nothing more."""

    def ended(self, index: int, outcome: Ended) -> None:
        """Tell what became of an assignment."""

    def wake(self) -> None:
        """Let those who wait look whether the run is being stopped."""


class Rotation:
    """Every index that has no verdict yet."""

    def __init__(self, plan: Plan, indices: Iterable[int]) -> None:
        self._plan = plan
        self._indices = iter(indices)

    async def take(self) -> Taken | None:
        index = next(self._indices, None)
        return None if index is None else Taken(self._plan[index])

    def ended(self, index: int, outcome: Ended) -> None:
        """Outcomes change nothing."""

    def wake(self) -> None:
        """Nobody waits."""


class Steered:
    """What was begun before, then what the outcomes ask for.

    Args:
        steering: the choice, with all that was chosen before taken in.
        begun: of what was chosen before, what has no verdict yet, and the indices of what was accepted.
        most: number of assignments in all that are made at most.
        stopping: whether the run is being stopped.
        script: what another run chose, where this one replays it.
    """

    def __init__(
        self,
        steering: Steering,
        begun: Begun,
        most: int,
        stopping: Callable[[], bool],
        script: Sequence[Planned] = (),
    ) -> None:
        self._steering = steering
        self._again = deque(begun.open)
        self._accepted = sorted(begun.accepted)
        self._most = most
        self._stopping = stopping
        self._script = script
        self._changed = asyncio.Event()
        self._playing: set[int] = set()
        self._retried: set[int] = set()
        """Those played again whose failure the choices since have seen: nothing is chosen before they end."""

    async def take(self) -> Taken | None:
        while not self._stopping():
            if self._again:
                index = self._again[0].index
                before = bisect_left(self._accepted, index)
                goal = self._steering.goals.accepted
                if goal is not None and before >= goal:
                    return None  # there is enough without it
                if goal is None or before + sum(other < index for other in self._playing) < goal:
                    return self._begin(Taken(self._again.popleft()))
            elif not self._retried:
                if self._steering.planned >= self._most:
                    return None
                chosen = self._choose()
                if not isinstance(chosen, Wait):
                    return None if chosen is None else self._begin(Taken(chosen, self._planned(chosen)))
            self._changed.clear()
            await self._changed.wait()
        return None

    def _choose(self) -> Assignment | Wait | None:
        if self._steering.planned < len(self._script):
            known = self._script[self._steering.planned]
            return self._steering.take(known.assignment, known.seen) or known.assignment
        return self._steering.next()

    def _begin(self, taken: Taken) -> Taken:
        index = taken.assignment.index
        self._playing.add(index)
        if index < self._steering.seen:
            self._retried.add(index)
        return taken

    def _planned(self, chosen: Assignment) -> Planned:
        lacking = self._steering.lacking if self._steering.goals.per_topic is not None else None
        return Planned(dialogue=chosen.id, assignment=chosen, seen=self._steering.seen, lacking=lacking)

    def ended(self, index: int, outcome: Ended) -> None:
        self._steering.ended(index, outcome)
        self._playing.discard(index)
        self._retried.discard(index)
        if outcome.accepted:
            insort(self._accepted, index)
        self._changed.set()

    def wake(self) -> None:
        self._changed.set()
