"""A dialogue: its turns and why it ended."""

from typing import Literal

from agentsim.schema.assignment import Assignment
from agentsim.schema.finding import Finding
from agentsim.schema.intervention import Intervention
from agentsim.schema.lineage import Lineage
from agentsim.schema.noun import Noun, Words
from agentsim.schema.turn import Turn
from agentsim.schema.usage import Usage

EndReason = Literal["goal_reached", "given_up", "turn_limit", "token_limit", "guard", "budget", "error", "human"]


class End(Noun):
    """Why a dialogue stopped; always a decision, never a word found in the text."""

    reason: EndReason
    """Which kind of ending."""

    detail: Words | None = None
    """What exactly, e.g. the error's message."""


class Dialogue(Noun):
    """A finished dialogue."""

    assignment: Assignment
    """What it was planned to be."""

    task: Words
    """The task as played: the assignment's, or the task specifier's version of it."""

    turns: tuple[Turn, ...]
    """What was said, in order."""

    end: End
    """Why it stopped."""

    lineage: Lineage
    """What it was made from."""

    findings: tuple[Finding, ...] = ()
    """Failures of role-play that stand in its turns, in their order."""

    interventions: tuple[Intervention, ...] = ()
    """What guards did while it was played, in the order it was done."""

    @property
    def id(self) -> str:
        """The assignment's id."""
        return self.assignment.id

    @property
    def usage(self) -> Usage:
        """Tokens and cost of all turns."""
        return sum((turn.usage for turn in self.turns), Usage())
