"""What roles are told for one turn alone: the agenda of the leading role, and a small model's second try."""

from typing import Any

from agentsim.dialogue.speakers import FunctionSpeaker, ModelSpeaker
from agentsim.llm.model import Request
from agentsim.schema import Dialogue, Guards
from agentsim.schema.agenda import AgendaEntry, AgendaPlan
from agentsim.schema.scenario import Ending
from tests.dialogue.build import MODEL, play, situation
from tests.scripted import ScriptedModel

PLAN = AgendaPlan(
    items=(
        AgendaEntry(act="inform", text="Say that you have two boxes of figs to sell."),
        AgendaEntry(act="ask", text="Ask what a box of figs costs at the market today."),
    )
)
SAID = {
    "two boxes of figs": "I have two boxes of figs to sell.",
    "what a box of figs": "What does a box of figs cost at the market today?",
    "goodbye": "Thank you, that is all. Goodbye!",
}


REPLIES = (
    "Safe journey home, and goodbye!",
    "Good, the buyers from the hotel come before ten and take both.",
    "A box goes for nine euros since Monday.",
    "You are welcome, goodbye!",
    "The stall by the gate is free.",
    "Rain is on its way, so be quick.",
)


def follows_notes(request: Request) -> str:
    """Says what its note asks for, and answers anybody else in full."""
    last = str(request.messages[-1]["content"]).casefold()
    told = next((line for cue, line in SAID.items() if cue in last and "note to you alone" in last), None)
    return told or REPLIES[len(request.messages) // 2 % len(REPLIES)]


async def talk(model: ScriptedModel, **stage: Any) -> Dialogue:
    ending = Ending(goal="A price is agreed.", min_turns=2, max_turns=12)
    return await play(model, situation(ending=ending, agenda=PLAN), agenda=True, **stage)


async def test_the_leader_says_its_items_one_a_turn_and_then_the_dialogue_is_over() -> None:
    dialogue = await talk(ScriptedModel(follows_notes))
    mine = [turn.text for turn in dialogue.turns if turn.role == "asker"]
    assert mine == list(SAID.values())
    assert (dialogue.end.reason, len(dialogue.turns)) == ("goal_reached", 6)


async def test_notes_reach_the_leader_alone_and_are_not_remembered() -> None:
    model = ScriptedModel(follows_notes)
    dialogue = await talk(model)
    noted = [request for request in model.requests if "note to you alone" in str(request.messages)]
    assert len(noted) == len(SAID)
    assert all("note to you alone" not in str(request.messages[:-1]) for request in noted)
    assert all("the asker" in str(request.messages[0]["content"]) for request in noted)
    assert "note to you alone" not in "".join(turn.text for turn in dialogue.turns)


async def test_what_was_not_answered_is_brought_up_again() -> None:
    asked: list[str] = []

    def deaf(request: Request) -> str:
        text = follows_notes(request)
        if text in SAID.values():
            return text
        asked.append(str(request.messages[-1]["content"]))
        return "Pardon?" if len(asked) == 2 else text

    dialogue = await talk(ScriptedModel(deaf))
    mine = [turn.text for turn in dialogue.turns if turn.role == "asker"]
    assert mine.count(SAID["what a box of figs"]) > 1
    assert dialogue.end.reason == "goal_reached"


async def test_a_leader_with_nothing_left_to_say_gives_up() -> None:
    def evasive(request: Request) -> str:
        text = follows_notes(request)
        if text in SAID.values() or "oodbye" in str(request.messages[-1]["content"]):
            return text
        return "What do you think yourself?"

    dialogue = await talk(ScriptedModel(evasive))
    assert dialogue.end.reason == "given_up"
    assert dialogue.end.detail is not None and dialogue.end.detail.startswith("50% of the agenda")


async def test_agendas_can_be_switched_off_by_scenario_and_by_run() -> None:
    model = ScriptedModel(follows_notes)
    await play(model, situation(agenda=AgendaPlan(enabled=False)), agenda=True)
    assert "note to you alone" not in str([request.messages for request in model.requests])
    model = ScriptedModel(follows_notes)
    await play(model, situation(agenda=PLAN), agenda=False)
    assert "note to you alone" not in str([request.messages for request in model.requests])


async def test_nobody_directs_a_function_or_a_chatbot_under_test() -> None:
    for speaker in (FunctionSpeaker(lambda said: f"Line {len(said)}."), ModelSpeaker(MODEL, bare=True)):
        model = ScriptedModel(follows_notes)
        await play(model, situation(agenda=PLAN), agenda=True, speakers={"asker": speaker})
        assert "note to you alone" not in str([request.messages for request in model.requests])


async def test_a_small_model_repeats_its_line_and_tries_again_with_less_before_it() -> None:
    small = ModelSpeaker(MODEL, brief=True)
    seen: list[Request] = []

    def looping(request: Request) -> str:
        seen.append(request)
        last = str(request.messages[-1]["content"])
        if last.startswith("Repeat this sentence"):
            return last.split('"')[1]
        alone = len(request.messages) == 2 and "The conversation is about figs" in str(request.messages[0]["content"])
        if alone:
            return REPLIES[len(seen) // 3 % len(REPLIES)]
        return "figs box figs box figs box figs box figs box figs box figs box figs box figs box figs box"

    dialogue = await talk(ScriptedModel(looping), speaker=small, guards=Guards())
    assert dialogue.turns[0].text.startswith("I have two boxes of figs")
    assert {one.finding.kind for one in dialogue.interventions} == {"broken_language"}
    kept = [one.candidates[one.chosen].turn.text for one in dialogue.interventions if one.chosen is not None]
    assert kept and set(kept) <= set(REPLIES)
    cues = [request for request in seen if "Repeat this sentence" in str(request.messages[-1]["content"])]
    assert cues and all(request.params["temperature"] == 0.3 for request in cues)
