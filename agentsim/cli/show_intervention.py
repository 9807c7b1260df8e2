"""What a guard did at one turn: every proposal, which of them was kept, and what was thrown away."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agentsim.cli.output import part

if TYPE_CHECKING:
    from agentsim.schema import Finding, Intervention


def evidence(finding: "Finding") -> str:
    """Return what shows a failure, quoted, and why it is one."""
    quoted = f'"{finding.evidence}"' if finding.evidence else "(no words)"
    return f"{quoted}: {finding.detail}" if finding.detail else quoted


def as_json(intervention: "Intervention") -> dict[str, Any]:
    """Return all of it, and the tokens that were thrown away."""
    return {
        **intervention.model_dump(mode="json"),
        "discarded": intervention.discarded.model_dump(mode="json"),
    }


def show_intervention(intervention: "Intervention") -> None:
    """Print it."""
    finding = intervention.finding
    part(
        "intervention",
        f"Guard at turn {intervention.turn}",
        [
            (
                intervention.turn,
                finding.kind,
                intervention.action,
                f"{intervention.discarded.completion_tokens} tok thrown away",
                f"{intervention.told()}; {evidence(finding)}",
            )
        ],
    )
    if intervention.hint is not None:
        part("hint", "Told in private", [(intervention.turn, intervention.hint)])
    part("candidate", "Proposals", _candidates(intervention))
    part(
        "undone",
        "Taken back",
        [(turn.index, turn.role, f"{turn.usage.completion_tokens} tok", turn.text) for turn in intervention.undone],
    )


def _candidates(intervention: "Intervention") -> Iterator[tuple[object, ...]]:
    for index, candidate in enumerate(intervention.candidates):
        yield (
            intervention.turn,
            index,
            "kept" if index == intervention.chosen else "thrown away",
            f"score {candidate.score:.2f}",
            ", ".join(f"{found.kind} {found.confidence:.2f}" for found in candidate.findings) or "clean",
            candidate.turn.text,
        )
