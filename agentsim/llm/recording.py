"""Answers are recorded under everything that shaped them, so a run can be resumed or replayed without paying
again."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from hashlib import blake2b
from typing import Any, Protocol, cast

import orjson

from agentsim.errors import NotRecorded
from agentsim.llm.model import Answer, Model, Request, TokenLogprob, ToolCall


class Recorded(Protocol):
    """Where recorded answers lie."""

    def find(self, key: str) -> str | None:
        """Return the body recorded under ``key``, or ``None``."""
        ...


class Answers(Recorded, Protocol):
    """Where answers are recorded."""

    def keep(self, key: str, body: str, answer: Answer) -> None:
        """Record a body; durable together with the next stored event at the latest."""
        ...


def request_key(request: Request) -> str:
    """Return the key of a request: blake2b over model, messages (system prompts included), parameters and
    sample number.

    Nothing that shapes an answer may be left out here: two requests with equal keys are taken to be the same
    one.
    """
    body = [request.model, list(map(dict, request.messages)), dict(request.params), request.sample]
    return blake2b(_canonical(body), digest_size=20).hexdigest()


_escaped = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _canonical(value: Any) -> bytes:
    """Return JSON with sorted keys; what orjson refuses (lone surrogates, huge numbers) is written escaped."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return _escaped(value).encode()


class Recording:
    """A model whose answers are kept, and given again to the same request.

    Args:
        inner: the model that is asked where nothing is recorded; ``None`` replays offline.
        answers: where new answers go, and where earlier ones of this run are found.
        replay: another run's answers, looked up after this run's own.
    """

    def __init__(self, inner: Model | None, answers: Answers, *, replay: Recorded | None = None) -> None:
        self._inner = inner
        self._answers = answers
        self._replay = replay

    async def ask(self, request: Request) -> Answer:
        key = request_key(request)
        known = self._find(key)
        if known is not None:
            return known
        answer = await self._live(request).ask(request)
        self._answers.keep(key, dump_answer(answer), answer)
        return answer

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        key = request_key(request)
        known = self._find(key)
        if known is not None:
            if known.text:
                yield known.text
            yield known
            return
        pieces = cast("AsyncGenerator[str | Answer, None]", self._live(request).stream(request))
        async with aclosing(pieces):
            async for item in pieces:
                if isinstance(item, Answer):
                    self._answers.keep(key, dump_answer(item), item)
                yield item

    async def close(self) -> None:
        if self._inner is not None:
            await self._inner.close()

    def _live(self, request: Request) -> Model:
        if self._inner is None:
            raise NotRecorded(
                "the recording holds no answer to this request",
                model=request.model,
                fix="replay with the same library, seed, models and settings as the recorded run",
            )
        return self._inner

    def _find(self, key: str) -> Answer | None:
        body = self._answers.find(key)
        if body is None and self._replay is not None:
            body = self._replay.find(key)
            if body is not None:
                self._answers.keep(key, body, load_answer(body))
        return None if body is None else load_answer(body)


def dump_answer(answer: Answer) -> str:
    """Return an answer as JSON; fields at their default are left out."""
    body: dict[str, Any] = {
        "text": answer.text,
        "model": answer.model,
        "finish": answer.finish,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
    }
    if answer.cost:
        body["cost"] = answer.cost
    if answer.reasoning is not None:
        body["reasoning"] = answer.reasoning
    if answer.tool_calls:
        body["tool_calls"] = [[call.id, call.name, call.arguments] for call in answer.tool_calls]
    if answer.logprobs is not None:
        body["logprobs"] = [[item.token, item.logprob, item.top] for item in answer.logprobs]
    return _canonical(body).decode()


def load_answer(body: str) -> Answer:
    """Return the answer that `dump_answer` wrote, marked as cached."""
    fields: dict[str, Any] = json.loads(body)
    calls = tuple(ToolCall(*call) for call in fields.pop("tool_calls", ()))
    logprobs = fields.pop("logprobs", None)
    return Answer(
        **fields,
        tool_calls=calls,
        logprobs=None
        if logprobs is None
        else tuple(TokenLogprob(token, value, tuple((t, p) for t, p in top)) for token, value, top in logprobs),
        cached=True,
    )
