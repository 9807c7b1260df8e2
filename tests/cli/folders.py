"""Run directories for tests, made of events as a run would have written them; no model is asked."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentsim.events import Decided, DialogueEnded, DialogueFailed, DialogueStarted, Graded, TurnDone
from agentsim.library import Library
from agentsim.planning.plan import Plan
from agentsim.prompts.render import Prompts
from agentsim.run.runner import create
from agentsim.run.settings import RunSettings
from agentsim.run.store import Store
from agentsim.schema import (
    Assignment,
    CheckResult,
    End,
    Grade,
    Grading,
    Lineage,
    Persona,
    Reason,
    Role,
    Scenario,
    Score,
    TaskTemplate,
    Topic,
    Turn,
    Ungraded,
    Usage,
    Verdict,
)
from agentsim.schema.role import PersonaSelector
from agentsim.schema.scenario import Ending

EVIL = (
    "hi\x1b[31m\x1b]0;owned\x07 [bold]loud[/bold] [@click=app.quit]x[/]\nturn\t9\tclerk\tforged\x9b2J \u202egnp\r\nend"
)
"""What a hostile model or persona file may say."""

SECRET = "Has three unpaid tickets."


def library(name: str = "Ana Sousa") -> Library:
    """Two people, one scenario and a rubric; the first person's name may be anything."""
    shipped = Library.load()
    scenario = Scenario(
        id="shop",
        title="A lamp comes back",
        domain="retail",
        setting="A small shop on a quiet day.",
        roles=(
            Role(
                name="customer",
                title="a customer",
                part="leads",
                goal="Give the lamp back.",
                persona=PersonaSelector(ids=("ana", "bea")),
            ),
            Role(name="clerk", title="the clerk", part="follows", train=True, goal="Help."),
        ),
        task=TaskTemplate(text="Talk about {topic}."),
        topics=(Topic(name="Returns", topics=(Topic(name="No receipt"), Topic(name="Too late"))),),
        ending=Ending(goal="The lamp is returned."),
        rubric="conversation",
    )
    people = [_persona("ana", name, private_facts=(SECRET,)), _persona("bea", "Bea Lund")]
    return Library.of(personas=people, scenarios=[scenario], rubrics=shipped.rubrics.values())


def _persona(id: str, name: str, **fields: Any) -> Persona:
    return Persona(
        id=id,
        name=name,
        summary="A person.",
        background="Born, lives.",
        occupation="baker",
        age=40,
        region="Leeds",
        schooling="school",
        speaking_style="plain",
        **fields,
    )


def make_run(
    out: Path,
    *,
    said: str = "Here is your money.",
    name: str = "Ana Sousa",
    dialogues: int = 6,
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Make a run: accepted, rejected, undecided, failed, running, and the rest of ``dialogues`` not begun."""
    nouns = library(name)
    asked = RunSettings(name="test", dialogues=dialogues, seed=3, model="openai/small", **(settings or {}))
    asyncio.run(create(asked, nouns, out, check_models=False))
    plan = Plan(nouns, asked.seed)
    store = Store(out)
    try:
        for index in range(min(5, dialogues)):
            for event in _events(plan[index], nouns, index, said):
                store.append(event, index)
    finally:
        store.close()
    return out


def _events(assignment: Assignment, nouns: Library, index: int, said: str) -> Sequence[Any]:
    id = assignment.id
    who = nouns.personas[assignment.cast["customer"]]
    lineage = Lineage(
        method="simulated",
        models={"customer": "openai/small", "clerk": "openai/small"},
        hashes={f"prompt:{role}": Prompts().hash("conversation") for role in ("customer", "clerk")},
        version="0.1.0",
    )
    started = DialogueStarted(
        dialogue=id,
        assignment=assignment,
        task=assignment.task,
        names={"customer": who.name, "clerk": "Clerk"},
        lineage=lineage,
    )
    turns = [
        TurnDone(
            dialogue=id,
            turn=Turn(
                index=number,
                role=role,
                text=text,
                model="openai/small",
                finish="stop",
                usage=Usage(prompt_tokens=10, completion_tokens=7, calls=1),
            ),
        )
        for number, (role, text) in enumerate([("customer", "This lamp is broken."), ("clerk", said)])
    ]
    ended = DialogueEnded(dialogue=id, end=End(reason="turn_limit", detail="2 turns"))
    if index == 4:
        return [started, turns[0]]
    if index == 3:
        failed = DialogueFailed(dialogue=id, code="error:TimedOut", detail=f"no answer within 120 s\n{said}")
        return [started, turns[0], failed]
    outcome = ("accepted", "rejected", "undecided")[index]
    code = ("grade", "low_grade", "ungraded")[index]
    verdict = Verdict(
        outcome=outcome,
        by="critic",
        reasons=(Reason(code=code, detail=f"because {said}"),),
        checks=(CheckResult(check="asks", outcome="passed", detail=f"found {said}"),),
    )
    return [
        started,
        *turns,
        ended,
        Graded(dialogue=id, grading=_grading(index, said)),
        Decided(dialogue=id, verdict=verdict),
    ]


def _grading(index: int, said: str) -> Grading:
    if index == 2:
        return Ungraded(rubric="conversation", model="openai/small", reason="no JSON", answer=said)
    score = Score(criterion="natural", reason=f"it says {said}", score=4, turns=(0, 1))
    return Grade(rubric="conversation", model="openai/small", scores=(score,), overall=4.0 - index)
