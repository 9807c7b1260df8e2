"""A failure of role-play that was found at one turn."""

from typing import Annotated, Literal

from pydantic import Field

from agentsim.schema.noun import Noun, Words

FailureKind = Literal[
    "role_flip",
    "instruction_repeat",
    "flake_reply",
    "farewell_loop",
    "goal_leak",
    "empty",
    "premature_end",
    "off_task",
    "broken_language",
]
"""What goes wrong when models play roles. The first four are those of CAMEL (Li et al., 2023)."""


class Finding(Noun):
    """One failure at one turn."""

    turn: Annotated[int, Field(ge=0)]
    """Index of the turn, from 0, among all messages of the dialogue as it was given."""

    kind: FailureKind
    """What is wrong."""

    confidence: Annotated[float, Field(ge=0, le=1)]
    """How sure the detector is, from 0 to 1."""

    evidence: Words
    """The words of the turn that show it, letter by letter; empty where the turn has none."""

    detail: Words = ""
    """Why that is a failure, in a few words."""
