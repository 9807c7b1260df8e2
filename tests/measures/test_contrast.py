"""Differences between groups and their intervals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.measures.contrast import Observation, contrast


def many(members: list[float], others: list[float], *, stratum: str = "s", people: int = 100) -> list[Observation]:
    return [
        *(Observation(value, True, stratum, f"m{n % people}") for n, value in enumerate(members)),
        *(Observation(value, False, stratum, f"o{n % people}") for n, value in enumerate(others)),
    ]


def test_a_difference_that_is_there_is_seen() -> None:
    found = contrast(many([5, 6, 7, 5, 6, 7] * 3, [1, 2, 3, 1, 2, 3] * 3), seed=1, name="x")
    assert (found.difference, found.drawn, found.clear) == (4.0, "people", True)
    assert found.low is not None
    assert found.high is not None
    assert 3 < found.low < 4 < found.high < 5


def test_equal_groups_do_not_differ() -> None:
    found = contrast(many([1, 2, 3, 4] * 5, [1, 2, 3, 4] * 5), seed=1, name="x")
    assert (found.difference, found.clear) == (0.0, False)


def test_fewer_than_five_on_a_side_are_too_few() -> None:
    found = contrast(many([1, 2, 3, 4], [1] * 9), seed=1, name="x")
    assert found.too_few
    assert (found.with_it, found.without, found.difference) == (4, 9, pytest.approx(1.5))
    assert not contrast(many([1, 2, 3, 4, 5], [1] * 9), seed=1, name="x").too_few


def test_nobody_to_compare_with() -> None:
    for alone in (
        [],
        many([1, 2], []),
        many([], [1, 2]),
        many([1] * 9, [], stratum="a") + many([], [1] * 9, stratum="b"),
    ):
        found = contrast(alone, seed=1, name="x")
        assert found.too_few
        assert found.difference is None
        assert (found.with_it, found.without) == (0, 0)


def test_only_the_same_is_compared_with_the_same() -> None:
    """Members are mostly in the stratum of high values: that is no difference of theirs."""
    both = many([10] * 9, [10] * 2, stratum="high") + many([1] * 2, [1] * 9, stratum="low")
    assert contrast(both, seed=1, name="x").difference == 0


def test_many_dialogues_of_few_people_are_not_many_people() -> None:
    values = [float(n % 7) for n in range(70)]
    of_many = contrast(many(values, values), seed=1, name="x")
    of_seven = contrast(many(values, values, people=7), seed=1, name="x")
    of_two = contrast(many(values, values, people=2), seed=1, name="x")
    assert (of_many.drawn, of_seven.drawn, of_two.drawn) == ("people", "people", "dialogues")
    assert (of_two.people_with, of_two.people_without) == (2, 2)
    # One value a person: ten dialogues of each tell no more than one.
    assert of_seven.high is not None
    assert of_many.high is not None
    assert of_seven.high > 2 * of_many.high


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    import numpy as np

    chance = np.random.Generator(np.random.PCG64(5))
    held = 0
    for trial in range(200):
        found = contrast(many(list(chance.normal(1, 1, 20)), list(chance.normal(0, 1, 20))), seed=trial, name="cover")
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 1 <= found.high
    assert 175 <= held <= 199  # 95 % of 200 is 190; percentile intervals of few values are a little narrow


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Observation,
            st.floats(-1e6, 1e6),
            st.booleans(),
            st.sampled_from("ab"),
            st.sampled_from("pqrstuvwxyz"),
        ),
        max_size=40,
    ),
    st.integers(0, 2**63 - 1),
)
def test_any_observations_give_the_same_interval_twice(observations: list[Observation], seed: int) -> None:
    found = contrast(observations, seed=seed, name="x")
    assert contrast(observations, seed=seed, name="x") == found
    assert (found.low is None) == (found.high is None) == (found.drawn is None)
    if found.low is not None and found.high is not None:
        assert found.low <= found.high
