"""A dialogue from its first word to its end, on scripted models."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.dialogue.empty import EmptyAnswer
from agentsim.dialogue.function_agent import Said
from agentsim.dialogue.speakers import AgentSpeaker, FunctionSpeaker, ModelSpeaker
from agentsim.errors import ServerFailed, UserError
from agentsim.events import DialogueEnded, DialogueStarted, TurnDone, parse_event
from agentsim.llm.client import ChatClient
from agentsim.llm.model import Answer, Model, Request
from agentsim.llm.recording import request_key
from agentsim.schema import Dialogue
from tests.dialogue.build import MODEL, PROMPTS, ROLES, SIDE, Kept, ending, play, said, situation
from tests.scripted import ScriptedModel, answer, talker


def roles_of(request: Request) -> list[str]:
    return [message["role"] for message in request.messages]


def well_formed(request: Request, *, system: bool) -> bool:
    """Whether the chat is system?, user, assistant, ..., user."""
    roles = roles_of(request)
    if system:
        if roles[:1] != ["system"]:
            return False
        roles = roles[1:]
    turns = len(roles)
    return turns % 2 == 1 and roles == ["user", "assistant"] * (turns // 2) + ["user"]


def speakers_of(kinds: Sequence[str], model: Model) -> dict[str, object]:
    """A speaker of each kind named, for the roles in order."""

    def assistant(role: str) -> AssistantAgent:
        return AssistantAgent(role, ChatClient("scripted/agent", model), system_message=f"Be the {role}.")

    def of(kind: str, role: str) -> object:
        match kind:
            case "bare":
                return ModelSpeaker("scripted/bare", bare=True)
            case "function":
                return FunctionSpeaker(lambda turns: f"{role} heard {len(turns)}")
            case "agent":
                return AgentSpeaker(lambda: assistant(role))
            case _:
                return ModelSpeaker(MODEL)

    return {role: of(kind, role) for role, kind in zip(ROLES, kinds, strict=False)}


OPENING = PROMPTS.render("opening", others=["Bo, the helper"], task="Talk about figs.")
"""What the director tells Ana."""

CASTS = st.lists(st.sampled_from(["model", "bare", "function"]), min_size=2, max_size=5)


@settings(max_examples=60, deadline=None)
@given(CASTS, st.integers(2, 17), st.booleans())
def test_every_chat_alternates_and_ends_on_the_others_turn(kinds: list[str], turns: int, stream: bool) -> None:
    """Invariant 4, for two to five roles of any kind and any number of turns."""
    model = ScriptedModel(talker)
    scenario = situation(len(kinds), ending=ending(turns))
    dialogue = asyncio.run(play(model, scenario, speakers=speakers_of(kinds, model), stream=stream))
    assert len(dialogue.turns) == turns
    for request in model.requests:
        assert well_formed(request, system=request.model == MODEL), roles_of(request)
    spoken_by_models = sum(kinds[turn.index % len(kinds)] != "function" for turn in dialogue.turns)
    assert len(model.requests) == spoken_by_models


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["model", "bare", "function", "agent"]), min_size=2, max_size=4),
    st.integers(0, 9),
    st.booleans(),
)
def test_taken_up_again_at_any_turn_it_asks_what_it_would_have_asked(kinds: list[str], stop: int, goal: bool) -> None:
    """The same keys in the same order: what was recorded is found again, and nothing else is paid."""
    scenario = situation(len(kinds), ending=ending(9))

    def model_of() -> ScriptedModel:
        return ScriptedModel(lambda request: "no" if request.model == SIDE.model else talker(request))

    async def story() -> None:
        whole, kept = model_of(), Kept()
        stage: dict[str, Any] = {"goal": SIDE if goal else None}
        smooth = await play(whole, scenario, kept=kept, speakers=speakers_of(kinds, whole), **stage)
        left = kept.cut(stop)
        left.events = [parse_event(event.model_dump_json()) for event in left.events]
        second, went_on = model_of(), Kept()
        resumed = await play(
            second,
            scenario,
            kept=went_on,
            history=left.history(),
            speakers=speakers_of(kinds, second),
            **stage,
        )
        assert resumed == smooth
        keys = [request_key(request) for request in whole.requests]
        again = [request_key(request) for request in second.requests]
        assert again == keys[len(keys) - len(again) :]
        assert [e.turn.index for e in went_on.events if isinstance(e, TurnDone)] == list(range(stop, 9))

    asyncio.run(story())


async def test_a_resumed_dialogue_asks_the_same_where_models_write_what_utf8_cannot_hold() -> None:
    scenario = situation(ending=ending(5))

    def broken(request: Request) -> str:
        return f"\ud83d {talker(request)} \udc00"

    whole, kept = ScriptedModel(broken), Kept()
    smooth = await play(whole, scenario, kept=kept, task=SIDE)
    left = kept.cut(3)
    left.events = [parse_event(event.model_dump_json()) for event in left.events]
    second = ScriptedModel(broken)
    assert await play(second, scenario, history=left.history(), task=SIDE) == smooth
    assert [request_key(r) for r in second.requests] == [request_key(r) for r in whole.requests[-2:]]


async def test_a_dialogue_that_was_over_is_only_told_again() -> None:
    kept = Kept()
    scenario = situation(ending=ending(4))
    smooth = await play(ScriptedModel(talker), scenario, kept=kept)
    again = Kept()
    assert await play(ScriptedModel([]), scenario, kept=again, history=kept.history()) == smooth
    assert [event.kind for event in again.events] == ["dialogue_started"]


async def test_streaming_changes_nothing_but_when_words_are_seen() -> None:
    scenario = situation(3, ending=ending(7))
    one, two = Kept(), Kept()
    plain = await play(ScriptedModel(talker), scenario, kept=one)
    streamed = await play(ScriptedModel(talker), scenario, kept=two, stream=True)
    assert plain == streamed
    assert one.events == two.events
    assert not one.tokens
    for turn in streamed.turns:
        pieces = [t for t in two.tokens if t.turn == turn.index]
        assert "".join(piece.text for piece in pieces).strip() == turn.text
        assert {piece.role for piece in pieces} == {turn.role}


async def test_every_turn_is_kept_before_the_next_is_asked_for() -> None:
    model = ScriptedModel(talker)
    asked_when_kept: list[int] = []

    class Slow(Kept):
        async def __call__(self, event: object) -> None:
            await asyncio.sleep(0)
            if isinstance(event, TurnDone):
                asked_when_kept.append(len(model.requests))
            await super().__call__(event)  # type: ignore[arg-type]

    await play(model, situation(ending=ending(5)), kept=Slow())
    assert asked_when_kept == [1, 2, 3, 4, 5]


async def test_a_failing_model_leaves_the_turns_before_it_kept() -> None:
    kept = Kept()
    with pytest.raises(ServerFailed):
        await play(ScriptedModel(["one", "two", ServerFailed("no", model="m")]), situation(), kept=kept)
    assert [turn.text for turn in kept.history().turns] == ["one", "two"]
    assert kept.history().end is None


async def test_the_director_speaks_to_the_leader_only() -> None:
    model = ScriptedModel(talker)
    await play(model, situation(ending=ending(3)))
    first = [request.messages[1]["content"] for request in model.requests]
    assert first[0] == OPENING
    assert first[1] == model_said(model, 0)
    assert first[2] == first[0]


def model_said(model: ScriptedModel, place: int) -> str:
    return talker(model.requests[place])


async def test_a_chatbot_under_test_gets_the_conversation_alone() -> None:
    model = ScriptedModel(talker)
    bare = {"helper": ModelSpeaker("scripted/bot", bare=True)}
    dialogue = await play(model, situation(ending=ending(4)), speakers=bare)
    bot = [request for request in model.requests if request.model == "scripted/bot"]
    assert roles_of(bot[0]) == ["user"]
    assert [m["content"] for m in bot[1].messages] == [turn.text for turn in dialogue.turns[:3]]
    assert [turn.speaker for turn in dialogue.turns] == ["model", "endpoint", "model", "endpoint"]


async def test_a_chatbot_that_leads_is_told_to_begin_and_nothing_else() -> None:
    """It has no system prompt of ours, but a chat without a single message is refused by every provider."""
    model = ScriptedModel(talker)
    await play(model, situation(ending=ending(3)), speakers={"asker": ModelSpeaker("scripted/bot", bare=True)})
    bot = [request for request in model.requests if request.model == "scripted/bot"]
    assert roles_of(bot[0]) == ["user"]
    assert bot[0].messages[0]["content"] == OPENING
    assert roles_of(bot[1]) == ["user", "assistant", "user"]


async def test_an_agent_of_the_users_that_leads_is_told_to_begin() -> None:
    model = ScriptedModel(talker)
    await play(model, situation(ending=ending(3)), speakers=speakers_of(["agent"], model))
    agents = [request for request in model.requests if request.model == "scripted/agent"]
    assert roles_of(agents[0]) == ["system", "user"]
    assert agents[0].messages[1]["content"] == OPENING
    assert roles_of(agents[1]) == ["system", "user", "assistant", "user"]


async def test_with_three_roles_the_others_stand_under_their_names() -> None:
    model = ScriptedModel(["a1", "b1", "c1", "a2"])
    await play(model, situation(3, ending=ending(4)))
    assert [message["content"] for message in model.requests[2].messages[1:]] == ["Ana: a1\n\nBo: b1"]
    assert [message["content"] for message in model.requests[3].messages[2:]] == ["a1", "Bo: b1\n\nCem: c1"]


async def test_with_two_roles_nobody_needs_a_name() -> None:
    model = ScriptedModel(["a1", "b1"])
    await play(model, situation(ending=ending(2)))
    assert model.requests[1].messages[-1]["content"] == "a1"


async def test_a_turn_holds_what_its_answer_told() -> None:
    reply = Answer(
        " Figs! ",
        "scripted/one-v2",
        "length",
        prompt_tokens=9,
        completion_tokens=3,
        cost=0.5,
        reasoning="sell",
    )
    dialogue = await play(ScriptedModel([reply, reply]), situation(ending=ending(2)))
    turn = dialogue.turns[0]
    assert (turn.text, turn.model, turn.finish, turn.reasoning) == (
        "Figs!",
        "scripted/one-v2",
        "length",
        "sell",
    )
    assert (turn.usage.prompt_tokens, turn.usage.completion_tokens, turn.usage.cost, turn.usage.calls) == (
        9,
        3,
        0.5,
        1,
    )
    assert dialogue.usage.calls == 2


# Endings


async def test_the_task_can_be_made_more_specific_first() -> None:
    kept = Kept()
    model = ScriptedModel(lambda r: " Talk about two crates of figs. " if r.model == SIDE.model else talker(r))
    dialogue = await play(model, situation(ending=ending(2)), kept=kept, task=SIDE)
    assert dialogue.task == "Talk about two crates of figs."
    assert dialogue.assignment.task == "Talk about figs."
    started = kept.events[0]
    assert isinstance(started, DialogueStarted)
    assert (started.task, started.usage.calls) == (dialogue.task, 1)
    assert dialogue.lineage.models["task"] == SIDE.model
    assert "Talk about two crates of figs." in str(model.requests[1].messages)


async def test_a_specifier_that_says_nothing_leaves_the_task_as_it_was() -> None:
    model = ScriptedModel(lambda request: " " if request.model == SIDE.model else talker(request))
    assert (await play(model, situation(ending=ending(2)), task=SIDE)).task == "Talk about figs."


async def test_a_task_is_made_specific_only_once() -> None:
    kept = Kept()
    replies = ScriptedModel(lambda request: "Crates." if request.model == SIDE.model else talker(request))
    await play(replies, situation(), kept=kept, task=SIDE)
    second = ScriptedModel(talker)
    await play(second, situation(), history=kept.cut(1).history(), task=SIDE)
    assert SIDE.model not in {request.model for request in second.requests}


# Speakers of the user's own


async def test_a_function_plays_a_role() -> None:
    heard: list[Sequence[Said]] = []

    def helper(turns: Sequence[Said]) -> str:
        heard.append(turns)
        return "Take these."

    model = ScriptedModel(["Figs?", "Thanks."])
    dialogue = await play(model, situation(ending=ending(3)), speakers={"helper": FunctionSpeaker(helper)})
    assert [turn.speaker for turn in dialogue.turns] == ["model", "callable", "model"]
    assert heard == [[{"role": "asker", "text": "Figs?"}]]
    assert dialogue.lineage.models["helper"] == "callable"


async def test_a_role_of_the_scenario_may_name_its_model() -> None:
    scenario = situation(ending=ending(2))
    helper = scenario.role("helper").model_copy(update={"model": "scripted/other"})
    scenario = scenario.model_copy(update={"roles": (scenario.roles[0], helper)})
    model = ScriptedModel(talker)
    dialogue = await play(model, scenario, model_speaker=ModelSpeaker)
    assert [request.model for request in model.requests] == [MODEL, "scripted/other"]
    assert dialogue.lineage.models == {"asker": MODEL, "helper": "scripted/other"}
    own = {"helper": ModelSpeaker("scripted/mine")}
    dialogue = await play(model, scenario, model_speaker=ModelSpeaker, speakers=own)
    assert dialogue.lineage.models["helper"] == "scripted/mine", "the run's word counts for more"


class Custom(BaseChatAgent):
    """An agent of a user's: what it answers is up to the test."""

    def __init__(self, name: str, reply: Callable[[int], BaseChatMessage], aside: str | None = None) -> None:
        super().__init__(name, "custom")
        self._reply, self._aside, self._turn = reply, aside, 0

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], token: CancellationToken) -> Response:
        self._turn += 1
        return Response(chat_message=self._reply(self._turn))

    async def on_messages_stream(self, messages, cancellation_token):  # type: ignore[no-untyped-def]
        if self._aside is not None:
            yield TextMessage(content=self._aside, source=self.name)
        yield await self.on_messages(messages, cancellation_token)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self._turn = 0


