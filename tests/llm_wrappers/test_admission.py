"""Admission: waits where waiting heals, holds back the crowd, and gives up in time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.errors import (
    AuthenticationFailed,
    BadRequest,
    BudgetReached,
    ModelError,
    OutOfQuota,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from agentsim.llm import admission
from agentsim.llm.admission import Admission
from agentsim.llm.model import Answer, Request
from tests.scripted import Reply, ScriptedModel

ONE = Request("m", [{"role": "user", "content": "Hi"}])


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "FIRST_WAIT", 0.004)
    monkeypatch.setattr(admission, "LONGEST_WAIT", 0.01)


class Timed(ScriptedModel):
    """Remembers when it was asked, and how many were inside at once."""

    def __init__(self, script: Any, *, latency: float = 0.0) -> None:
        super().__init__(script, latency=latency)
        self.times: list[float] = []
        self.inside = self.most = 0

    async def ask(self, request: Request) -> Answer:
        self.times.append(asyncio.get_running_loop().time())
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            return await super().ask(request)
        finally:
            self.inside -= 1

    def gaps(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


def failed(kind: Callable[..., ModelError] = ServerFailed, **fields: Any) -> ModelError:
    return kind("not now", model="m", **fields)


@pytest.mark.parametrize("kind", [ServerFailed, TimedOut, Unreachable, RateLimited])
async def test_what_waiting_may_heal_is_tried_again_with_doubling_waits(
    kind: Callable[..., ModelError],
) -> None:
    told: list[str] = []
    model = Timed([failed(kind), failed(kind), failed(kind), "yes"])
    assert (await Admission(model, retries=3, notice=told.append).ask(ONE)).text == "yes"
    gaps = model.gaps()
    assert [gap >= least for gap, least in zip(gaps, (0.004, 0.008, 0.01), strict=True)] == [True] * 3
    assert len(told) == 3
    assert told[0].startswith("not now; trying again in") and told[0].endswith("(1 of 3)")


async def test_it_gives_up_after_the_last_retry_with_the_last_error() -> None:
    errors = [failed(message_number) for message_number in (ServerFailed, TimedOut, Unreachable)]
    model = Timed(errors)
    with pytest.raises(Unreachable) as caught:
        await Admission(model, retries=2).ask(ONE)
    assert caught.value is errors[-1]
    assert len(model.requests) == 3


@pytest.mark.parametrize("kind", [BadRequest, AuthenticationFailed, Refused, OutOfQuota])
async def test_what_waiting_cannot_heal_is_not_tried_again(kind: type[ModelError]) -> None:
    model = Timed([failed(kind)])
    with pytest.raises(kind):
        await Admission(model, retries=9).ask(ONE)
    assert len(model.requests) == 1


async def test_errors_that_are_no_model_errors_pass_through() -> None:
    for error in (BudgetReached("no"), ValueError("bug")):
        with pytest.raises(type(error)):
            await Admission(ScriptedModel([error]), retries=9).ask(ONE)


async def test_the_providers_own_time_counts() -> None:
    model = Timed([failed(RateLimited, retry_after=0.03), "yes"])
    await Admission(model).ask(ONE)
    assert 0.03 <= model.gaps()[0] < 0.3


@pytest.mark.parametrize("after", [1e9, -5.0, 0.0])
async def test_a_providers_strange_time_is_kept_within_bounds(after: float) -> None:
    model = Timed([failed(RateLimited, retry_after=after), "yes"])
    assert (await asyncio.wait_for(Admission(model).ask(ONE), 2)).text == "yes"


async def test_a_rate_limit_holds_back_everybody_the_queue_included() -> None:
    """One is told to wait; those who had queued for a place must not knock before the time."""
    first = [True]

    def reply(request: Request) -> Reply:
        if first:
            first.clear()
            return failed(RateLimited, retry_after=0.05)
        return "yes"

    model = Timed(reply, latency=0.002)
    door = Admission(model, in_flight=lambda name: 2)
    await asyncio.gather(*(door.ask(ONE) for _ in range(8)))
    begun = model.times[0]
    # The two that were inside when the limit came; nobody else before the provider's time.
    assert sum(time - begun < 0.05 for time in model.times) == 2
    assert model.most == 2


async def test_a_rate_limit_of_one_model_holds_back_no_other() -> None:
    def reply(request: Request) -> Reply:
        return failed(RateLimited, retry_after=0.09) if request.model == "slow" else "yes"

    model = Timed(reply)
    door = Admission(model)
    slow = asyncio.ensure_future(door.ask(Request("slow", [])))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(door.ask(Request("quick", [])), 0.1)
    slow.cancel()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 5), st.lists(st.booleans(), max_size=12))
def test_never_more_inside_than_allowed_and_every_place_is_given_back(places: int, fails: list[bool]) -> None:
    async def story() -> None:
        script = [failed(BadRequest) if fail else "yes" for fail in fails]
        model = Timed([*script, *["yes"] * places], latency=0.0005)
        door = Admission(model, in_flight=lambda name: places)
        await asyncio.gather(*(door.ask(ONE) for _ in fails), return_exceptions=True)
        assert model.most <= places
        await asyncio.wait_for(asyncio.gather(*(door.ask(ONE) for _ in range(places))), 1)

    asyncio.run(story())


async def test_a_call_that_is_cancelled_gives_its_place_back() -> None:
    model = Timed(["never", "yes"], latency=0.01)
    door = Admission(model, in_flight=lambda name: 1)
    for _ in range(2):
        task = asyncio.ensure_future(door.ask(ONE))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await asyncio.wait_for(door.ask(ONE), 0.5)


class Streaming(ScriptedModel):
    """Streams from scripts of pieces and errors."""

    def __init__(self, *scripts: list[str | Answer | Exception]) -> None:
        super().__init__([])
        self._scripts = list(scripts)
        self.closed_streams = 0

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        self.requests.append(request)
        try:
            for item in self._scripts.pop(0):
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.closed_streams += 1


WHOLE = Answer("one two", "m")


async def test_a_stream_is_tried_again_before_its_first_piece_only() -> None:
    model = Streaming([failed()], [failed()], ["one ", "two", WHOLE])
    assert [item async for item in Admission(model).stream(ONE)] == ["one ", "two", WHOLE]
    broken = Streaming(["one ", failed()], ["one ", "two", WHOLE])
    seen = []
    with pytest.raises(ServerFailed):
        async for item in Admission(broken).stream(ONE):
            seen.append(item)
    assert seen == ["one "]
    assert len(broken.requests) == 1


async def test_a_stream_gives_up_after_the_last_retry() -> None:
    model = Streaming([failed()], [failed()])
    with pytest.raises(ServerFailed):
        [item async for item in Admission(model, retries=1).stream(ONE)]
    assert len(model.requests) == 2


async def test_a_stream_that_is_left_closes_the_one_behind_it_and_gives_its_place_back() -> None:
    model = Streaming(["one ", "two", WHOLE], ["one ", WHOLE])
    door = Admission(model, in_flight=lambda name: 1)
    stream = door.stream(ONE)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert model.closed_streams == 1
    assert [item async for item in door.stream(ONE)] == ["one ", WHOLE]


async def test_closing_goes_through() -> None:
    model = ScriptedModel([])
    await Admission(model).close()
    assert model.closed
