"""A finished dialogue with what was decided about it, and the count of a run's outcomes."""

from agentsim.schema.dialogue import Dialogue
from agentsim.schema.grade import Grading
from agentsim.schema.noun import Noun
from agentsim.schema.verdict import Verdict


class Record(Noun):
    """A dialogue, its grading and its verdict."""

    dialogue: Dialogue
    """What was said."""

    grading: Grading | None = None
    """What the critic said; ``None`` where no critic was asked."""

    verdict: Verdict
    """The decision."""


class Tally(Noun):
    """Counts of a run's planned dialogues. They always add up:
    ``planned == accepted + sum(rejected) + sum(failed)``."""

    planned: int
    """Dialogues in the plan."""

    accepted: int
    """Dialogues in the dataset."""

    rejected: dict[str, int] = {}
    """Finished dialogues that were turned down, by the code of the deciding reason."""

    failed: dict[str, int] = {}
    """Dialogues without a verdict, by reason: ``not_run``, ``error:<kind>``, ``budget``, ``incomplete``,
    ``ungraded`` (the critic was to decide and could not)."""
