"""The Python way in: own people, own situations, functions as roles; in scripts, async code and notebooks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from agentsim import (
    Ending,
    FunctionSpeaker,
    Persona,
    Role,
    Scenario,
    TaskTemplate,
    Topic,
    UserError,
    asimulate,
    open_run,
    simulate,
)
from agentsim.events import Event, RunFinished, Token
from tests.scripted import ScriptedModel, talker

QUIET: dict[str, Any] = {"critic": {"enabled": False}, "goal_check": {"enabled": False}}

GRETE = Persona(
    id="grete",
    name="Grete",
    summary="A retired bus driver who has taken up baking.",
    background="Drove the same route for thirty years.",
    occupation="retired",
    age=68,
    region="Graz, Austria",
    schooling="vocational school",
    speaking_style="Blunt and short.",
    tags=("layperson",),
)

ECHO = Scenario(
    id="echo",
    title="An echo",
    domain="test",
    setting="A valley.",
    roles=(
        Role(name="caller", title="a caller", part="leads", goal="Call."),
        Role(name="echo", title="an echo", part="follows", goal="Answer.", train=True),
    ),
    task=TaskTemplate(text="The caller calls about {topic}."),
    topics=(Topic(name="cows"), Topic(name="goats")),
    ending=Ending(goal="Enough was called.", max_turns=4),
)


def test_a_persona_of_one_s_own_is_cast_and_nobody_else(tmp_path: Path) -> None:
    model = ScriptedModel(talker)
    run = simulate(
        personas=[GRETE],
        scenarios=["home-helper"],
        dialogues=2,
        max_turns=4,
        out=tmp_path / "run",
        model_object=model,
        **QUIET,
    )
    assert [record.dialogue.assignment.cast for record in run.records()] == [{"user": "grete"}] * 2
    assert "Grete" in model.requests[0].messages[0]["content"]
    assert run.tally.accepted == 2
    assert run.export(tmp_path / "data").train == 2


async def test_inside_a_running_loop_as_in_a_notebook(tmp_path: Path) -> None:
    run = simulate(scenarios=[ECHO], dialogues=1, out=tmp_path / "run", model_object=ScriptedModel(talker), **QUIET)
    assert len(run.accepted) == 1
    assert open_run(run.folder).usage == run.usage


async def test_functions_play_roles_and_hear_what_was_said(tmp_path: Path) -> None:
    heard: list[list[str]] = []

    def call(said: Sequence[Mapping[str, str]]) -> str:
        heard.append([turn["role"] for turn in said])
        return f"Hello {len(said)}"

    async def echo(said: Sequence[Mapping[str, str]]) -> str:
        return said[-1]["text"].upper()

    run = await asimulate(
        scenarios=[ECHO],
        roles={"caller": call, "echo": FunctionSpeaker(echo)},
        dialogues=1,
        out=tmp_path / "run",
        model_object=ScriptedModel([]),
        **QUIET,
    )
    turns = next(run.records()).dialogue.turns
    assert [turn.text for turn in turns] == ["Hello 0", "HELLO 0", "Hello 2", "HELLO 2"]
    assert {turn.speaker for turn in turns} == {"callable"}
    assert heard == [[], ["caller", "echo"]]


async def test_who_watches_is_told_words_and_the_end(tmp_path: Path) -> None:
    told: list[Event] = []
    await asimulate(
        scenarios=[ECHO],
        dialogues=1,
        out=tmp_path / "run",
        watch=told.append,
        stream=True,
        model_object=ScriptedModel(talker),
        **QUIET,
    )
    assert sum(isinstance(event, Token) for event in told) >= 4
    assert isinstance(told[-1], RunFinished)


def test_what_does_not_fit_is_said_before_anything_is_written(tmp_path: Path) -> None:
    for wrong in (
        {"scenarios": ["nowhere"]},
        {"roles": {"nobody": "openai/x"}},
        {"roles": {"echo": 7}},
        {"dialogues": 0},
        {"colour": "red"},
        {"personas": [GRETE], "scenarios": ["project-meeting"]},
    ):
        with pytest.raises(UserError):
            simulate(**{"scenarios": [ECHO], "out": tmp_path / "run", "model_object": ScriptedModel([]), **wrong})
    assert not (tmp_path / "run").exists()
