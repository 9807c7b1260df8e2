"""AutoGen's side of the door: a `ChatCompletionClient` over any `Model`; nothing else here knows AutoGen."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, Self, cast

from autogen_core import CancellationToken, Component, FunctionCall, Image
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    ChatCompletionTokenLogprob,
    CreateResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
    SystemMessage,
    TopLogprob,
    UserMessage,
)
from autogen_core.models import ModelCapabilities as OldCapabilities
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from agentsim.errors import BadRequest
from agentsim.llm.endpoint import Capabilities
from agentsim.llm.model import Answer, Message, Model, Request, TokenLogprob
from agentsim.llm.strict_schema import response_format
from agentsim.llm.ways import Way, Ways
from agentsim.schema import FinishReason
from agentsim.schema.noun import well_formed

ToolChoice = Tool | Literal["auto", "required", "none"]

UNKNOWN_WINDOW = 8192
"""Context window in tokens that is taken for granted where none is known."""

IMAGE_TOKENS = 765
"""Tokens counted for an image: OpenAI's figure for one of 1024 x 1024 pixels."""

_FINISH: dict[FinishReason, Literal["stop", "length", "function_calls", "content_filter", "unknown"]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "function_calls",
    "content_filter": "content_filter",
    "unknown": "unknown",
}


class NeverCancelled(CancellationToken):
    """A token that nobody holds: a call under it needs no task of its own to be stopped by."""


class ChatClientConfig(BaseModel):
    """What a dumped client holds: no address and no key, those come from the loader's own environment."""

    model: str
    way: Way = "auto"


