"""Dialogues count for the topic that they were about, whatever they were assigned to, and the sums agree."""

from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.topics.coverage import Outcome, cover, gaps
from agentsim.topics.graph import add_topic, broadest, leaves, narrower, node_id
from agentsim.topics.placing import Placement, Placer

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph

PATHS = (
    ("Home", "a tap that drips all night"),
    ("Home", "black mould in the bathroom"),
    ("Money", "a card payment taken twice"),
    ("Money", "a loan for a used car"),
    ("Sky", "why the evening is red"),
)

SAID = {
    PATHS[0]: [
        "The kitchen tap drips, and at night I hear it.",
        "Is the washer worn? Close the valve.",
    ],
    PATHS[1]: ["There are black spots above the shower.", "That is mould; the bathroom needs air after each bath."],
    PATHS[2]: ["The shop took my card payment two times.", "I see both payments; one will be paid back to the card."],
    PATHS[3]: ["I would like to borrow money to buy a used car.", "How much is the car, and over how many years?"],
    PATHS[4]: ["Why is the sky red in the evening?", "Blue light is scattered away on its long path through the air."],
}


@pytest.fixture(scope="module")
def graph() -> "Graph":
    made: Graph = nx.MultiDiGraph()
    for path in PATHS:
        add_topic(made, path)
    return made


def test_a_dialogue_belongs_where_its_words_say(graph: "Graph") -> None:
    placed = Placer(graph).place(list(SAID.values()))
    assert [one.topic for one in placed] == [node_id("topic", *path) for path in SAID]
    assert all(0 < one.confidence <= 1 for one in placed)


def test_a_dialogue_about_something_else_belongs_nowhere(graph: "Graph") -> None:
    texts = [["My grandmother plays the violin.", "Which composer does she like best?"], ["", "  "], []]
    assert [one.topic for one in Placer(graph).place(texts)] == [None, None, None]


def test_where_a_dialogue_belongs_does_not_depend_on_the_others(graph: "Graph") -> None:
    placer = Placer(graph)
    together = placer.place(list(SAID.values()))
    assert together == [placer.place([turns])[0] for turns in SAID.values()]


STATES = ("planned", "in flight", "failed", "accepted", "rejected", "undecided")
NODES = [node_id("topic", *path) for path in PATHS]


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    state = draw(st.sampled_from(STATES))
    placement = None
    if state in ("accepted", "rejected", "undecided"):
        placement = Placement(draw(st.sampled_from([*NODES, None])), 1.0, 0.5)
    return Outcome(draw(st.sampled_from(NODES)), state, placement, draw(st.integers(0, 500)))


@given(st.lists(outcomes(), max_size=40))
def test_the_sums_agree(many: list[Outcome]) -> None:
    graph: Graph = nx.MultiDiGraph()
    for path in PATHS:
        add_topic(graph, path)
    found = cover(graph, many)
    ended = [one for one in many if one.placement is not None]
    tops = [found.topics[node] for node in broadest(graph)]
    assert sum(count.planned for count in tops) == len(many)
    assert sum(count.simulated for count in tops) == len(ended)
    assert sum(count.said for count in tops) + found.nowhere == len(ended)
    assert sum(count.tokens for count in tops) == sum(one.tokens for one in many)
    for node, count in found.topics.items():
        below = [found.topics[one] for one in narrower(graph, node)]
        for name in ("planned", "in_flight", "failed", "simulated", "said", "accepted", "tokens"):
            assert not below or getattr(count, name) == sum(getattr(one, name) for one in below)
        assert count.accepted <= count.said
        assert count.on_topic <= count.simulated
        assert count.simulated + count.in_flight + count.failed <= count.planned
    accepted = {one.placement.topic for one in ended if one.state == "accepted" and one.placement is not None}
    assert found.covered == len(accepted - {None})
    assert set(gaps(graph, found)) == set(leaves(graph)) - accepted
    went = sum(times for one in found.wrong.values() for times in one.values())
    assert went == sum(one.placement is not None and one.placement.topic != one.topic for one in many)
