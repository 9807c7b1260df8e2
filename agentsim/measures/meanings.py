"""Meanings of texts that are needed again and again, looked up many at a time: one by one takes twenty times longer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from agentsim.meaning import vectors

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]

KEPT = 50_000
"""Texts whose meanings are kept; all are forgotten when there are more."""

_KNOWN: "dict[str, Vector]" = {}


def learn(texts: Iterable[str]) -> None:
    """Look up the meanings of some texts together, ahead of their being asked for."""
    missing = [text for text in dict.fromkeys(texts) if text not in _KNOWN]
    if len(_KNOWN) + len(missing) > KEPT:
        _KNOWN.clear()
    _KNOWN.update(zip(missing, vectors(missing), strict=True))


def meaning(text: str) -> "Vector":
    """Return the vector of a text, of length 1, or 0 for one without words."""
    if text not in _KNOWN:
        learn([text])
    return _KNOWN[text]


def near(one: str, other: str) -> float:
    """Return how near two texts are in meaning, from -1 to 1."""
    return float(meaning(one) @ meaning(other))
