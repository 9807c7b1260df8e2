"""Target shares: how much of a run each topic is to get, from what the user asks for parts of the tree."""

import difflib
from collections.abc import Collection, Mapping, Sequence

from agentsim.errors import UserError
from agentsim.schema import TopicPath

BETWEEN = " / "
"""What stands between the names of a topic's path."""


def weights(topics: Sequence[TopicPath], shares: Mapping[str, float]) -> list[float]:
    """Return the weight of each topic: 1 on average, and the asked share in sum for each part of the tree that has one.

    Args:
        topics: leaves of the tree.
        shares: share of a topic with all that is narrower, by its path (`Health / Sleep`) or, where only one topic has
            it, its name.

    Raises:
        UserError: where a share names no topic, or one inside another that has a share, or all are more than 1.
    """
    claimed: dict[int, str] = {}
    found = [1.0] * len(topics)
    for name, share in shares.items():
        path = _path(name, topics)
        cells = [cell for cell, topic in enumerate(topics) if topic[: len(path)] == path]
        if inside := next((claimed[cell] for cell in cells if cell in claimed), None):
            raise UserError(f"shares of {inside!r} and {name!r} overlap", fix="give a share to one of them")
        claimed.update(dict.fromkeys(cells, name))
        for cell in cells:
            found[cell] = share * len(topics) / len(cells)
    left, free = 1 - sum(shares.values()), len(topics) - len(claimed)
    if left < -1e-9 or (not free and left > 1e-9):
        raise UserError(f"the shares of topics add up to {1 - left:g}", fix="1 at most, and 1 where all have one")
    for cell in range(len(topics)):
        if cell not in claimed:
            found[cell] = max(0.0, left) * len(topics) / free
    return found


def known(kind: str, shares: Mapping[str, float], names: Collection[str]) -> None:
    """Raise ``UserError`` unless each share is of a known name and all are at most 1."""
    for name in shares:
        if name not in names:
            raise UserError(
                f"there is a share for the {kind} {name!r}, which the run does not have", fix=_near(name, names)
            )
    if sum(shares.values()) > 1 + 1e-9:
        raise UserError(f"the shares by {kind} add up to {sum(shares.values()):g}", fix="1 at most")


def _path(name: str, topics: Sequence[TopicPath]) -> TopicPath:
    asked = tuple(part.strip() for part in name.split(BETWEEN))
    every = dict.fromkeys(topic[:depth] for topic in topics for depth in range(1, len(topic) + 1))
    if asked in every:
        return asked
    same = [path for path in every if path[-1] == name or BETWEEN.join(path) == name]
    if len(same) == 1:
        return same[0]
    if same:
        told = " and ".join(repr(BETWEEN.join(path)) for path in same[:2])
        raise UserError(f"there are several topics {name!r}", fix=f"write the whole path: {told}")
    raise UserError(
        f"there is a share for the topic {name!r}, which the run does not have",
        fix=_near(name, [BETWEEN.join(path) for path in every] + [path[-1] for path in every]),
    )


def _near(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else "`agentsim coverage` lists topics, `agentsim scenarios` the rest"
