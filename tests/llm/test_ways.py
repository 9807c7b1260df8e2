"""Time limits hold, a cancel reaches the server, keys stay inside, and each name takes the right way."""

import asyncio
import contextlib
import pickle
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest

from agentsim.errors import AuthenticationFailed, BadRequest, ModelError, ModelNotFound, TimedOut
from agentsim.llm.endpoint import Endpoints, Overrides
from agentsim.llm.general import GeneralWay
from agentsim.llm.lean import LeanWay
from agentsim.llm.model import Answer, Model, Request
from agentsim.llm.ways import Ways
from tests import loopback
from tests.llm.conftest import KEY
from tests.loopback import Failure, LoopbackServer

HELLO = [{"role": "user", "content": "Hello"}]
REQUEST = Request("openai/gpt-4o-mini", HELLO)
BOTH = pytest.mark.parametrize("way", [LeanWay, GeneralWay])


async def last(pieces: AsyncIterator[str | Answer]) -> str | Answer:
    """Return the last thing a stream yields."""
    return [piece async for piece in pieces][-1]


@BOTH
@pytest.mark.parametrize("failure", [loopback.HANG, loopback.STALL], ids=["hang", "stall"])
@pytest.mark.parametrize("stream", [False, True], ids=["ask", "stream"])
async def test_time_limits_hold(
    server: LoopbackServer, way: type[LeanWay] | type[GeneralWay], failure: Failure, stream: bool
) -> None:
    server.script.append(failure)
    door = way(timeout=0.3)
    begun = time.monotonic()
    with pytest.raises(TimedOut, match=r"0\.3 seconds"):
        await (last(door.stream(REQUEST)) if stream else door.ask(REQUEST))
    assert time.monotonic() - begun < 1.5
    await door.close()


@BOTH
async def test_a_long_stream_may_go_on_as_long_as_it_speaks(
    server: LoopbackServer, way: type[LeanWay] | type[GeneralWay]
) -> None:
    server.reply = lambda _: "a word " * 6
    server.latency = 0.1
    door = way(timeout=0.8)
    begun = time.monotonic()
    answer = await last(door.stream(REQUEST))
    assert isinstance(answer, Answer)
    assert answer.text == "a word " * 6
    assert time.monotonic() - begun > 0.8
    await door.close()


@BOTH
@pytest.mark.parametrize("stream", [False, True], ids=["ask", "stream"])
async def test_a_cancel_reaches_the_server(
    server: LoopbackServer, way: type[LeanWay] | type[GeneralWay], stream: bool
) -> None:
    server.script.append(loopback.STALL if stream else loopback.HANG)
    door = way()
    task = asyncio.ensure_future(last(door.stream(REQUEST)) if stream else door.ask(REQUEST))
    await until(lambda: len(server.requests) == 1)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: server.requests[0].disconnected)
    assert (await door.ask(REQUEST)).text == "echo: Hello"
    await door.close()


@BOTH
async def test_a_stream_left_early_is_cut(server: LoopbackServer, way: type[LeanWay] | type[GeneralWay]) -> None:
    server.reply = lambda _: "a word " * 100
    server.latency = 0.02
    door = way()
    async with contextlib.aclosing(door.stream(REQUEST)) as pieces:  # type: ignore[type-var]
        async for _ in pieces:
            break
    await until(lambda: server.requests[0].disconnected)
    await door.close()


async def until(condition: object, limit: float = 3.0) -> None:
    """Wait until a condition holds."""
    assert callable(condition)
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.01)


@BOTH
async def test_keys_stay_inside(server: LoopbackServer, way: type[LeanWay] | type[GeneralWay]) -> None:
    server.script.append(Failure(status=401, message=f"Incorrect API key provided: {KEY}. Or was it sk-abc*****xyz9?"))
    endpoints = Endpoints()
    door = way(endpoints)
    with pytest.raises(AuthenticationFailed) as caught:
        await door.ask(REQUEST)
    endpoint = await endpoints.find(REQUEST.model)
    shown = f"{caught.value!r} {caught.value} {caught.value.__context__!r} {endpoint!r} {endpoint} {vars(door)!r}"
    assert KEY not in shown.replace(repr(caught.value.__context__), "")
    assert "sk-abc" not in str(caught.value)
    assert "OPENAI_API_KEY" in str(caught.value.fix)
    assert caught.value.__cause__ is None
    await door.close()


