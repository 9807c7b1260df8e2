"""How a critic did in its examination, and what it may be trusted with."""

from typing import Literal

from agentsim.schema.noun import Noun
from agentsim.schema.usage import Usage

Skill = Literal["grading", "comparing"]
"""What a critic can be fit for: a grade for one dialogue, a choice between two."""

Fitness = Literal["fit", "fit only for grading", "fit only for comparing", "unfit"]
"""What a critic passed every examination of; whoever passed neither skill is unfit, whether or not it was near."""


class Figure(Noun):
    """One examination: how often the critic did what a fit one does, and how often that must be."""

    skill: Skill
    """What it is about."""

    name: str
    """Short stable name, e.g. ``padding``."""

    of: int
    """What the share is taken of: answers, or pairs of them."""

    value: float
    """The share; of ``place`` the share of choices of what was shown first, less one half."""

    low: float
    """Lower end of its 95 % interval."""

    high: float
    """Upper end of its 95 % interval."""

    least: float
    """The whole interval must lie at or above this."""

    most: float
    """The whole interval must lie at or below this."""

    @property
    def outcome(self) -> Literal["passed", "failed", "not shown"]:
        """Passed where the whole interval is in bounds, failed where none of it is."""
        if self.of and self.least <= self.low and self.high <= self.most:
            return "passed"
        return "failed" if self.high < self.least or self.most < self.low else "not shown"


class Examination(Noun):
    """What one critic, a model with a rubric, came to."""

    model: str
    """The critic's model."""

    rubric: str
    """Id of the rubric."""

    fingerprint: str
    """Of all that shapes the critic's answers: model, rubric, prompts, sampling."""

    sample: int
    """Dialogues that were to be asked about; fewer were, where it could no longer pass."""

    seed: int
    """Seed that shaped the questions."""

    figures: tuple[Figure, ...]
    """What it came to in each examination."""

    verdict: Fitness
    """What it is fit for."""

    usage: Usage = Usage()
    """What asking took."""

    version: str
    """agentsim version that examined it."""

    @property
    def grades(self) -> bool:
        """Whether its grades may decide."""
        return self.verdict in ("fit", "fit only for grading")
