"""What happened in a dialogue so far: what it goes on from, while it is played and when it is taken up again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentsim.schema import Assignment, Dialogue, End, Finding, Intervention, Lineage, Turn


@dataclass
class History:
    """A dialogue so far."""

    task: str | None = None
    """The task as played; ``None`` before the dialogue started."""

    lineage: Lineage | None = None
    turns: list[Turn] = field(default_factory=list)
    agent_states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Last saved state of the user's own agents, by role."""

    findings: list[Finding] = field(default_factory=list)
    """Failures that stand in the turns."""

    interventions: list[Intervention] = field(default_factory=list)
    """What guards did."""

    takes: Counter[int] = field(default_factory=Counter)
    """How often each turn was spoken, by its index: candidates and turns taken back count too. Sampling seeds
    depend on it, so that no two takes are the same."""

    end: End | None = None

    def keep(self, turn: Turn) -> None:
        """Add a turn."""
        self.turns.append(turn)
        self.takes[turn.index] += 1

    def flag(self, findings: Iterable[Finding]) -> None:
        """Add failures that stay."""
        self.findings.extend(findings)

    def intervene(self, intervention: Intervention) -> None:
        """Add what a guard did, and take back the turns that it undid."""
        self.interventions.append(intervention)
        self.takes[intervention.turn] += len(intervention.candidates) - (intervention.chosen is not None)
        if intervention.undone:
            first = intervention.undone[0].index
            del self.turns[first:]
            self.findings = [finding for finding in self.findings if finding.turn < first]

    def dialogue(self, assignment: Assignment) -> Dialogue:
        """Return the finished dialogue; raise ``ValueError`` where it has not come to its end."""
        if self.task is None or self.lineage is None or self.end is None:
            raise ValueError(f"dialogue {assignment.id} is not over")
        return Dialogue(
            assignment=assignment,
            task=self.task,
            turns=tuple(self.turns),
            end=self.end,
            lineage=self.lineage,
            findings=tuple(sorted(self.findings, key=lambda finding: (finding.turn, finding.kind))),
            interventions=tuple(self.interventions),
        )
