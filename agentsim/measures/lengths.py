"""How much the length of turns varies: people say a word here and a speech there, models a paragraph each time."""

from collections.abc import Sequence
from math import fsum, sqrt

from agentsim.schema.noun import Noun


class Lengths(Noun):
    """Length of turns in words; in characters for scripts without spaces."""

    turns: int
    """Turns that were counted."""

    mean: float | None
    """Mean of all turns; ``None`` without a turn, as below."""

    deviation: float | None
    """Standard deviation of all turns."""

    variation: float | None
    """Coefficient of variation of all turns: deviation over mean."""

    within: float | None
    """Mean coefficient of variation within a dialogue, of the dialogues in which the role speaks twice or more."""

    between: float | None
    """Mean coefficient of variation of the dialogues' means for one persona, of the personas with two dialogues or
    more."""


def lengths(dialogues: Sequence[Sequence[int]], personas: Sequence[str]) -> Lengths:
    """Return how lengths vary, given the words of each turn by dialogue, and the persona of each dialogue.

    All deviations are those of the given numbers themselves (divided by their count), so one number has none: 0.
    """
    turns = [length for dialogue in dialogues for length in dialogue]
    means: dict[str, list[float]] = {}
    for dialogue, persona in zip(dialogues, personas, strict=True):
        if dialogue:
            means.setdefault(persona, []).append(fsum(dialogue) / len(dialogue))
    return Lengths(
        turns=len(turns),
        mean=mean(turns),
        deviation=_deviation(turns),
        variation=_variation(turns),
        within=mean([_variation(dialogue) for dialogue in dialogues if len(dialogue) > 1]),
        between=mean([_variation(several) for several in means.values() if len(several) > 1]),
    )


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the numbers that are there; ``None`` where there is none."""
    there = [value for value in values if value is not None]
    return fsum(there) / len(there) if there else None


def _deviation(values: Sequence[float]) -> float | None:
    middle = mean(values)
    if middle is None:
        return None
    return sqrt(fsum((value - middle) ** 2 for value in values) / len(values))


def _variation(values: Sequence[float]) -> float | None:
    middle, deviation = mean(values), _deviation(values)
    return None if not middle or deviation is None else deviation / middle
