"""What a run tells its watchers. The store keeps every event but the passing ones (`Token`, `Withdrawn`)."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from agentsim.schema.assignment import Assignment
from agentsim.schema.dialogue import End
from agentsim.schema.finding import Finding
from agentsim.schema.grade import Grading
from agentsim.schema.intervention import Intervention
from agentsim.schema.lineage import Lineage
from agentsim.schema.noun import Noun, Words
from agentsim.schema.record import Tally
from agentsim.schema.topic import TopicPath
from agentsim.schema.turn import Turn
from agentsim.schema.usage import Usage
from agentsim.schema.verdict import Verdict

Stopped = Literal["done", "interrupted", "budget", "error"]


class RunStarted(Noun):
    """The run begins, or goes on after a stop."""

    kind: Literal["run_started"] = "run_started"
    planned: int
    """Dialogues in the plan."""

    finished: int
    """Dialogues that had a verdict before; above 0 on resume."""

    concurrency: int
    """Most dialogues at work at one time."""

    models: dict[str, str]
    """Model of each part (``default``, a role name, ``critic``, ``task``)."""

    goal: int | None = None
    """Accepted dialogues at which there is enough, of each topic or in all; ``planned`` is then the most that are
    tried."""

    accepted: int = 0
    """Of those finished before, how many were accepted."""


class Planned(Noun):
    """A dialogue was chosen by what became of earlier ones."""

    kind: Literal["planned"] = "planned"
    dialogue: str
    """Id of the dialogue."""

    assignment: Assignment
    """What it is to be."""

    seen: int
    """How many outcomes, from the first dialogue's on, the choice had seen."""

    lacking: int | None = None
    """Accepted dialogues that were still wanted, by these outcomes, where each topic is to have a number of them."""


class DialogueStarted(Noun):
    """A dialogue begins, or goes on after a stop with the turns it had."""

    kind: Literal["dialogue_started"] = "dialogue_started"
    dialogue: str
    """Id of the dialogue."""

    assignment: Assignment
    """What it is to be."""

    task: Words
    """The task as played."""

    names: dict[str, str]
    """Name each role goes by, for display."""

    lineage: Lineage
    """What it is made from."""

    usage: Usage = Usage()
    """What the task specifier took."""


class Token(Noun):
    """A piece of a turn that is being spoken. Passing: never stored, and only sent when someone watches."""

    kind: Literal["token"] = "token"
    dialogue: str
    """Id of the dialogue."""

    turn: int
    """Index of the turn it will belong to."""

    role: str
    """Role that is speaking."""

    text: Words
    """The piece."""


class TurnDone(Noun):
    """A turn is complete and stored; it is never asked for again."""

    kind: Literal["turn_done"] = "turn_done"
    dialogue: str
    """Id of the dialogue."""

    turn: Turn
    """The turn."""

    agent_state: dict[str, Any] | None = None
    """State of the speaker after the turn, where it is an AutoGen agent of the user's."""


class Withdrawn(Noun):
    """The words of a turn that is being spoken are taken back. Passing, like the pieces it takes back."""

    kind: Literal["withdrawn"] = "withdrawn"
    dialogue: str
    """Id of the dialogue."""

    turn: int
    """Index of the turn that will be spoken next."""


class Flagged(Noun):
    """Failures were found that stay in the dialogue."""

    kind: Literal["flagged"] = "flagged"
    dialogue: str
    """Id of the dialogue."""

    findings: tuple[Finding, ...]
    """What was found, where."""


class Intervened(Noun):
    """A guard acted. Turns that it took back are no longer part of the dialogue; a kept proposal follows as a turn."""

    kind: Literal["intervened"] = "intervened"
    dialogue: str
    """Id of the dialogue."""

    intervention: Intervention
    """What it did, with all that was thrown away."""


class GoalChecked(Noun):
    """Somebody said after a turn whether the goal is reached: a model that was asked, or the leading one by a tool."""

    kind: Literal["goal_checked"] = "goal_checked"
    dialogue: str
    """Id of the dialogue."""

    turn: int
    """Index of the last turn that was read."""

    reached: bool | None
    """The answer; ``None`` where it could not be read."""

    usage: Usage
    """What asking took."""


class SpeakerChosen(Noun):
    """A model was asked who speaks next."""

    kind: Literal["speaker_chosen"] = "speaker_chosen"
    dialogue: str
    """Id of the dialogue."""

    turn: int
    """Index of the turn to come."""

    role: str
    """Who speaks it."""

    by: Literal["rule", "model"]
    """Whether the answer decided, or the rule for addresses because the answer named nobody who may speak."""

    usage: Usage
    """What asking took."""


class DialogueEnded(Noun):
    """A dialogue stopped talking."""

    kind: Literal["dialogue_ended"] = "dialogue_ended"
    dialogue: str
    """Id of the dialogue."""

    end: End
    """Why."""


class Graded(Noun):
    """The critic answered, usably or not."""

    kind: Literal["graded"] = "graded"
    dialogue: str
    """Id of the dialogue."""

    grading: Grading
    """What it said."""


class Placed(Noun):
    """What a finished dialogue was about, where that decides what comes next or a model is asked for it."""

    kind: Literal["placed"] = "placed"
    dialogue: str
    """Id of the dialogue."""

    topic: TopicPath | None
    """The leaf of the topic tree that it was about; ``None`` where it was about none."""

    also: tuple[TopicPath, ...] = ()
    """Other leaves that it was about too."""

    evidence: float
    """What its words say for that leaf: cosine and share of words, 2 at most; see ``agentsim.topics.placing``."""

    confidence: float
    """How clearly the leaf that its words are nearest to leads, 0 to 1."""

    by: Literal["words", "model"]
    """Who said so."""

    usage: Usage = Usage()
    """What asking took."""


class Decided(Noun):
    """The verdict on a dialogue. Nothing follows for it."""

    kind: Literal["decided"] = "decided"
    dialogue: str
    """Id of the dialogue."""

    verdict: Verdict
    """The decision."""


class DialogueFailed(Noun):
    """A dialogue has no verdict and will get none in this run; a resume tries it again from its last turn."""

    kind: Literal["dialogue_failed"] = "dialogue_failed"
    dialogue: str
    """Id of the dialogue."""

    code: str
    """Short stable name: ``error:<class>``, ``budget``, ``incomplete``."""

    detail: Words
    """What happened and what to do."""


class Notice(Noun):
    """Something the user should know that stops nothing."""

    kind: Literal["notice"] = "notice"
    text: str
    """The message."""


class RunFinished(Noun):
    """The run is over, or was stopped."""

    kind: Literal["run_finished"] = "run_finished"
    tally: Tally
    """How the planned dialogues came out."""

    usage: Usage
    """What all calls took, resumed parts included."""

    stopped: Stopped
    """Why the run ended."""


Event = Annotated[
    RunStarted
    | Planned
    | DialogueStarted
    | Token
    | Withdrawn
    | TurnDone
    | Flagged
    | Intervened
    | GoalChecked
    | SpeakerChosen
    | DialogueEnded
    | Graded
    | Placed
    | Decided
    | DialogueFailed
    | Notice
    | RunFinished,
    Field(discriminator="kind"),
]

_adapter: TypeAdapter[Event] = TypeAdapter(Event)


def parse_event(body: str | bytes) -> Event:
    """Return the event that ``body`` (JSON) describes; raise ``pydantic.ValidationError`` where it is none."""
    return _adapter.validate_json(body)
