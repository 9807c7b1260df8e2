"""How a dialogue ends, and what does not end it."""

from collections.abc import Callable

import pytest

from agentsim.errors import ContextTooLong
from agentsim.events import GoalChecked
from agentsim.llm.model import Model, Request
from agentsim.schema import Scenario
from tests.dialogue.build import SIDE, Kept, ending, play, situation
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


# The task specifier
