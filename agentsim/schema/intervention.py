"""What a guard did at one turn, with everything it threw away."""

from typing import Annotated

from pydantic import Field

from agentsim.schema.finding import Finding
from agentsim.schema.guards import Action
from agentsim.schema.noun import Noun, Words
from agentsim.schema.turn import Turn
from agentsim.schema.usage import Usage


class Candidate(Noun):
    """One proposal for a turn."""

    turn: Turn
    """What was proposed."""

    findings: tuple[Finding, ...]
    """Failures that it would have brought into the dialogue."""

    score: float
    """Its rank among the proposals, higher is better; see ``agentsim.guards.ranking``."""


class Intervention(Noun):
    """One action of a guard. Its candidates share the conversation before them: any two make a preference pair."""

    turn: Annotated[int, Field(ge=0)]
    """Index of the turn at which it acted."""

    finding: Finding
    """What set it off."""

    action: Action
    """What was done in the end."""

    hint: Words | None = None
    """What the speaker was told in private, where it was."""

    candidates: tuple[Candidate, ...]
    """All proposals in the order they were made, the one that was found at fault first."""

    chosen: Annotated[int, Field(ge=0)] | None
    """Index of the proposal that was kept; ``None`` where none was (rewind, end)."""

    undone: tuple[Turn, ...] = ()
    """Earlier turns that were taken back, oldest first."""

    @property
    def unchosen(self) -> tuple[Turn, ...]:
        """The proposals that were not kept."""
        return tuple(one.turn for index, one in enumerate(self.candidates) if index != self.chosen)

    @property
    def discarded(self) -> Usage:
        """Tokens and cost of what was thrown away, turns that were taken back included."""
        return sum((turn.usage for turn in (*self.unchosen, *self.undone)), Usage())

    def told(self) -> str:
        """Return in a few words what was found and done."""
        again = len(self.candidates) - 1
        done = {
            "rewind": f"took back {len(self.undone)} turns",
            "end": "ended the dialogue",
        }.get(self.action, f"asked again {again} times" if again > 1 else "asked again")
        kept = ", none was clean" if self.chosen is not None and self.candidates[self.chosen].findings else ""
        return f"{self.finding.kind} at turn {self.turn}: {done}{kept}"
