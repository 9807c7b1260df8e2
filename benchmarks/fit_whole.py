"""The last step of fitting the judge: trees over what all turns of a dialogue came to, and the thresholds.

It starts from the odds of turns that were held out, so it can be done again in seconds: see ``benchmarks.fit_judge``.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from agentsim.guards.judge import KINDS, summary

FOLDS = 5

TREES = 120

STEPS = np.arange(-3.0, 2.0, 0.1)
"""Thresholds that are tried."""

RIGHT = 0.85
"""Share of a rule's findings of about one confidence that must be right, by dialogue, for these to stand alone."""

BOUNDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Confidences that are tried, from which they do."""

NEVER = 2.0
"""A bound that no confidence reaches."""

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def fit_whole(kept: Mapping[str, Any], price: float) -> dict[str, Any]:
    """Return the arrays of ``judge.npz`` that this step makes; print precision and recall by dialogue.

    Args:
        kept: of each turn of a whole dialogue, those of one together, ``dialogue``, its number; and ``odds``, ``rules``
            (confidence of what a rule found) and ``fails``, a column for each kind.
        price: hits that a false alarm costs.
    """
    starts = [0, *(np.flatnonzero(np.diff(kept["dialogue"])) + 1).tolist(), len(kept["dialogue"])]
    parts = [slice(start, end) for start, end in pairwise(starts)]
    sure = np.stack([kept["rules"][part].max(axis=0) for part in parts])
    true = np.stack([kept["fails"][part].any(axis=0) for part in parts])
    top = np.stack([kept["odds"][part].max(axis=0) for part in parts])
    table = np.stack([summary(kept["odds"][part], rules) for part, rules in zip(parts, sure, strict=True)])
    fold = np.arange(len(parts)) % FOLDS
    whole = np.zeros(top.shape)
    for column in range(len(KINDS)):
        for one in range(FOLDS):
            grown = _grow(table[fold != one], true[fold != one, column])
            whole[fold == one, column] = grown.decision_function(table[fold == one])
    certain = np.array([_certain(sure[:, column], true[:, column]) for column in range(len(KINDS))])
    print("turns alone:")
    threshold = _thresholds(top, sure >= certain, true, price)
    print("all turns of a dialogue together:")
    threshold_whole = _thresholds(whole, sure >= certain, true, price)
    models = [_grow(table, true[:, column]) for column in range(len(KINDS))]
    return {
        **flat(models, "whole_"),
        "threshold": threshold,
        "whole_threshold": threshold_whole,
        "certain": certain,
    }


def _grow(table: npt.NDArray[np.float32], true: Bools) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=0.05,
        max_leaf_nodes=8,
        max_depth=3,
        l2_regularization=5,
        early_stopping=False,
        random_state=1,
    )
    return trees.fit(table, true)


def _certain(sure: Floats, true: Bools) -> float:
    """Return the confidence from which a rule's finding stands whatever the odds."""
    certain = NEVER
    for bound, higher in reversed(list(pairwise((*BOUNDS, 1.0)))):
        added = true[(sure >= bound) & (sure < higher)]
        if len(added) and added.mean() < RIGHT:
            break
        certain = bound if len(added) else certain
    return certain


def _thresholds(odds: Floats, by_rule: Bools, true: Bools, price: float) -> npt.NDArray[np.float32]:
    """Return for each kind the log odds from which it is best reported; print what that gives."""
    chosen, sums = [], np.zeros(3, dtype=int)
    for column, kind in enumerate(KINDS):
        tried = []
        for step in STEPS:
            found = (odds[:, column] > step) | by_rule[:, column]
            tried.append(((found & true[:, column]).sum(), (found & ~true[:, column]).sum(), step))
        hits, alarms, step = max(tried, key=lambda one: (one[0] - price * one[1], one[2]))
        chosen.append(step)
        of = true[:, column].sum()
        sums += (int(hits), int(alarms), int(of))
        print(f"  {kind:20} {hits / max(1, hits + alarms):.2f} {hits / of:.2f}  from {step:.1f}  n={of}")
    print(f"  {'overall':20} {sums[0] / (sums[0] + sums[1]):.3f} {sums[0] / sums[2]:.3f}")
    return np.array(chosen, dtype=np.float32)


def flat(models: list[Any], prefix: str = "") -> dict[str, Any]:
    """Return the trees of each kind's model as ``agentsim.guards.judge.Trees`` holds them, by name in the file."""
    trees = len(models[0]._predictors)
    column = np.zeros((len(models), trees, 7), dtype=np.int16)
    bound = np.full((len(models), trees, 7), np.inf, dtype=np.float32)
    leaf = np.zeros((len(models), trees, 8), dtype=np.float32)
    for kind, model in enumerate(models):
        for tree, (grown,) in enumerate(model._predictors):
            todo = [(0, 0, 0)]
            while todo:
                node, place, depth = todo.pop()
                held = grown.nodes[node]
                if held["is_leaf"]:
                    span = 2 ** (3 - depth)
                    first = (place + 1) * span - 8
                    leaf[kind, tree, first : first + span] = held["value"]
                    continue
                column[kind, tree, place], bound[kind, tree, place] = held["feature_idx"], held["num_threshold"]
                todo += [(held["left"], 2 * place + 1, depth + 1), (held["right"], 2 * place + 2, depth + 1)]
    start = np.array([float(model._baseline_prediction.ravel()[0]) for model in models], dtype=np.float32)
    return {f"{prefix}column": column, f"{prefix}bound": bound, f"{prefix}leaf": leaf, f"{prefix}start": start}
