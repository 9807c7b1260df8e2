"""All detectors over one conversation."""

from collections.abc import Callable, Collection, Mapping, Sequence

from agentsim.guards.talk import Talk
from agentsim.schema import FailureKind, Finding

Detector = Callable[[Talk], Sequence[Finding]]

DETECTORS: Mapping[FailureKind, Detector] = {}
"""The detector of each kind."""


def detect(talk: Talk, kinds: Collection[FailureKind] | None = None) -> list[Finding]:
    """Return the failures in a conversation, in the order of the turns; of the given kinds alone, where given."""
    found = [
        finding for kind, detector in DETECTORS.items() if kinds is None or kind in kinds for finding in detector(talk)
    ]
    return sorted(found, key=lambda finding: (finding.turn, finding.kind))
