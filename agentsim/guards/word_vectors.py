"""Static vectors of single words, each looked up once: how near two turns are, word by word, in microseconds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentsim.meaning import word_vectors

if TYPE_CHECKING:
    from agentsim.meaning import Vectors

KEPT = 60_000
"""Words whose vectors are kept."""


class WordVectors:
    """Vectors of words, length 1 each, in one growing matrix; a last column tells how telling the word is."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._matrix: Vectors | None = None

    def of(self, words: Sequence[str]) -> "Vectors":
        """Return a row for each word, shape ``(len(words), 257)``: its vector, and its weight from 0.1 to 1."""
        import numpy as np

        rows = self._rows
        missing = [word for word in dict.fromkeys(words) if word not in rows]
        if missing:
            if len(rows) + len(missing) > KEPT:
                rows.clear()
                missing = list(dict.fromkeys(words))
            found, telling = word_vectors(missing)
            end = len(rows) + len(missing)
            if self._matrix is None or end > len(self._matrix):
                grown = np.zeros((max(2 * end, 4096), found.shape[1] + 1), dtype=np.float32)
                if self._matrix is not None:
                    grown[: len(rows)] = self._matrix[: len(rows)]
                self._matrix = grown
            self._matrix[len(rows) : end, :-1] = found
            self._matrix[len(rows) : end, -1] = telling
            for word in missing:
                rows[word] = len(rows)
        if self._matrix is None:
            return np.zeros((0, 257), dtype=np.float32)
        return self._matrix[[rows[word] for word in words]]


WORDS = WordVectors()
"""Those of this process."""
