"""The real embedded model: what it promises, not how well it writes."""

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from agentsim.errors import BadRequest, ContextTooLong, ServerFailed, UserError
from agentsim.llm.embedded.engine import Engine
from agentsim.llm.embedded.model import Embedded
from agentsim.llm.embedded.names import DEFAULT_MODEL
from agentsim.llm.embedded.settings import Settings
from agentsim.llm.model import Answer, Request

pytestmark = pytest.mark.weights

QUESTION = "Write a long story about a ship."


def request(content: str = QUESTION, **params: Any) -> Request:
    return Request(DEFAULT_MODEL, [{"role": "user", "content": content}], {"max_tokens": 12, **params})


async def engine_of(embedded: Embedded) -> Engine:
    await embedded.load()
    return embedded._engines[DEFAULT_MODEL]


async def until(done: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if done():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("waited in vain")


async def seconds_until_free(engine: Engine) -> float:
    start = time.monotonic()
    await until(lambda: not engine.busy())
    return time.monotonic() - start


async def test_answers_with_usage_and_finish(embedded: Embedded) -> None:
    answer = await embedded.ask(request())
    assert answer.text.strip()
    assert answer.model == DEFAULT_MODEL
    assert (answer.finish, answer.completion_tokens, answer.cost) == ("length", 12, 0.0)
    assert answer.prompt_tokens > 12
    assert answer.logprobs is None
    assert not answer.tool_calls


async def test_stops_at_a_stop_word(embedded: Embedded) -> None:
    answer = await embedded.ask(request("Count: one, two, three.", stop=[" ", "\n"], max_tokens=40))
    assert answer.finish == "stop"
    assert " " not in answer.text


async def test_stream_is_the_answer_in_pieces(embedded: Embedded) -> None:
    # Prompt reuse may change the last bits of the arithmetic, so it is off where texts are compared.
    same = request(temperature=0.8, seed=3, cache_prompt=False)
    asked = await embedded.ask(same)
    *pieces, last = [item async for item in embedded.stream(same)]
    assert isinstance(last, Answer)
    assert "".join(cast("list[str]", pieces)) == last.text == asked.text
    assert last == asked
    assert len(pieces) > 5
    assert list(embedded.iterate(same))[-1] == asked


async def test_schema_constrains_the_text(embedded: Embedded) -> None:
    schema = {
        "type": "object",
        "properties": {"reason": {"type": "string", "maxLength": 20}, "score": {"enum": [1, 2, 3, 4, 5]}},
        "required": ["reason", "score"],
        "additionalProperties": False,
    }
    response_format = {"type": "json_schema", "json_schema": {"name": "grade", "schema": schema}}
    answer = await embedded.ask(request("Grade: a fine day.", response_format=response_format, max_tokens=60))
    grade = json.loads(answer.text)
    assert set(grade) == {"reason", "score"}
    assert grade["score"] in range(1, 6)


async def test_logprobs(embedded: Embedded) -> None:
    answer = await embedded.ask(request(logprobs=True, top_logprobs=3, temperature=0, max_tokens=5))
    assert answer.logprobs is not None
    assert len(answer.logprobs) == 5
    assert "".join(token.token for token in answer.logprobs) == answer.text
    for token in answer.logprobs:
        assert len(token.top) == 3
        assert token.logprob == token.top[0][1]  # greedy: the likeliest is the one taken
        assert 0 < sum(math.exp(logprob) for _, logprob in token.top) <= 1.0001


async def test_closing_a_stream_frees_the_slot(embedded: Embedded) -> None:
    engine = await engine_of(embedded)
    items = cast("AsyncGenerator[str | Answer, None]", embedded.stream(request(max_tokens=400)))
    async with aclosing(items):
        await anext(items)
        assert engine.busy() == 1
    assert await seconds_until_free(engine) < 1.0


async def test_cancelling_frees_the_slot_and_drops_what_waits(embedded: Embedded) -> None:
    engine = await engine_of(embedded)
    tasks = [asyncio.create_task(embedded.ask(request(max_tokens=400))) for _ in range(6)]
    await until(lambda: engine.busy() == 4)
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert await seconds_until_free(engine) < 3.0
    assert (await embedded.ask(request(max_tokens=1))).completion_tokens == 1


async def test_cancelling_reaches_a_long_prompt(embedded: Embedded) -> None:
    engine = await engine_of(embedded)
    task = asyncio.create_task(embedded.ask(request("ship and sea " * 140)))
    await until(lambda: engine.busy() == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await seconds_until_free(engine) < 3.0


async def test_more_dialogues_than_slots(embedded: Embedded) -> None:
    answers = await asyncio.gather(
        *(embedded.ask(request(f"Say the number {number}.", max_tokens=6)) for number in range(6))
    )
    assert all(answer.completion_tokens for answer in answers)


async def test_too_long_a_conversation(embedded: Embedded) -> None:
    with pytest.raises(ContextTooLong, match="exceeds the available context"):
        await embedded.ask(request("word " * 600))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            "no place for tools",
        ),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "x"}}}}, "schema"),
        ({"response_format": {"type": "yaml"}}, "response_format"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2}, "n must be 1"),
        ({"sparkle": 1}, "'sparkle'"),
    ],
)
async def test_impossible_requests(embedded: Embedded, params: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        await embedded.ask(request(**params))


async def test_malformed_messages(embedded: Embedded) -> None:
    for messages in ([], [{"role": "user", "content": 5}]):
        with pytest.raises(BadRequest):
            await embedded.ask(Request(DEFAULT_MODEL, messages))


async def test_token_count(embedded: Embedded) -> None:
    assert await embedded.count_tokens("") == 0
    assert await embedded.count_tokens("hello world, what a day") == 6


async def test_damaged_file_is_named(tmp_path: Path, weights_file: Path) -> None:
    broken = tmp_path / "broken.gguf"
    with weights_file.open("rb") as whole:
        broken.write_bytes(whole.read(3_000_000))
    model = Embedded(Settings(slots=1, context=256))
    for _ in range(2):
        with pytest.raises(UserError, match=r"broken\.gguf"):
            await model.load(f"embedded/{broken}")


async def test_closing_ends_what_is_under_way(weights_file: Path) -> None:
    model = Embedded(Settings(slots=1, context=257))
    await model.load()
    task = asyncio.create_task(model.ask(request(max_tokens=200)))
    await until(lambda: model._engines[DEFAULT_MODEL].busy() == 1)
    await model.close()
    with pytest.raises(ServerFailed, match="was closed"):
        await task
    await model.close()
    with pytest.raises(ServerFailed, match="was closed"):
        await model.ask(request())


async def test_two_users_share_one_engine(weights_file: Path) -> None:
    settings = Settings(slots=1, context=258)
    first, second = Embedded(settings), Embedded(settings)
    await asyncio.gather(first.load(), second.load())
    assert first._engines[DEFAULT_MODEL] is second._engines[DEFAULT_MODEL]
    await first.close()
    assert (await second.ask(request(max_tokens=1))).completion_tokens == 1
    await second.close()
