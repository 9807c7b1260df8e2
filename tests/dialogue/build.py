"""People, situations and stages for tests: a library small enough to know by heart."""

from collections.abc import Sequence
from typing import Any

from agentsim.dialogue.conversation import converse
from agentsim.dialogue.history import History
from agentsim.dialogue.speakers import ModelSpeaker
from agentsim.dialogue.stage import SideModel, Stage
from agentsim.events import Event, Intervened, Token, TurnDone
from agentsim.llm.model import Model
from agentsim.prompts.render import Prompts
from agentsim.schema import (
    Assignment,
    Check,
    Dialogue,
    End,
    Ending,
    Guards,
    Lineage,
    Persona,
    PersonaSelector,
    Role,
    Rubric,
    Scenario,
    TaskTemplate,
    Topic,
    Turn,
)

MODEL = "scripted/one"
PROMPTS = Prompts()
ROLES = ("asker", "helper", "clerk", "porter", "cook")
NAMES = ("Ana", "Bo", "Cem", "Dora", "Eli")


def person(place: int, **fields: Any) -> Persona:
    """Ana, Bo, Cem, Dora or Eli; each has one secret."""
    name = NAMES[place]
    given: dict[str, Any] = {
        "id": name.lower(),
        "name": name,
        "summary": f"{name} keeps a stall.",
        "background": f"{name} came by boat.",
        "occupation": "stallholder",
        "age": 30 + place,
        "region": "Faro, Portugal",
        "schooling": "none to speak of",
        "speaking_style": "Short and dry.",
        "private_facts": (f"{name} owes the harbour master money.",),
        **fields,
    }
    return Persona(**given)


PEOPLE = {persona.id: persona for persona in map(person, range(5))}


def situation(roles: int = 2, *, checks: Sequence[Check] = (), ending: Ending | None = None, **fields: Any) -> Scenario:
    """A market morning with so many roles; each has a private goal and a private fact."""
    given: dict[str, Any] = {
        "id": "market",
        "title": "A market morning",
        "domain": "trade",
        "setting": "A covered market at seven.",
        "roles": tuple(
            Role(
                name=name,
                title=f"the {name}",
                part="follows" if place else "leads",
                train=place == 1,
                persona=PersonaSelector(),
                goal=f"Do what a {name} does.",
                private_goal=f"The {name} wants to leave by nine.",
                private_facts=(f"The {name} broke the scales.",),
            )
            for place, name in enumerate(ROLES[:roles])
        ),
        "task": TaskTemplate(text="Talk about {topic}."),
        "topics": (Topic(name="figs"),),
        "ending": ending or Ending(goal="A price is agreed.", min_turns=2, max_turns=6),
        "checks": tuple(checks),
        **fields,
    }
    return Scenario(**given)


def plan_of(scenario: Scenario, **fields: Any) -> Assignment:
    """The assignment that casts Ana as the first to speak, Bo as the second and so on."""
    given: dict[str, Any] = {
        "index": 0,
        "id": "000000-test",
        "scenario": scenario.id,
        "cast": {role.name: NAMES[place].lower() for place, role in enumerate(scenario.order) if role.persona},
        "topic": ("figs",),
        "task": "Talk about figs.",
        "seed": 11,
        **fields,
    }
    return Assignment(**given)


def stage_of(door: Model, **fields: Any) -> Stage:
    """A stage on which the scripted model speaks for everybody."""
    given: dict[str, Any] = {
        "door": door,
        "prompts": PROMPTS,
        "speaker": ModelSpeaker(MODEL),
        # What scripted models say is often no conversation; guards and agendas have tests of their own.
        "guards": Guards(mode="off"),
        "agenda": False,
        **fields,
    }
    return Stage(**given)


SIDE = SideModel("scripted/side")


class Kept:
    """Keeps what a dialogue emits, and can be asked for the history that a resumed one is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.tokens: list[Token] = []

    async def __call__(self, *events: Event) -> None:
        self.events.extend(events)

    def history(self) -> History:
        history = History()
        for event in self.events:
            match event.kind:
                case "dialogue_started":
                    history.task, history.lineage = event.task, event.lineage
                case "turn_done":
                    history.keep(event.turn)
                    if event.agent_state is not None:
                        history.agent_states[event.turn.role] = event.agent_state
                case "flagged":
                    history.flag(event.findings)
                case "intervened":
                    history.intervene(event.intervention)
                case "dialogue_ended":
                    history.end = event.end
        return history

    def cut(self, turns: int) -> "Kept":
        """What would have been kept, had the power gone after so many turns."""
        kept = Kept()
        for event in self.events:
            if isinstance(event, TurnDone) and event.turn.index >= turns:
                break
            if isinstance(event, Intervened) and event.intervention.turn >= turns:
                break
            if event.kind != "dialogue_ended":
                kept.events.append(event)
        return kept


async def play(
    door: Model, scenario: Scenario, *, kept: Kept | None = None, history: History | None = None, **stage: Any
) -> Dialogue:
    """Play the scenario with Ana, Bo and the rest."""
    kept = kept or Kept()
    return await converse(
        stage_of(door, **stage),
        plan_of(scenario),
        scenario,
        PEOPLE,
        emit=kept,
        watch=kept.tokens.append,
        history=history,
    )


def said(scenario: Scenario, *texts: str) -> Dialogue:
    """A finished dialogue in which the roles said these texts in turn."""
    order = scenario.order
    turns = tuple(Turn(index=i, role=order[i % len(order)].name, text=text) for i, text in enumerate(texts))
    return Dialogue(
        assignment=plan_of(scenario),
        task="Talk about figs.",
        turns=turns,
        end=End(reason="turn_limit"),
        lineage=Lineage(method="simulated"),
    )


def rubric(*ids: str, **fields: Any) -> Rubric:
    """A rubric with a criterion of each id."""
    criteria = [
        {"id": name, "question": f"How {name} is it?", "levels": {1: "not", 3: "so so", 5: "very"}}
        for name in ids or ("clear", "kind")
    ]
    return Rubric.model_validate({"id": "plain", "title": "Plain", "criteria": criteria, **fields})


def ending(turns: int, **fields: object) -> Ending:
    return Ending.model_validate({"goal": "A price is agreed.", "min_turns": 2, "max_turns": turns, **fields})