class ChatClient(ChatCompletionClient, Component[ChatClientConfig]):
    """A chat completion client for AutoGen agents over any of agentsim's models.

    Args:
        model_name: full name of the model, e.g. ``openai/gpt-4o-mini``.
        door: where requests go; its owner closes it, or `close` does.
        params: parameters of every request, by OpenAI's names.
        capabilities: what the model takes; what it does not take is refused before it is sent.
        max_input_tokens: the context window in tokens, where known.
    """

    component_type = "model"
    component_config_schema = ChatClientConfig
    component_provider_override = "agentsim.llm.client.ChatClient"

    def __init__(
        self,
        model_name: str,
        door: Model,
        *,
        params: Mapping[str, Any] | None = None,
        capabilities: Capabilities = Capabilities(),  # noqa: B008 (frozen)
        max_input_tokens: int | None = None,
    ) -> None:
        self._model_name = model_name
        self._door = door
        self._params = dict(params or {})
        self._capabilities = capabilities
        self._max_input_tokens = max_input_tokens
        self._total = RequestUsage(prompt_tokens=0, completion_tokens=0)
        self._actual = RequestUsage(prompt_tokens=0, completion_tokens=0)

    @property
    def model_name(self) -> str:
        """Full name of the model."""
        return self._model_name

    async def answer(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        sample: int = 0,
    ) -> Answer:
        """Return the model's whole answer, with all that `CreateResult` has no place for.

        Raises:
            ModelError: the call failed.
            asyncio.CancelledError: the token was cancelled; the call was stopped.
        """
        request = self._request(messages, tools, tool_choice, json_output, extra_create_args, sample)
        if cancellation_token is None or isinstance(cancellation_token, NeverCancelled):
            answer = await self._door.ask(request)
        else:
            task = asyncio.ensure_future(self._door.ask(request))
            cancellation_token.link_future(task)
            answer = await task
        self._count(answer)
        return answer

    async def stream_answer(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        sample: int = 0,
    ) -> AsyncGenerator[str | Answer, None]:
        """Yield pieces of text as they come, then the whole `Answer`; raises like `answer`."""
        request = self._request(messages, tools, tool_choice, json_output, extra_create_args, sample)
        pieces = self._door.stream(request)
        if cancellation_token is not None and not isinstance(cancellation_token, NeverCancelled):
            pieces = _linked(pieces, cancellation_token)
        async with aclosing(cast("AsyncGenerator[str | Answer, None]", pieces)):
            async for piece in pieces:
                if isinstance(piece, Answer):
                    self._count(piece)
                yield piece

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Return the model's answer in AutoGen's form; raises like `answer`."""
        return _result(
            await self.answer(
                messages,
                tools=tools,
                tool_choice=tool_choice,
                json_output=json_output,
                extra_create_args=extra_create_args,
                cancellation_token=cancellation_token,
            )
        )

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Yield pieces of text as they come, then the answer in AutoGen's form; raises like `answer`."""
        pieces = self.stream_answer(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                yield _result(piece) if isinstance(piece, Answer) else piece

    async def close(self) -> None:
        """Close the door behind this client."""
        await self._door.close()

    def actual_usage(self) -> RequestUsage:
        """Return the tokens of all answers that were really asked for, recordings left out."""
        return self._actual

    def total_usage(self) -> RequestUsage:
        """Return the tokens of all answers."""
        return self._total

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Return an estimate: a token for four bytes, four for each message, `IMAGE_TOKENS` for an image.

        English text comes out within about a quarter of the truth; no tokenizer is fetched for it.
        """
        total = 0
        for message in _messages(messages):
            content = message.get("content") or ""
            total += 4 + _bytes(message.get("tool_calls")) // 4
            for part in [content] if isinstance(content, str) else content:
                image = isinstance(part, dict) and part.get("type") == "image_url"
                total += IMAGE_TOKENS if image else _bytes(part) // 4
        return total + _bytes([_tool(tool) for tool in tools] or None) // 4

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Return the estimate of tokens left in the context window (`UNKNOWN_WINDOW` where none is known)."""
        return (self._max_input_tokens or UNKNOWN_WINDOW) - self.count_tokens(messages, tools=tools)

    @property
    def model_info(self) -> ModelInfo:
        """Capabilities in AutoGen's form."""
        return ModelInfo(
            vision=self._capabilities.vision,
            function_calling=self._capabilities.tools,
            json_output=self._capabilities.json_mode,
            structured_output=self._capabilities.json_schema,
            family=ModelFamily.UNKNOWN,
            multiple_system_messages=True,
        )

    @property
    def capabilities(self) -> OldCapabilities:  # type: ignore[deprecated, unused-ignore]
        """AutoGen's former name for a part of `model_info`."""
        return cast("OldCapabilities", self.model_info)

    def _to_config(self) -> ChatClientConfig:
        return ChatClientConfig(model=self._model_name, way=getattr(self._door, "way", "auto"))

    @classmethod
    def _from_config(cls, config: ChatClientConfig) -> Self:
        return cls(config.model, Ways(way=config.way))

    def _request(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        tool_choice: ToolChoice,
        json_output: bool | type[BaseModel] | None,
        extra: Mapping[str, Any] | None,
        sample: int,
    ) -> Request:
        params = dict(self._params)
        if tools:
            self._need(self._capabilities.tools, "tools")
            params["tools"] = [_tool(tool) for tool in tools]
            if isinstance(tool_choice, Tool):
                params["tool_choice"] = {"type": "function", "function": {"name": tool_choice.name}}
            elif tool_choice != "auto":  # what every provider does when nothing is said
                params["tool_choice"] = tool_choice
        if isinstance(json_output, type):
            self._need(self._capabilities.json_schema, "answers under a JSON schema")
            params["response_format"] = response_format(json_output)
        elif json_output:
            self._need(self._capabilities.json_mode, "answers in JSON")
            params["response_format"] = {"type": "json_object"}
        if any(isinstance(m, UserMessage) and not isinstance(m.content, str) for m in messages):
            self._need(self._capabilities.vision, "images")
        params.update(extra or {})
        return Request(self._model_name, _messages(messages), params, sample)

    def _need(self, able: bool, what: str) -> None:
        if not able:
            raise BadRequest(
                f"{self._model_name} does not take {what}",
                model=self._model_name,
                fix="choose another model or leave it out",
            )

    def _count(self, answer: Answer) -> None:
        for usage in (self._total,) if answer.cached else (self._total, self._actual):
            usage.prompt_tokens += answer.prompt_tokens
            usage.completion_tokens += answer.completion_tokens


async def _linked(pieces: AsyncIterator[str | Answer], token: CancellationToken) -> AsyncIterator[str | Answer]:
    """Yield the same pieces, read by one task for the token to cancel: it keeps all it is linked to for
    good."""
    queue: asyncio.Queue[str | Answer | None] = asyncio.Queue()

    async def pump() -> None:
        async with aclosing(cast("AsyncGenerator[str | Answer, None]", pieces)):
            async for piece in pieces:
                queue.put_nowait(piece)

    task = asyncio.ensure_future(pump())
    task.add_done_callback(lambda _: queue.put_nowait(None))
    token.link_future(task)
    try:
        while (piece := await queue.get()) is not None:
            yield piece
        await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])


