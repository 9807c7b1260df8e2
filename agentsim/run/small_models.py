"""Models that are known, by measurement, to need other treatment than the rest."""

from typing import Any

SMALL = frozenset({"embedded/smollm2-135m"})
"""Models that lose their way in a long prompt, talk in circles when left to themselves, and are no judges: as one, the
embedded model prefers whatever comes first (0 of 10 pairs judged alike in both orders)."""


def default_sampling(model: str) -> dict[str, Any]:
    """Return how a role's answers are drawn from ``model`` where the user says nothing, by OpenAI's names."""
    if model in SMALL:
        return {"temperature": 0.4, "max_tokens": 80, "repeat_penalty": 1.15}
    return {"temperature": 0.8, "max_tokens": 256}
