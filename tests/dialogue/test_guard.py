"""What guards do about a failing turn: each action, its bounds, and what is kept of it."""

from typing import Any, get_args

import pytest

from agentsim.dialogue.conversation import converse
from agentsim.dialogue.empty import EmptyAnswer
from agentsim.dialogue.history import History
from agentsim.events import Flagged, Intervened, TurnDone, Withdrawn, parse_event
from agentsim.llm.model import Request
from agentsim.llm.recording import request_key
from agentsim.schema import Dialogue, FailureKind, Guards, Policy
from agentsim.schema.scenario import Ending
from tests.dialogue.build import Kept, plan_of, stage_of
from tests.kettle import AT, LINES, Kettle, ana, scenario
from tests.scripted import ScriptedModel

KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
REPAIRED = tuple(kind for kind in KINDS if kind not in ("farewell_loop", "off_task"))
LONG = Ending(goal="The customer knows what they get back.", min_turns=6, max_turns=16)


async def chat(
    kettle: Kettle,
    guards: Guards,
    *,
    kept: Kept | None = None,
    history: History | None = None,
    model: ScriptedModel | None = None,
    stream: bool = False,
    own: dict[FailureKind, Policy] | None = None,
    **fields: Any,
) -> Dialogue:
    """Play the conversation about the kettle; ``own`` are the scenario's policies."""
    played = scenario(guards=own or {}, **fields)
    door = model or ScriptedModel(lambda request: kettle(request.messages))
    kept = kept or Kept()
    return await converse(
        stage_of(door, guards=guards, stream=stream),
        plan_of(played, cast={"customer": "ana"}, task=played.task.fill(("a kettle",), {})),
        played,
        {"ana": ana()},
        emit=kept,
        watch=kept.tokens.append,
        history=history,
    )


def said(dialogue: Dialogue) -> list[str]:
    return [turn.text for turn in dialogue.turns]


async def test_a_conversation_that_goes_well_is_left_alone() -> None:
    dialogue = await chat(Kettle(), Guards())
    assert said(dialogue) == list(LINES)
    assert (dialogue.findings, dialogue.interventions) == ((), ())


@pytest.mark.parametrize("kind", KINDS)
async def test_with_guards_off_nothing_is_seen(kind: FailureKind) -> None:
    if kind == "empty":
        return  # an empty turn is asked for again in any case
    dialogue = await chat(Kettle(kind), Guards(mode="off"), ending=LONG)
    assert (dialogue.findings, dialogue.interventions) == ((), ())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
async def test_tagging_keeps_the_turn_and_says_what_is_wrong(kind: FailureKind) -> None:
    kept = Kept()
    dialogue = await chat(Kettle(kind), Guards(mode="tag"), kept=kept, ending=LONG)
    first = next(finding for finding in dialogue.findings if finding.kind == kind)
    assert abs(first.turn - AT[kind]) <= 1
    assert first.evidence in dialogue.turns[first.turn].text
    assert dialogue.interventions == ()
    told = [finding for event in kept.events if isinstance(event, Flagged) for finding in event.findings]
    assert first in told


@pytest.mark.parametrize("kind", REPAIRED)
async def test_by_default_a_failing_turn_is_said_again(kind: FailureKind) -> None:
    dialogue = await chat(Kettle(kind), Guards())
    assert said(dialogue) == list(LINES)
    assert dialogue.findings == ()
    assert {one.finding.kind for one in dialogue.interventions} == {kind}
    first = dialogue.interventions[0]
    assert first.chosen == len(first.candidates) - 1
    assert first.candidates[0].findings and not first.candidates[first.chosen].findings
    assert first.discarded.completion_tokens == first.candidates[0].turn.usage.completion_tokens


async def test_a_digression_is_taken_back() -> None:
    dialogue = await chat(Kettle("off_task"), Guards())
    assert said(dialogue) == list(LINES)
    assert dialogue.findings == ()
    done = dialogue.interventions[0]
    assert (done.finding.kind, done.finding.turn, done.action, done.chosen) == (
        "off_task",
        AT["off_task"],
        "rewind",
        None,
    )
    assert [turn.index for turn in done.undone] == [AT["off_task"]]


