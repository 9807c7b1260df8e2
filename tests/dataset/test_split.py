"""Validation never shares a pair of persona and scenario with training."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.dataset import Member, split
from agentsim.errors import UserError

PAIRS = st.frozensets(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), max_size=3)
MEMBERS = st.lists(st.tuples(PAIRS, st.integers(1, 3)), max_size=30).map(
    lambda items: [Member(f"d{number}", pairs, rows) for number, (pairs, rows) in enumerate(items)]
)
SHARE = st.floats(0, 0.5)


@settings(max_examples=200, deadline=None)
@given(MEMBERS, SHARE, st.integers(0, 5), st.randoms(use_true_random=False))
def test_no_pair_is_shared_sizes_are_near_and_order_does_not_matter(
    members: list[Member], share: float, seed: int, shuffle: random.Random
) -> None:
    sides = split(members, share, seed)
    inside = {pair for member in members if member.id in sides.validation for pair in member.pairs}
    outside = {pair for member in members if member.id not in sides.validation for pair in member.pairs}
    assert not inside & outside
    size = sum(member.rows for member in members if member.id in sides.validation)
    target = share * sum(member.rows for member in members)
    assert size <= 2 * target
    assert not members or sides.validation != {member.id for member in members}
    assert (sides.why_empty is None) == bool(sides.validation)
    mixed = list(members)
    shuffle.shuffle(mixed)
    assert split(mixed, share, seed) == sides


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 200), SHARE, st.integers(0, 5))
def test_free_dialogues_meet_the_share_to_half_a_row(count: int, share: float, seed: int) -> None:
    sides = split([Member(f"d{number}", frozenset()) for number in range(count)], share, seed)
    assert abs(len(sides.validation) - share * count) <= 0.5 + 1e-9


def test_pairs_bind_through_others() -> None:
    chain = [Member(f"d{n}", frozenset({(f"p{n}", "s"), (f"p{n + 1}", "s")})) for n in range(20)]
    sides = split(chain, 0.3, 0)
    assert sides.components == 1
    assert not sides.validation
    assert "hang together" in (sides.why_empty or "")


def test_the_same_person_in_another_scenario_is_another_pair() -> None:
    members = [Member(f"d{n}", frozenset({("p", f"s{n}")})) for n in range(10)]
    assert len(split(members, 0.2, 0).validation) == 2


def test_the_seed_draws_another_validation() -> None:
    members = [Member(f"d{n:03}", frozenset()) for n in range(100)]
    assert split(members, 0.1, 1).validation != split(members, 0.1, 2).validation


def test_an_empty_validation_says_why() -> None:
    two = [Member(f"d{n}", frozenset()) for n in range(2)]
    assert split([], 0.1, 0).why_empty == "there are no rows"
    assert "share of 0 " in (split(two, 0, 0).why_empty or "")
    assert "too large" in (split(two, 0.1, 0).why_empty or "")


def test_senseless_input_is_refused() -> None:
    with pytest.raises(UserError):
        split([], 0.6, 0)
    with pytest.raises(UserError):
        split([], float("nan"), 0)
    with pytest.raises(ValueError, match="twice"):
        split([Member("d", frozenset())] * 2, 0.1, 0)
