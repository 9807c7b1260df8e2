"""What is done about the failures of role-play while a dialogue is played."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from agentsim.schema.finding import FailureKind
from agentsim.schema.noun import Noun, Text

Action = Literal["ignore", "tag", "regenerate", "hint", "rewind", "end"]
"""``ignore`` does not look. ``tag`` keeps the turn and the finding. ``regenerate`` asks again and takes the best.
``hint`` does so too, and tells the offender in private what was wrong. ``rewind`` takes turns back and goes on from
there. ``end`` leaves the turn out and ends the dialogue."""


class Policy(Noun):
    """What is done about one kind of failure."""

    action: Action = "tag"
    """What is done first."""

    candidates: Annotated[int, Field(ge=1, le=16)] = 3
    """Most further candidates that are asked for (regenerate, hint)."""

    until_clean: bool = True
    """Whether asking stops at the first candidate without a failure; else all are made and the best is taken."""

    turns: Annotated[int, Field(ge=1, le=20)] = 2
    """Turns taken back, the failing one included (rewind); more where the failure began earlier."""

    otherwise: Literal["tag", "rewind", "end"] = "tag"
    """What is done where every candidate fails: the best is kept and tagged, turns are taken back, or the
    dialogue ends without the turn."""

    hint: Text | None = None
    """Words for the offender in place of our own."""

    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Confidence from which a finding counts."""

    rejects: bool = True
    """Whether a dialogue in which this failure stands at the end is turned down."""


class Guards(Noun):
    """How a run looks after its dialogues."""

    mode: Literal["off", "tag", "repair"] = "repair"
    """``off`` looks at nothing, ``tag`` only records what is found, ``repair`` acts by the policies."""

    policies: dict[FailureKind, Policy] = {}
    """Policy by kind; a scenario's own, then agentsim's, where left out."""

    max_repairs: Annotated[int, Field(ge=0)] = 8
    """Most repairs in one dialogue; what is found afterwards is tagged."""

    max_repair_tokens: Annotated[int, Field(ge=0)] = 4000
    """Most generated tokens that repairs may throw away in one dialogue."""

    def policy(self, kind: FailureKind, scenario: Mapping[FailureKind, Policy]) -> Policy:
        """Return what is done about ``kind``: by the run's word, else the scenario's, else agentsim's own."""
        found = self.policies.get(kind) or scenario.get(kind) or DEFAULT_POLICIES[kind]
        if self.mode == "off":
            return found.model_copy(update={"action": "ignore"})
        if self.mode == "tag" and found.action != "ignore":
            return found.model_copy(update={"action": "tag"})
        return found


DEFAULT_POLICIES: dict[FailureKind, Policy] = {
    "empty": Policy(action="regenerate"),
    "broken_language": Policy(action="regenerate"),
    "role_flip": Policy(action="hint"),
    "instruction_repeat": Policy(action="hint"),
    "flake_reply": Policy(action="hint"),
    "goal_leak": Policy(action="hint"),
    "off_task": Policy(action="rewind"),
    "farewell_loop": Policy(action="end"),
    "premature_end": Policy(action="hint"),
}
"""What is done where neither run nor scenario says. Noise is asked for again; a role that misunderstands its part is
told so; a digression is taken back; goodbyes without end are an end."""