def _result(answer: Answer) -> CreateResult:
    # Lone surrogates would make an agent's saved state unwritable.
    text = well_formed(answer.text)
    thought = answer.reasoning and well_formed(answer.reasoning)
    content: str | list[FunctionCall] = text
    if answer.tool_calls:
        content = [FunctionCall(id=c.id, arguments=c.arguments, name=c.name) for c in answer.tool_calls]
        thought = text or thought  # AutoGen's place for words beside a call
    return CreateResult(
        finish_reason=_FINISH[answer.finish],
        content=content,
        usage=RequestUsage(prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens),
        cached=answer.cached,
        logprobs=None if answer.logprobs is None else [_logprob(token) for token in answer.logprobs],
        thought=thought,
    )


def _logprob(token: TokenLogprob) -> ChatCompletionTokenLogprob:
    # AutoGen keeps no text of the other likely tokens, only their bytes.
    top = [TopLogprob(logprob=logprob, bytes=list(text.encode())) for text, logprob in token.top]
    return ChatCompletionTokenLogprob(
        token=token.token, logprob=token.logprob, top_logprobs=top, bytes=list(token.token.encode())
    )


_SPOKEN: dict[type, str] = {SystemMessage: "system", UserMessage: "user", AssistantMessage: "assistant"}


def _messages(messages: Sequence[LLMMessage]) -> list[Message]:
    """Return messages in OpenAI's form; names of agents stay out, many servers refuse them."""
    made: list[Message] = []
    for message in messages:
        role = _SPOKEN.get(type(message))
        if role is not None and type(message.content) is str:  # nearly all, and a long chat has many
            made.append({"role": role, "content": message.content})
            continue
        match message:
            case SystemMessage(content=content):
                made.append({"role": "system", "content": content})
            case UserMessage(content=content):
                made.append({"role": "user", "content": content if isinstance(content, str) else _parts(content)})
            case AssistantMessage(content=str() as content):
                made.append({"role": "assistant", "content": content})
            case AssistantMessage(content=content, thought=thought):
                calls = [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {"name": call.name, "arguments": call.arguments},
                    }
                    for call in cast("list[FunctionCall]", content)
                ]
                made.append({"role": "assistant", "content": thought, "tool_calls": calls})
            case FunctionExecutionResultMessage(content=results):
                made += [
                    {"role": "tool", "tool_call_id": result.call_id, "content": result.content} for result in results
                ]
    return made


def _parts(content: Sequence[str | Image]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": part} if isinstance(part, str) else part.to_openai_format() for part in content]


def _tool(tool: Tool | ToolSchema) -> dict[str, Any]:
    schema = tool.schema if isinstance(tool, Tool) else tool
    function: dict[str, Any] = {
        "name": schema["name"],
        "description": schema.get("description", ""),
        "parameters": schema.get("parameters", {"type": "object", "properties": {}}),
    }
    if schema.get("strict"):
        function["strict"] = True
    return {"type": "function", "function": function}


def _bytes(value: Any) -> int:
    if value is None:
        return 0
    return len((value if isinstance(value, str) else json.dumps(value, default=str)).encode())
