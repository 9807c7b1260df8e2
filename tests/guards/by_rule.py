"""What the rule of one kind finds, without the judge."""

from agentsim.guards.prepared import Prepared
from agentsim.guards.rules import RULES
from agentsim.guards.talk import Talk
from agentsim.schema import FailureKind, Finding


def by_rule(talk: Talk, kind: FailureKind) -> list[Finding]:
    """Return what it finds that is more than a weak sign."""
    return [finding for finding in RULES[kind](Prepared(talk)) if finding.confidence >= 0.5]
