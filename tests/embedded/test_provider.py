"""The embedded model through litellm itself."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from agentsim.llm.embedded.model import Embedded
from agentsim.llm.embedded.names import DEFAULT_MODEL
from agentsim.llm.embedded.provider import register
from agentsim.llm.litellm_door import litellm

pytestmark = pytest.mark.weights

MESSAGES = [{"role": "user", "content": "Name three colours."}]
CALL: dict[str, Any] = {"model": DEFAULT_MODEL, "messages": MESSAGES, "temperature": 0, "max_tokens": 8}


@pytest.fixture(autouse=True)
def registered(embedded: Embedded) -> None:
    register(embedded).embedded = embedded


def test_registering_twice_changes_nothing() -> None:
    before = len(litellm().custom_provider_map)
    assert register() is register()
    assert len(litellm().custom_provider_map) == before


async def test_completion(embedded: Embedded) -> None:
    for response in (
        litellm().completion(**CALL, logprobs=True, top_logprobs=2),
        await litellm().acompletion(**CALL, logprobs=True, top_logprobs=2),
    ):
        assert response.model == DEFAULT_MODEL
        choice = response.choices[0]
        assert (choice.finish_reason, response.usage.completion_tokens) == ("length", 8)
        assert response.usage.total_tokens == response.usage.prompt_tokens + 8
        assert "".join(token.token for token in choice.logprobs.content) == choice.message.content
        assert len(choice.logprobs.content[0].top_logprobs) == 2


async def test_streaming_carries_text_usage_finish_and_logprobs() -> None:
    options = {**CALL, "stream": True, "stream_options": {"include_usage": True}, "logprobs": True}
    sync = list(litellm().completion(**options))
    chunks = [chunk async for chunk in await litellm().acompletion(**options)]
    for each in (sync, chunks):
        choices = [chunk.choices[0] for chunk in each if chunk.choices]
        text = "".join(choice.delta.content or "" for choice in choices)
        assert text.strip()
        assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["length"]
        assert [c.usage.completion_tokens for c in each if getattr(c, "usage", None)] == [8]
        tokens = [token.token for choice in choices if choice.logprobs for token in choice.logprobs.content]
        assert "".join(tokens) == text
        whole = litellm().stream_chunk_builder(each)
        assert (whole.choices[0].message.content, whole.usage.completion_tokens) == (text, 8)


def test_schema_from_a_pydantic_class() -> None:
    class Colour(BaseModel):
        shade: bool
        warm: bool

    response = litellm().completion(**{**CALL, "max_tokens": 60}, response_format=Colour)
    Colour.model_validate(json.loads(response.choices[0].message.content))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"messages": [{"role": "user", "content": "word " * 600}]}, "ContextWindowExceededError"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}, "BadRequestError"),
        ({"model": "embedded/nonsense"}, "BadRequestError"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_errors_are_litellms(change: dict[str, Any], error: str, stream: bool) -> None:
    with pytest.raises(Exception, match=r"embedded|context") as caught:
        response = await litellm().acompletion(**{**CALL, **change}, stream=stream)
        [chunk async for chunk in response]
    names = [kind.__name__ for kind in type(caught.value).__mro__]
    assert error in names, caught.value
