"""Picks the way to a model for each request: in this process, lean, or through litellm."""

import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Literal, cast

from agentsim.llm.endpoint import EMBEDDED, Endpoint, Endpoints, Overrides
from agentsim.llm.general import DEFAULT_TIMEOUT, GeneralWay
from agentsim.llm.lean import LeanWay
from agentsim.llm.model import Answer, Model, Request

Way = Literal["auto", "lean", "general"]


def _embedded() -> Model:
    # By name, so that llama.cpp is loaded only where a model of its own is asked for.
    made: Model = importlib.import_module("agentsim.llm.embedded.model").Embedded()
    return made


class Ways:
    """Every model behind one door.

    Args:
        way: ``auto`` and ``lean`` take the lean way wherever an endpoint allows it, ``general`` sends all
            through litellm.
        timeout: seconds for a whole answer; in a stream, seconds between one piece and the next.
        overrides: what the user sets for single models, by their full names.
        embedded: makes the model behind ``embedded/...`` names, on the first request for one.
    """

    def __init__(
        self,
        *,
        way: Way = "auto",
        timeout: float = DEFAULT_TIMEOUT,
        overrides: Mapping[str, Overrides] | None = None,
        embedded: Callable[[], Model] = _embedded,
    ) -> None:
        self.way: Way = way
        self._endpoints = Endpoints(overrides)
        self._lean = LeanWay(self._endpoints, timeout=timeout)
        self._general = GeneralWay(self._endpoints, timeout=timeout)
        self._make_embedded = embedded
        self._embedded: Model | None = None

    async def ask(self, request: Request) -> Answer:
        """Return the complete answer; raises `agentsim.errors.ModelError`."""
        return await (await self._way(request.model)).ask(request)

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        """Yield pieces of text as they arrive, then the `Answer`; raises `agentsim.errors.ModelError`."""
        way = await self._way(request.model)
        pieces = cast("AsyncGenerator[str | Answer, None]", way.stream(request))
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def endpoint(self, name: str) -> Endpoint:
        """Return where a model name leads; the first call may take seconds.

        Raises:
            ModelNotFound: no provider is known for the name.
            AuthenticationFailed: the provider needs a key and the environment holds none.
        """
        return await self._endpoints.find(name)

    async def prices(self, name: str, /) -> tuple[float, float]:
        """Return the price of a prompt token and of a completion token in US dollars."""
        prices = (await self.endpoint(name)).prices
        return prices.input, prices.output

    @property
    def dropped(self) -> Mapping[str, frozenset[str]]:
        """Parameters that were asked for and not sent, by model, because the provider does not take them."""
        return {**self._lean.dropped, **self._general.dropped}

    async def close(self) -> None:
        """Close connections and the embedded model; a second call does nothing."""
        await self._lean.close()
        await self._general.close()
        embedded, self._embedded = self._embedded, None
        if embedded is not None:
            await embedded.close()

    async def _way(self, name: str) -> Model:
        if name.startswith(EMBEDDED):
            if self._embedded is None:
                self._embedded = self._make_embedded()
            return self._embedded
        endpoint = self._endpoints.known(name) or await self._endpoints.find(name)
        return self._lean if endpoint.lean and self.way != "general" else self._general
