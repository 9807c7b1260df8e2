"""What the signs of a turn amount to: how likely it fails, by kind, from weights fitted to labelled dialogues.

Three steps, as in stacked generalisation (Wolpert 1992). A linear model reads the words of a turn; small decision
trees, boosted (Friedman 2001), weigh its answer beside everything else that is known of the turn: what the rules found,
where it stands, what was said before and after. Of a conversation that is over, a few more trees weigh what all turns
and kinds came to: a turn that looks off the task is believed less where another one looks like it too.
``python -m benchmarks.fit_judge`` fits all to the development part of the labelled dialogues and writes ``judge.npz``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from agentsim.guards.grams import grams
from agentsim.guards.signs import Signs
from agentsim.schema import FailureKind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float32]

KINDS: tuple[FailureKind, ...] = tuple(kind for kind in get_args(FailureKind) if kind != "empty")
"""The kinds that are judged, in the order of the columns: whether a turn is empty needs no judge."""

PARTS = ("serves", "leads")
"""What the words also tell: whether they are those of the side that serves, of the side that leads."""

NOTHING = -9.0
"""Log odds of what does not speak for a failure at all."""

WEIGHTS = Path(__file__).with_name("judge.npz")


@dataclass(frozen=True)
class Trees:
    """Boosted trees, each three questions deep, for each kind."""

    column: "npt.NDArray[np.intp]"
    """Figure that each inner node asks, shape (kinds, trees, 7)."""

    bound: "Numbers"
    """Value up to which the answer is the left branch, shape (kinds, trees, 7)."""

    leaf: "Numbers"
    """Log odds of each leaf, shape (kinds, trees, 8)."""

    start: "Numbers"
    """Log odds before any tree, a kind each."""

    def odds(self, table: "Numbers") -> "Numbers":
        """Return log odds, shape (rows, kinds), walking down all trees with all rows of figures at once."""
        import numpy as np

        kinds, trees, _ = self.column.shape
        column, bound, leaf = self.column.ravel(), self.bound.ravel(), self.leaf.ravel()
        tree = np.arange(kinds * trees, dtype=np.intp)
        row = np.arange(0, table.size, table.shape[1], dtype=np.intp)[:, None]
        node = np.zeros((len(table), kinds * trees), dtype=np.intp)
        for _ in range(3):
            place = node + 7 * tree
            node = 2 * node + 1 + (table.take(row + column.take(place)) > bound.take(place))
        found: Numbers = leaf.take(node - 7 + 8 * tree).reshape(len(table), kinds, trees).sum(axis=2) + self.start
        return found


@dataclass(frozen=True)
class Weights:
    """What was fitted."""

    grams: Mapping[str, int]
    """Row of each gram in ``words``."""

    words: "Numbers"
    """Weights of the grams, a column for each kind and part; the last row is the intercept."""

    names: Mapping[str, int]
    """Column of each figure."""

    turn: Trees
    """Weigh the figures of a turn."""

    whole: Trees
    """Weigh what all turns came to, as ``summary`` tells it."""

    threshold: "Numbers"
    """Log odds of a turn from which a kind is reported while the conversation goes on."""

    threshold_whole: "Numbers"
    """Those of a whole conversation from which a kind is reported."""

    certain: Mapping[FailureKind, float]
    """Confidence from which a rule's finding stands whatever the odds."""


def figures(
    found: Sequence[dict[str, float]], words: "Numbers", sides: Mapping[str, Sequence[int]]
) -> Sequence[dict[str, float]]:
    """Add to the figures of each turn what its words say, and return them.

    Args:
        found: the signs of each turn.
        words: what the linear model makes of each turn's words, shape (turns, kinds and parts).
        sides: for each part 1, -1 or 0 a turn, as ``Signs.sign``.
    """
    for number, kind in enumerate(KINDS):
        for held, value in zip(found, words[:, number].tolist(), strict=True):
            held[f"words={kind}"] = value
    for number, name in enumerate(PARTS, start=len(KINDS)):
        fits = [value * side for value, side in zip(words[:, number].tolist(), sides[name], strict=True)]
        mean = sum(fits) / max(1, len(fits))
        for at, held in enumerate(found):
            held[f"fits-{name}"] = fits[at]
            held[f"fits-{name}-more"] = fits[at] - mean
            held[f"fits-{name}-before"] = fits[at - 1] if at else 0.0
            held[f"fits-{name}-after"] = fits[at + 1] if at + 1 < len(fits) else 0.0
    return found