async def test_goodbyes_without_end_are_an_end() -> None:
    dialogue = await chat(Kettle("farewell_loop"), Guards(), ending=LONG)
    assert said(dialogue)[: len(LINES)] == list(LINES)
    assert len(dialogue.turns) <= AT["farewell_loop"] + 1
    assert dialogue.end.reason == "guard"
    assert dialogue.end.detail is not None and dialogue.end.detail.startswith("farewell_loop at turn")
    last = dialogue.interventions[-1]
    assert (last.action, last.chosen) == ("end", None)
    assert dialogue.findings == ()


async def test_too_early_an_end_is_said_again() -> None:
    early = {"broken_language": Policy(action="end")}
    dialogue = await chat(Kettle("broken_language"), Guards(policies=early))
    assert said(dialogue) == list(LINES)
    assert dialogue.interventions[0].action == "regenerate"


async def test_a_hint_reaches_the_offender_alone_and_is_not_remembered() -> None:
    kettle = Kettle("role_flip")
    model = ScriptedModel(lambda request: kettle(request.messages))
    dialogue = await chat(
        kettle, Guards(policies={"role_flip": Policy(action="hint", hint="You are the AGENT.")}), model=model
    )
    assert said(dialogue) == list(LINES)
    assert dialogue.interventions[0].hint == "You are the AGENT."
    hinted = [request for request in model.requests if "You are the AGENT." in str(request.messages)]
    assert len(hinted) == 1
    assert str(hinted[0].messages[-1]["content"]).endswith("You are the AGENT.")
    assert hinted[0].messages[-1]["role"] == "user"


async def test_rewinding_takes_turns_back_and_goes_on_from_there() -> None:
    policies = {"broken_language": Policy(action="rewind", turns=3)}
    kept = Kept()
    dialogue = await chat(Kettle("broken_language"), Guards(policies=policies), kept=kept)
    assert said(dialogue) == list(LINES)
    done = dialogue.interventions[0]
    assert (done.action, done.chosen, [turn.index for turn in done.undone]) == ("rewind", None, [1, 2])
    told = [event.turn.index for event in kept.events if isinstance(event, TurnDone)]
    assert told == [0, 1, 2, 1, 2, *range(3, len(LINES))]


async def test_where_every_candidate_fails_the_best_is_kept_and_tagged() -> None:
    policies = {"broken_language": Policy(action="regenerate", candidates=2)}
    dialogue = await chat(Kettle("broken_language", times=9), Guards(policies=policies))
    assert [finding.kind for finding in dialogue.findings] == ["broken_language"]
    assert len(dialogue.interventions[0].candidates) == 3
    assert dialogue.interventions[0].chosen == 0  # equals: the first


async def test_otherwise_may_end_the_dialogue() -> None:
    policies = {"flake_reply": Policy(action="regenerate", candidates=1, otherwise="end")}
    dialogue = await chat(Kettle("flake_reply", times=9), Guards(policies=policies))
    assert len(dialogue.turns) == AT["flake_reply"]
    assert (dialogue.end.reason, dialogue.end.detail) == ("guard", f"flake_reply at turn {AT['flake_reply']}")


async def test_otherwise_may_rewind() -> None:
    policies = {"flake_reply": Policy(action="regenerate", candidates=1, otherwise="rewind", turns=2)}
    dialogue = await chat(Kettle("flake_reply", times=3), Guards(policies=policies))
    assert said(dialogue) == list(LINES)
    assert [one.action for one in dialogue.interventions] == ["rewind", "regenerate"]


async def test_repairs_have_a_bound() -> None:
    dialogue = await chat(Kettle("flake_reply"), Guards(max_repairs=0))
    assert [finding.kind for finding in dialogue.findings] == ["flake_reply"]
    dialogue = await chat(Kettle("flake_reply", times=9), Guards(max_repair_tokens=12))
    assert len(dialogue.interventions) == 1
    assert len(dialogue.interventions[0].candidates) == 2
    assert [finding.kind for finding in dialogue.findings] == ["flake_reply"]


