"""Recording: equal requests are one request, unequal ones never are, and what was paid for is not paid
again."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.errors import NotRecorded, ServerFailed
from agentsim.llm.model import Answer, Request, TokenLogprob, ToolCall
from agentsim.llm.recording import Recording, dump_answer, load_answer, request_key
from tests.scripted import ScriptedModel, talker


class Shelf(dict[str, str]):
    """Recorded answers in memory."""

    def find(self, key: str) -> str | None:
        return self.get(key)

    def keep(self, key: str, body: str, answer: Answer) -> None:
        assert key not in self, "kept twice"
        self[key] = body


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": st.text(max_size=9)}),
    min_size=1,
    max_size=4,
)
REQUESTS = st.builds(
    Request,
    model=st.text(max_size=9),
    messages=MESSAGES,
    params=st.dictionaries(st.sampled_from(["temperature", "seed", "stop", "tools", "response_format"]), JSON),
    sample=st.integers(),
)


def same(one: Any, two: Any) -> bool:
    """Whether two values are the same JSON; 1, 1.0 and true are three things."""
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


def changed(request: Request, draw: Callable[[Any], Any]) -> Request:
    """Return the request with one thing changed that shapes the answer."""
    what = draw(
        st.sampled_from(["model", "sample", "param", "no param", "content", "role", "message", "order", "drop"])
    )
    messages = [dict(message) for message in request.messages]
    at = draw(st.integers(0, len(messages) - 1))
    match what:
        case "model":
            return replace(request, model=draw(st.text(max_size=9)))
        case "sample":
            return replace(request, sample=draw(st.integers()))
        case "param":
            return replace(request, params={**request.params, draw(st.sampled_from(["seed", "top_p"])): draw(JSON)})
        case "no param":
            return replace(request, params=dict(list(request.params.items())[1:]))
        case "content":
            messages[at]["content"] = draw(st.text(max_size=9))
        case "role":
            messages[at]["role"] = draw(st.sampled_from(["system", "user", "assistant"]))
        case "message":
            messages.insert(at, {"role": "user", "content": ""})
        case "order":
            messages.reverse()
        case "drop":
            messages.pop(at)
    return replace(request, messages=messages)


@given(REQUESTS, st.data())
def test_a_key_changes_with_everything_that_shapes_an_answer(request_: Request, data: st.DataObject) -> None:
    other = changed(request_, data.draw)
    body = [request_.model, list(request_.messages), dict(request_.params), request_.sample]
    others = [other.model, list(other.messages), dict(other.params), other.sample]
    assert (request_key(request_) == request_key(other)) == same(body, others)


@given(REQUESTS)
def test_a_key_does_not_change_with_the_order_of_keys(request_: Request) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    other = Request(
        request_.model,
        tuple(turned(dict(message)) for message in request_.messages),
        turned(dict(request_.params)),
        request_.sample,
    )
    assert request_key(other) == request_key(request_)


def test_numbers_that_python_takes_for_equal_are_told_apart() -> None:
    keys = {request_key(Request("m", [], {"n": value})) for value in (1, 1.0, True, "1", [1], None)}
    assert len(keys) == 6


ANSWERS = st.builds(
    Answer,
    text=st.text(st.characters(codec=None)),
    model=st.text(max_size=9),
    finish=st.sampled_from(["stop", "length", "tool_calls", "content_filter", "unknown"]),
    prompt_tokens=st.integers(0, 9999),
    completion_tokens=st.integers(0, 9999),
    cost=st.floats(0, 10),
    reasoning=st.none() | st.text(max_size=9),
    tool_calls=st.lists(st.builds(ToolCall, st.text(max_size=3), st.text(max_size=3), st.text(max_size=9))).map(tuple),
    logprobs=st.none()
    | st.lists(
        st.builds(
            TokenLogprob,
            st.text(max_size=3),
            st.floats(-99, 0),
            st.lists(st.tuples(st.text(max_size=3), st.floats(-99, 0)), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@given(ANSWERS)
def test_a_recorded_answer_is_the_answer_marked_as_cached(given_: Answer) -> None:
    body = dump_answer(given_)
    assert body.encode()  # it can always be stored
    assert load_answer(body) == replace(given_, cached=True)


ONE = Request("m", [{"role": "user", "content": "Hi"}], {"seed": 1}, 1)


async def streamed(model: Recording, request: Request) -> tuple[str, Answer]:
    pieces = [piece async for piece in model.stream(request)]
    *texts, whole = pieces
    assert isinstance(whole, Answer) and all(isinstance(text, str) for text in texts)
    return "".join(map(str, texts)).strip(), whole


@pytest.mark.parametrize("first", ["ask", "stream"])
@pytest.mark.parametrize("second", ["ask", "stream"])
async def test_the_same_request_is_asked_once_whichever_way(first: str, second: str) -> None:
    inner = ScriptedModel(talker)
    recording = Recording(inner, Shelf())
    answers = []
    for way in (first, second):
        if way == "ask":
            answers.append(await recording.ask(ONE))
        else:
            text, answer = await streamed(recording, ONE)
            assert text == answer.text
            answers.append(answer)
    assert len(inner.requests) == 1
    assert [answer.cached for answer in answers] == [False, True]
    assert replace(answers[0], cached=True) == answers[1]


async def test_an_empty_recorded_answer_streams_no_pieces() -> None:
    shelf = Shelf({request_key(ONE): dump_answer(Answer("", "m"))})
    assert [piece async for piece in Recording(None, shelf).stream(ONE)] == [Answer("", "m", cached=True)]


async def test_other_samples_are_other_requests() -> None:
    inner = ScriptedModel(["one", "two"])
    recording = Recording(inner, Shelf())
    assert (await recording.ask(ONE)).text == "one"
    assert (await recording.ask(replace(ONE, sample=2))).text == "two"
    assert (await recording.ask(ONE)).text == "one"


async def test_a_replay_sends_nothing_and_says_what_it_lacks() -> None:
    other = Shelf()
    live = await Recording(ScriptedModel(talker), other).ask(ONE)
    own = Shelf()
    replay = Recording(None, own, replay=other)
    assert (await replay.ask(ONE)).text == live.text
    assert own == other, "what was replayed belongs to this run too"
    unknown = replace(ONE, sample=9)
    with pytest.raises(NotRecorded) as caught:
        await replay.ask(unknown)
    assert caught.value.exit_code == 2 and caught.value.fix
    with pytest.raises(NotRecorded):
        [piece async for piece in replay.stream(unknown)]
    await replay.close()


async def test_this_runs_own_answers_come_before_another_runs() -> None:
    own, other = Shelf(), Shelf()
    await Recording(ScriptedModel(["mine"]), own).ask(ONE)
    await Recording(ScriptedModel(["theirs"]), other).ask(ONE)
    assert (await Recording(None, own, replay=other).ask(ONE)).text == "mine"


async def test_a_failure_is_not_recorded() -> None:
    shelf = Shelf()
    recording = Recording(ScriptedModel([ServerFailed("no", model="m"), "yes"]), shelf)
    with pytest.raises(ServerFailed):
        await recording.ask(ONE)
    assert not shelf
    assert (await recording.ask(ONE)).text == "yes"


async def test_a_stream_that_broke_off_is_not_recorded() -> None:
    class Breaking(ScriptedModel):
        async def stream(self, request: Request):  # type: ignore[no-untyped-def]
            yield "half "
            raise ServerFailed("no", model="m")

    shelf = Shelf()
    with pytest.raises(ServerFailed):
        [piece async for piece in Recording(Breaking([]), shelf).stream(ONE)]
    assert not shelf


async def test_closing_goes_through() -> None:
    inner = ScriptedModel([])
    await Recording(inner, Shelf()).close()
    assert inner.closed
