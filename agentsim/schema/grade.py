"""What a critic said of a dialogue, or that it could not."""

from typing import Annotated, Literal

from pydantic import Field

from agentsim.schema.noun import Noun, Words
from agentsim.schema.usage import Usage


class Score(Noun):
    """The mark for one criterion, reason first."""

    criterion: str
    """Id of the criterion in the rubric."""

    reason: Words
    """Why this mark, written before the mark."""

    score: Annotated[int, Field(ge=1, le=5)]
    """1 (worst) to 5 (best), by the criterion's described levels."""

    turns: tuple[int, ...] = ()
    """Indices of the turns the reason refers to; each exists in the dialogue."""


class Grade(Noun):
    """A complete grading: one score for every criterion of the rubric."""

    kind: Literal["grade"] = "grade"
    rubric: str
    """Id of the rubric."""

    model: str
    """Model that graded."""

    scores: tuple[Score, ...]
    """One for each criterion, in the rubric's order."""

    overall: Annotated[float, Field(ge=1, le=5)]
    """Weighted mean of the scores."""

    usage: Usage = Usage()
    """What grading took."""


class Ungraded(Noun):
    """The critic did not give a usable grade. It is not a low grade."""

    kind: Literal["ungraded"] = "ungraded"
    rubric: str
    """Id of the rubric."""

    model: str | None = None
    """Model that was asked, where one was."""

    reason: Words
    """Why there is no grade."""

    answer: Words | None = None
    """What the critic said instead, cut to 2,000 characters."""

    usage: Usage = Usage()
    """What the attempt took."""


Grading = Annotated[Grade | Ungraded, Field(discriminator="kind")]
