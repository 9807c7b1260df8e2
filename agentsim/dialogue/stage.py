"""Where dialogues are played: prompts, speakers and models of a run, and what one role is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentsim.dialogue.ending import EndTool, end_tool
from agentsim.dialogue.speakers import ModelSpeaker, SpeakerSpec
from agentsim.library.fingerprint import fingerprint
from agentsim.llm.model import Model
from agentsim.prompts.render import Prompts
from agentsim.schema import Assignment, Guards, Persona, Scenario


@dataclass(frozen=True)
class SideModel:
    """A model with a part beside the roles."""

    model: str
    """Full model name."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters by OpenAI's names."""


@dataclass(frozen=True)
class Stage:
    """What all dialogues of a run share."""

    door: Model
    """The way to every model."""

    prompts: Prompts
    """Prompt templates."""

    speaker: SpeakerSpec
    """What speaks for a role that nothing else is said of."""

    speakers: Mapping[str, SpeakerSpec] = field(default_factory=dict)
    """What speaks for a role, by role name."""

    model_speaker: Callable[[str], SpeakerSpec] | None = None
    """Makes the speaker of a role whose scenario names a model of its own."""

    task: SideModel | None = None
    """Task specifier; ``None`` plays the assignment's task as it is."""

    goal: SideModel | None = None
    """Who is asked whether the goal is reached, where the leading role does not say so itself; ``None`` asks nobody."""

    ends_by_tool: Callable[[str], bool] | None = None
    """Says of a model by name whether it is offered a tool to end a dialogue that it leads; ``None`` offers none."""

    order: SideModel | None = None
    """Who is asked who speaks next, where a scenario's turn taking is by a model; ``None`` goes by the address."""

    agenda: bool = True
    """Whether leading roles have an agenda, where their scenario does not switch it off."""

    guards: Guards = Guards()
    """What is done about failures of role-play."""

    stream: bool = False
    """Whether turns are passed on piece by piece."""

    _refusing_tools: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    """Models whose provider refused a request with tools in this run."""

    _fingerprints: dict[tuple[type, str], str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def fingerprint(self, noun: Persona | Scenario) -> str:
        """Return the fingerprint of a noun of this run's library, in which an id stands for one noun."""
        key = (type(noun), noun.id)
        if key not in self._fingerprints:
            self._fingerprints[key] = fingerprint(noun)
        return self._fingerprints[key]

    def spec(self, scenario: Scenario, role: str) -> SpeakerSpec:
        """Return what speaks for a role: the run's word for it, else the scenario's model, else the
        default."""
        if role in self.speakers:
            return self.speakers[role]
        wanted = scenario.role(role).model
        if wanted and self.model_speaker is not None:
            return self.model_speaker(wanted)
        return self.speaker

    def end_tool(self, scenario: Scenario) -> EndTool | None:
        """Return what the leading role of a scenario may end its dialogues by; ``None`` where it has no tool.

        A chatbot under test gets nothing of ours, and a model that loses its way in a long prompt no second task.
        """
        spec = self.spec(scenario, scenario.leader.name)
        if self.ends_by_tool is None or not isinstance(spec, ModelSpeaker) or spec.bare or spec.brief:
            return None
        if not self.ends_by_tool(spec.model):
            return None
        description = self.prompts.render("end", goal=scenario.ending.goal)
        return end_tool(description, scenario.ending.min_turns, self._refusing_tools)

    def template(self, scenario: Scenario, role: str) -> str:
        """Return the name of the template that makes a role's system prompt."""
        spec = self.spec(scenario, role)
        brief = isinstance(spec, ModelSpeaker) and spec.brief and scenario.style == "conversation"
        return "brief" if brief else scenario.style


def role_prompt(
    prompts: Prompts,
    scenario: Scenario,
    name: str,
    people: Mapping[str, Persona],
    task: str,
    *,
    template: str | None = None,
) -> str:
    """Return the system prompt of one role. It holds private text of that role and that persona only.

    ``template`` is the scenario's style where left out.
    """
    role = scenario.role(name)
    return prompts.render(
        template or scenario.style,
        role=role,
        persona=people.get(name),
        traits=traits(people[name]) if name in people else [],
        others=others(scenario, name, people),
        setting=scenario.setting,
        task=task,
        leads=role.part == "leads",
        language=scenario.language,
    )


_TRAITS = {
    "openness": ("set in your ways", "curious"),
    "conscientiousness": ("careless", "orderly"),
    "extraversion": ("quiet", "outgoing"),
    "agreeableness": ("hard to please", "kind"),
    "neuroticism": ("calm", "easily worried"),
}
_LOW, _HIGH = 0.3, 0.7


def traits(persona: Persona) -> list[str]:
    """Return what of the Big Five stands out in a persona, in words; the middle of the population goes unsaid."""
    told = []
    for name, (low, high) in _TRAITS.items():
        value = getattr(persona.personality, name)
        if value <= _LOW or value >= _HIGH:
            told.append(low if value <= _LOW else high)
    return told


def others(scenario: Scenario, name: str, people: Mapping[str, Persona]) -> list[str]:
    """Return what the other roles are called towards role ``name``: their name, where they have one, and
    title."""
    return [
        f"{people[role.name].name}, {role.title}" if role.name in people else role.title
        for role in scenario.order
        if role.name != name
    ]


def display_names(scenario: Scenario, people: Mapping[str, Persona]) -> dict[str, str]:
    """Return what each role is called on screens and in front of merged turns."""
    return {
        role.name: people[role.name].name if role.name in people else role.name.replace("_", " ").title()
        for role in scenario.order
    }


def cast_people(assignment: Assignment, personas: Mapping[str, Persona]) -> dict[str, Persona]:
    """Return the persona of each role that has one."""
    return {role: personas[name] for role, name in assignment.cast.items()}
