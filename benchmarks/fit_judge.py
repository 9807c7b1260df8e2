"""Fit the judge of the failure detectors, ``agentsim/guards/judge.npz``, to the develop part of the labelled dialogues.

The linear model that reads words is fitted first; what it says of dialogues it was not fitted to is one of the
figures that the trees are fitted to. Each dialogue counts whole, and cut off at some turn as if it still went on. The
last step (``benchmarks.fit_whole``) is fitted to odds of dialogues that were held out; a false alarm is
worth ``--price`` hits. Prints precision and recall in cross-validation, no dialogue in two folds. Wants scikit-learn:
``pip install '.[fit]'``, then ``python -m benchmarks.fit_judge --keep odds.npz`` (half an hour on two cores).
``--choose odds.npz --price 2`` then does the last step again from the odds that were kept, in a minute.
"""

import argparse
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

from agentsim.guards.judge import KINDS, PARTS, WEIGHTS, figures, grams_of, table_of
from agentsim.guards.prepared import Prepared
from agentsim.guards.rules import ruled
from agentsim.guards.signs import Signs
from benchmarks.detectors import Labelled, labelled, talk_of
from benchmarks.fit_whole import fit_whole, flat

LEAST_GRAM = 5
"""Turns that have a gram, so that it counts."""

LEAST_FIGURE = 15
"""Turns that have a figure, so that it counts."""

STRICT = 1.0
"""Inverse strength of the linear models' L2 penalty: of 0.1, 0.3, 1 and 3 the last two rank failing turns best."""

TREES = 320
FOLDS = 3
INNER = 3
"""Folds within the training part of a fold, from which the trees learn how far to believe the linear model."""

Floats = npt.NDArray[np.float64]


@dataclass
class Turns:
    """Turns of all dialogues, a row each."""

    dialogue: npt.NDArray[np.int64]
    whole: npt.NDArray[np.bool_]
    """Of a dialogue that was not cut."""

    seen: npt.NDArray[np.int64]
    """Number of the version of a dialogue."""

    grams: Any
    """Sparse, 0 or 1."""

    plain: Any
    """The grams without those that tell the side or what follows."""

    gram_names: list[str]
    figures: list[dict[str, float]]
    signs: dict[str, npt.NDArray[np.int64]]
    """For each part 1, -1 or 0, as ``Signs.sign``."""

    fails: dict[str, npt.NDArray[np.bool_]]
    counts: dict[str, npt.NDArray[np.bool_]]
    """Whether a turn tells anything of a kind: a cut dialogue has no end, who just left the task shows no sign yet."""


def look(row: Labelled) -> list[tuple[list[dict[str, float]], list[list[str]], list[int], list[list[int]], bool]]:
    """Return for a dialogue and its cut the signs, grams, indices and sides of each turn, and whether it is whole."""
    talk = talk_of(row)
    chance = random.Random(row["id"])
    count = len(talk.turns)
    cuts = [None, chance.randint(2, count)] if count > 1 else [None]
    found = []
    for cut in cuts:
        part = talk if cut is None else replace(talk, turns=talk.turns[:cut], over=False)
        prepared = Prepared(part)
        signs = Signs(prepared, ruled(prepared))
        every = range(signs.count)
        found.append(
            (
                [signs.of(at) for at in every],
                [grams_of(signs, at) for at in every],
                [said.index for said in part.turns],
                [[signs.sign(at, name) for name in PARTS] for at in every],
                cut is None,
            )
        )
    return found


