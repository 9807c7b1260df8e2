"""What happened to one dialogue, folded from its events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentsim.dialogue.history import History
from agentsim.events import (
    Decided,
    DialogueEnded,
    DialogueFailed,
    DialogueStarted,
    Event,
    Graded,
    TurnDone,
)
from agentsim.schema import Assignment, Dialogue, End, Grading, Lineage, Record, Turn, Verdict


@dataclass
class Story:
    """The state of one dialogue after its events so far."""

    assignment: Assignment | None = None
    task: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    lineage: Lineage | None = None
    turns: list[Turn] = field(default_factory=list)
    agent_states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    end: End | None = None
    grading: Grading | None = None
    verdict: Verdict | None = None
    failure: DialogueFailed | None = None
    """Why it has no verdict, while that is so."""

    def history(self) -> History:
        """Return what the dialogue is to go on from."""
        return History(
            task=self.task,
            lineage=self.lineage,
            turns=self.turns,
            agent_states=self.agent_states,
            end=self.end,
        )

    def record(self) -> Record | None:
        """Return the finished record, or ``None`` before the verdict."""
        if self.assignment is None or self.task is None or self.end is None or self.lineage is None:
            return None
        if self.verdict is None:
            return None
        dialogue = Dialogue(
            assignment=self.assignment,
            task=self.task,
            turns=tuple(self.turns),
            end=self.end,
            lineage=self.lineage,
        )
        return Record(dialogue=dialogue, grading=self.grading, verdict=self.verdict)


def fold(events: Iterable[Event]) -> Story:
    """Return the story that one dialogue's events tell, in their order."""
    story = Story()
    for event in events:
        if isinstance(event, DialogueStarted):
            story.assignment, story.task = event.assignment, event.task
            story.names, story.lineage = event.names, event.lineage
        elif isinstance(event, TurnDone):
            story.turns.append(event.turn)
            story.failure = None
            if event.agent_state is not None:
                story.agent_states[event.turn.role] = event.agent_state
        elif isinstance(event, DialogueEnded):
            story.end = event.end
        elif isinstance(event, Graded):
            story.grading = event.grading
        elif isinstance(event, Decided):
            story.verdict, story.failure = event.verdict, None
        elif isinstance(event, DialogueFailed):
            story.failure = event
    return story
