"""How far a run is, counted from its events; no clock and no screen in here."""

from dataclasses import dataclass, field

from agentsim.events import (
    Decided,
    DialogueFailed,
    DialogueStarted,
    Event,
    GoalChecked,
    Graded,
    Intervened,
    Placed,
    Planned,
    RunStarted,
    SpeakerChosen,
    Token,
    TurnDone,
    Withdrawn,
)
from agentsim.sanitise import one_line
from agentsim.schema import Grading, Ungraded, Usage


def cause(event: DialogueFailed) -> str:
    """Return what a line on a failed dialogue has room for: the message, or what a traceback ends with."""
    if not event.detail.startswith("Traceback"):
        return event.detail
    lines = event.detail.strip().splitlines()
    last = max((n for n, line in enumerate(lines) if line.startswith(" ")), default=-1)
    return " ".join(lines[last + 1 :])


@dataclass
class Live:
    """A dialogue that is being played."""

    title: str
    names: dict[str, str]
    said: list[tuple[str, str]] = field(default_factory=list)
    """Name and text of the turns so far."""

    speaking: str = ""
    """Name of who is in the middle of a turn."""

    words: str = ""
    """What of that turn has arrived."""

    grading: Grading | None = None
    """What the critic said, once it did."""


@dataclass
class Progress:
    """Counts of a run so far."""

    planned: int = 0
    before: int = 0
    """Dialogues that were finished before this start."""

    goal: int | None = None
    """Accepted dialogues at which there is enough, where these are what counts."""

    lacking: int | None = None
    """How many of these are missing, where each topic is to have its number."""

    accepted_before: int = 0
    """Of the dialogues finished before, how many were accepted."""

    accepted: int = 0
    rejected: int = 0
    undecided: int = 0
    failed: int = 0
    repairs: int = 0
    """What guards did."""

    turns: int = 0
    usage: Usage = Usage()
    live: dict[str, Live] = field(default_factory=dict)
    """Dialogues being played, by id, oldest first."""

    @property
    def finished(self) -> int:
        """Dialogues that this start brought to a verdict or a failure."""
        return self.accepted + self.rejected + self.undecided + self.failed

    @property
    def steps(self) -> tuple[int, int]:
        """How far the run is, and how far it has to go: in accepted dialogues, where these are what counts."""
        if self.goal is not None:
            done = self.accepted_before + self.accepted if self.lacking is None else self.goal - self.lacking
            return min(done, self.goal), self.goal
        return self.before + self.finished, self.planned

    @property
    def place(self) -> str:
        """The same in words."""
        done, whole = self.steps
        what = "" if self.goal is None else " accepted" if self.lacking is None else " wanted"
        return f"{done}/{whole}{what}"

    @property
    def tokens(self) -> int:
        """Tokens that models wrote since this start."""
        return self.usage.completion_tokens

    def graded(self, dialogue: str) -> str:
        """Return the critic's opinion of a dialogue being played, to be put behind its verdict; empty where none is."""
        grading = self.live[dialogue].grading if dialogue in self.live else None
        if grading is None:
            return ""
        if isinstance(grading, Ungraded):
            return f"; ungraded: {one_line(grading.reason, limit=80)}"
        return f"; graded {grading.overall:.2f} of 5"

    def take(self, event: Event) -> None:
        """Count an event."""
        if isinstance(event, Token):
            live = self.live.get(event.dialogue)
            if live is not None:
                live.speaking = live.names.get(event.role, event.role)
                live.words += event.text
        elif isinstance(event, TurnDone):
            self._turn(event)
        elif isinstance(event, Withdrawn):
            if event.dialogue in self.live:
                self.live[event.dialogue].words = ""
        elif isinstance(event, Intervened):
            self._intervened(event)
        elif isinstance(event, RunStarted):
            self.planned, self.before = event.planned, event.finished
            self.goal, self.accepted_before = event.goal, event.accepted
        elif isinstance(event, Planned):
            self.lacking = event.lacking
        elif isinstance(event, DialogueStarted):
            title = f"{event.assignment.scenario}: {event.assignment.topic[-1]}"
            self.live[event.dialogue] = Live(title, event.names)
            self.usage += event.usage
        elif isinstance(event, GoalChecked | Placed | SpeakerChosen):
            self.usage += event.usage
        elif isinstance(event, Graded):
            self.usage += event.grading.usage
            if event.dialogue in self.live:
                self.live[event.dialogue].grading = event.grading
        elif isinstance(event, Decided):
            outcome = event.verdict.outcome
            self.accepted += outcome == "accepted"
            self.rejected += outcome == "rejected"
            self.undecided += outcome == "undecided"
            self.live.pop(event.dialogue, None)
        elif isinstance(event, DialogueFailed):
            self.failed += 1
            self.live.pop(event.dialogue, None)

    def _intervened(self, event: Intervened) -> None:
        self.repairs += 1
        self.usage += sum((turn.usage for turn in event.intervention.unchosen), Usage())
        undone = len(event.intervention.undone)
        self.turns -= undone
        live = self.live.get(event.dialogue)
        if live is not None:
            live.words = ""
            del live.said[max(0, len(live.said) - undone) :]

    def _turn(self, event: TurnDone) -> None:
        self.turns += 1
        self.usage += event.turn.usage
        # A dialogue taken up again tells no second start; its turns may still be shown.
        live = self.live.setdefault(event.dialogue, Live(event.dialogue, {}))
        live.said.append((live.names.get(event.turn.role, event.turn.role), event.turn.text))
        live.speaking, live.words = "", ""
