"""What a dataset holds, counted: the facts that its card states."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agentsim.dataset.conversation import System
from agentsim.dataset.row import Row
from agentsim.errors import AgentsimError
from agentsim.measures.failures import Failures
from agentsim.measures.people import People
from agentsim.schema import Action, Examination, FailureKind, Guards, Tally

Format = Literal["messages", "parquet"]
"""Files of the dataset: JSON Lines (``messages``) or Parquet, with the same columns."""

SUFFIX: dict[Format, str] = {"messages": "jsonl", "parquet": "parquet"}
"""How the files of a format end."""


@dataclass(frozen=True)
class Contents:
    """A dataset and how it came to be; everything the card is written from."""

    name: str
    """What the dataset is called."""

    format: Format
    """Which files it has."""

    train: Sequence[Row]
    """Rows to train on."""

    validation: Sequence[Row]
    """Rows to validate with."""

    tally: Tally
    """What became of the planned dialogues."""

    seed: int
    """Seed of the run; the split is drawn from it too."""

    share: float
    """Share of the rows that was asked for as validation."""

    components: int
    """Groups of dialogues that share no pair of persona and scenario with each other."""

    why_no_validation: str | None
    """Why there is no validation split, where there is none."""

    system: System
    """Which system message the rows have."""

    token_method: str
    """How tokens were counted, in a sentence."""

    estimated_turns: int | None
    """Turns whose tokens are estimated; ``None`` where the method estimates nothing."""

    silent: int
    """Accepted dialogues without any row, since no trained role spoke in them."""

    speakers: Mapping[str, int]
    """Turns of the accepted dialogues by what spoke them: model, human, ..."""

    guards: Guards
    """How the run looked after its dialogues."""

    policies: Mapping[FailureKind, Sequence[Action]]
    """What is done about each kind of failure, in one scenario or another."""

    failures: Failures
    """Failures of role-play in the accepted dialogues; ``rejected`` in it is of the whole run."""

    examinations: Mapping[str, Examination] | None = None
    """What is known of the critic, by rubric, where its grade was to decide; ``None`` where it was not."""

    people: People | None = None
    """What the people of the accepted dialogues are like; ``None`` where they were not measured."""

    titles: Mapping[str, str] = field(default_factory=dict)
    """Title of each scenario, by id."""

    @property
    def rows(self) -> list[Row]:
        """All rows, training first."""
        return [*self.train, *self.validation]

    @property
    def dialogues(self) -> list[Row]:
        """One row for each dialogue, for what is told of a dialogue once however many roles are trained."""
        return list({row.id: row for row in reversed(self.rows)}.values())[::-1]


def check_tally(tally: Tally, accepted: int) -> None:
    """Raise ``AgentsimError`` unless the counts add up and agree with the ``accepted`` dialogues found."""
    rejected, failed = sum(tally.rejected.values()), sum(tally.failed.values())
    if tally.planned != tally.accepted + rejected + failed:
        raise AgentsimError(
            f"the run's counts do not add up: {tally.planned} planned, but {tally.accepted} accepted + "
            f"{rejected} rejected + {failed} failed = {tally.accepted + rejected + failed}"
        )
    if tally.accepted != accepted:
        raise AgentsimError(
            f"the run counts {tally.accepted} accepted dialogues, but {accepted} were handed over to export"
        )


def ranked(values: Iterable[str]) -> list[tuple[str, int]]:
    """Return each value with its count, most frequent first, equals by name."""
    return sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))


def spread(values: Sequence[int]) -> tuple[int, int, int, int, int]:
    """Return minimum, median, 90th percentile (both by nearest rank), maximum and sum; zeros for nothing."""
    if not values:
        return (0, 0, 0, 0, 0)
    order = sorted(values)

    def rank(percent: int) -> int:
        return order[max(0, -(-len(order) * percent // 100) - 1)]

    return (order[0], rank(50), rank(90), order[-1], sum(order))


def grade_bands(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Return how many dialogues have an overall grade in each band, best first, the ungraded last."""
    bands: list[tuple[str, Callable[[float], bool]]] = [
        ("4.0 to 5.0", lambda grade: grade >= 4),
        ("3.0 to below 4.0", lambda grade: 3 <= grade < 4),
        ("2.0 to below 3.0", lambda grade: 2 <= grade < 3),
        ("1.0 to below 2.0", lambda grade: grade < 2),
    ]
    graded = [row.grade for row in rows if row.grade is not None]
    counted = [(label, sum(map(inside, graded))) for label, inside in bands]
    return [*counted, ("ungraded", len(rows) - len(graded))]


def criterion_means(rows: Sequence[Row]) -> list[tuple[str, str, int, str]]:
    """Return rubric, criterion, number of grades and their mean to two decimals, sorted by name."""
    scores: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        for grade in row.grades:
            scores.setdefault((row.rubric or "", grade.criterion), []).append(grade.score)
    return [
        (rubric, criterion, len(given), f"{sum(given) / len(given):.2f}")
        for (rubric, criterion), given in sorted(scores.items())
    ]
