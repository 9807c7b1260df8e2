"""Train and validation without leaks: no (persona, scenario) pair stands on both sides.

Dialogues that share a pair form a component, and components are never cut. In an order drawn by blake2b from
the seed and the component's smallest dialogue id, each component that still fits below the share goes to
validation. What then is missing is filled with the smallest component left over only if that brings the
size nearer to the share than leaving it out; so validation may end up a little above the share, and it stays
empty where every component is more than twice as large as the share asks for.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from agentsim.errors import UserError

Pair = tuple[str, str]
"""Persona id and scenario id."""


@dataclass(frozen=True)
class Member:
    """A dialogue to be put on one side."""

    id: str
    """Id of the dialogue."""

    pairs: frozenset[Pair]
    """Each persona cast, with the scenario. A dialogue without personas shares nothing with any other."""

    rows: int = 1
    """Rows it yields; the share is measured in rows."""


@dataclass(frozen=True)
class Split:
    """Which dialogues are for validation; all others are for training."""

    validation: frozenset[str]
    """Ids of the dialogues."""

    components: int
    """Groups of dialogues that could be told apart without sharing a pair."""

    why_empty: str | None
    """Why there is no validation, in a sentence; ``None`` where there is."""


def split(members: Iterable[Member], share: float, seed: int) -> Split:
    """Choose the dialogues for validation so that about ``share`` of all rows are there.

    The order of ``members`` does not matter. Raise ``UserError`` for a share outside 0 to 0.5 and
    ``ValueError`` for an id that stands twice.
    """
    if not 0 <= share <= 0.5:
        raise UserError(f"the validation share must be from 0 to 0.5, not {share}", fix="0.1 is usual")
    groups = _components(members)
    weights = {key: sum(member.rows for member in group) for key, group in groups.items()}
    target = share * sum(weights.values())
    chosen: list[str] = []
    left: list[str] = []
    size = 0
    for key in sorted(groups, key=lambda key: (_draw(seed, key), key)):
        if size + weights[key] <= target:
            chosen.append(key)
            size += weights[key]
        else:
            left.append(key)
    if left and target > 0:
        smallest = min(left, key=lambda key: weights[key])  # the first drawn, among equals
        if abs(size + weights[smallest] - target) < target - size:
            chosen.append(smallest)
    validation = frozenset(member.id for key in chosen for member in groups[key])
    return Split(validation, len(groups), None if validation else _why_empty(len(groups), share))


def _why_empty(components: int, share: float) -> str:
    if components == 0:
        return "there are no rows"
    if share == 0:
        return "a share of 0 was asked for"
    if components == 1:
        return "all dialogues hang together by shared pairs of persona and scenario, so none can be set apart"
    return f"every group of dialogues that can be set apart is too large for a share of {share:g}"


def _draw(seed: int, key: str) -> bytes:
    return hashlib.blake2b(f"{seed}\n{key}".encode(), digest_size=16).digest()


def _components(members: Iterable[Member]) -> dict[str, list[Member]]:
    """Group the dialogues that share a pair, directly or through others; the key is the smallest id."""
    by_id: dict[str, Member] = {}
    for member in members:
        if member.id in by_id:
            raise ValueError(f"dialogue {member.id} stands twice")
        by_id[member.id] = member
    parent = {name: name for name in by_id}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    first: dict[Pair, str] = {}
    for name in sorted(by_id):
        for pair in by_id[name].pairs:
            one, two = root(first.setdefault(pair, name)), root(name)
            parent[max(one, two)] = min(one, two)  # so a root is always its component's smallest id
    groups: defaultdict[str, list[Member]] = defaultdict(list)
    for name in sorted(by_id):
        groups[root(name)].append(by_id[name])
    return dict(groups)
