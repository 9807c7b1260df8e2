"""A role played by a model: a well-formed chat whatever happens, and a memory of what succeeded only."""

import asyncio
from collections.abc import Sequence

import pytest
from autogen_agentchat.base import Response
from autogen_agentchat.messages import ModelClientStreamingChunkEvent, TextMessage
from autogen_core import CancellationToken
from hypothesis import given
from hypothesis import strategies as st

from agentsim.dialogue.agent import ATTEMPTS, RoleAgent
from agentsim.dialogue.empty import EmptyAnswer
from agentsim.dialogue.function_agent import FunctionAgent, Said
from agentsim.errors import ServerFailed
from agentsim.llm.client import ChatClient
from agentsim.llm.model import Answer, Request
from agentsim.schema.noun import well_formed
from tests.scripted import ScriptedModel, talker


def agent(model: ScriptedModel, **fields: object) -> RoleAgent:
    given = {"system": "Be a baker.", "seed": lambda turn, attempt: 100 * turn + attempt, **fields}
    return RoleAgent("baker", client=ChatClient("scripted/one", model), **given)  # type: ignore[arg-type]


def says(source: str, text: str) -> TextMessage:
    return TextMessage(content=text, source=source)


async def hears(role: RoleAgent | FunctionAgent, *messages: TextMessage) -> Response:
    return await role.on_messages(messages, CancellationToken())


def chat(request: Request) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in request.messages]


async def test_own_turns_are_the_assistants_and_the_others_are_the_users() -> None:
    model = ScriptedModel(["Bread.", "Two euros."])
    role = agent(model)
    await hears(role, says("guest", "What do you sell?"))
    await hears(role, says("guest", "How much?"))
    assert chat(model.requests[1]) == [
        ("system", "Be a baker."),
        ("user", "What do you sell?"),
        ("assistant", "Bread."),
        ("user", "How much?"),
    ]


async def test_several_others_form_one_message_under_their_names() -> None:
    model = ScriptedModel(["Good day."])
    await hears(agent(model, names={"guest": "Ana", "child": "Bo"}), says("guest", "Bread."), says("child", "Cake!"))
    assert chat(model.requests[0])[1:] == [("user", "Ana: Bread.\n\nBo: Cake!")]


async def test_a_name_of_a_stranger_is_not_made_up() -> None:
    model = ScriptedModel(["Good day."])
    await hears(agent(model, names={"guest": "Ana"}), says("director", "Begin."))
    assert chat(model.requests[0])[1:] == [("user", "Begin.")]


async def test_the_first_speaker_begins_on_the_opening() -> None:
    model = ScriptedModel(["Fresh bread!", "Two euros."])
    role = agent(model, opening="The conversation begins now.")
    await hears(role)
    await hears(role, says("guest", "How much?"))
    assert chat(model.requests[0])[1:] == [("user", "The conversation begins now.")]
    assert chat(model.requests[1])[1:] == [
        ("user", "The conversation begins now."),
        ("assistant", "Fresh bread!"),
        ("user", "How much?"),
    ]


async def test_speaking_without_having_heard_anything_is_a_bug_that_is_told() -> None:
    model = ScriptedModel(["x", "y"])
    with pytest.raises(ValueError, match="baker would speak twice in a row"):
        role = agent(model, opening="Go.")
        await hears(role)
        await hears(role)


async def test_a_failed_turn_is_forgotten() -> None:
    model = ScriptedModel([ServerFailed("no", model="m"), "Bread.", "Two euros."])
    role = agent(model)
    before = await role.save_state()
    with pytest.raises(ServerFailed):
        await hears(role, says("guest", "What do you sell?"))
    assert await role.save_state() == before
    await hears(role, says("guest", "What do you sell?"))
    await hears(role, says("guest", "How much?"))
    assert [text for _, text in chat(model.requests[2])].count("What do you sell?") == 1
    assert model.requests[0] == model.requests[1]


@pytest.mark.parametrize("stream", [False, True])
async def test_nothing_is_asked_for_again_under_another_seed(stream: bool) -> None:
    model = ScriptedModel(["", " \n", "Bread."])
    response = await hears(agent(model, stream=stream), says("guest", "What do you sell?"))
    assert response.chat_message.to_model_text() == "Bread."
    assert [request.sample for request in model.requests] == [100, 101, 102]
    assert [request.params["seed"] for request in model.requests] == [100, 101, 102]
    assert len({str(chat(request)) for request in model.requests}) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_three_times_nothing_is_an_error_and_no_memory(stream: bool) -> None:
    model = ScriptedModel([""] * ATTEMPTS)
    role = agent(model, stream=stream)
    with pytest.raises(EmptyAnswer, match=r"baker said nothing in 3 attempts"):
        await hears(role, says("guest", "What do you sell?"))
    assert (await role.save_state())["heard"] == []


