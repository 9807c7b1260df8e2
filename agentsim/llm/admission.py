"""How many calls a model gets at once, and what happens when it says no for now."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from agentsim.errors import ModelError, RateLimited
from agentsim.llm.model import Answer, Model, Request

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0


@dataclass
class _Gate:
    """One model's door: a limit on calls in flight, and a time before which nobody goes in."""

    places: asyncio.Semaphore
    not_before: float = 0.0


class Admission:
    """Retries what waiting may heal (rate limit, server failure, timeout, no connection), with doubling
    waits.

    A rate limit holds back every call to that model until the provider's own time, so that a crowd does not
    knock again and again.

    Args:
        inner: the model behind the door.
        retries: how often a call is tried again.
        in_flight: most calls at once for a model, by its name; ``None`` for no limit.
        notice: told, in words, about every wait.
    """

    def __init__(
        self,
        inner: Model,
        *,
        retries: int = 4,
        in_flight: Callable[[str], int | None] = lambda _: None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._inner = inner
        self._retries = retries
        self._in_flight = in_flight
        self._notice = notice
        self._gates: dict[str, _Gate] = {}

    async def ask(self, request: Request) -> Answer:
        gate = self._gate(request.model)
        failures = 0
        while True:
            await self._enter(gate)
            try:
                return await self._inner.ask(request)
            except ModelError as error:
                failure = error
            finally:
                gate.places.release()
            failures += 1
            await self._after(failure, failures, gate)

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        gate = self._gate(request.model)
        failures = 0
        while True:
            await self._enter(gate)
            begun = False
            try:
                pieces = cast("AsyncGenerator[str | Answer, None]", self._inner.stream(request))
                async with aclosing(pieces):
                    async for item in pieces:
                        begun = True
                        yield item
                return
            except ModelError as error:
                # Words that were shown cannot be taken back: a stream is tried again only before its first
                # piece.
                if begun:
                    raise
                failure = error
            finally:
                gate.places.release()
            failures += 1
            await self._after(failure, failures, gate)

    async def close(self) -> None:
        await self._inner.close()

    def _gate(self, model: str) -> _Gate:
        gate = self._gates.get(model)
        if gate is None:
            places = self._in_flight(model) or 1_000_000
            gate = self._gates[model] = _Gate(asyncio.Semaphore(places))
        return gate

    async def _enter(self, gate: _Gate) -> None:
        """Take a place at a time at which nobody is held back."""
        clock = asyncio.get_running_loop().time
        while True:
            if gate.not_before > clock():
                await asyncio.sleep(gate.not_before - clock())
            await gate.places.acquire()
            # Those who queued for a place when somebody was told to wait are held back too.
            if gate.not_before <= clock():
                return
            gate.places.release()

    async def _after(self, error: ModelError, failures: int, gate: _Gate) -> None:
        if not error.retryable or failures > self._retries:
            raise error
        wait = min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT)
        if isinstance(error, RateLimited):
            wait = min(max(error.retry_after or wait, 0.0), 10 * LONGEST_WAIT)
            gate.not_before = max(gate.not_before, asyncio.get_running_loop().time() + wait)
        self._notice(f"{error.message}; trying again in {wait:.1f} s ({failures} of {self._retries})")
        if not isinstance(error, RateLimited):
            await asyncio.sleep(wait)
