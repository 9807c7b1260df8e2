"""What the screen shows, made from events alone: no screen, no clock."""

from dataclasses import dataclass, field

from agentsim.events import (
    Decided,
    DialogueEnded,
    DialogueFailed,
    DialogueStarted,
    Event,
    Intervened,
    TurnDone,
)


@dataclass
class Pane:
    """One dialogue on the screen."""

    id: str
    scenario: str = "?"
    topic: str = "?"
    names: dict[str, str] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)
    """Name and text of each turn."""

    state: str = "talking"
    """``talking``, ``ended``, the verdict's outcome, or ``failed``."""

    why: str = ""
    """Reason of the end, the verdict or the failure."""


@dataclass
class State:
    """All dialogues so far, in the order they began; it depends on the events and their order alone."""

    panes: dict[str, Pane] = field(default_factory=dict)

    def take(self, event: Event) -> Pane | None:
        """Take an event in and return the pane that it changed, if any."""
        if not isinstance(event, (DialogueStarted, TurnDone, Intervened, DialogueEnded, Decided, DialogueFailed)):
            return None
        pane = self.panes.setdefault(event.dialogue, Pane(event.dialogue))
        if isinstance(event, DialogueStarted):
            pane.scenario, pane.topic = event.assignment.scenario, event.assignment.topic[-1]
            pane.names, pane.state, pane.why = event.names, "talking", ""
        elif isinstance(event, TurnDone):
            pane.said.append((pane.names.get(event.turn.role, event.turn.role), event.turn.text))
        elif isinstance(event, Intervened):
            undone = len(event.intervention.undone)
            del pane.said[max(0, len(pane.said) - undone) :]
        elif isinstance(event, DialogueEnded):
            pane.state, pane.why = "ended", event.end.reason
        elif isinstance(event, Decided):
            pane.state = event.verdict.outcome
            pane.why = "; ".join(reason.detail for reason in event.verdict.reasons)
        else:
            pane.state, pane.why = "failed", event.detail
        return pane
