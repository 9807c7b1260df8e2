"""How much a value differs between two groups of dialogues, with a bootstrap interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agentsim.planning.seeded import digest
from agentsim.schema.noun import Noun

LEAST = 5
"""Dialogues on a side, and persons, below which there are too few."""

RESAMPLES = 1000
"""Resamples that an interval is made of."""

AT_ONCE = 400_000
"""Weights held at once; it bounds the memory that is needed."""

# Imported where it is first needed: it takes longer than all else here.
if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Observation:
    """One value, of one person in one dialogue."""

    value: float
    """The value."""

    member: bool
    """Whether it belongs to the first group."""

    stratum: str
    """Only values of one stratum are compared with each other."""

    person: str
    """Whose value it is; values of one person are not independent."""


class Contrast(Noun):
    """The difference between two groups."""

    with_it: int
    """Dialogues of the group itself that have a counterpart."""

    without: int
    """Dialogues of the others that have a counterpart."""

    people_with: int
    """Different personas behind the former."""

    people_without: int
    """Different personas behind the latter."""

    mean_with: float | None
    """Mean of the group; ``None`` where there is nothing to compare, as below."""

    difference: float | None
    """Mean of the group minus that of the others, taken within each stratum; the strata are weighed by how much they
    can tell: the product of the two counts over their sum."""

    low: float | None
    """Lower end of the 95 % interval; ``None`` where there are too few dialogues on a side, as below."""

    high: float | None
    """Upper end."""

    drawn: Literal["people", "dialogues"] | None
    """What was resampled. Where a side has fewer than five people, dialogues are, and the interval then says nothing
    of other people who are so."""

    @property
    def too_few(self) -> bool:
        """Whether there were too few dialogues on a side for an interval."""
        return self.low is None

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def contrast(observations: Sequence[Observation], *, seed: int, name: str) -> Contrast:
    """Return how the members differ from the others, stratum by stratum.

    The interval is the percentile interval of ``RESAMPLES`` resamples, drawn by ``seed`` and ``name`` alone: the same
    observations in the same order give the same interval everywhere. Strata that hold one group alone tell nothing and
    are left out.

    Of simulated groups without a difference, whose people differed among each other as much as the dialogues of one
    person do, 6 % looked clear with 20 people on each side, 9 % with 10 and 40, 11 % with 5 and 10; had dialogues been
    drawn in place of people, 26 to 45 % would have.
    """
    import numpy as np

    both = {one.stratum for one in observations if one.member} & {one.stratum for one in observations if not one.member}
    used = [one for one in observations if one.stratum in both]
    members = np.array([one.member for one in used], dtype=bool)
    counts = {side: int((members == side).sum()) for side in (True, False)}
    people = {side: len({one.person for one in used if one.member == side}) for side in (True, False)}
    told: dict[str, int] = {
        "with_it": counts[True],
        "without": counts[False],
        "people_with": people[True],
        "people_without": people[False],
    }
    if not used:
        return Contrast(**told, mean_with=None, difference=None, low=None, high=None, drawn=None)
    values = np.array([one.value for one in used], dtype=np.float64)
    strata = _numbered([one.stratum for one in used])
    difference = float(_differences(np.ones((1, len(used))), values, members, strata)[0])
    middle = float(values[members].mean())
    if min(counts.values()) < LEAST:
        return Contrast(**told, mean_with=middle, difference=difference, low=None, high=None, drawn=None)
    drawn: Literal["people", "dialogues"] = "people" if min(people.values()) >= LEAST else "dialogues"
    units = _numbered([one.person for one in used]) if drawn == "people" else np.arange(len(used))
    chance = np.random.Generator(np.random.PCG64(int.from_bytes(digest(seed, "contrast", name), "big")))
    block = max(1, min(RESAMPLES, AT_ONCE // len(used)))
    resampled = np.concatenate(
        [
            _differences(_resampled(units, members, chance, min(block, RESAMPLES - made)), values, members, strata)
            for made in range(0, RESAMPLES, block)
        ]
    )
    # Where every stratum has few dialogues, a resample may leave none of them with both groups.
    resampled = resampled[~np.isnan(resampled)]
    if len(resampled) < RESAMPLES / 2:
        return Contrast(**told, mean_with=middle, difference=difference, low=None, high=None, drawn=None)
    low, high = (float(one) for one in np.quantile(resampled, (0.025, 0.975)))
    return Contrast(**told, mean_with=middle, difference=difference, low=low, high=high, drawn=drawn)


def _resampled(units: "Ints", members: "Marks", chance: "np.random.Generator", count: int) -> "Floats":
    """Return how often each observation is in each resample, shape ``(count, observations)``.

    Each side is drawn by itself, as many of its units as it has.
    """
    import numpy as np

    weights = np.zeros((count, len(units)))
    for side in (True, False):
        here = np.flatnonzero(members == side)
        _, place = np.unique(units[here], return_inverse=True)
        size = int(place.max()) + 1
        weights[:, here] = chance.multinomial(size, np.full(size, 1 / size), count)[:, place]
    return weights


def _differences(weights: "Floats", values: "Floats", members: "Marks", strata: "Ints") -> "Floats":
    """Return the difference under each row of weights; not a number where no stratum has weight on both sides."""
    import numpy as np

    belongs = np.zeros((len(strata), int(strata.max()) + 1))
    belongs[np.arange(len(strata)), strata] = 1
    sums, sizes = [], []
    for side in (True, False):
        chosen = weights * (members == side)
        sums.append((chosen * values) @ belongs)
        sizes.append(chosen @ belongs)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sizes[0] * sizes[1] / (sizes[0] + sizes[1])
        apart = sums[0] / sizes[0] - sums[1] / sizes[1]
    share = np.nan_to_num(share)
    apart = np.where(share > 0, apart, 0.0)
    total = share.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (share * apart).sum(axis=1) / total
    return found


def _numbered(names: Sequence[str]) -> "Ints":
    """Return a number for each name, equal names by the same number."""
    import numpy as np

    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
