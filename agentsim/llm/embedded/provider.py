"""The embedded model as a litellm provider, for programs that call litellm themselves.

    from agentsim.llm.embedded.provider import register
    register()
    litellm.completion(model="embedded/smollm2-135m", messages=[...])

Answers carry the full name; in the chunks of a stream litellm itself leaves ``embedded/`` out of it.
agentsim's own runs do not go this way: they ask `agentsim.llm.embedded.model.Embedded` directly.
"""

import functools
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from contextlib import aclosing, closing, contextmanager
from typing import Any, cast

from agentsim.errors import AgentsimError, BadRequest, ContextTooLong, UserError
from agentsim.llm.embedded.model import Embedded
from agentsim.llm.embedded.names import PREFIX
from agentsim.llm.litellm_door import litellm
from agentsim.llm.model import Answer, Request

PROVIDER = PREFIX.rstrip("/")


def register(model: Embedded | None = None) -> Any:
    """Make ``embedded/...`` names known to litellm and return the handler; a second call changes nothing.

    The first call imports litellm, which takes seconds. ``model`` is what answers, by default a new one.
    """
    door = litellm()
    for entry in door.custom_provider_map:
        if entry["provider"] == PROVIDER:
            return entry["custom_handler"]
    handler = _provider_class()(model or Embedded())
    door.custom_provider_map.append({"provider": PROVIDER, "custom_handler": handler})
    # litellm does this itself before a call, but not before it is asked about a model's name or abilities.
    door.utils.custom_llm_setup()
    return handler


@functools.cache
def _provider_class() -> Any:
    """Return the handler's class; made late because its base class is litellm's."""
    base: Any = litellm().CustomLLM

    class EmbeddedProvider(base):  # type: ignore[misc]
        """Answers litellm's calls with an `Embedded`."""

        def __init__(self, embedded: Embedded) -> None:
            super().__init__()
            self.embedded = embedded

        def completion(self, **call: Any) -> Any:
            with _translated():
                answer = [item for item in self.embedded.iterate(_request(call)) if isinstance(item, Answer)]
                return _filled(call["model_response"], answer[0])

        async def acompletion(self, **call: Any) -> Any:
            with _translated():
                return _filled(call["model_response"], await self.embedded.ask(_request(call)))

        def streaming(self, **call: Any) -> Iterator[Any]:
            items = cast("Generator[str | Answer, None, None]", self.embedded.iterate(_request(call)))
            with _translated(), closing(items):
                for item in items:
                    yield from _chunks(item, call["model"])

        async def astreaming(self, **call: Any) -> AsyncIterator[Any]:
            items = cast("AsyncGenerator[str | Answer, None]", self.embedded.stream(_request(call)))
            with _translated():
                async with aclosing(items):
                    async for item in items:
                        for chunk in _chunks(item, call["model"]):
                            yield chunk

    return EmbeddedProvider


def _request(call: Mapping[str, Any]) -> Request:
    params = dict(call.get("optional_params") or {})
    params |= params.pop("extra_body", None) or {}
    if isinstance(params.get("response_format"), type):
        params["response_format"] = litellm().utils.type_to_response_format_param(params["response_format"])
    return Request(model=_full_name(call["model"]), messages=call["messages"], params=params)


def _full_name(model: str) -> str:
    """litellm takes the provider's prefix off; recordings and prices go by the full name."""
    return model if model.startswith(PREFIX) else PREFIX + model


def _filled(response: Any, answer: Answer) -> Any:
    """Write an answer into the response object that litellm provides."""
    types = litellm()
    response.model = answer.model
    response.choices = [
        types.Choices(
            finish_reason=answer.finish,
            index=0,
            message=types.Message(
                content=answer.text,
                role="assistant",
                tool_calls=_tool_calls(answer) or None,
                reasoning_content=answer.reasoning,
            ),
            logprobs=_logprobs(answer),
        )
    ]
    response.usage = types.Usage(**_usage(answer))
    return response


def _chunks(item: str | Answer, model: str) -> Iterator[Any]:
    if isinstance(item, str):
        yield _chunk(model, {"role": "assistant", "content": item})
        return
    if item.tool_calls:
        yield _chunk(model, {"role": "assistant", "tool_calls": _tool_calls(item)})
    # litellm throws away what comes after a finish reason: usage and log-probabilities must come before it.
    chunk = _chunk(model, {"role": "assistant", "content": ""}, logprobs=_logprobs(item))
    chunk.usage = litellm().Usage(**_usage(item))
    yield chunk
    yield _chunk(model, {}, finish=item.finish)


def _chunk(model: str, delta: dict[str, Any], *, finish: str | None = None, logprobs: Any = None) -> Any:
    types = litellm().types.utils
    choice = types.StreamingChoices(index=0, delta=types.Delta(**delta), finish_reason=finish, logprobs=logprobs)
    return types.ModelResponseStream(model=_full_name(model), choices=[choice])


def _usage(answer: Answer) -> dict[str, int]:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def _tool_calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for index, call in enumerate(answer.tool_calls)
    ]


def _logprobs(answer: Answer) -> Any:
    if answer.logprobs is None:
        return None
    content = [
        {
            "token": token.token,
            "bytes": list(token.token.encode()),
            "logprob": token.logprob,
            "top_logprobs": [
                {"token": text, "bytes": list(text.encode()), "logprob": logprob} for text, logprob in token.top
            ],
        }
        for token in answer.logprobs
    ]
    return litellm().types.utils.ChoiceLogprobs(content=content)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise our errors as the litellm errors that litellm's callers expect."""
    try:
        yield
    except AgentsimError as error:
        door = litellm()
        about = {"message": str(error), "model": getattr(error, "model", PROVIDER), "llm_provider": PROVIDER}
        if isinstance(error, ContextTooLong):
            raise door.ContextWindowExceededError(**about) from error
        if isinstance(error, (BadRequest, UserError)):
            raise door.BadRequestError(**about) from error
        raise door.InternalServerError(**about) from error
