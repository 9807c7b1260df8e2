"""Which of many cells is worth most now: a heap that forgets what is out of date when it comes up."""

import heapq
from collections.abc import Sequence


class Frontier:
    """Cells by worth; among equals the one with the lower rank. Telling and asking take O(log n) on average.

    Args:
        ranks: rank of each cell, by its number from 0; no two alike.
    """

    def __init__(self, ranks: Sequence[int]) -> None:
        self._ranks = ranks
        self._worth = [0.0] * len(ranks)
        self._heap: list[tuple[float, int, int]] = []

    def tell(self, cell: int, worth: float) -> None:
        """Set what a cell is worth; with 0 it is not offered."""
        if worth == self._worth[cell]:
            return
        self._worth[cell] = worth
        if worth > 0:
            heapq.heappush(self._heap, (-worth, self._ranks[cell], cell))
        if len(self._heap) > 4 * len(self._worth) + 64:
            self._heap = [(-worth, self._ranks[cell], cell) for cell, worth in enumerate(self._worth) if worth > 0]
            heapq.heapify(self._heap)

    def best(self) -> int | None:
        """Return the cell that is worth most, ``None`` where all are worth nothing."""
        while self._heap:
            worth, _, cell = self._heap[0]
            if -worth == self._worth[cell]:
                return cell
            heapq.heappop(self._heap)
        return None