def custom(role: str, text: str = "Take these.", *, aside: str | None = None, **fields: object) -> AgentSpeaker:
    def reply(turn: int) -> TextMessage:
        return TextMessage.model_validate({"content": text, "source": role, **fields})

    return AgentSpeaker(lambda: Custom(role, reply, aside))


async def test_what_an_agent_says_on_the_way_to_its_turn_is_no_turn() -> None:
    model = ScriptedModel(talker)
    dialogue = await play(
        model, situation(ending=ending(4)), speakers={"helper": custom("helper", aside="Let me see.")}
    )
    assert [(turn.role, turn.speaker) for turn in dialogue.turns] == [
        ("asker", "model"),
        ("helper", "agent"),
        ("asker", "model"),
        ("helper", "agent"),
    ]
    assert all("Let me see." not in turn.text for turn in dialogue.turns)


async def test_an_agent_that_signs_with_another_name_still_plays_its_role() -> None:
    model = ScriptedModel(talker)
    dialogue = await play(model, situation(ending=ending(4)), speakers={"helper": custom("helper", source="somebody")})
    assert [turn.role for turn in dialogue.turns] == ["asker", "helper", "asker", "helper"]


async def test_metadata_of_a_foreign_agent_is_not_read_as_ours() -> None:
    speakers = {
        "helper": custom("helper", metadata={"cost": "cheap", "calls": "many", "finish": "never", "model": "x"})
    }
    dialogue = await play(ScriptedModel(talker), situation(ending=ending(2)), speakers=speakers)
    assert (dialogue.turns[1].model, dialogue.turns[1].finish, dialogue.turns[1].usage.cost) == (
        None,
        "unknown",
        0,
    )


