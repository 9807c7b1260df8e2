"""What a critic grades by: criteria, each with a described scale."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from agentsim.schema.noun import Id, Noun, Text


class Criterion(Noun):
    """One quality of a dialogue, on a scale from 1 to 5 whose levels are described."""

    id: Id
    """Name of the criterion, unique in its rubric."""

    question: Text
    """What the grader asks of the dialogue."""

    levels: dict[Annotated[int, Field(ge=1, le=5)], Text]
    """What a dialogue looks like at a level; 1, 3 and 5 at least."""

    weight: Annotated[float, Field(gt=0)] = 1.0
    """Share in the overall grade, relative to the other criteria."""

    minimum: Annotated[int, Field(ge=1, le=5)] | None = None
    """Lowest score with which a dialogue can pass, whatever the rest."""

    @model_validator(mode="after")
    def _anchored(self) -> Self:
        missing = [str(level) for level in (1, 3, 5) if level not in self.levels]
        if missing:
            raise ValueError(f"levels must describe 1, 3 and 5; missing: {', '.join(missing)}")
        return self


class Rubric(Noun):
    """A set of criteria."""

    id: Id
    """Unique name in the library; the file is called ``<id>.yaml``."""

    title: Text
    """What it measures, in a few words."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    """The criteria, in the order the grader is asked."""

    threshold: Annotated[float, Field(ge=1, le=5)] = 3.5
    """Weighted mean from which a dialogue passes."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [criterion.id for criterion in self.criteria]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"criterion ids stand twice: {', '.join(twice)}")
        return self
