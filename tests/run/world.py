"""A small library to simulate with, and models whose answers depend on the request alone."""

import asyncio
import json
import random
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

from agentsim.library import Library
from agentsim.llm.model import Answer, Request
from agentsim.prompts.render import Prompts
from agentsim.run.fitness import critic_fingerprint, critic_side, write_examination
from agentsim.run.runner import Outcome, create, play
from agentsim.run.settings import RunSettings
from agentsim.schema import Examination, Persona, Role, Rubric, Scenario, TaskTemplate, Topic
from agentsim.schema.role import PersonaSelector
from agentsim.schema.rubric import Criterion
from agentsim.schema.scenario import Ending
from tests.scripted import ScriptedModel

WORDS = tuple(
    re.findall(r"\w+", "the lamp comes back tomorrow if you bring it here before noon and ask for Ana at the desk")
)
UNGUARDED: Mapping[str, Any] = {"guards": {"mode": "off"}, "agenda": False}
"""What these models say is no conversation; guards and agendas have worlds of their own."""

NO_GRADE = "I would rather not say"


def library() -> Library:
    """Four people, a shop with two roles, a meeting with three, and a rubric."""
    return Library.of(personas=_people(), scenarios=[_shop(), _meeting()], rubrics=[_rubric()])


def write_library(folder: Path) -> Path:
    """Write the same library as YAML files."""
    for shelf, nouns in (
        ("personas", _people()),
        ("scenarios", [_shop(), _meeting()]),
        ("rubrics", [_rubric()]),
    ):
        (folder / shelf).mkdir(parents=True)
        for noun in nouns:
            body = yaml.safe_dump(noun.model_dump(mode="json", exclude_unset=True), sort_keys=False)
            (folder / shelf / f"{noun.id}.yaml").write_text(body, encoding="utf-8")
    return folder


def _people() -> list[Persona]:
    return [
        Persona(
            id=name.lower(),
            name=f"{name} Sousa",
            summary=f"{name} keeps a shop.",
            background="Grew up above it.",
            occupation=work,
            age=41,
            region="Braga",
            schooling="left at sixteen",
            speaking_style="Short and dry.",
            private_facts=(f"{name} owes the mill three invoices.",),
        )
        for name, work in (("Ana", "baker"), ("Bea", "nurse"), ("Cid", "driver"), ("Dag", "clerk"))
    ]


def _shop() -> Scenario:
    return Scenario(
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
                persona=PersonaSelector(ids=("ana", "bea", "cid")),
            ),
            Role(name="clerk", title="the clerk", part="follows", train=True, goal="Help."),
        ),
        task=TaskTemplate(text="Talk about {topic}, lamp {colour}.", slots={"colour": ("red", "blue")}),
        topics=(Topic(name="Returns", topics=(Topic(name="No receipt"), Topic(name="Too late"))),),
        ending=Ending(goal="The lamp is returned.", min_turns=2, max_turns=6),
        rubric="plain",
    )


def _meeting() -> Scenario:
    return Scenario(
        id="meeting",
        title="Three at a table",
        domain="work",
        setting="A kitchen table.",
        roles=(
            Role(name="host", title="the host", part="leads", goal="Agree on a day.", persona=PersonaSelector()),
            Role(name="guest", title="a guest", part="follows", train=True, goal="Come."),
            Role(name="cook", title="the cook", part="follows", train=True, goal="Know how many come."),
        ),
        task=TaskTemplate(text="Settle {topic}."),
        topics=(Topic(name="the day"), Topic(name="the food")),
        ending=Ending(goal="A day is agreed.", min_turns=3, max_turns=6),
        rubric="plain",
    )


def _rubric() -> Rubric:
    levels = {1: "Bad.", 3: "Fair.", 5: "Good."}
    return Rubric(
        id="plain",
        title="Plain talk",
        criteria=(
            Criterion(id="clear", question="Is it clear?", levels=levels),
            Criterion(id="kind", question="Is it kind?", levels=levels, minimum=2),
        ),
        threshold=2.5,
    )


_KEPT = tempfile.TemporaryDirectory()
"""Lives as long as the tests do."""


def passed_examination(folder: Path, model: str) -> Path:
    """Write an examination that says "fit" of a critic by the rubric above; nobody was asked anything for it."""
    path = folder / f"passed-examination-{model.replace('/', '-')}.json"
    side = critic_side(RunSettings(model=model))
    critic = critic_fingerprint(side, Prompts(), _rubric())
    body: dict[str, Any] = {"model": model, "rubric": "plain", "fingerprint": critic, "sample": 24, "seed": 0}
    write_examination(Examination(**body, figures=(), verdict="fit", version="a test"), path)
    return path


def settings(**fields: Any) -> RunSettings:
    """Settings of a test run: a model by script, every part of the house in use."""
    model = fields.get("model", "openai/anything")
    wanted = {
        "name": "test",
        "model": model,
        "dialogues": 12,
        "goal_check": {"enabled": True},
        "critic": {"decides": True, "examination": passed_examination(Path(_KEPT.name), model)},
        **UNGUARDED,
        **fields,
    }
    return RunSettings.model_validate(wanted)


def reply(messages: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any] | None, seed: object) -> str:
    """Answer as if by a model at temperature 0: equal requests get equal answers, others never do."""
    told = json.dumps([list(messages), wanted, seed], sort_keys=True).encode()
    mark = blake2b(told, digest_size=16)
    draw = random.Random(mark.digest())
    if wanted is None:
        return f"{' '.join(draw.choices(WORDS, k=draw.randint(3, 12)))} {mark.hexdigest()[:16]}."
    schema = wanted["json_schema"]["schema"]
    reason = f"for {mark.hexdigest()[:16]}"
    if "reached" in schema["properties"]:
        return json.dumps({"reason": reason, "reached": draw.random() < 0.25})
    first_try = str(messages[0]["content"]).partition("\nAn earlier answer")[0]
    if blake2b(first_try.encode(), digest_size=1).digest()[0] < 26:
        return f"{NO_GRADE}, {reason}"
    return json.dumps(
        {name: {"reason": reason, "turns": [0], "score": draw.randint(2, 5)} for name in schema["required"]}
    )


def by_request(request: Request) -> str:
    """The same for a `ScriptedModel`."""
    return reply(request.messages, request.params.get("response_format"), request.sample)


def by_body(body: dict[str, Any]) -> dict[str, Any]:
    """The same for a `LoopbackServer`, with usage that depends on the words alone."""
    text = reply(body["messages"], body.get("response_format"), body.get("seed"))
    read = sum(len(str(message["content"]).split()) for message in body["messages"])
    wrote = len(text.split())
    usage = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
    return {"content": text, "usage": usage}


class Jittery(ScriptedModel):
    """Answers after waits that no two runs share."""

    def __init__(self, script: Callable[[Request], Any] = by_request, *, most: float = 0.005) -> None:
        super().__init__(script)
        self._most = most

    async def ask(self, request: Request) -> Answer:
        await asyncio.sleep(random.random() * self._most)
        return await super().ask(request)


async def made(folder: Path, **fields: Any) -> Path:
    """Make a run directory."""
    return await create(settings(**fields), library(), folder, check_models=False)


async def played(folder: Path, model: ScriptedModel | None = None, **options: Any) -> Outcome:
    """Play a run by script from where it stands."""
    return await play(folder, model=model or ScriptedModel(by_request), **options)


def dataset(folder: Path) -> dict[str, bytes]:
    """Every file below ``exports/`` by its relative path."""
    exports = folder / "exports"
    return {str(path.relative_to(exports)): path.read_bytes() for path in sorted(exports.rglob("*")) if path.is_file()}
