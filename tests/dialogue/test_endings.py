"""How a dialogue ends, and what does not end it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from agentsim.dialogue.conversation import converse
from agentsim.dialogue.empty import EmptyAnswer
from agentsim.dialogue.ending import LONGEST_REASON, TOOL
from agentsim.dialogue.speakers import AgentSpeaker, FunctionSpeaker, ModelSpeaker, SpeakerSpec
from agentsim.errors import BadRequest, ContextTooLong, NotRecorded
from agentsim.events import DialogueEnded, Event, GoalChecked, Intervened, Notice, SpeakerChosen
from agentsim.llm.model import Answer, Model, Request, ToolCall
from agentsim.llm.recording import Recording
from agentsim.llm.ways import Ways
from agentsim.schema import Guards, Scenario
from tests.dialogue.agents import Echo
from tests.dialogue.build import MODEL, PEOPLE, SIDE, Kept, ending, plan_of, play, situation, stage_of
from tests.loopback import BAD_REQUEST, Failure, LoopbackServer
from tests.scripted import Reply, ScriptedModel, talker


async def end_of(model: Model, scenario: Scenario, **stage: object) -> tuple[str, int]:
    dialogue = await play(model, scenario, **stage)  # type: ignore[arg-type]
    return dialogue.end.reason, len(dialogue.turns)


def asked_for_goal(*replies: Reply) -> Callable[[Request], Reply]:
    """Roles talk; the side model answers from the list, then with no for good."""
    left = list(replies)

    def reply(request: Request) -> Reply:
        if request.model != SIDE.model:
            return talker(request)
        return left.pop(0) if left else '{"reason": "no", "reached": false}'

    return reply


YES = '{"reason": "They shook hands.", "reached": true}'


async def test_ends_at_the_turn_limit() -> None:
    assert await end_of(ScriptedModel(talker), situation(ending=ending(5))) == ("turn_limit", 5)


async def test_ends_when_enough_tokens_were_generated() -> None:
    model = ScriptedModel(["one two three four five six seven"] * 9)
    assert await end_of(model, situation(ending=ending(9, max_tokens=16))) == ("token_limit", 3)


async def test_ends_when_the_goal_is_reached() -> None:
    kept = Kept()
    model = ScriptedModel(asked_for_goal('{"reason": "not yet", "reached": false}', YES))
    dialogue = await play(model, situation(), kept=kept, goal=SIDE)
    assert (dialogue.end.reason, dialogue.end.detail, len(dialogue.turns)) == (
        "goal_reached",
        "A price is agreed.",
        4,
    )
    checks = [(e.turn, e.reached) for e in kept.events if isinstance(e, GoalChecked)]
    assert checks == [(1, False), (3, True)]
    asked = [r for r in model.requests if r.model == SIDE.model]
    assert all(r.params["response_format"]["type"] == "json_schema" for r in asked)


async def test_the_goal_is_not_asked_for_before_the_least_turns_nor_amid_a_round() -> None:
    kept = Kept()
    model = ScriptedModel(asked_for_goal())
    await play(model, situation(3, ending=ending(10, min_turns=4)), kept=kept, goal=SIDE)
    assert [event.turn for event in kept.events if isinstance(event, GoalChecked)] == [5, 8]


@pytest.mark.parametrize(
    "unreadable",
    [
        "yes",
        "",
        "true",
        '{"reached": "true", "reason": "x"}',
        '{"reason": "x"}',
        '{"reached": 1}',
        "[true]",
        "{",
    ],
)
async def test_a_goal_answer_that_cannot_be_read_ends_nothing(unreadable: str) -> None:
    kept = Kept()
    model = ScriptedModel(asked_for_goal(unreadable))
    dialogue = await play(model, situation(ending=ending(4)), kept=kept, goal=SIDE)
    assert dialogue.end.reason == "turn_limit"
    assert [event.reached for event in kept.events if isinstance(event, GoalChecked)] == [None]


async def test_words_in_the_talk_end_nothing() -> None:
    model = ScriptedModel(["TERMINATE", '{"reached": true}', "CAMEL_TASK_DONE", "goodbye", "STOP", "end"])
    assert await end_of(model, situation()) == ("turn_limit", 6)


@pytest.mark.parametrize(("said_before", "ends"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
async def test_a_full_context_ends_a_dialogue_in_which_everybody_spoke(said_before: int, ends: bool) -> None:
    model = ScriptedModel([*["word"] * said_before, ContextTooLong("4096 tokens at most", model="m")])
    if ends:
        dialogue = await play(model, situation(3))
        assert (dialogue.end.reason, dialogue.end.detail) == ("token_limit", "4096 tokens at most")
        assert len(dialogue.turns) == said_before
    else:
        with pytest.raises(ContextTooLong):
            await play(model, situation(3))


async def test_a_full_context_of_the_goal_check_ends_a_resumed_dialogue_as_it_ended_the_first() -> None:
    def reply(request: Request) -> Reply:
        return ContextTooLong("too long", model="m") if request.model == SIDE.model else talker(request)

    kept = Kept()
    first = await play(ScriptedModel(reply), situation(), kept=kept, goal=SIDE)
    assert (first.end.reason, len(first.turns)) == ("token_limit", 2)
    again = await play(ScriptedModel(reply), situation(), history=kept.cut(2).history(), goal=SIDE)
    assert again == first


# The tool of the leading role


def call(reached: object = True, reason: object = "They shook hands.", name: str = TOOL) -> ToolCall:
    return ToolCall("call-1", name, json.dumps({"reason": reason, "reached": reached}))


def calling(text: str = "", *calls: ToolCall) -> Answer:
    finish = "tool_calls"
    return Answer(
        text,
        MODEL,
        finish,  # type: ignore[arg-type]
        prompt_tokens=30,
        completion_tokens=9,
        cost=2e-6,
        tool_calls=calls or (call(),),
    )


def led(*replies: Reply) -> Callable[[Request], Reply]:
    """Whoever is offered the tool answers from the list; all others talk, and so does who finds the list empty."""
    left = list(replies)

    def reply(request: Request) -> Reply:
        if request.model == SIDE.model:
            return '{"reason": "no", "reached": false}'
        return left.pop(0) if left and "tools" in request.params else talker(request)

    return reply


def everyone(_: str) -> bool:
    return True


def checks(kept: Kept) -> list[tuple[int, bool | None]]:
    return [(event.turn, event.reached) for event in kept.events if isinstance(event, GoalChecked)]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_without_words_ends_the_dialogue_on_the_turn_before(streamed: bool) -> None:
    kept, model = Kept(), ScriptedModel(led("Not yet.", calling()))
    dialogue = await play(model, situation(), kept=kept, goal=SIDE, ends_by_tool=everyone, stream=streamed)
    assert (dialogue.end.reason, dialogue.end.detail) == ("goal_reached", "They shook hands.")
    assert [turn.role for turn in dialogue.turns] == ["asker", "helper", "asker", "helper"]
    assert checks(kept) == [(3, True)]
    asked = [event.usage for event in kept.events if isinstance(event, GoalChecked)]
    assert [(used.prompt_tokens, used.completion_tokens, used.cost, used.calls) for used in asked] == [(30, 9, 2e-6, 1)]


@pytest.mark.parametrize("streamed", [False, True])
async def test_words_beside_the_call_are_the_last_turn(streamed: bool) -> None:
    kept, model = Kept(), ScriptedModel(led(calling("Two euros it is, goodbye.")))
    dialogue = await play(model, situation(), kept=kept, goal=SIDE, ends_by_tool=everyone, stream=streamed)
    assert dialogue.end.reason == "goal_reached"
    assert [turn.role for turn in dialogue.turns] == ["asker", "helper", "asker"]
    assert (dialogue.turns[-1].text, dialogue.turns[-1].usage.completion_tokens) == ("Two euros it is, goodbye.", 9)
    # The turn has the tokens; what asking took is nothing beside them.
    assert [(e.turn, e.reached, e.usage.calls) for e in kept.events if isinstance(e, GoalChecked)] == [(2, True, 0)]


async def test_the_last_turn_and_its_end_are_kept_together_or_not_at_all() -> None:
    told: list[tuple[str, ...]] = []

    async def emit(*events: Event) -> None:
        told.append(tuple(event.kind for event in events))

    stage = stage_of(ScriptedModel(led(calling("Goodbye."))), ends_by_tool=everyone)
    await converse(stage, plan_of(situation()), situation(), PEOPLE, emit=emit)
    assert told[-1] == ("turn_done", "goal_checked", "dialogue_ended")


async def test_who_leads_may_give_up() -> None:
    model = ScriptedModel(led(calling("", call(False, "She has no figs."))))
    dialogue = await play(model, situation(), goal=SIDE, ends_by_tool=everyone)
    assert (dialogue.end.reason, dialogue.end.detail) == ("given_up", "She has no figs.")


async def test_the_tool_is_offered_to_who_leads_from_the_least_turns_on_and_nobody_is_asked() -> None:
    model = ScriptedModel(led())
    await play(model, situation(3, ending=ending(12, min_turns=4)), goal=SIDE, ends_by_tool=everyone)
    offered = ["tools" in request.params for request in model.requests]
    assert offered == [turn in (6, 9) for turn in range(12)]
    assert {request.model for request in model.requests} == {MODEL}
    (tool,) = model.requests[6].params["tools"]
    assert tool["function"]["name"] == TOOL
    assert "only once this is so: A price is agreed.\n" in tool["function"]["description"]
    assert tool["function"]["parameters"]["required"] == ["reason", "reached"]
    assert "tool_choice" not in model.requests[6].params


BROKEN = [
    ToolCall("1", TOOL, ""),
    ToolCall("1", TOOL, "{"),
    ToolCall("1", TOOL, "null"),
    ToolCall("1", TOOL, "[true]"),
    ToolCall("1", TOOL, '{"reason": "x"}'),
    ToolCall("1", TOOL, '{"reason": "x", "reached": "true"}'),
    ToolCall("1", TOOL, '{"reason": "x", "reached": 1}'),
    ToolCall("1", TOOL, "[" * 9_999),
    ToolCall("1", TOOL, '{"reached": true, "reason": "' + "x" * 20_000 + '"}'),
    call(name="finish"),
    call(name=""),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_words_beside_a_broken_call_are_an_ordinary_turn(broken: ToolCall) -> None:
    model = ScriptedModel(led(calling("What else?", broken)))
    dialogue = await play(model, situation(), goal=SIDE, ends_by_tool=everyone)
    assert (dialogue.end.reason, dialogue.turns[2].text) == ("turn_limit", "What else?")
    # Nothing of the call is in the chat that anybody sees later.
    assert all(message.keys() == {"role", "content"} for request in model.requests for message in request.messages)


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_a_broken_call_without_words_is_asked_for_again(broken: ToolCall) -> None:
    model = ScriptedModel(led(calling("", broken), calling(" \n", broken), "I meant to ask."))
    dialogue = await play(model, situation(), goal=SIDE, ends_by_tool=everyone)
    assert (dialogue.end.reason, dialogue.turns[2].text) == ("turn_limit", "I meant to ask.")
    assert dialogue.turns[2].usage.calls == 3
    assert len({request.sample for request in model.requests[2:5]}) == 3


async def test_nothing_but_broken_calls_are_an_empty_answer() -> None:
    model = ScriptedModel(led(*[calling("", BROKEN[0])] * 3))
    with pytest.raises(EmptyAnswer, match="asker said nothing"):
        await play(model, situation(), ends_by_tool=everyone)


async def test_the_first_call_that_can_be_read_counts() -> None:
    model = ScriptedModel(led(calling("", call(name="finish"), BROKEN[1], call(False, "a\n\ud800 b"), call(True))))
    dialogue = await play(model, situation(), ends_by_tool=everyone)
    assert (dialogue.end.reason, dialogue.end.detail) == ("given_up", "a � b")


@pytest.mark.parametrize(("given", "kept"), [(None, None), (7, None), (" ", None), ("x" * 999, "x" * LONGEST_REASON)])
async def test_a_reason_is_a_detail(given: object, kept: str | None) -> None:
    dialogue = await play(ScriptedModel(led(calling("", call(True, given)))), situation(), ends_by_tool=everyone)
    assert (dialogue.end.reason, dialogue.end.detail) == ("goal_reached", kept)


async def test_a_call_that_was_not_offered_is_none() -> None:
    script: list[Reply] = ["Figs?", calling("Two euros."), calling("Hm."), *["word"] * 3]
    dialogue = await play(ScriptedModel(script), situation())
    assert (dialogue.end.reason, len(dialogue.turns)) == ("turn_limit", 6)
    early_calls: list[Reply] = [calling(), calling(), "Figs?", *["word"] * 5]
    dialogue = await play(ScriptedModel(early_calls), situation(), ends_by_tool=everyone)
    assert (dialogue.turns[0].text, len(dialogue.turns)) == ("Figs?", 6)


async def test_a_guard_that_sees_to_empty_turns_lets_the_call_pass() -> None:
    kept = Kept()
    figs: list[Reply] = [
        "How much are the figs today?",
        "Two euros for a pound of figs.",
        calling("", BROKEN[0]),
        calling(),
    ]
    dialogue = await play(ScriptedModel(figs), situation(), kept=kept, ends_by_tool=everyone, guards=Guards())
    assert (dialogue.end.reason, len(dialogue.turns)) == ("goal_reached", 2)
    # The empty proposal is kept with its cost, as all that a guard throws away.
    (done,) = dialogue.interventions
    assert (done.finding.kind, done.chosen, done.discarded.completion_tokens) == ("empty", None, 9)
    assert [e.kind for e in kept.events][-3:] == ["intervened", "goal_checked", "dialogue_ended"]
    assert any(isinstance(event, Intervened) for event in kept.events)


@pytest.mark.parametrize(
    "leader",
    [
        ModelSpeaker(MODEL, bare=True),
        ModelSpeaker(MODEL, brief=True),
        ModelSpeaker("scripted/other"),
        FunctionSpeaker(lambda turns: f"word {len(turns)}"),
        AgentSpeaker(lambda: Echo("asker")),
    ],
    ids=["bare", "brief", "unlisted", "function", "agent"],
)
async def test_where_no_model_fit_for_the_tool_leads_a_model_is_asked(leader: SpeakerSpec) -> None:
    kept, model = Kept(), ScriptedModel(asked_for_goal(YES))
    dialogue = await play(
        model, situation(), kept=kept, goal=SIDE, ends_by_tool=lambda name: name == MODEL, speakers={"asker": leader}
    )
    assert (dialogue.end.reason, len(dialogue.turns), checks(kept)) == ("goal_reached", 2, [(1, True)])
    assert not any("tools" in request.params for request in model.requests)


def refusing(reply: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    """A provider that takes no tools."""

    def refuse(request: Request) -> Reply:
        return BadRequest("no tools here", model=request.model) if "tools" in request.params else reply(request)

    return refuse


@pytest.mark.parametrize("streamed", [False, True])
async def test_where_tools_are_refused_the_question_is_asked_and_it_is_said_once(streamed: bool) -> None:
    kept, model = Kept(), ScriptedModel(refusing(asked_for_goal()))
    stage = stage_of(model, goal=SIDE, ends_by_tool=everyone, stream=streamed)
    scenario = situation(ending=ending(8, min_turns=4))
    first = await converse(stage, plan_of(scenario), scenario, PEOPLE, emit=kept)
    assert [event.text for event in kept.events if isinstance(event, Notice)] == [
        "no tools here; whether the goal is reached is asked instead"
    ]
    assert checks(kept) == [(3, False), (5, False)]
    again = Kept()
    second = await converse(stage, plan_of(scenario), scenario, PEOPLE, emit=again)
    assert (second, checks(again)) == (first, checks(kept))
    assert not any(isinstance(event, Notice) for event in again.events)
    assert sum("tools" in request.params for request in model.requests) == 1
    # So it does not matter which of two dialogues met the refusal, nor that the tool was tried at all.
    plain = Kept()
    assert await play(ScriptedModel(asked_for_goal()), scenario, kept=plain, goal=SIDE) == first
    assert checks(plain) == checks(kept)


async def test_a_refusal_may_come_where_the_goal_is_reached() -> None:
    kept, model = Kept(), ScriptedModel(refusing(asked_for_goal(YES)))
    dialogue = await play(model, situation(), kept=kept, goal=SIDE, ends_by_tool=everyone)
    assert (dialogue.end.reason, len(dialogue.turns), checks(kept)) == ("goal_reached", 2, [(1, True)])


async def test_where_tools_are_refused_and_nobody_may_be_asked_the_limits_end_it() -> None:
    kept, model = Kept(), ScriptedModel(refusing(talker))
    dialogue = await play(model, situation(), kept=kept, ends_by_tool=everyone)
    assert (dialogue.end.reason, checks(kept)) == ("turn_limit", [])


async def test_a_refusal_of_everything_is_raised() -> None:
    def refuse(request: Request) -> Reply:
        return BadRequest("too warm", model=MODEL) if len(request.messages) > 2 else talker(request)

    with pytest.raises(BadRequest, match="too warm"):
        await play(ScriptedModel(refuse), situation(), ends_by_tool=everyone)


async def test_a_refusal_chooses_no_speaker_twice() -> None:
    def reply(request: Request) -> Reply:
        if request.model == SIDE.model:
            return '{"next": "clerk"}' if "speaks next" in str(request.messages) else '{"reason": "", "reached": false}'
        return talker(request)

    kept = Kept()
    scenario = situation(3, turn_taking="model", ending=ending(9))
    await play(ScriptedModel(refusing(reply)), scenario, kept=kept, goal=SIDE, order=SIDE, ends_by_tool=everyone)
    chosen = [event.turn for event in kept.events if isinstance(event, SpeakerChosen)]
    assert sorted(set(chosen)) == chosen != []


class Memory:
    """Recorded answers."""

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {}

    def find(self, key: str) -> str | None:
        return self.bodies.get(key)

    def keep(self, key: str, body: str, answer: Answer) -> None:
        self.bodies[key] = body


SCRIPTS: dict[str, Callable[[], Callable[[Request], Reply]]] = {
    "silent": lambda: led("Not yet.", calling("", BROKEN[2]), calling()),
    "spoken": lambda: led("Not yet.", calling("Goodbye.")),
    "given up": lambda: led(calling("", BROKEN[2]), calling("", call(False))),
    "refused": lambda: refusing(asked_for_goal('{"reason": "", "reached": false}', YES)),
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_dialogue_cut_anywhere_ends_as_if_it_had_not_been(script: str, streamed: bool) -> None:
    memory, kept = Memory(), Kept()
    live = ScriptedModel(SCRIPTS[script]())
    stage: dict[str, Any] = {"goal": SIDE, "ends_by_tool": everyone, "stream": streamed}
    whole = await play(Recording(live, memory), situation(ending=ending(8)), kept=kept, **stage)
    assert whole.end.reason in ("goal_reached", "given_up")
    # A last turn that came with its end is never kept without it.
    cuts = range(len(whole.turns) + (script != "spoken"))
    for turns in cuts:
        # All answers were recorded, and the end was not: nothing is asked of anybody.
        again = await play(
            Recording(None, memory), situation(ending=ending(8)), history=kept.cut(turns).history(), **stage
        )
        assert again == whole


async def test_what_was_never_recorded_is_said_to_be_missing() -> None:
    with pytest.raises(NotRecorded):
        await play(Recording(None, Memory()), situation(), goal=SIDE, ends_by_tool=everyone)


@pytest.mark.parametrize("way", ["lean", "general"])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("words", ["", "Two euros it is."])
async def test_over_a_real_connection(way: Any, streamed: bool, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def reply(body: dict[str, Any]) -> dict[str, Any]:
        if "tools" not in body or len(body["messages"]) < 6:
            return {"content": f"word {len(body['messages'])}"}
        made = {"name": TOOL, "arguments": '{"reason": "They shook hands.", "reached": true}'}
        return {"content": words or None, "tool_calls": [{"id": "call_1", "type": "function", "function": made}]}

    async with LoopbackServer(reply) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        kept, ways = Kept(), Ways(way=way)
        try:
            dialogue = await play(
                ways,
                situation(ending=ending(8)),
                kept=kept,
                speaker=ModelSpeaker("openai/anything"),
                ends_by_tool=everyone,
                stream=streamed,
            )
        finally:
            await ways.close()
    assert (dialogue.end.reason, dialogue.end.detail) == ("goal_reached", "They shook hands.")
    assert [turn.text for turn in dialogue.turns][4:] == ([words] if words else [])
    assert ["tools" in body for body in server.bodies] == [False, False, True, False, True]
    assert sum(isinstance(event, DialogueEnded) for event in kept.events) == 1
    assert [event.usage.completion_tokens for event in kept.events if isinstance(event, GoalChecked)] == [
        0 if words else 7
    ]
    if streamed and words:
        assert "".join(token.text for token in kept.tokens if token.turn == 4) == words


class Choosy(LoopbackServer):
    """Refuses tools as servers do that were started without them."""

    async def _answer(self, request: web.Request, body: dict[str, Any], failure: Failure | None) -> web.StreamResponse:
        refused = replace(BAD_REQUEST, message='"auto" tool choice requires --enable-auto-tool-choice to be set')
        return await super()._answer(request, body, refused if "tools" in body else failure)


@pytest.mark.parametrize("way", ["lean", "general"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_real_refusal(way: Any, streamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Choosy(lambda body: f"word {len(body['messages'])}") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        kept, ways = Kept(), Ways(way=way)
        try:
            dialogue = await play(
                ways,
                situation(),
                kept=kept,
                speaker=ModelSpeaker("openai/anything"),
                ends_by_tool=everyone,
                stream=streamed,
            )
        finally:
            await ways.close()
    assert (dialogue.end.reason, len(dialogue.turns)) == ("turn_limit", 6)
    assert sum("tools" in body for body in server.bodies) == 1
    assert sum(isinstance(event, Notice) for event in kept.events) == 1


# The task specifier