async def test_a_turn_tells_what_all_its_attempts_took() -> None:
    model = ScriptedModel(
        [
            Answer("", "m", "stop", prompt_tokens=5, completion_tokens=1, cost=0.25),
            Answer("Bread.", "m-2", "length", prompt_tokens=5, completion_tokens=2, cost=0.5, reasoning="hm"),
        ]
    )
    message = (await hears(agent(model), says("guest", "?"))).chat_message
    assert message.models_usage is not None
    assert (message.models_usage.prompt_tokens, message.models_usage.completion_tokens) == (10, 3)
    assert message.metadata == {
        "model": "m-2",
        "finish": "length",
        "cost": "0.75",
        "calls": "2",
        "reasoning": "hm",
    }


async def test_the_seed_can_be_kept_from_a_provider_that_refuses_it() -> None:
    model = ScriptedModel(["Bread."])
    await hears(agent(model, send_seed=False), says("guest", "?"))
    assert "seed" not in model.requests[0].params
    assert model.requests[0].sample == 100


async def test_pieces_come_before_the_turn_and_add_up_to_it() -> None:
    model = ScriptedModel(["Bread and cake."])
    pieces: list[str] = []
    turns: list[object] = []
    async for item in agent(model, stream=True).on_messages_stream([says("guest", "?")], CancellationToken()):
        if isinstance(item, ModelClientStreamingChunkEvent):
            assert not turns
            pieces.append(item.content)
        else:
            turns.append(item)
    assert "".join(pieces).strip() == "Bread and cake."
    assert len(turns) == 1


async def test_a_reader_who_leaves_in_the_middle_closes_the_models_stream() -> None:
    closed = []

    class Watched(ScriptedModel):
        async def stream(self, request: Request):  # type: ignore[no-untyped-def]
            try:
                yield "one "
                yield "two "
                yield Answer("one two", "m")
            finally:
                closed.append(True)

    stream = agent(Watched([]), stream=True).on_messages_stream([says("guest", "?")], CancellationToken())
    await anext(stream)
    await stream.aclose()
    assert closed == [True]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cancelled_token_stops_the_call_and_leaves_no_trace(stream: bool) -> None:
    model = ScriptedModel(talker, latency=60)
    role = agent(model, stream=stream)
    token = CancellationToken()
    task = asyncio.ensure_future(role.on_messages([says("guest", "?")], token))
    await asyncio.sleep(0.01)
    assert model.requests
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.5)
    assert (await role.save_state())["heard"] == []


@pytest.mark.parametrize("text", ["\ud83d half a smile", "tail \udc00", "  both \ud800\udbff sides "])
async def test_what_utf8_cannot_hold_is_remembered_as_it_will_be_stored(text: str) -> None:
    """Otherwise a dialogue taken up again would ask something else than the one that went on."""
    model = ScriptedModel([text, "next"])
    role = agent(model)
    message = (await hears(role, says("guest", text))).chat_message
    message.to_model_text().encode()
    await hears(role, says("guest", "more"))
    for request in model.requests:
        for _, content in chat(request):
            content.encode()


@given(st.text(st.characters(codec=None), max_size=9))
def test_text_is_made_writable_once_and_for_all(text: str) -> None:
    made = well_formed(text)
    made.encode()
    assert well_formed(made) == made
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert made == text


def test_an_emoji_that_arrived_in_halves_is_whole_again() -> None:
    assert well_formed("a\ud800b \ud83d\ude00") == "a\ufffdb \U0001f600"


async def test_reset_and_load_make_it_another_and_the_same_role() -> None:
    model = ScriptedModel(talker)
    role = agent(model, opening="Go.")
    await hears(role)
    state = await role.save_state()
    await hears(role, says("guest", "More."))
    await role.load_state(state)
    await hears(role, says("guest", "More."))
    assert model.requests[1] == model.requests[2]
    await role.on_reset(CancellationToken())
    await hears(role)
    assert model.requests[0] == model.requests[3]


async def test_a_function_is_given_all_turns_in_order() -> None:
    given: list[Sequence[Said]] = []

    async def speaks(turns: Sequence[Said]) -> str:
        given.append(turns)
        return f" turn {len(turns)} "

    role = FunctionAgent("baker", speaks)
    await hears(role, says("guest", "one"), says("child", "two"))
    await hears(role, says("guest", "four"))
    assert given[1] == [
        {"role": "guest", "text": "one"},
        {"role": "child", "text": "two"},
        {"role": "baker", "text": "turn 2"},
        {"role": "guest", "text": "four"},
    ]


@pytest.mark.parametrize(
    ("returned", "error"), [("", EmptyAnswer), (" \n", EmptyAnswer), (None, TypeError), (3, TypeError)]
)
async def test_a_function_that_returns_no_words_is_told_so_and_forgets(
    returned: object, error: type[Exception]
) -> None:
    role = FunctionAgent("baker", lambda turns: returned)  # type: ignore[arg-type,return-value]
    with pytest.raises(error, match="'baker' returned"):
        await hears(role, says("guest", "?"))
    assert (await role.save_state())["heard"] == []