async def test_all_candidates_may_be_asked_for_and_the_best_taken() -> None:
    policies = {"flake_reply": Policy(action="regenerate", candidates=3, until_clean=False)}
    dialogue = await chat(Kettle("flake_reply"), Guards(policies=policies))
    assert said(dialogue) == list(LINES)
    assert len(dialogue.interventions[0].candidates) == 4
    assert dialogue.interventions[0].chosen == 1


async def test_a_scenario_has_policies_of_its_own_and_the_run_has_the_last_word() -> None:
    own: dict[FailureKind, Policy] = {"flake_reply": Policy(action="tag")}
    dialogue = await chat(Kettle("flake_reply"), Guards(), own=own)
    assert (len(dialogue.interventions), len(dialogue.findings)) == (0, 1)
    dialogue = await chat(Kettle("flake_reply"), Guards(policies={"flake_reply": Policy(action="hint")}), own=own)
    assert (len(dialogue.interventions), len(dialogue.findings)) == (1, 0)
    dialogue = await chat(Kettle("flake_reply"), Guards(), own={"flake_reply": Policy(action="ignore")})
    assert (len(dialogue.interventions), len(dialogue.findings)) == (0, 0)


async def test_a_role_that_never_says_anything_is_an_error_with_all_attempts_counted() -> None:
    with pytest.raises(EmptyAnswer, match="said nothing in 4 attempts"):
        await chat(Kettle("empty", times=99), Guards())


async def test_no_two_takes_of_a_turn_have_the_same_seed() -> None:
    kettle = Kettle("off_task", times=2)
    model = ScriptedModel(lambda request: kettle(request.messages))
    policies = {"off_task": Policy(action="regenerate", candidates=1, otherwise="rewind", turns=2)}
    await chat(kettle, Guards(policies=policies), model=model)
    keys = [request_key(request) for request in model.requests]
    assert len(set(keys)) == len(keys)


async def test_words_taken_back_are_told_to_who_watches() -> None:
    kept = Kept()
    await chat(Kettle("flake_reply"), Guards(), kept=kept, stream=True)
    withdrawn = [event for event in kept.tokens if isinstance(event, Withdrawn)]
    assert [event.turn for event in withdrawn] == [AT["flake_reply"]]
    assert not any(isinstance(event, Withdrawn) for event in kept.events)


class ByRequest:
    """Goes wrong the first time that a turn is asked for in so many words, however often the run is started."""

    def __init__(self, kind: FailureKind) -> None:
        self._kind = kind
        self._known: dict[str, str] = {}
        self._kettle = Kettle(kind)

    def __call__(self, request: Request) -> str:
        return self._known.setdefault(request_key(request), self._kettle(request.messages))


@pytest.mark.parametrize("kind", ["flake_reply", "off_task", "broken_language"])
async def test_a_dialogue_cut_anywhere_goes_on_as_if_it_had_not_been(kind: FailureKind) -> None:
    policies = {
        "off_task": Policy(action="rewind", turns=2),
        "broken_language": Policy(action="rewind", turns=3),
        "flake_reply": Policy(action="hint", candidates=2),
    }
    guards = Guards(policies=policies)
    answers, kept = ByRequest(kind), Kept()
    whole = await chat(Kettle(), guards, kept=kept, model=ScriptedModel(answers))
    assert whole.interventions
    events = [event for event in kept.events if event.kind != "dialogue_ended"]
    for cut in range(1, len(events) + 1):
        if isinstance(events[cut - 1], Intervened) and events[cut - 1].intervention.chosen is not None:
            continue  # it is stored in one piece with the turn that follows
        left = Kept()
        left.events = [parse_event(event.model_dump_json()) for event in events[:cut]]
        model = ScriptedModel(answers)
        assert await chat(Kettle(), guards, history=left.history(), model=model) == whole
