"""Whether a dialogue goes into the dataset, who decided, and why."""

from typing import Literal

from agentsim.schema.noun import Noun, Words


class CheckResult(Noun):
    """What one check found."""

    check: str
    """Id of the check."""

    outcome: Literal["passed", "failed", "not_run"]
    """``not_run`` where the means are missing, e.g. a sandbox for code; it counts neither for nor against."""

    detail: Words
    """What was found, or why it was not run."""


class Reason(Noun):
    """One ground of a verdict."""

    code: str
    """Short stable name that reports count by, e.g. ``low_grade``."""

    detail: Words
    """The ground in words."""


class Verdict(Noun):
    """The decision on a dialogue."""

    outcome: Literal["accepted", "rejected", "undecided"]
    """``undecided`` where the one who was to decide could not, e.g. an ungraded dialogue under a deciding
    critic."""

    by: Literal["evidence", "detectors", "critic", "human"]
    """What decided. Evidence outranks detectors, and they outrank opinion."""

    reasons: tuple[Reason, ...]
    """The grounds, the deciding one first."""

    checks: tuple[CheckResult, ...] = ()
    """What each check of the scenario found."""
