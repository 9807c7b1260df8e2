"""What can speak for a role: a model, a chatbot under test, a Python function, a person, an AutoGen agent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autogen_agentchat.base import ChatAgent

from agentsim.dialogue.agent import RoleAgent
from agentsim.dialogue.ending import EndTool
from agentsim.dialogue.function_agent import Function, FunctionAgent
from agentsim.errors import UserError
from agentsim.llm.client import ChatClient
from agentsim.llm.model import Model
from agentsim.planning.seeded import derive_seed
from agentsim.schema import Speaker


@dataclass(frozen=True)
class ModelSpeaker:
    """A model plays the role."""

    model: str
    """Full model name."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters by OpenAI's names."""

    bare: bool = False
    """A chatbot under test: it gets the conversation alone, without a system prompt of ours. Where it leads,
    the opening is the one message it gets from us: a model cannot answer an empty chat."""

    send_seed: bool = True
    """Whether the provider is told the sampling seed."""

    brief: bool = False
    """A model that loses its way in a long prompt and in a long answer: it gets the short prompt, in the natural style,
    and an answer that its token limit cuts off ends with its last whole sentence."""


@dataclass(frozen=True)
class FunctionSpeaker:
    """A Python function, or a person behind one, plays the role."""

    function: Function
    """Takes the turns so far and returns the next one's text; it may be async."""

    human: bool = False
    """Whether a person stands behind it."""


@dataclass(frozen=True)
class AgentSpeaker:
    """An AutoGen agent of the user's plays the role."""

    make: Callable[[], ChatAgent]
    """Makes a fresh agent for each dialogue; its name must be the role's."""


SpeakerSpec = ModelSpeaker | FunctionSpeaker | AgentSpeaker


def speaker_kind(spec: SpeakerSpec) -> Speaker:
    """Return the kind of speaker as turns record it."""
    if isinstance(spec, FunctionSpeaker):
        return "human" if spec.human else "callable"
    if isinstance(spec, AgentSpeaker):
        return "agent"
    return "endpoint" if spec.bare else "model"


def is_repairable(spec: SpeakerSpec) -> bool:
    """Return whether a speaker may be asked for a turn again.

    A person, a function or an agent of the user's said what it said, and the failures of a chatbot under test are what
    one wants to see.
    """
    return isinstance(spec, ModelSpeaker) and not spec.bare


def make_agent(
    role: str,
    spec: SpeakerSpec,
    *,
    door: Model,
    system: str,
    opening: str | None,
    names: Mapping[str, str] | None,
    seed: int,
    stream: bool,
    silent: bool = False,
    end_tool: EndTool | None = None,
) -> ChatAgent:
    """Return the agent that speaks for ``role`` in one dialogue; ``silent`` where a guard sees to empty turns,
    ``end_tool`` where a model may end the dialogue.

    Raises:
        UserError: where an agent of the user's has another name than the role.
    """
    if isinstance(spec, FunctionSpeaker):
        return FunctionAgent(role, spec.function, speaker="human" if spec.human else "callable")
    if isinstance(spec, AgentSpeaker):
        agent = spec.make()
        if agent.name != role:
            raise UserError(f"the agent for role {role!r} is called {agent.name!r}", fix="give it the role's name")
        return agent
    return RoleAgent(
        role,
        client=ChatClient(spec.model, door, params=spec.params),
        system=None if spec.bare else system,
        opening=opening,
        names=names,
        seed=lambda turn, attempt: derive_seed(seed, "turn", turn, attempt),
        send_seed=spec.send_seed,
        stream=stream,
        silent=silent and not spec.bare,
        whole=spec.brief,
        end_tool=end_tool,
    )
