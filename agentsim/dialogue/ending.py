"""The tool by which the leading role ends a dialogue, and what a call of it says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autogen_core.tools import ParametersSchema, ToolSchema

from agentsim.errors import BadRequest, ModelError
from agentsim.llm.model import Answer
from agentsim.schema import End
from agentsim.schema.noun import well_formed

TOOL = "end_conversation"

LONGEST_ARGUMENTS = 10_000
"""Characters of a call's arguments that are read at all."""

LONGEST_REASON = 300
"""Characters of the reason that are kept."""


@dataclass(frozen=True, slots=True)
class EndTool:
    """What a leading role is offered on its turns from `first_turn` on."""

    schema: ToolSchema
    """The tool as the model is told of it."""

    first_turn: int
    """Index of the first turn on which it is offered."""

    refusing: set[str] = field(default_factory=set)
    """Models whose provider refused a request with tools; shared by all dialogues of a run."""

    def refused(self, model: str, error: ModelError) -> "AskInstead":
        """Take note that a request with the tool failed so, and return what is to be done about it."""
        if not isinstance(error, BadRequest) or model in self.refusing:
            return AskInstead()
        self.refusing.add(model)
        return AskInstead(news=error)


@dataclass(frozen=True, slots=True)
class AskInstead:
    """A role cannot be offered the tool: whether the goal is reached has to be asked before its turn is spoken."""

    news: BadRequest | None = None
    """The provider's refusal, where it is the first one of this model."""


def end_tool(description: str, first_turn: int, refusing: set[str]) -> EndTool:
    """Return the tool, described to the model in these words."""
    parameters = ParametersSchema(
        type="object",
        properties={
            "reason": {"type": "string", "description": "One sentence: what in the conversation shows it."},
            "reached": {
                "type": "boolean",
                "description": "true where it is so; false where you give up because it cannot be reached any more.",
            },
        },
        required=["reason", "reached"],
        additionalProperties=False,
    )
    return EndTool(ToolSchema(name=TOOL, description=description, parameters=parameters), first_turn, refusing)


def end_called_for(answer: Answer) -> End | None:
    """Return the end that an answer calls for by the tool; ``None`` where it does not.

    A call of another tool, or one whose arguments do not say whether the goal is reached, calls for nothing.
    """
    for call in answer.tool_calls:
        given = _object(call.arguments) if call.name == TOOL else None
        if given is not None and isinstance(given.get("reached"), bool):
            return End(reason="goal_reached" if given["reached"] else "given_up", detail=_reason(given))
    return None


def _object(arguments: str) -> Mapping[str, Any] | None:
    if len(arguments) > LONGEST_ARGUMENTS:
        return None
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _reason(given: Mapping[str, Any]) -> str | None:
    reason = given.get("reason")
    if not isinstance(reason, str):
        return None
    return well_formed(" ".join(reason.split()))[:LONGEST_REASON] or None
