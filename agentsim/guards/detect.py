"""All detectors over one conversation."""

from collections.abc import Callable, Collection, Mapping, Sequence

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
from agentsim.guards.talk import Talk
from agentsim.schema import FailureKind, Finding

Detector = Callable[[Prepared], Sequence[Finding]]

DETECTORS: Mapping[FailureKind, Detector] = {
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
"""The detector of each kind."""

LEAST = 0.5
"""Confidence below which nothing is reported."""


EXPLAINED_BY: Mapping[FailureKind, Sequence[FailureKind]] = {
    "flake_reply": ("empty", "broken_language", "instruction_repeat", "role_flip"),
    "role_flip": ("broken_language", "instruction_repeat"),
    "instruction_repeat": ("broken_language", "farewell_loop", "role_flip"),
    "off_task": ("broken_language", "role_flip"),
}
"""A failure that is only another one's shadow, where both are found at one turn, is not reported."""


def detect(talk: Talk, kinds: Collection[FailureKind] | None = None) -> list[Finding]:
    """Return the failures in a conversation, in the order of the turns; of the given kinds alone, where given."""
    prepared = Prepared(talk)
    found = [
        finding
        for kind, detector in DETECTORS.items()
        if kinds is None or kind in kinds
        for finding in detector(prepared)
        if finding.confidence >= LEAST
    ]
    sure = {(finding.kind, finding.turn): finding.confidence for finding in found}
    kept = [
        one
        for one in found
        if not any(sure.get((kind, one.turn), 0) >= one.confidence for kind in EXPLAINED_BY.get(one.kind, ()))
    ]
    return sorted(kept, key=lambda finding: (finding.turn, finding.kind))
