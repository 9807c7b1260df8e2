"""The general way: litellm carries the request, whatever the provider speaks."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from agentsim.errors import ModelError
from agentsim.llm import failures
from agentsim.llm.answering import Draft, build, read_calls, read_logprobs
from agentsim.llm.body import ParameterCheck
from agentsim.llm.endpoint import Endpoint, Endpoints
from agentsim.llm.litellm_door import hang_up, litellm
from agentsim.llm.model import Answer, Request

DEFAULT_TIMEOUT = 120.0

_users: WeakKeyDictionary[asyncio.AbstractEventLoop, "WeakSet[GeneralWay]"] = WeakKeyDictionary()
"""Who uses the connections that litellm keeps for each event loop."""


class GeneralWay:
    """Asks through ``litellm.acompletion``, without its retries, cache and callbacks.

    Args:
        endpoints: resolves model names; shared with the other way.
        timeout: seconds for a whole answer; in a stream, seconds between one chunk and the next (the whole
            stream may take as long as it goes on speaking).
    """

    def __init__(self, endpoints: Endpoints | None = None, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._endpoints = endpoints or Endpoints()
        self._timeout = timeout
        self._parameters = ParameterCheck()

    @property
    def dropped(self) -> Mapping[str, frozenset[str]]:
        """Parameters that were asked for and not sent, by model, because the provider does not take them."""
        return self._parameters.dropped

    async def ask(self, request: Request) -> Answer:
        """Return the complete answer; raises `agentsim.errors.ModelError`."""
        endpoint = await self._endpoint(request)
        try:
            async with asyncio.timeout(self._timeout):
                response = await litellm().acompletion(**self._arguments(endpoint, request))
            return _read(endpoint, response)
        except Exception as error:
            raise self._translate(endpoint, error, streaming=False) from None

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        """Yield pieces of text as they arrive, then the `Answer`; raises `agentsim.errors.ModelError`."""
        endpoint = await self._endpoint(request)
        draft = Draft(endpoint)
        wrapper: Any = None
        try:
            async with asyncio.timeout(self._timeout):
                wrapper = await litellm().acompletion(
                    **self._arguments(endpoint, request), stream=True, stream_options={"include_usage": True}
                )
            chunks = aiter(wrapper)
            while True:
                async with asyncio.timeout(self._timeout):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                if piece := _take(draft, chunk):
                    yield piece
            _correct(draft, wrapper)
        except Exception as error:
            raise self._translate(endpoint, error, streaming=True) from None
        finally:
            if wrapper is not None:
                await wrapper.aclose()
        if draft.finish is None:
            raise failures.broken(endpoint)
        if piece := draft.end():
            yield piece
        yield draft.answer()

    async def close(self) -> None:
        """Close litellm's connections of this event loop, unless another `GeneralWay` uses them still."""
        users = _users.get(asyncio.get_running_loop())
        if users and self in users:
            users.discard(self)
            if not users:
                await hang_up()

    async def _endpoint(self, request: Request) -> Endpoint:
        endpoint = self._endpoints.known(request.model) or await self._endpoints.find(request.model)
        _users.setdefault(asyncio.get_running_loop(), WeakSet()).add(self)
        self._parameters.check(endpoint, request.params)
        return endpoint

    def _arguments(self, endpoint: Endpoint, request: Request) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            **request.params,
            "model": endpoint.model,
            "custom_llm_provider": endpoint.provider,
            "messages": [dict(message) for message in request.messages],
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": True,
            # A little more than our own limit, so that ours is the one that is reached.
            "timeout": self._timeout + 5,
        }
        if endpoint.base is not None:
            arguments["api_base"] = endpoint.base
        if endpoint.key is not None:
            arguments["api_key"] = endpoint.key
        return arguments

    def _translate(self, endpoint: Endpoint, error: Exception, streaming: bool) -> ModelError:
        if isinstance(error, ModelError):
            return error
        if isinstance(error, TimeoutError):
            return failures.timed_out(endpoint, self._timeout, streaming)
        return failures.from_litellm(endpoint, error)


def _read(endpoint: Endpoint, response: Any) -> Answer:
    if not response.choices:
        raise failures.unreadable(endpoint)
    choice = response.choices[0]
    message = choice.message
    own = getattr(message, "provider_specific_fields", None) or {}
    calls = message.tool_calls
    logprobs = getattr(choice, "logprobs", None)
    return build(
        endpoint,
        text=message.content or "",
        reasoning=getattr(message, "reasoning_content", None),
        finish=choice.finish_reason,
        model=response._hidden_params.get("provider_response_model") or response.model,
        usage=_usage(getattr(response, "usage", None)),
        tool_calls=read_calls(call.model_dump() for call in calls) if calls else (),
        logprobs=read_logprobs(_plain(logprobs)) if logprobs else None,
        refusal=own.get("refusal"),
    )


def _take(draft: Draft, chunk: Any) -> str:
    """Put one of litellm's chunks into the draft and return the text that may be shown."""
    draft.model = chunk._hidden_params.get("provider_response_model") or draft.model
    if usage := getattr(chunk, "usage", None):
        draft.usage = _usage(usage)
    if not chunk.choices:
        return ""
    choice = chunk.choices[0]
    delta = choice.delta
    return draft.choice(
        {
            "finish_reason": choice.finish_reason,
            "logprobs": _plain(getattr(choice, "logprobs", None)),
            "delta": {
                "content": delta.content,
                "reasoning_content": getattr(delta, "reasoning_content", None),
                "tool_calls": [call.model_dump() for call in delta.tool_calls or ()],
            },
        }
    )


def _correct(draft: Draft, wrapper: Any) -> None:
    """Take out what litellm makes up at the end of a stream: a reason to stop, figures, a price."""
    if not wrapper.received_finish_reason:
        draft.finish = None
    reported = [usage for chunk in wrapper.chunks if (usage := getattr(chunk, "usage", None))]
    if not reported:
        draft.usage = None
    elif draft.usage:
        draft.usage = {**draft.usage, "cost": getattr(reported[-1], "cost", None)}


def _usage(usage: Any) -> dict[str, Any] | None:
    if usage is None:
        return None
    details = getattr(usage, "prompt_tokens_details", None)
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": getattr(details, "cached_tokens", None)} if details else None,
        "cache_creation_input_tokens": getattr(usage, "cache_creation_input_tokens", None),
        "cost": getattr(usage, "cost", None),
    }


def _plain(value: Any) -> Any:
    return value.model_dump() if hasattr(value, "model_dump") else value
