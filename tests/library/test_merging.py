"""Topics that mean the same are one; those that nearly do stay apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.library import Library
from agentsim.library.merging import gained, merge, renamed
from agentsim.schema import Topic


def tree(**areas: tuple[str, ...]) -> list[Topic]:
    return [Topic(name=name, topics=tuple(Topic(name=leaf) for leaf in leaves)) for name, leaves in areas.items()]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("how vaccines work", "the working of vaccines"),
        ("sleep problems", "trouble sleeping"),
        ("dog training", "training a dog"),
        ("back pain", "pain in the back"),
        ("public transport", "public transportation"),
    ],
)
def test_two_names_of_one_topic_become_one(one: str, other: str) -> None:
    (kept,) = merge(tree(Things=(one, "black holes", other)))
    assert [leaf.name for leaf in kept.topics] == [one, "black holes"]
    assert list(renamed([kept])) == [(("Things", one), (other,))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("type 1 diabetes", "type 2 diabetes"),
        ("guilty pleas", "not guilty pleas"),
        ("with sugar", "without sugar"),
        ("the first world war", "the second world war"),
        ("fish soup with tomatoes", "fish soup with cream"),
        ("high blood pressure", "low blood pressure"),
        ("buying a car", "selling a car"),
    ],
)
def test_what_nearly_means_the_same_stays_apart(one: str, other: str) -> None:
    assert merge(tree(Things=(one, other))) == tuple(tree(Things=(one, other)))


def test_the_same_name_in_another_part_of_the_tree_is_another_topic() -> None:
    apart = tree(Chess=("the basics of it", "openings"), Bread=("the basics of it", "flour"))
    assert merge(apart) == tuple(apart)
    near = merge(tree(Astronomy=("comets", "stars"), **{"The astronomy of space": ("comets",)}))
    assert [topic.name for topic in near] == ["Astronomy"], "and a topic with nothing left goes"


def test_shipped_topics_are_all_different() -> None:
    for scenario in Library.load().scenarios.values():
        assert merge(scenario.topics) == scenario.topics, scenario.id


def test_what_merged_before_is_not_lost_the_next_time() -> None:
    before = [Topic(name="dog training"), Topic(name="training a dog", also=("drill for dogs",))]
    merged = merge(before)
    assert [topic.also for topic in merged] == [("training a dog", "drill for dogs")]
    assert list(gained(before, merged)) == [(("dog training",), ("training a dog", "drill for dogs"))]
    assert list(gained(merged, merged)) == []


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["dog training", "training a dog", "tea", "black tea", "type 1", "type 2"]), min_size=1)
)
def test_nothing_is_lost_and_a_second_time_changes_nothing(names: list[str]) -> None:
    areas = tree(A=tuple(dict.fromkeys(names)))
    merged = merge(areas)
    told = [leaf.name for topic in merged for leaf in topic.topics] + [n for _, also in renamed(merged) for n in also]
    assert sorted(told) == sorted(set(names))
    assert merge(merged) == merged
