"""What agentsim asks of any model, whichever way leads to it: a request in, an answer out.

Ways to models (`ways`), and wrappers around them (admission, budget, recording), all satisfy `Model`, so they
compose.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agentsim.schema import FinishReason, Usage

Message = Mapping[str, Any]
"""One chat message in OpenAI's form: ``{"role": ..., "content": ...}`` and, with tools, ``tool_calls``
etc."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call to a model: everything that shapes the answer, and nothing else."""

    model: str
    """Full name in litellm's manner, e.g. ``openai/gpt-4o-mini`` or ``embedded/smollm2-135m``."""

    messages: Sequence[Message]
    """The conversation as the model is to see it; system prompts included."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters by OpenAI's names: ``temperature, top_p, max_tokens, seed, stop, tools, tool_choice,
    response_format, logprobs, top_logprobs`` and whatever else the provider takes."""

    sample: int = 0
    """Number of this sample among equal requests; never sent, but part of the recording's key."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants called."""

    id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it; it may be broken."""


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """Log-probability (natural logarithm) of one generated token."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens at this place with their log-probabilities, where asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    text: str
    """The answer's text, without reasoning."""

    model: str
    """Full name of the model that answered, as the provider reports it, provider prefix kept."""

    finish: FinishReason = "unknown"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """US dollars; 0 where the price is not known or the model is local."""

    reasoning: str | None = None
    """Reasoning text, where the provider gives it apart or the text opens with a ``<think>`` block."""

    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] | None = None
    cached: bool = False
    """Whether it came from a recording: nothing was sent, nothing was paid now."""

    @property
    def usage(self) -> Usage:
        """What it took."""
        return Usage(
            prompt_tokens=self.prompt_tokens, completion_tokens=self.completion_tokens, cost=self.cost, calls=1
        )


class Model(Protocol):
    """Anything that answers requests. Failures are raised as `agentsim.errors.ModelError`."""

    async def ask(self, request: Request) -> Answer:
        """Return the complete answer."""
        ...

    def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        """Yield pieces of text as they arrive, then exactly one `Answer`, equal to what `ask` would
        return."""
        ...

    async def close(self) -> None:
        """Release connections and memory; a second call does nothing."""
        ...