async def test_names_take_their_ways(server: LoopbackServer) -> None:
    class Inside:
        closed = 0

        async def ask(self, request: Request) -> Answer:
            return Answer(text="inside", model=request.model)

        async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
            yield "inside"
            yield await self.ask(request)

        async def close(self) -> None:
            self.closed += 1

    made: list[Inside] = []

    def make() -> Model:
        made.append(Inside())
        return made[-1]

    ways = Ways(embedded=make)
    assert not made
    for _ in range(2):
        assert (await ways.ask(Request("embedded/smollm2-135m", HELLO))).text == "inside"
    assert await anext(aiter(ways.stream(Request("embedded/x", HELLO)))) == "inside"
    assert len(made) == 1
    await ways.ask(REQUEST)
    assert server.requests[-1].headers["user-agent"].startswith("Python/"), "lean"
    assert (await ways.prices("openai/gpt-4o-mini"))[0] > 0
    assert (await ways.endpoint("embedded/x")).prices.known
    await ways.close()
    await ways.close()
    assert made[0].closed == 1

    ways = Ways(way="general")
    await ways.ask(REQUEST)
    assert "openai" in server.requests[-1].headers["user-agent"].lower(), "litellm's client"
    await ways.close()


async def test_one_door_serves_two_event_loops() -> None:
    with LoopbackServer.in_thread() as server:
        door = LeanWay(Endpoints({"openai/x": Overrides(api_base=server.url)}))

        def once() -> str:
            return asyncio.run(door.ask(Request("openai/x", HELLO))).text

        assert [await asyncio.to_thread(once) for _ in range(2)] == ["echo: Hello"] * 2
    assert server.requests[0].headers["authorization"] == "Bearer no-key"


async def test_many_calls_share_connections(server: LoopbackServer) -> None:
    ways = Ways()
    answers = await asyncio.gather(
        *(ways.ask(Request("openai/x", [{"role": "user", "content": f"{i}"}], {"seed": i})) for i in range(100))
    )
    assert [answer.text for answer in answers] == [f"echo: {i}" for i in range(100)]
    assert sorted(body["seed"] for body in server.bodies) == list(range(100))
    await ways.close()


async def test_refusals_are_text(server: LoopbackServer) -> None:
    server.reply = lambda _: {"refusal": "I will not."}
    for door in (LeanWay(), GeneralWay()):
        answer = await door.ask(REQUEST)
        assert (answer.text, answer.finish) == ("I will not.", "content_filter")
        await door.close()


@pytest.mark.parametrize("split", [None, 1, 2, 5])
async def test_line_separators_inside_a_stream(server: LoopbackServer, split: int | None) -> None:
    """litellm loses such chunks from some servers; the lean way must not."""
    server.reply = lambda _: "one\u2028two\x85three"
    server.split = split
    door = LeanWay()
    answer = await last(door.stream(REQUEST))
    assert isinstance(answer, Answer)
    assert answer.text == "one\u2028two\x85three"
    await door.close()


async def test_errors_cross_processes(server: LoopbackServer) -> None:
    server.script.append(loopback.RATE_LIMIT)
    with pytest.raises(ModelError) as caught:
        await GeneralWay().ask(REQUEST)
    assert caught.value.__cause__ is None
    assert caught.value.args
    assert pickle.dumps(caught.value)


async def test_a_capacity_the_caller_must_not_use(server: LoopbackServer) -> None:
    with pytest.raises(BadRequest):
        await Ways().ask(Request("openai/x", HELLO, {"metadata": {}}))


async def test_unknown_names() -> None:
    for name, hint in {
        "openia/gpt-4o": "openai/gpt-4o",
        "gpt-4o-mimi": "gpt-4o-mini",
        "a model of mine": "provider/model",
    }.items():
        with pytest.raises(ModelNotFound) as caught:
            await Ways().endpoint(name)
        assert hint in str(caught.value.fix)


def test_nothing_slow_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, agentsim.llm.client, agentsim.llm.ways\n"
        "slow = {'litellm', 'openai', 'httpx', 'xllamacpp', 'tiktoken'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
