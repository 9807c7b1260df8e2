"""The last door before the models: once a run is being stopped, no further call goes out."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import cast

from agentsim.llm.model import Answer, Model, Request


class Drained(Exception):
    """A dialogue stops here because the run is being stopped."""


class Shutter:
    """Raises `Drained` in place of every call that would begin while the run is being stopped.

    It stands behind the admission, where calls wait for their turn or for another try.

    Args:
        inner: the model that is asked.
        closed: whether the run is being stopped.
    """

    def __init__(self, inner: Model, closed: Callable[[], bool]) -> None:
        self._inner = inner
        self._closed = closed

    async def ask(self, request: Request) -> Answer:
        if self._closed():
            raise Drained
        return await self._inner.ask(request)

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        if self._closed():
            raise Drained
        pieces = cast("AsyncGenerator[str | Answer, None]", self._inner.stream(request))
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        await self._inner.close()
