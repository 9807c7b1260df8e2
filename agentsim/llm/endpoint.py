"""Where a model name leads: the address, the key, the prices and what can be asked there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

EMBEDDED = "embedded/"
"""Prefix of the names of models that run inside this process; they have no provider, no key and no price."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars a token; 0 where not known or free."""

    input: float = 0.0
    output: float = 0.0
    cached: float | None = None
    """For prompt tokens read from the provider's cache; None: the same as ``input``."""

    cache_write: float | None = None
    """For prompt tokens written to the provider's cache; None: the same as ``input``."""

    known: bool = False
    """Whether the user or litellm names a price; without one, zeros mean "nobody knows", not "free"."""

    def cost(self, prompt: int, completion: int, cached: int = 0, written: int = 0) -> float:
        """Return the US dollars of one call, from its tokens; ``prompt`` includes ``cached`` and
        ``written``."""
        fresh = max(prompt - cached - written, 0)
        return (
            fresh * self.input
            + cached * (self.input if self.cached is None else self.cached)
            + written * (self.input if self.cache_write is None else self.cache_write)
            + completion * self.output
        )


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model takes; where nothing is known it counts as able, and its server has the last word."""

    tools: bool = True
    json_mode: bool = True
    """``response_format`` of type ``json_object``."""

    json_schema: bool = True
    """``response_format`` of type ``json_schema``."""

    logprobs: bool = True
    vision: bool = True
    seed: bool = True


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the user sets for one model against litellm's knowledge; None leaves it as it is."""

    api_base: str | None = None
    """Base address, without ``/chat/completions``."""

    api_key_env: str | None = None
    """Name of the environment variable that holds the key."""

    input_price: float | None = None
    """US dollars a token, like the next two."""

    output_price: float | None = None
    cached_price: float | None = None
    max_input_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """All that a way to a model needs to know; its text never shows the key."""

    name: str
    """Name the user gave, e.g. ``openai/gpt-4o-mini``."""

    provider: str
    """litellm's name of the provider."""

    model: str
    """Name that is sent."""

    url: str | None = None
    """Address of ``chat/completions``; None where only litellm knows how to make it."""

    base: str | None = None
    """Base address, as litellm takes it; None leaves it to litellm."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Header fields of a lean request, the key among them."""

    key: str | None = field(default=None, repr=False)
    key_env: str | None = None
    """Environment variable in which the key was found or is missed."""

    prices: Prices = Prices()
    max_input_tokens: int | None = None
    """Context window in tokens, where known."""

    max_output_tokens: int | None = None
    capabilities: Capabilities = Capabilities()
    params: frozenset[str] = frozenset()
    """OpenAI parameters that litellm sends to this provider; it drops the others."""

    listed: bool = False
    """Whether litellm's price list holds the model, so that its capabilities are known."""

    lean: bool = False
    """Whether the address speaks the OpenAI chat protocol, so that requests can go out without litellm."""

    similar: tuple[str, ...] = ()
    """Known names close to this one, where litellm does not know the name itself."""

    @classmethod
    def embedded(cls, name: str) -> Self:
        """Return the endpoint of a model in this process: free, no address."""
        return cls(
            name=name,
            provider="embedded",
            model=name.removeprefix(EMBEDDED),
            prices=Prices(known=True),
            capabilities=Capabilities(tools=False, vision=False),
        )

    @property
    def sends_tools(self) -> bool:
        """Whether a request's tools reach the provider; from some requests litellm drops them in silence."""
        return "tools" in self.params

    @property
    def calls_functions(self) -> bool:
        """Whether the model is known to call functions; ``False`` where nothing is known of it."""
        return self.listed and self.capabilities.tools

    def full_name(self, reported: str | None) -> str:
        """Return the full name of the model that answered, from the name that the provider reports."""
        model = reported or self.model
        return model if model.startswith(self.provider + "/") else f"{self.provider}/{model}"


class Endpoints:
    """Resolves each name once and remembers it; shared by the ways to models."""

    def __init__(self, overrides: Mapping[str, Overrides] | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._found: dict[str, Endpoint] = {}

    def known(self, name: str) -> Endpoint | None:
        """Return the endpoint if it was resolved before."""
        return self._found.get(name)

    async def find(self, name: str) -> Endpoint:
        """Return the endpoint of a model name; the first call takes seconds, in a thread: litellm's import.

        Raises:
            ModelNotFound: litellm knows no such provider.
            AuthenticationFailed: the provider needs a key and the environment holds none.
        """
        endpoint = self._found.get(name)
        if endpoint is None:
            if name.startswith(EMBEDDED):
                endpoint = Endpoint.embedded(name)
            else:
                from agentsim.llm.resolving import resolve

                endpoint = await asyncio.to_thread(resolve, name, self._overrides.get(name, Overrides()))
            self._found[name] = endpoint
        return endpoint
