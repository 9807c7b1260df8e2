"""The lean and the general way send the same, answer the same and fail the same."""

from typing import Any

import pytest

from agentsim.errors import (
    AuthenticationFailed,
    BadRequest,
    ContextTooLong,
    ModelError,
    ModelNotFound,
    OutOfQuota,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from agentsim.llm.endpoint import Endpoints, Overrides
from agentsim.llm.general import GeneralWay
from agentsim.llm.lean import LeanWay
from agentsim.llm.model import Answer, Model, Request
from agentsim.llm.resolving import LEAN_PROVIDERS
from tests import loopback
from tests.llm.conftest import KEY
from tests.loopback import Failure, LoopbackServer

HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
PIXEL = "data:image/png;base64,iVBORw0KGgo="
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "schema": {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]},
        "strict": True,
    },
}
CALLED: list[dict[str, Any]] = [
    {"role": "user", "content": "What is the weather in Bonn?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bonn"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "rain"},
]
PICTURE = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": PIXEL}},
        ],
    }
]
REQUESTS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "plain": (HELLO, {}),
    "parameters": (
        HELLO,
        {"seed": 7, "temperature": 0.5, "top_p": 0.9, "max_tokens": 50, "stop": ["\n\n", "END"]},
    ),
    "penalties": (
        HELLO,
        {"presence_penalty": 0.1, "frequency_penalty": 0.2, "user": "u1", "logit_bias": {"5": 1}},
    ),
    "provider's own": (HELLO, {"top_k": 5, "min_p": 0.1, "seed": 0}),
    "extra body": (HELLO, {"extra_body": {"guided_choice": ["a", "b"]}}),
    "none is nothing": (HELLO, {"temperature": None, "seed": None, "stop": None}),
    "tools": (HELLO, {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False}),
    "tool results": (CALLED, {"tools": [TOOL]}),
    "json object": (HELLO, {"response_format": {"type": "json_object"}}),
    "json schema": (HELLO, {"response_format": SCHEMA}),
    "logprobs": (HELLO, {"logprobs": True, "top_logprobs": 2}),
    "system prompts": (
        [*HELLO, {"role": "system", "content": "And kind."}, {"role": "user", "content": "?"}],
        {},
    ),
    "developer": ([{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi"}], {}),
    "unicode": ([{"role": "user", "content": 'Grüße, 世界 🌍 \u2028 \x00 "quoted" \\'}], {"stop": "é"}),
    "names": ([{"role": "user", "name": "ann", "content": "Hi"}], {}),
    "image": (PICTURE, {}),
    "cache control": ([{"role": "user", "content": "Hi", "cache_control": {"type": "ephemeral"}}], {}),
    "no roles": ([{"content": "Hi"}, {"role": "user", "content": ""}], {}),
}
ANSWERS: dict[str, Any] = {
    "text": "A plain answer.",
    "unicode": "Grüße, 世界 🌍 — \U0001f469\u200d\U0001f680",
    "empty": "",
    "null": {"content": None},
    "tool calls": {
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Bonn"}'},
            },
            {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": "{broken"}},
        ]
    },
    "tool calls that say stop": {
        "content": "Let me see.",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        "finish_reason": "stop",
    },
    "think block": "<think>\nHm, 2 < 3.\n</think>\n\nIt is less.",
    "think block, spaced": "\n <thinking>Hm.</thinking>Well.",
    "think block, open": {"content": "<think>I never come to", "finish_reason": "length"},
    "think block, empty": "<think>\n\n</think>\n\nYes.",
    "think block, later": "I <think>so</think>.",
    "nearly a think block": "<thin ice>",
    "reasoning": {"content": "\n\nYes.", "reasoning_content": "Because it is so. "},
    "logprobs": {
        "content": "Héllo",
        "logprobs": {
            "content": [
                {
                    "token": "Hé",
                    "logprob": -0.1,
                    "bytes": [72, 195, 169],
                    "top_logprobs": [
                        {"token": "Hé", "logprob": -0.1, "bytes": None},
                        {"token": "A", "logprob": -3, "bytes": None},
                    ],
                },
                {"token": "llo", "logprob": -0.2, "bytes": None, "top_logprobs": []},
            ]
        },
    },
    "length": {"content": "It goes o", "finish_reason": "length"},
    "filtered": {"content": "I", "finish_reason": "content_filter"},
    "odd finish": {"content": "I", "finish_reason": "because"},
    "cached prompt": {
        "content": "I",
        "model": "gpt-4o-mini-2024-07-18",
        "usage": {
            "prompt_tokens": 1000,
            "completion_tokens": 10,
            "total_tokens": 1010,
            "prompt_tokens_details": {"cached_tokens": 640},
        },
    },
    "cost of its own": {
        "content": "I",
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6, "cost": 0.25},
    },
}
FAILURES: dict[str, tuple[Failure, type[ModelError]]] = {
    "bad key": (loopback.BAD_KEY, AuthenticationFailed),
    "forbidden": (loopback.FORBIDDEN, AuthenticationFailed),
    "unknown model": (loopback.UNKNOWN_MODEL, ModelNotFound),
    "too long": (loopback.TOO_LONG, ContextTooLong),
    "bad request": (loopback.BAD_REQUEST, BadRequest),
    "policy": (loopback.POLICY, Refused),
    "rate limit": (loopback.RATE_LIMIT, RateLimited),
    "rate limit in words": (
        Failure(status=429, message="Rate limit reached. Please try again in 1m2.5s."),
        RateLimited,
    ),
    "quota": (loopback.QUOTA, OutOfQuota),
    "server error": (loopback.SERVER_ERROR, ServerFailed),
    "overloaded": (loopback.OVERLOADED, ServerFailed),
    "garbage": (loopback.GARBAGE, ServerFailed),
    "hang-up": (loopback.HANGUP, ServerFailed),
    "truncated": (loopback.TRUNCATE, ServerFailed),
    "error inside": (loopback.STREAM_ERROR, ServerFailed),
    "hang": (loopback.HANG, TimedOut),
    "stall": (loopback.STALL, TimedOut),
}
MODELS = ["openai/gpt-4o-mini", "openai/some-finetune", "hosted_vllm/org/model", "openrouter/org/model"]


async def both(endpoints: Endpoints, request: Request, stream: bool, limit: float = 20.0) -> list[Any]:
    """Ask both ways and return two outcomes: the answer with the pieces before it, or the error."""
    outcomes: list[Any] = []
    ways: list[Model] = [LeanWay(endpoints, timeout=limit), GeneralWay(endpoints, timeout=limit)]
    for way in ways:
        try:
            outcomes.append(await streamed(way, request) if stream else ("", await way.ask(request)))
        except ModelError as error:
            outcomes.append(error)
        await way.close()
    return outcomes


async def streamed(way: Model, request: Request) -> tuple[str, Answer]:
    """Return a stream's joined pieces and its answer."""
    *pieces, answer = [piece async for piece in way.stream(request)]
    assert isinstance(answer, Answer)
    return "".join(str(piece) for piece in pieces), answer


def sent(server: LoopbackServer) -> list[tuple[Any, ...]]:
    """What arrived and matters: address, body and the header fields that a provider looks at."""
    names = ("authorization", "content-type", "http-referer", "x-title", "openai-organization")
    return [(seen.path, seen.body, {name: seen.headers.get(name) for name in names}) for seen in server.requests]


@pytest.mark.parametrize("stream", [False, True], ids=["ask", "stream"])
@pytest.mark.parametrize("case", REQUESTS)
@pytest.mark.parametrize("model", MODELS)
async def test_both_ways_send_the_same(server: LoopbackServer, model: str, case: str, stream: bool) -> None:
    messages, params = REQUESTS[case]
    await both(Endpoints(), Request(model, messages, params), stream)
    lean, general = sent(server)
    assert lean == general
    assert lean[2]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("provider", sorted(LEAN_PROVIDERS))
async def test_every_lean_provider_gets_what_litellm_sends(server: LoopbackServer, provider: str) -> None:
    name = f"{provider}/org/model"
    endpoints = Endpoints({name: Overrides(api_base=server.url, api_key_env="OPENAI_API_KEY")})
    for stream in (False, True):
        for messages, params in REQUESTS.values():
            await both(endpoints, Request(name, messages, params), stream)
            lean, general = sent(server)[-2:]
            assert lean == general


@pytest.mark.parametrize("stream", [False, True], ids=["ask", "stream"])
@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("model", MODELS)
async def test_both_ways_answer_the_same(server: LoopbackServer, model: str, case: str, stream: bool) -> None:
    answer = ANSWERS[case]
    if model.startswith("openrouter/") and "reasoning_content" in answer:  # which has its own name for it
        answer = {"content": answer["content"], "reasoning": answer["reasoning_content"]}
    server.reply = lambda _: answer
    lean, general = await both(Endpoints(), Request(model, HELLO, {"logprobs": True}), stream)
    assert lean == general
    assert not stream or lean[0] == lean[1].text


@pytest.mark.parametrize("case", ANSWERS)
async def test_a_stream_ends_in_what_ask_returns(server: LoopbackServer, case: str) -> None:
    server.reply = lambda _: ANSWERS[case]
    endpoints, request = Endpoints(), Request("openai/gpt-4o-mini", HELLO)
    asked, _ = await both(endpoints, request, stream=False)
    for server.split in (None, 1, 3, 1000):
        server.keep_alive_comments = server.split == 3
        ended, _ = await both(endpoints, request, stream=True)
        assert ended[1] == asked[1]


@pytest.mark.parametrize("stream", [False, True], ids=["ask", "stream"])
@pytest.mark.parametrize("case", FAILURES)
@pytest.mark.parametrize("model", MODELS)
async def test_both_ways_fail_the_same(server: LoopbackServer, model: str, case: str, stream: bool) -> None:
    failure, kind = FAILURES[case]
    server.script.extend([failure, failure])
    limit = 0.4 if kind is TimedOut else 20.0
    lean, general = await both(Endpoints(), Request(model, HELLO), stream, limit)
    assert type(lean) is type(general) is kind
    assert (lean.status, lean.fix) == (general.status, general.fix)
    assert getattr(lean, "retry_after", None) == getattr(general, "retry_after", None)
    assert lean.fix and lean.model == model
    assert general.__cause__ is None
    if not (stream and case == "garbage"):  # litellm reads garbage for a stream that ends at once
        assert lean.message == general.message
    assert len(server.requests) == 2, "neither way may try again by itself"


async def test_nobody_there(server: LoopbackServer) -> None:
    endpoints = Endpoints({"openai/x": Overrides(api_base="http://127.0.0.1:9/v1")})
    for stream in (False, True):
        lean, general = await both(endpoints, Request("openai/x", HELLO), stream)
        assert type(lean) is type(general) is Unreachable
        assert lean.message == general.message


async def test_a_name_that_litellm_reads_twice(server: LoopbackServer) -> None:
    await both(Endpoints(), Request("openrouter/auto", HELLO), stream=False)
    lean, general = sent(server)
    assert lean == general
    assert lean[1]["model"] == "openrouter/auto"


async def test_parameters_that_are_not_sent_are_listed(server: LoopbackServer) -> None:
    name = "deepinfra/org/model"
    endpoints = Endpoints({name: Overrides(api_base=server.url, api_key_env="OPENAI_API_KEY")})
    for way in (LeanWay(endpoints), GeneralWay(endpoints)):
        await way.ask(Request(name, HELLO, {"seed": 1, "max_tokens": 5}))
        assert way.dropped == {name: frozenset({"seed"})}
        await way.close()
    assert all("seed" not in body for body in server.bodies)


@pytest.mark.parametrize("order", ["api_key", "num_retries", "mock_response", "timeout", "stream"])
async def test_orders_to_litellm_are_not_parameters(server: LoopbackServer, order: str) -> None:
    for outcome in await both(Endpoints(), Request("openai/x", HELLO, {order: 1}), stream=False):
        assert isinstance(outcome, BadRequest)
        assert order in outcome.message
    assert not server.requests
