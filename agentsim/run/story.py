"""What happened to one dialogue, folded from its events."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentsim.dialogue.history import History
from agentsim.events import (
    Decided,
    DialogueEnded,
    DialogueFailed,
    DialogueStarted,
    Event,
    Flagged,
    Graded,
    Intervened,
    Placed,
    Planned,
    TurnDone,
)
from agentsim.schema import Assignment, Grading, Record, Verdict


@dataclass
class Story:
    """The state of one dialogue after its events so far."""

    assignment: Assignment | None = None
    names: dict[str, str] = field(default_factory=dict)
    history: History = field(default_factory=History)
    """What the dialogue is to go on from."""

    grading: Grading | None = None
    placed: Placed | None = None
    """What it was about, where that is stored."""

    verdict: Verdict | None = None
    failure: DialogueFailed | None = None
    """Why it has no verdict, while that is so."""

    def record(self) -> Record | None:
        """Return the finished record, or ``None`` before the verdict."""
        history = self.history
        if self.assignment is None or history.task is None or history.end is None or history.lineage is None:
            return None
        if self.verdict is None:
            return None
        dialogue = history.dialogue(self.assignment)
        return Record(dialogue=dialogue, grading=self.grading, verdict=self.verdict)


def fold(events: Iterable[Event]) -> Story:
    """Return the story that one dialogue's events tell, in their order."""
    story = Story()
    history = story.history
    for event in events:
        if isinstance(event, Planned):
            story.assignment = event.assignment
        elif isinstance(event, DialogueStarted):
            story.assignment, story.names = event.assignment, event.names
            history.task, history.lineage = event.task, event.lineage
        elif isinstance(event, TurnDone):
            history.keep(event.turn)
            story.failure = None
            if event.agent_state is not None:
                history.agent_states[event.turn.role] = event.agent_state
        elif isinstance(event, Flagged):
            history.flag(event.findings)
        elif isinstance(event, Intervened):
            history.intervene(event.intervention)
        elif isinstance(event, DialogueEnded):
            history.end = event.end
        elif isinstance(event, Graded):
            story.grading = event.grading
        elif isinstance(event, Placed):
            story.placed = event
        elif isinstance(event, Decided):
            story.verdict, story.failure = event.verdict, None
        elif isinstance(event, DialogueFailed):
            story.failure = event
    return story
