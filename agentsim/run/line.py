"""Who is next: the assignments of a run in the order they are played, those begun before first."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from agentsim.events import Planned
from agentsim.planning.plan import Plan
from agentsim.planning.steering import Ended, Steering, Wait
from agentsim.schema import Assignment


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
        again: of what was chosen before, what has no verdict yet.
        most: number of assignments in all that are made at most.
        stopping: whether the run is being stopped.
    """

    def __init__(
        self, steering: Steering, again: Iterable[Assignment], most: int, stopping: Callable[[], bool]
    ) -> None:
        self._steering = steering
        self._again: Iterator[Assignment] = iter(tuple(again))
        self._most = most
        self._stopping = stopping
        self._changed = asyncio.Event()
        self._retried: set[int] = set()
        """Those played again whose failure the choices since have seen: nothing is chosen before they end."""

    async def take(self) -> Taken | None:
        if (begun := next(self._again, None)) is not None:
            if begun.index < self._steering.seen:
                self._retried.add(begun.index)
            return Taken(begun)
        while not self._stopping():
            if not self._retried:
                if self._steering.planned >= self._most:
                    return None
                chosen = self._steering.next()
                if not isinstance(chosen, Wait):
                    return None if chosen is None else Taken(chosen, self._planned(chosen))
            self._changed.clear()
            await self._changed.wait()
        return None

    def _planned(self, chosen: Assignment) -> Planned:
        lacking = self._steering.lacking if self._steering.counts else None
        return Planned(dialogue=chosen.id, assignment=chosen, seen=self._steering.seen, lacking=lacking)

    def ended(self, index: int, outcome: Ended) -> None:
        self._steering.ended(index, outcome)
        self._retried.discard(index)
        self._changed.set()

    def wake(self) -> None:
        self._changed.set()
