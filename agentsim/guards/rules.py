"""What the rules find in a conversation, kind by kind."""

from collections.abc import Callable, Mapping, Sequence

from agentsim.guards.broken_language import broken_language
from agentsim.guards.empty import empty
from agentsim.guards.farewell_loop import farewell_loop
from agentsim.guards.flake_reply import flake_reply
from agentsim.guards.goal_leak import goal_leak
from agentsim.guards.instruction_repeat import instruction_repeat
from agentsim.guards.off_task import off_task
from agentsim.guards.premature_end import premature_end
from agentsim.guards.prepared import Prepared
from agentsim.guards.role_flip import role_flip
from agentsim.schema import FailureKind, Finding

Rule = Callable[[Prepared], Sequence[Finding]]

RULES: Mapping[FailureKind, Rule] = {
    "role_flip": role_flip,
    "instruction_repeat": instruction_repeat,
    "flake_reply": flake_reply,
    "farewell_loop": farewell_loop,
    "goal_leak": goal_leak,
    "empty": empty,
    "premature_end": premature_end,
    "off_task": off_task,
    "broken_language": broken_language,
}
"""The rule of each kind."""


def ruled(prepared: Prepared) -> list[Finding]:
    """Return what the rules find; what is below one half in confidence is a weak sign."""
    return [finding for rule in RULES.values() for finding in rule(prepared)]
