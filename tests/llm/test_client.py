"""AutoGen agents over a model of agentsim's."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import TextMessage
from autogen_core import CancellationToken, FunctionCall, Image
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import FunctionTool
from PIL import Image as PillowImage
from pydantic import BaseModel

from agentsim.errors import BadRequest, RateLimited
from agentsim.llm.client import ChatClient
from agentsim.llm.endpoint import Capabilities
from agentsim.llm.model import Answer, Request, TokenLogprob, ToolCall
from agentsim.llm.ways import Ways
from tests import loopback
from tests.llm.test_ways import until
from tests.loopback import LoopbackServer


class Scripted:
    """A model that gives one answer and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.closed = False

    async def ask(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.answer

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        self.requests.append(request)
        for piece in self.answer.text.split(" "):
            yield piece
        yield self.answer

    async def close(self) -> None:
        self.closed = True


ANSWER = Answer(text="Good day", model="m/x", finish="stop", prompt_tokens=9, completion_tokens=2, reasoning="be kind")
HELLO = [UserMessage(content="Hello", source="ann")]


async def weather(city: str) -> str:
    """Tell the weather."""
    return f"rain in {city}"


WEATHER = FunctionTool(weather, description="Tell the weather")


async def test_messages_in_openai_form() -> None:
    picture = Image(PillowImage.open(io.BytesIO(_png())))
    door = Scripted(ANSWER)
    await ChatClient("m/x", door).create(
        [
            SystemMessage(content="Be brief."),
            UserMessage(content=["What is it?", picture], source="ann"),
            AssistantMessage(content=[FunctionCall(id="c", name="f", arguments="{}")], thought="Hm", source="b"),
            FunctionExecutionResultMessage(
                content=[FunctionExecutionResult(content="42", name="f", call_id="c", is_error=False)]
            ),
            AssistantMessage(content="42.", source="b"),
        ]
    )
    system, user, call, result, said = door.requests[0].messages
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"][0] == {"type": "text", "text": "What is it?"}
    assert user["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert (call["content"], call["tool_calls"][0]["function"]) == ("Hm", {"name": "f", "arguments": "{}"})
    assert result == {"role": "tool", "tool_call_id": "c", "content": "42"}
    assert said == {"role": "assistant", "content": "42."}


async def test_a_result_carries_what_autogen_knows() -> None:
    door = Scripted(
        Answer(
            text="Yes",
            model="m/x",
            finish="length",
            logprobs=(TokenLogprob("Yes", -0.1, (("Yes", -0.1), ("No", -2.0))),),
        )
    )
    result = await ChatClient("m/x", door).create(HELLO)
    assert (result.finish_reason, result.content, result.cached) == ("length", "Yes", False)
    assert result.logprobs
    assert result.logprobs[0].top_logprobs
    assert bytes(result.logprobs[0].top_logprobs[1].bytes or []) == b"No"

    door.answer = Answer(text="Let me see", model="m/x", finish="tool_calls", tool_calls=(ToolCall("1", "f", "{}"),))
    result = await ChatClient("m/x", door).create(HELLO)
    assert result.content == [FunctionCall(id="1", name="f", arguments="{}")]
    assert (result.finish_reason, result.thought) == ("function_calls", "Let me see")


async def test_parameters_are_merged() -> None:
    class Verdict(BaseModel):
        """A grade."""

        score: int = 3
        default: str | None = None

    door = Scripted(ANSWER)
    client = ChatClient("m/x", door, params={"temperature": 0.2, "seed": 1})
    await client.create(HELLO, extra_create_args={"seed": 2}, tools=[WEATHER], tool_choice=WEATHER)
    await client.create(HELLO, json_output=True)
    await client.create(HELLO, json_output=Verdict)
    assert (await client.answer(HELLO, sample=4)).reasoning == "be kind"
    tooled, loose, strict, sampled = (request.params for request in door.requests)
    assert (tooled["temperature"], tooled["seed"]) == (0.2, 2)
    assert tooled["tools"][0]["function"]["name"] == "weather"
    assert tooled["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert loose["response_format"] == {"type": "json_object"}
    schema = strict["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("Verdict", True)
    assert schema["schema"]["required"] == ["score", "default"]
    assert schema["schema"]["additionalProperties"] is False
    assert "default" not in schema["schema"]["properties"]["score"]
    assert sampled == {"temperature": 0.2, "seed": 1}
    assert [request.sample for request in door.requests] == [0, 0, 0, 4]


async def test_what_a_model_does_not_take_is_not_sent() -> None:
    door = Scripted(ANSWER)
    client = ChatClient("m/x", door, capabilities=Capabilities(False, False, False, False, False, False))
    wrong: list[dict[str, Any]] = [{"tools": [WEATHER]}, {"json_output": True}, {"json_output": BaseModel}]
    for options in wrong:
        with pytest.raises(BadRequest):
            await client.create(HELLO, **options)
    assert not door.requests
    assert client.model_info["function_calling"] is False


async def test_usage_adds_up() -> None:
    door = Scripted(ANSWER)
    client = ChatClient("m/x", door)
    await client.create(HELLO)
    assert [piece async for piece in client.create_stream(HELLO)][:2] == ["Good", "day"]
    door.answer = Answer(text="", model="m/x", prompt_tokens=5, cached=True)
    await client.create(HELLO)
    assert (client.total_usage().prompt_tokens, client.actual_usage().prompt_tokens) == (23, 18)
    await client.close()
    assert door.closed


def test_tokens_are_estimated() -> None:
    client = ChatClient("m/x", Scripted(ANSWER), max_input_tokens=1000)
    text = "The quick brown fox jumps over the lazy dog. " * 10  # about 100 tokens
    counted = client.count_tokens([UserMessage(content=text, source="a")])
    assert 80 < counted < 130
    assert client.remaining_tokens([UserMessage(content=text, source="a")]) == 1000 - counted
    assert client.count_tokens(HELLO, tools=[WEATHER]) > client.count_tokens(HELLO)


def test_a_dumped_client_holds_no_key() -> None:
    dumped = ChatClient("openai/gpt-4o-mini", Ways(way="general"), params={"seed": 1}).dump_component()
    assert dumped.config == {"model": "openai/gpt-4o-mini", "way": "general"}
    assert dumped.component_type == "model"
    assert ChatClient.load_component(dumped).dump_component() == dumped


@pytest.mark.parametrize("stream", [False, True], ids=["create", "stream"])
async def test_a_token_cancels_the_call(server: LoopbackServer, stream: bool) -> None:
    server.script.append(loopback.STALL if stream else loopback.HANG)
    client, token = ChatClient("openai/gpt-4o-mini", Ways()), CancellationToken()

    async def ask() -> None:
        if stream:
            async for _ in client.create_stream(HELLO, cancellation_token=token):
                pass
        else:
            await client.create(HELLO, cancellation_token=token)

    task = asyncio.ensure_future(ask())
    await until(lambda: len(server.requests) == 1)
    await asyncio.sleep(0.05)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: server.requests[0].disconnected)
    with pytest.raises(asyncio.CancelledError):  # a token stays cancelled
        async with asyncio.timeout(1):
            await ask()
    await client.close()


async def test_errors_arrive_as_they_are(server: LoopbackServer) -> None:
    server.script.extend([loopback.RATE_LIMIT] * 2)
    client, token = ChatClient("openai/gpt-4o-mini", Ways()), CancellationToken()
    with pytest.raises(RateLimited):
        await client.create(HELLO, cancellation_token=token)
    with pytest.raises(RateLimited):
        async for _ in client.create_stream(HELLO, cancellation_token=token):
            pass
    await client.close()


@pytest.mark.parametrize("stream", [False, True], ids=["create", "stream"])
@pytest.mark.parametrize("way", ["lean", "general"])
async def test_an_assistant_with_a_tool(server: LoopbackServer, way: Any, stream: bool) -> None:
    def reply(body: dict[str, Any]) -> str | dict[str, Any]:
        last = body["messages"][-1]
        if last["role"] == "tool":
            return f"There is {last['content']}."
        if "weather" in last["content"]:
            function = {"name": "weather", "arguments": '{"city": "Bonn"}'}
            return {"tool_calls": [{"id": "c1", "type": "function", "function": function}]}
        return "You are welcome."

    server.reply = reply
    client = ChatClient("openai/gpt-4o-mini", Ways(way=way), params={"temperature": 0})
    agent = AssistantAgent(
        "helper",
        client,
        tools=[WEATHER],
        reflect_on_tool_use=True,
        model_client_stream=stream,
        system_message="Help.",
    )
    said = []
    for text in ("What is the weather in Bonn?", "Thank you"):
        result = await agent.on_messages([TextMessage(content=text, source="ann")], CancellationToken())
        assert isinstance(result.chat_message, TextMessage)
        said.append(result.chat_message.content)
    assert said == ["There is rain in Bonn.", "You are welcome."]
    assert [m["role"] for m in server.bodies[-1]["messages"]] == [
        "system", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
    assert client.total_usage().prompt_tokens == 33
    await client.close()


def _png() -> bytes:
    buffer = io.BytesIO()
    PillowImage.new("RGB", (2, 2)).save(buffer, "PNG")
    return buffer.getvalue()