def turns_of(rows: Sequence[Labelled]) -> Turns:
    """Return all turns of labelled dialogues."""
    from scipy import sparse
    from sklearn.feature_extraction import DictVectorizer

    with ProcessPoolExecutor(os.cpu_count()) as pool:
        looked = list(pool.map(look, rows, chunksize=16))
    dialogue, whole, seen, held, grams = [], [], [], [], []
    signs: dict[str, list[int]] = {name: [] for name in PARTS}
    fails: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    counts: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    number = 0
    for at, (row, versions) in enumerate(zip(rows, looked, strict=True)):
        true = {kind: {one["turn"] for one in row["failures"] if one["kind"] == kind} for kind in KINDS}
        for shown, said, indices, sides, is_whole in versions:
            number += 1
            for place, index in enumerate(indices):
                dialogue.append(at)
                whole.append(is_whole)
                seen.append(number)
                held.append(shown[place])
                grams.append(dict.fromkeys(said[place], 1.0))
                for name, sign in zip(PARTS, sides[place], strict=True):
                    signs[name].append(sign)
                for kind in KINDS:
                    fails[kind].append(index in true[kind])
                    counts[kind].append(is_whole or kind != "premature_end")
                # Who has just left the task shows no sign of it yet; the second turn of a stretch shows it as well as
                # the first; those after it look off the task too, so they are no examples of the contrary.
                gone = [place - indices.index(turn) for turn in true["off_task"] if turn in indices[: place + 1]]
                fails["off_task"][-1] |= 1 in gone
                counts["off_task"][-1] = not any(
                    back > 1 or (back == 0 and not is_whole and place + 1 == len(indices)) for back in gone
                )
    vectorizer = DictVectorizer(dtype=np.float32)
    table = vectorizer.fit_transform(grams)
    kept = np.asarray((table != 0).sum(axis=0)).ravel() >= LEAST_GRAM
    table, names = table[:, kept].tocsr(), list(np.array(vectorizer.feature_names_)[kept])
    own = sparse.diags(np.array(["|" not in name for name in names], dtype=np.float32))
    return Turns(
        np.array(dialogue),
        np.array(whole),
        np.array(seen),
        table,
        (table @ own).tocsr(),
        names,
        held,
        {name: np.array(value) for name, value in signs.items()},
        {kind: np.array(value) for kind, value in fails.items()},
        {kind: np.array(value) for kind, value in counts.items()},
    )


def folds(groups: npt.NDArray[np.int64], number: int) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Return train and test rows so that no dialogue is in both; those of one author are spread evenly."""
    fold = groups % number
    return [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(number)]


def read_words(turns: Turns, rows: npt.NDArray[np.int64], what: str) -> Any:
    """Fit the linear model of a kind or part to the whole dialogues among some rows."""
    from sklearn.linear_model import LogisticRegression

    rows = rows[turns.whole[rows]]
    if what in PARTS:
        clean = ~np.any([turns.fails[kind] for kind in KINDS], axis=0)
        rows = rows[(turns.signs[what][rows] != 0) & clean[rows]]
        table, answer = turns.plain[rows], turns.signs[what][rows] > 0
    else:
        rows = rows[turns.counts[what][rows]]
        table, answer = turns.grams[rows], turns.fails[what][rows]
    return LogisticRegression(C=STRICT, solver="liblinear").fit(table, answer)


def say(turns: Turns, model: Any, rows: npt.NDArray[np.int64], what: str) -> Floats:
    """Return what a linear model says of some rows."""
    table = turns.plain if what in PARTS else turns.grams
    said: Floats = model.decision_function(table[rows])
    return said


def held_out(turns: Turns, rows: npt.NDArray[np.int64], what: str) -> Floats:
    """Return what linear models say of rows that they were not fitted to."""
    said = np.zeros(len(turns.dialogue))
    for train, test in folds(turns.dialogue[rows] // FOLDS, INNER):
        said[rows[test]] = say(turns, read_words(turns, rows[train], what), rows[test], what)
    return said


def with_words(turns: Turns, words: npt.NDArray[np.float32]) -> list[dict[str, float]]:
    """Return all figures of each turn, given what the linear models say of it."""
    found: list[dict[str, float]] = []
    starts = [0, *(np.flatnonzero(np.diff(turns.seen)) + 1).tolist(), len(turns.seen)]
    for start, end in pairwise(starts):
        sides = {name: turns.signs[name][start:end].tolist() for name in PARTS}
        found += figures([dict(turns.figures[row]) for row in range(start, end)], words[start:end], sides)
    return found


def named(held: Sequence[dict[str, float]]) -> dict[str, int]:
    """Return the column of each figure that enough turns have, in alphabetical order."""
    seen: Counter[str] = Counter()
    for one in held:
        seen.update(name for name, value in one.items() if value)
    told = sorted(name for name, times in seen.items() if times >= LEAST_FIGURE)
    return {name: column for column, name in enumerate(told)}


def grow(table: npt.NDArray[np.float32], turns: Turns, rows: npt.NDArray[np.int64], kind: str) -> Any:
    """Fit the trees of a kind."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = rows[turns.counts[kind][rows]]
    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=0.06,
        max_leaf_nodes=8,
        max_depth=3,
        min_samples_leaf=15,
        max_features=0.3,
        l2_regularization=5,
        early_stopping=False,
        random_state=1,
    )
    return trees.fit(table[rows], turns.fails[kind][rows])


