"""What each one may see: nobody's private text reaches another role, the task specifier, the goal check or
the critic."""

from collections.abc import Mapping
from functools import cache

import pytest

from agentsim.critic.grading import Critic
from agentsim.dialogue.conversation import converse
from agentsim.dialogue.speakers import ModelSpeaker
from agentsim.dialogue.stage import SideModel, Stage
from agentsim.library import Library
from agentsim.llm.model import Request
from agentsim.planning.plan import Plan
from agentsim.schema import Persona, Role, Scenario
from tests.dialogue.build import PROMPTS, Kept
from tests.scripted import ScriptedModel, talker


@cache
def library() -> Library:
    return Library.load()


def secrets_of(role: Role, persona: Persona | None) -> set[str]:
    """What only this role's own prompt may carry."""
    texts = {*role.private_facts, *([role.private_goal] if role.private_goal else [])}
    return texts | set(persona.private_facts if persona else ())


async def requests_of(
    scenario: Scenario, seed: int, *, brief: bool = False
) -> tuple[Mapping[str, Persona], dict[str, list[Request]]]:
    """Play and grade a whole dialogue, each part under a model name of its own; return who asked for what."""
    assignment = Plan(library(), seed, scenarios=[scenario.id])[0]
    people = {role: library().personas[name] for role, name in assignment.cast.items()}

    def reply(request: Request) -> str:
        return "Make it concrete." if request.model == "m/task" else talker(request)

    model = ScriptedModel(reply)
    stage = Stage(
        door=model,
        prompts=PROMPTS,
        speaker=ModelSpeaker("m/none"),
        speakers={role.name: ModelSpeaker(f"m/role/{role.name}", brief=brief) for role in scenario.roles},
        task=SideModel("m/task"),
        goal=SideModel("m/goal"),
    )
    dialogue = await converse(stage, assignment, scenario, library().personas, emit=Kept())
    critic = Critic(model, PROMPTS, SideModel("m/critic"))
    await critic.grade(dialogue, scenario, library().rubrics[scenario.rubric])
    asked: dict[str, list[Request]] = {}
    for request in model.requests:
        asked.setdefault(request.model, []).append(request)
    return people, asked


@pytest.mark.parametrize("brief", [False, True], ids=["full", "brief"])
@pytest.mark.parametrize("name", sorted(Library.load().scenarios))
async def test_private_text_stays_with_its_role(name: str, brief: bool) -> None:
    scenario = library().scenarios[name]
    people, asked = await requests_of(scenario, seed=len(name), brief=brief)
    secrets = {role.name: secrets_of(role, people.get(role.name)) for role in scenario.roles}
    assert any(secrets.values())
    assert {f"m/role/{role.name}" for role in scenario.roles} | {"m/task", "m/goal", "m/critic"} == set(asked)
    for model, requests in asked.items():
        seen = "\n".join(str(m["content"]) for request in requests for m in request.messages)
        for owner, texts in secrets.items():
            leaked = [text for text in texts if text in seen]
            if model == f"m/role/{owner}":
                assert brief or set(leaked) == texts, f"{owner} is not told what it hides"
            else:
                assert leaked == [], f"{model} sees what only {owner} may know"


@pytest.mark.parametrize("name", sorted(Library.load().scenarios))
async def test_of_a_person_the_others_know_name_and_occupation_at_most(name: str) -> None:
    """Background, mood, style and difficulty are no secrets, but they are the player's own."""
    scenario = library().scenarios[name]
    people, asked = await requests_of(scenario, seed=3)
    for owner, persona in people.items():
        style = (persona.background, persona.speaking_style, persona.summary, persona.mood)
        own = [text for text in (*style, persona.difficulty.note) if text]
        for model, requests in asked.items():
            if model != f"m/role/{owner}" and people.get(model.removeprefix("m/role/")) != persona:
                seen = "\n".join(str(m["content"]) for request in requests for m in request.messages)
                assert [text for text in own if text in seen] == []


async def test_what_a_role_says_of_its_secret_is_its_own_affair_but_what_it_thinks_stays_with_it() -> None:
    """Reasoning is never sent to anybody, its own role included."""
    from agentsim.llm.model import Answer
    from tests.dialogue.build import play, situation

    model = ScriptedModel(lambda request: Answer("Figs?", "m", "stop", reasoning="They must not learn of the scales."))
    dialogue = await play(model, situation())
    assert dialogue.turns[0].reasoning == "They must not learn of the scales."
    assert all("must not learn" not in str(request.messages) for request in model.requests)
