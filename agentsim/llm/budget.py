"""A cap that holds: what a call may cost is set aside, durably, before it is sent."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from agentsim.errors import (
    AuthenticationFailed,
    BadRequest,
    BudgetReached,
    ContextTooLong,
    ModelNotFound,
    OutOfQuota,
    RateLimited,
    Unreachable,
)
from agentsim.llm.model import Answer, Model, Request
from agentsim.schema import Usage

Prices = Callable[[str], Awaitable[tuple[float, float]]]
"""Gives a model's price in US dollars for one prompt token and one completion token."""

UNBOUNDED_ANSWER = 4096
"""Completion tokens set aside for a call that sets no ``max_tokens``."""

MESSAGE_FRAME = 8
"""Prompt tokens that a chat template may put around one message."""

CALL_FRAME = 32
"""Prompt tokens that a chat template may add of its own, such as a system prompt where there is none."""

NOT_BILLED = (
    AuthenticationFailed,
    BadRequest,
    ContextTooLong,
    ModelNotFound,
    OutOfQuota,
    RateLimited,
    Unreachable,
)
"""Refusals that come before a model reads a word."""


class Reservations(Protocol):
    """Keeps what is set aside, so that a killed process cannot forget a call that was in flight."""

    async def reserve(self, cost: float, tokens: int) -> int:
        """Record a reservation durably and return its number."""
        ...

    def settle(self, number: int) -> None:
        """Drop a reservation whose call is over; durable with the next stored event at the latest."""
        ...


class Budget:
    """Refuses a call when it could lift the total over the cap. What was refused was not sent.

    Args:
        inner: the model that is asked.
        reservations: where what is set aside is kept.
        prices: prices by model.
        spent: what the run has used before, calls lost in a kill included.
        max_cost: cap in US dollars.
        max_tokens: cap on prompt and completion tokens together.
    """

    def __init__(
        self,
        inner: Model,
        reservations: Reservations,
        *,
        prices: Prices,
        spent: Usage,
        max_cost: float | None,
        max_tokens: int | None,
    ) -> None:
        self._inner = inner
        self._reservations = reservations
        self._prices = prices
        self._cost = spent.cost
        self._tokens = spent.prompt_tokens + spent.completion_tokens
        self._max_cost = max_cost
        self._max_tokens = max_tokens
        self._in_flight = 0
        self._moved = asyncio.Event()

    async def ask(self, request: Request) -> Answer:
        async with self._hold(request) as hold:
            answer = await self._inner.ask(request)
            hold.answer = answer
        return answer

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        pieces = cast("AsyncGenerator[str | Answer, None]", self._inner.stream(request))
        async with self._hold(request) as hold, aclosing(pieces):
            async for item in pieces:
                if isinstance(item, Answer):
                    hold.answer = item
                yield item

    async def close(self) -> None:
        await self._inner.close()

    @asynccontextmanager
    async def _hold(self, request: Request) -> AsyncIterator["_Hold"]:
        """Set aside what the call may take, and at its end put the truth in its place.

        Where a call fails, what was set aside stays: the provider may have billed a call that failed on our side.
        """
        read, write = _most_read(request), _most_written(request.params)
        in_price, out_price = await self._prices(request.model)
        hold = _Hold(read * in_price + write * out_price, read + write)
        while (refusal := self._refusal(hold)) is not None:
            # Calls in flight mostly take less than was set aside for them: their end may make room.
            if not self._in_flight:
                raise refusal
            await self._moved.wait()
        self._cost += hold.cost
        self._tokens += hold.tokens
        self._in_flight += 1
        try:
            number = await self._reservations.reserve(hold.cost, hold.tokens)
            try:
                yield hold
            except NOT_BILLED:
                self._settle(number, hold, 0.0, 0)
                raise
            finally:
                answer = hold.answer
                # A server that reports nothing may have billed all the same.
                if answer is not None and (used := answer.prompt_tokens + answer.completion_tokens):
                    self._settle(number, hold, answer.cost, used)
        finally:
            self._in_flight -= 1
            self._moved.set()
            self._moved = asyncio.Event()

    def _refusal(self, hold: "_Hold") -> BudgetReached | None:
        if self._max_cost is not None and self._cost + hold.cost > self._max_cost:
            return BudgetReached(
                f"the cap of ${self._max_cost:g} does not allow the next call "
                f"(${self._cost:.6f} used or set aside, up to ${hold.cost:.6f} more)",
                fix="raise --max-cost and resume",
            )
        if self._max_tokens is not None and self._tokens + hold.tokens > self._max_tokens:
            return BudgetReached(
                f"the cap of {self._max_tokens:,} tokens does not allow the next call "
                f"({self._tokens:,} used or set aside, up to {hold.tokens:,} more)",
                fix="raise --max-tokens-total and resume",
            )
        return None

    def _settle(self, number: int, hold: "_Hold", cost: float, tokens: int) -> None:
        self._cost += cost - hold.cost
        self._tokens += tokens - hold.tokens
        self._reservations.settle(number)


@dataclass
class _Hold:
    """What is set aside for one call, and its answer once there is one."""

    cost: float
    tokens: int
    answer: Answer | None = None


def _most_read(request: Request) -> int:
    """Return more prompt tokens than the request can come to: a token is at least one byte of what is
    sent."""
    beside = [request.params[name] for name in ("tools", "response_format") if name in request.params]
    beside += [message["tool_calls"] for message in request.messages if message.get("tool_calls")]
    texts = [str(message.get("content") or "") for message in request.messages]
    texts += [json.dumps(part, default=str) for part in beside]
    return (
        CALL_FRAME
        + MESSAGE_FRAME * len(request.messages)
        + sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    )


def _most_written(params: Mapping[str, Any]) -> int:
    return int(params.get("max_tokens") or params.get("max_completion_tokens") or UNBOUNDED_ANSWER)
