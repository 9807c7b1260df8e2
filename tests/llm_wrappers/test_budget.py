"""Budget: what may be spent is set aside before anything is sent, and the cap holds whatever happens."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.errors import (
    AuthenticationFailed,
    BadRequest,
    BudgetReached,
    ContextTooLong,
    ModelError,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
)
from agentsim.llm.budget import UNBOUNDED_ANSWER, Budget
from agentsim.llm.model import Answer, Request
from agentsim.schema import Usage
from tests.scripted import Reply, ScriptedModel

PRICE = (0.001, 0.002)


class Ledger:
    """Keeps reservations in memory; each can be dropped once."""

    def __init__(self) -> None:
        self.open: dict[int, tuple[float, int]] = {}
        self._next = 0

    async def reserve(self, cost: float, tokens: int) -> int:
        self._next += 1
        number = self._next
        self.open[number] = (cost, tokens)
        await asyncio.sleep(0)
        return number

    def settle(self, number: int) -> None:
        del self.open[number]


async def prices(model: str) -> tuple[float, float]:
    await asyncio.sleep(0)
    return PRICE


def budget(inner: Any, ledger: Ledger | None = None, **caps: Any) -> Budget:
    given_ = {"max_cost": None, "max_tokens": None, "spent": Usage(), **caps}
    return Budget(inner, ledger or Ledger(), prices=prices, **given_)


def request(text: str = "Hi", **params: Any) -> Request:
    return Request("m", [{"role": "user", "content": text}], {"max_tokens": 10, **params})


def answer(read: int = 5, wrote: int = 5) -> Answer:
    return Answer(
        "x", "m", "stop", prompt_tokens=read, completion_tokens=wrote, cost=read * PRICE[0] + wrote * PRICE[1]
    )


async def reserved(one: Request) -> tuple[float, int]:
    """What is set aside for a request."""
    ledger = Ledger()
    with pytest.raises(ServerFailed):
        await budget(ScriptedModel([ServerFailed("no", model="m")]), ledger).ask(one)
    (held,) = ledger.open.values()
    return held


@pytest.mark.parametrize(
    ("caps", "fix"), [({"max_cost": 0.01}, "--max-cost"), ({"max_tokens": 20}, "--max-tokens-total")]
)
async def test_a_call_that_could_lift_it_over_the_cap_is_not_sent(caps: dict[str, Any], fix: str) -> None:
    model, ledger = ScriptedModel([]), Ledger()
    with pytest.raises(BudgetReached) as caught:
        await budget(model, ledger, **caps).ask(request())
    assert model.requests == [] and ledger.open == {}
    assert caught.value.exit_code == 4 and fix in (caught.value.fix or "")
    with pytest.raises(BudgetReached):
        [piece async for piece in budget(model, **caps).stream(request())]


async def test_what_was_not_needed_is_free_again() -> None:
    cost, _ = await reserved(request())
    model, ledger = ScriptedModel([answer()] * 3), Ledger()
    tight = budget(model, ledger, max_cost=cost + 2 * answer().cost)
    for _ in range(3):
        await tight.ask(request())
    assert ledger.open == {}
    with pytest.raises(BudgetReached):
        await tight.ask(request())


async def test_what_was_spent_before_counts() -> None:
    cost, tokens = await reserved(request())
    spent = Usage(prompt_tokens=3, completion_tokens=4, cost=0.5)
    assert await budget(ScriptedModel(["x"]), max_cost=0.5 + cost, max_tokens=7 + tokens, spent=spent).ask(request())
    for caps in ({"max_cost": 0.499 + cost}, {"max_tokens": 6 + tokens}):
        with pytest.raises(BudgetReached):
            await budget(ScriptedModel([]), spent=spent, **caps).ask(request())


@pytest.mark.parametrize("kind", [ServerFailed, TimedOut, Refused])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_failed_may_have_been_billed_so_its_reservation_stays(
    kind: type[ModelError], stream: bool
) -> None:
    cost, _ = await reserved(request())
    ledger = Ledger()
    one = budget(ScriptedModel([kind("no", model="m"), "x"]), ledger, max_cost=1.5 * cost)
    with pytest.raises(kind):
        if stream:
            [piece async for piece in one.stream(request())]
        else:
            await one.ask(request())
    assert len(ledger.open) == 1
    with pytest.raises(BudgetReached):
        await one.ask(request())


@pytest.mark.parametrize("kind", [BadRequest, AuthenticationFailed, ContextTooLong, RateLimited])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_no_model_ever_read_frees_its_reservation(kind: type[ModelError], stream: bool) -> None:
    """A provider that refuses schemas refuses one call for every grade: these must not eat the budget."""
    cost, _ = await reserved(request())
    ledger = Ledger()
    one = budget(ScriptedModel([kind("no", model="m"), "x"]), ledger, max_cost=1.5 * cost)
    with pytest.raises(kind):
        if stream:
            [piece async for piece in one.stream(request())]
        else:
            await one.ask(request())
    assert ledger.open == {}
    assert (await one.ask(request())).text == "x"


async def test_a_cancelled_call_keeps_its_reservation() -> None:
    ledger = Ledger()
    task = asyncio.ensure_future(budget(ScriptedModel(["x"], latency=60), ledger).ask(request()))
    await asyncio.sleep(0.01)
    assert ledger.open
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(ledger.open) == 1


async def test_streaming_settles_as_asking_does() -> None:
    ledger = Ledger()
    pieces = [piece async for piece in budget(ScriptedModel([answer()]), ledger).stream(request())]
    assert pieces[-1] == answer()
    assert ledger.open == {}


@given(st.text(max_size=40))
def test_more_is_set_aside_than_any_tokenizer_makes_of_the_text(text: str) -> None:
    """A token is at least one byte; a byte-level tokenizer and a wordy chat template are the worst case."""
    text = text.encode("utf-8", "replace").decode()
    _, tokens = asyncio.run(reserved(request(text)))
    assert tokens >= len(text.encode()) + 5 + 3 + 10


async def test_what_stands_beside_the_messages_is_set_aside_too() -> None:
    plain = (await reserved(request()))[1]
    tools = [{"type": "function", "function": {"name": "f", "description": "x" * 500}}]
    assert (await reserved(request(tools=tools)))[1] >= plain + 500
    schema = {"type": "json_schema", "json_schema": {"schema": {"description": "x" * 500}}}
    assert (await reserved(request(response_format=schema)))[1] >= plain + 500
    call = [{"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "x" * 500}}]}]
    assert (await reserved(Request("m", call, {"max_tokens": 10})))[1] >= 500


@pytest.mark.parametrize(
    ("params", "written"),
    [
        ({"max_tokens": 77}, 77),
        ({"max_tokens": None, "max_completion_tokens": 88}, 88),
        ({"max_tokens": None}, UNBOUNDED_ANSWER),
    ],
)
async def test_the_longest_answer_is_set_aside(params: dict[str, Any], written: int) -> None:
    base = (await reserved(request(max_tokens=10)))[1] - 10
    assert (await reserved(request(**params)))[1] == base + written


async def test_surrogates_do_not_stop_the_accounting() -> None:
    assert (await reserved(request("\ud83d")))[1] > 0


CALLS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 9), st.sampled_from(["ok", "fail", "refuse"])), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(CALLS, st.floats(0, 2), st.integers(0, 900), st.booleans())
def test_concurrent_calls_never_exceed_the_cap(
    calls: list[tuple[int, int, str]], max_cost: float, max_tokens: int, stream: bool
) -> None:
    """Whatever is billed, failed calls included at their worst, stays under the cap; so does spent plus set
    aside."""
    ledger = Ledger()
    billed = [0.0, 0]

    def reply(one: Request) -> Reply:
        size, wrote, fate = one.params["fate"]
        if fate == "refuse":
            return BadRequest("no", model="m")
        whole = answer(size, wrote if fate == "ok" else 10)
        billed[0] += whole.cost
        billed[1] += whole.prompt_tokens + whole.completion_tokens
        return whole if fate == "ok" else ServerFailed("no", model="m")

    model = ScriptedModel(reply, latency=0.0001)
    one = budget(model, ledger, max_cost=max_cost, max_tokens=max_tokens)

    async def call(size: int, wrote: int, fate: str) -> None:
        wanted = request("x" * size, fate=(size, wrote, fate))
        try:
            if stream:
                [piece async for piece in one.stream(wanted)]
            else:
                await one.ask(wanted)
        except (ModelError, BudgetReached):
            pass
        assert one._cost <= max_cost + 1e-9 and one._tokens <= max_tokens

    async def story() -> None:
        await asyncio.gather(*(call(*item) for item in calls))

    asyncio.run(story())
    assert billed[0] <= max_cost + 1e-9
    assert billed[1] <= max_tokens


async def test_closing_goes_through() -> None:
    model = ScriptedModel([])
    await budget(model).close()
    assert model.closed
