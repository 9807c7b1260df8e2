"""Intervals of shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.measures.shares import wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # As in Brown, Cai and DasGupta 2001, and by R's prop.test(correct = FALSE).
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662), (0, 0, 0, 1)],
)
def test_it_is_wilsons_interval(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_it_holds_the_share_and_narrows_with_the_number(pair: tuple[int, int]) -> None:
    count, of = pair
    low, high = wilson(count, of)
    assert 0 <= low <= count / of <= high <= 1
    wider = wilson(count * 4, of * 4)
    assert wider[1] - wider[0] < high - low
