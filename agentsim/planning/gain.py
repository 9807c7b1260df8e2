"""What one more dialogue on a topic is worth.

Coverage is counted by a concave function of the dialogues that a topic has, ``w log(c + e)``, so the next one is worth
``w / (c + e)``: thin topics first, and in the long run shares as the weights ``w`` (a greedy choice by marginal gain,
as for any submodular goal: Nemhauser, Wolsey and Fisher 1978). It is worth that only if it succeeds, and how likely
that is is learnt from the tries: a topic either works, at a rate with a uniform prior, or is hopeless, as a share
``HOPELESS`` of all are expected to be. So the worth of a topic where nothing ever succeeded falls with the square of
the tries, and after ``PATIENCE`` of them it is halved by each: it is tried again, ever more rarely.
"""

SMALL = 0.1
"""How much more the first dialogue of a topic is worth than the second: ``(1 + SMALL) / SMALL`` times."""

HOPELESS = 0.1
"""Share of topics that are expected to be hopeless."""


PATIENCE = 8
"""Tries without any success after which a topic counts as hopeless."""


def chance(tries: int, hits: int) -> float:
    """Return the expected share of successes, after some tries, of which some were hits."""
    if hits:
        return (hits + 1) / (tries + 2)
    alive = (1 - HOPELESS) / (tries + 1)
    return alive / (alive + HOPELESS) / (tries + 2) * 0.5 ** min(64, max(0, tries - PATIENCE))


def gain(weight: float, held: int, in_flight: int, tries: int, hits: int) -> float:
    """Return what one more dialogue on a topic is worth.

    Args:
        weight: the topic's target share, in any unit.
        held: accepted dialogues that are about it.
        in_flight: dialogues assigned to it whose outcome is not known.
        tries: dialogues assigned to it whose outcome is known.
        hits: of these, how many were accepted and about it.
    """
    likely = chance(tries, hits)
    return weight * likely / (held + in_flight * likely + SMALL)