def _say(job: tuple[str, npt.NDArray[np.int64], npt.NDArray[np.int64]]) -> Floats:
    what, train, test = job
    said = held_out(HELD[0], train, what)
    if len(test):
        said[test] = say(HELD[0], read_words(HELD[0], train, what), test, what)
    return said


HELD: list[Turns] = []
"""The turns, as the processes that are forked see them."""


def say_all(turns: Turns, train: npt.NDArray[np.int64], test: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return what linear models say of all turns in train and test, a column for each kind and part."""
    HELD[:] = [turns]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        said = list(pool.map(_say, [(what, train, test) for what in (*KINDS, *PARTS)]))
    return np.stack(said, axis=1).astype(np.float32)


def cross_validate(turns: Turns, names: Mapping[str, int]) -> dict[str, Floats]:
    """Return log odds of every turn from models that were not fitted to its dialogue."""
    odds = {kind: np.full(len(turns.dialogue), -9.0) for kind in KINDS}
    for train, test in folds(turns.dialogue, FOLDS):
        table = table_of(with_words(turns, say_all(turns, train, test)), names)[:, :-1]
        for kind in KINDS:
            odds[kind][test] = grow(table, turns, train, kind).decision_function(table[test])
    return odds


def kept_of(turns: Turns, odds: dict[str, Floats]) -> dict[str, Any]:
    """Return what the last step is made from, as ``fit_whole`` takes it."""
    whole = np.flatnonzero(turns.whole)
    return {
        "dialogue": turns.dialogue[whole],
        "odds": np.stack([odds[kind][whole] for kind in KINDS], axis=1).astype(np.float32),
        "rules": np.array([[turns.figures[row].get(f"rule={kind}", 0.0) for kind in KINDS] for row in whole], "f4"),
        "fails": np.stack([turns.fails[kind][whole] for kind in KINDS], axis=1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="fit the judge of the failure detectors")
    parser.add_argument("--price", type=float, default=1.5, help="hits that a false alarm costs [1.5]")
    parser.add_argument("--keep", metavar="FILE", help="keep the cross-validated odds, for --choose")
    parser.add_argument("--choose", metavar="FILE", help="do the last step alone, from odds that were kept")
    given = parser.parse_args()
    if given.choose:
        with np.load(WEIGHTS) as held, np.load(given.choose) as kept:
            arrays = {**held, **fit_whole(dict(kept), given.price)}
        np.savez_compressed(WEIGHTS, **arrays)
        return
    rows = labelled("develop")
    turns = turns_of(rows)
    every = np.arange(len(turns.dialogue))
    shown = with_words(turns, say_all(turns, every, np.zeros(0, dtype=np.int64)))
    names = named(shown)
    print(f"{len(rows)} dialogues, {turns.whole.sum()} turns, {len(names)} figures, {len(turns.gram_names)} grams")
    odds = kept_of(turns, cross_validate(turns, names))
    if given.keep:
        np.savez_compressed(given.keep, **odds)
    table = table_of(shown, names)[:, :-1]
    grown = [grow(table, turns, every, kind) for kind in KINDS]
    linear = [read_words(turns, every, what) for what in (*KINDS, *PARTS)]
    words = np.stack([model.coef_[0] for model in linear], axis=1)
    told = np.array([np.abs(words).max(axis=1) >= 0.03]).ravel()
    words = np.vstack([words[told], [model.intercept_[0] for model in linear]])
    kept = [name for name, keep in zip(turns.gram_names, told, strict=True) if keep]
    arrays = {
        "grams": np.frombuffer("\n".join(kept).encode(), dtype=np.uint8),
        "words": words.astype(np.float16),
        "names": np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
        **flat(grown),
        **fit_whole(odds, given.price),
    }
    np.savez_compressed(WEIGHTS, **arrays)
    print(f"{WEIGHTS.name}: {len(kept)} grams, {WEIGHTS.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