def grams_of(signs: Signs, at: int) -> list[str]:
    """Return the grams of a turn."""
    following = signs.tokens[at + 1] if at + 1 < signs.count else None
    return list(grams(signs.tokens[at], following, signs.part(at)))


def judged(signs: Signs, first: int = 0) -> "Numbers":
    """Return log odds that each turn fails in each way, shape (turns, kinds); above 0 it is reported.

    Args:
        signs: those of the conversation.
        first: position of the first turn that is judged; those before it get odds of 0.
    """
    import numpy as np

    held = weights()
    every = range(signs.count)
    words = np.stack([_words(held, grams_of(signs, at)) for at in every])
    sides = {name: [signs.sign(at, name) for at in every] for name in PARTS}
    shown = figures([signs.of(at) if at >= first else {} for at in every], words, sides)[first:]
    odds = np.zeros((signs.count, len(KINDS)), dtype=np.float32)
    odds[first:] = held.turn.odds(table_of(shown, held.names))
    if not signs.prepared.talk.over:
        odds[first:] -= held.threshold
        return odds
    rules = np.zeros(len(KINDS), dtype=np.float32)
    for (_, kind), sure in signs.ruled.items():
        if kind in KINDS:
            rules[KINDS.index(kind)] = max(rules[KINDS.index(kind)], sure)
    whole = held.whole.odds(summary(odds, rules)[None])[0]
    settled: Numbers = odds - odds.max(axis=0) + whole - held.threshold_whole
    return settled


def summary(odds: "Numbers", rules: "Numbers") -> "Numbers":
    """Return what all turns of a conversation come to: for each kind the highest and the second highest odds and the
    surest finding of its rule, then how many turns there are and how much speaks for any failure.

    Args:
        odds: log odds of each turn, shape (turns, kinds).
        rules: confidence of each kind's rule, 0 where it found nothing.
    """
    import numpy as np

    ordered = np.sort(odds, axis=0)
    second = ordered[-2] if len(odds) > 1 else np.full_like(ordered[-1], NOTHING)
    any_ = np.exp(np.clip(ordered[-1], NOTHING, -NOTHING)).sum()
    return np.concatenate([ordered[-1], second, rules, [len(odds), any_]]).astype(np.float32)


def table_of(shown: Sequence[Mapping[str, float]], names: Mapping[str, int]) -> "Numbers":
    """Return figures as a table, a row each.

    Args:
        shown: figures by name.
        names: column of each; those without one share the last column, which no tree asks.
    """
    import numpy as np

    table = np.zeros((len(shown), len(names) + 1), dtype=np.float32)
    for row, told in enumerate(shown):
        table[row, [names.get(name, len(names)) for name in told]] = list(told.values())
    return table


def _words(held: Weights, said: Sequence[str]) -> "Numbers":
    rows = [row for gram in said if (row := held.grams.get(gram)) is not None]
    rows.append(len(held.grams))
    found: Numbers = held.words[rows].sum(axis=0, dtype="float32")
    return found


@cache
def weights() -> Weights:
    """Return what was fitted."""
    import numpy as np

    with np.load(WEIGHTS) as held:
        grams_ = bytes(held["grams"]).decode().split("\n")
        names = bytes(held["names"]).decode().split("\n")
        return Weights(
            grams={gram: row for row, gram in enumerate(grams_)},
            words=held["words"].astype(np.float32),
            names={name: column for column, name in enumerate(names)},
            turn=_trees(held, ""),
            whole=_trees(held, "whole_"),
            threshold=held["threshold"],
            threshold_whole=held["whole_threshold"],
            certain=dict(zip(KINDS, held["certain"].tolist(), strict=True)),
        )


def _trees(held: Mapping[str, "npt.NDArray[Any]"], prefix: str) -> Trees:
    import numpy as np

    return Trees(
        column=held[f"{prefix}column"].astype(np.intp),
        bound=held[f"{prefix}bound"],
        leaf=held[f"{prefix}leaf"],
        start=held[f"{prefix}start"],
    )
