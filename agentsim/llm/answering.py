"""From what a provider sent to an `Answer`: the part that both ways to models share."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentsim.llm import thinking
from agentsim.llm.endpoint import Endpoint
from agentsim.llm.model import Answer, TokenLogprob, ToolCall
from agentsim.schema import FinishReason

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "MAX_TOKENS": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "sensitive": "content_filter",
    "SAFETY": "content_filter",
}
"""The reasons that mean more than a plain stop; like litellm, we take every other one for a stop."""


def build(
    endpoint: Endpoint,
    *,
    text: str,
    reasoning: str | None,
    finish: str | None,
    model: str | None,
    usage: Mapping[str, Any] | None,
    tool_calls: tuple[ToolCall, ...] = (),
    logprobs: tuple[TokenLogprob, ...] | None = None,
    refusal: str | None = None,
) -> Answer:
    """Return the answer from its raw parts.

    An opening ``<think>`` block goes from the text to the reasoning; where there is reasoning, white space
    before the text goes too. A refusal (OpenAI's own field) becomes the text, with finish ``content_filter``.
    """
    thought, text = thinking.split(text)
    if thought is not None:
        reasoning = f"{reasoning}\n{thought}" if reasoning else thought
        text = text.lstrip()
    if reasoning:
        text = text.lstrip()
        reasoning = reasoning.strip()
    reason = _FINISH.get(finish or "stop", "stop")
    if refusal and not text:
        text, reason = refusal, "content_filter"
    if tool_calls and reason == "stop":
        reason = "tool_calls"
    prompt = completion = 0
    cost = 0.0
    if usage:
        prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        cost = _cost(endpoint, usage, prompt, completion)
    return Answer(
        text=text,
        model=endpoint.full_name(model),
        finish=reason,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost=cost,
        reasoning=reasoning or None,
        tool_calls=tool_calls,
        logprobs=logprobs,
    )


_MOST = 1_000_000_000
"""More than any call can take; what a server reports beyond it is not counted."""


def _count(reported: object) -> int:
    """Return a number of tokens as a server reports it; 0 for what can be none: usage is untrusted input."""
    if isinstance(reported, float) and reported.is_integer():
        reported = int(reported)
    return reported if type(reported) is int and 0 <= reported < _MOST else 0


def _cost(endpoint: Endpoint, usage: Mapping[str, Any], prompt: int, completion: int) -> float:
    """Price a call ourselves; the provider's figure (OpenRouter sends one) counts where we know no price."""
    if not endpoint.prices.known:
        reported = usage.get("cost")
        return float(reported) if isinstance(reported, int | float) and 0 <= reported < _MOST else 0.0
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0
    written = _count(usage.get("cache_creation_input_tokens"))
    return endpoint.prices.cost(prompt, completion, cached, written)


def read_calls(calls: Iterable[Mapping[str, Any]] | None) -> tuple[ToolCall, ...]:
    """Read the tool calls of a complete message."""
    return tuple(_call(call.get("id"), call.get("function") or {}) for call in calls or ())


def _call(identity: str | None, function: Mapping[str, Any]) -> ToolCall:
    arguments = function.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments)  # Ollama and others send an object
    return ToolCall(id=identity or "", name=function.get("name") or "", arguments=arguments or "")


def read_logprobs(logprobs: Mapping[str, Any] | None) -> tuple[TokenLogprob, ...] | None:
    """Read the log-probabilities of a choice; None where there are none."""
    content = logprobs.get("content") if logprobs else None
    if content is None:
        return None
    return tuple(
        TokenLogprob(
            token=token["token"],
            logprob=float(token["logprob"]),
            top=tuple((top["token"], float(top["logprob"])) for top in token.get("top_logprobs") or ()),
        )
        for token in content
    )


@dataclass(slots=True)
class Draft:
    """An answer that arrives in pieces."""

    endpoint: Endpoint
    finish: str | None = None
    """The provider's reason for the end; None while the answer is not complete."""

    model: str | None = None
    usage: Mapping[str, Any] | None = None
    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _refusal: list[str] = field(default_factory=list)
    _calls: dict[int, list[Any]] = field(default_factory=dict)
    _logprobs: list[TokenLogprob] | None = None
    _splitter: thinking.Splitter = field(default_factory=thinking.Splitter)

    def choice(self, choice: Mapping[str, Any]) -> str:
        """Take one chunk's choice and return the text that may be shown now."""
        self.finish = choice.get("finish_reason") or self.finish
        if (tokens := read_logprobs(choice.get("logprobs"))) is not None:
            if self._logprobs is None:
                self._logprobs = []
            self._logprobs.extend(tokens)
        return self.delta(choice.get("delta") or {})

    def delta(self, delta: Mapping[str, Any]) -> str:
        """Take one chunk's message part and return the text that may be shown now."""
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
            self._reasoning.append(reasoning)
            self._splitter.reasoned()
        if refusal := delta.get("refusal"):
            self._refusal.append(refusal)
        for call in delta.get("tool_calls") or ():
            self._take_call(call)
        piece = delta.get("content")
        if not piece:
            return ""
        self._text.append(piece)
        return self._splitter.feed(piece)

    def end(self) -> str:
        """Return text held back so far; call it once, after the last chunk."""
        rest = self._splitter.end()
        return rest if self._text else "".join(self._refusal)

    def answer(self) -> Answer:
        """Return the complete answer."""
        return build(
            self.endpoint,
            text="".join(self._text),
            reasoning="".join(self._reasoning) or None,
            finish=self.finish,
            model=self.model,
            usage=self.usage,
            tool_calls=tuple(
                ToolCall(id=identity, name=name, arguments="".join(arguments))
                for _, (identity, name, arguments) in sorted(self._calls.items())
            ),
            logprobs=None if self._logprobs is None else tuple(self._logprobs),
            refusal="".join(self._refusal) or None,
        )

    def _take_call(self, call: Mapping[str, Any]) -> None:
        index = call.get("index")
        if index is None:  # some servers number nothing: a new identity is a new call
            index = len(self._calls) if call.get("id") else max(len(self._calls) - 1, 0)
        known = self._calls.setdefault(index, ["", "", []])
        part = _call(call.get("id"), call.get("function") or {})
        known[0] = known[0] or part.id
        known[1] = known[1] or part.name
        if part.arguments:
            known[2].append(part.arguments)
