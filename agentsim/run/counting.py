"""From the states of a run's dialogues to the counts that add up."""

from collections import Counter
from collections.abc import Iterable

from agentsim.schema import Tally

UNKNOWN = "unknown"
"""Code of a decision or failure that was stored without one."""


def count_outcomes(groups: Iterable[tuple[str, str | None, int]], planned: int) -> Tally:
    """Return how ``planned`` dialogues came out.

    Args:
        groups: state, code, and how many begun dialogues are in that state by that code; a pair may come repeatedly.
        planned: dialogues in the plan; those that were not begun are counted as ``not_run``.
    """
    accepted, begun = 0, 0
    rejected, failed = Counter[str](), Counter[str]()
    for state, code, count in groups:
        begun += count
        if state == "accepted":
            accepted += count
        elif state == "rejected":
            rejected[code or UNKNOWN] += count
        else:
            failed["incomplete" if state == "running" else code or UNKNOWN] += count
    if begun < planned:
        failed["not_run"] = planned - begun
    return Tally(
        planned=planned,
        accepted=accepted,
        rejected=dict(sorted(rejected.items())),
        failed=dict(sorted(failed.items())),
    )