async def test_an_agent_that_says_nothing_is_an_error_like_any_empty_answer() -> None:
    with pytest.raises(EmptyAnswer, match="'helper' said nothing"):
        await play(ScriptedModel(talker), situation(), speakers={"helper": custom("helper", " ")})


async def test_an_agent_with_another_name_than_its_role_is_the_users_mistake() -> None:
    with pytest.raises(UserError, match="role 'helper' is called 'servant'"):
        await play(ScriptedModel(talker), situation(), speakers={"helper": custom("servant")})


# Lineage


async def test_a_dialogue_tells_what_it_was_made_from() -> None:
    dialogue = await play(ScriptedModel(talker), situation(ending=ending(2)))
    lineage = dialogue.lineage
    assert lineage.parents == ("market", "ana", "bo")
    assert lineage.seed == 11
    assert set(lineage.hashes) == {
        "scenario",
        *(f"{part}:{role}" for part in ("persona", "prompt") for role in ("asker", "helper")),
    }
    brief = await play(
        ScriptedModel(talker),
        situation(ending=ending(2)),
        speakers={"helper": ModelSpeaker(MODEL, brief=True)},
    )
    changed = {name for name in lineage.hashes if brief.lineage.hashes[name] != lineage.hashes[name]}
    assert changed == {"prompt:helper"}
    other = await play(ScriptedModel(talker), situation(ending=ending(3)))
    assert other.lineage.hashes["scenario"] != lineage.hashes["scenario"]


async def test_seeds_differ_from_turn_to_turn_and_not_from_run_to_run() -> None:
    one, two = ScriptedModel(talker), ScriptedModel(talker)
    await play(one, situation(ending=ending(6)))
    await play(two, situation(ending=ending(6)))
    seeds = [request.params["seed"] for request in one.requests]
    assert len(set(seeds)) == 6
    assert seeds == [request.params["seed"] for request in two.requests]


async def test_a_finished_dialogue_survives_json() -> None:
    kept = Kept()
    dialogue = await play(ScriptedModel(lambda r: answer(r, "\ud83d né")), situation(ending=ending(2)), kept=kept)
    assert Dialogue.model_validate_json(dialogue.model_dump_json()) == dialogue
    assert isinstance(kept.events[-1], DialogueEnded)
    json.loads(kept.events[-1].model_dump_json())
    assert said(situation(), "a", "b").turns[1].role == "helper"
