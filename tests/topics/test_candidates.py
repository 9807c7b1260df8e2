"""Subjects without a topic, and topics that are named beside the one a dialogue is about."""

from typing import TYPE_CHECKING

import networkx as nx

from agentsim.topics.candidates import add_candidates, candidates
from agentsim.topics.forms import from_json, to_json
from agentsim.topics.graph import add_topic, discuss_together, node_id, nodes
from agentsim.topics.placing import Placer

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph

SOURDOUGH = (
    ["How do I keep my sourdough starter alive?", "Feed the starter flour and water each day."],
    ["My sourdough bread does not rise.", "The starter was too cold; let the dough rise in a warm oven."],
    ["What flour is best for sourdough bread?", "Rye flour feeds a starter well, wheat makes a light dough."],
)
OTHERS = (
    ["Who won the football match yesterday?", "The home team won by two goals."],
    ["My visa application was refused.", "You can appeal to the embassy within a month."],
)


def test_dialogues_about_one_new_subject_are_a_candidate_named_by_its_words() -> None:
    found = candidates([*SOURDOUGH, *OTHERS], range(5))
    assert [one.dialogues for one in found] == [(0, 1, 2)]
    assert "sourdough" in found[0].name
    assert candidates([*SOURDOUGH, *OTHERS], [0, 1, 3, 4]) == []
    assert candidates([[], [""], ["   "]], range(3)) == []


def test_candidates_and_topics_together_stand_in_the_graph_and_come_back() -> None:
    graph: Graph = nx.MultiDiGraph()
    one, other = add_topic(graph, ("Sky", "comets")), add_topic(graph, ("Body", "sleep"))
    discuss_together(graph, {(one, other): 2})
    add_candidates(graph, candidates([*SOURDOUGH], range(3)))
    again = from_json(to_json(graph))
    assert again.edges[one, other, "discussed-together"]["dialogues"] == 2
    assert again.edges[other, one, "discussed-together"]["dialogues"] == 2
    assert [again.nodes[node]["kind"] for node in nodes(again, "candidate")] == ["candidate"]


def test_a_topic_named_in_two_turns_is_one_that_the_dialogue_is_about_too() -> None:
    graph: Graph = nx.MultiDiGraph()
    for path in (("Sky", "comets"), ("Sky", "black holes"), ("Body", "sleep"), ("Earth", "volcanoes")):
        add_topic(graph, path)
    placer = Placer(graph)
    sleep, comets = node_id("topic", "Body", "sleep"), node_id("topic", "Sky", "comets")
    both, alone = placer.place(
        [
            ["Do comets keep you from sleep?", "Comets in the sky are no reason to lose sleep."],
            ["Do comets have tails?", "Yes, comets in the sky have two. I sleep well."],
        ]
    )
    assert {both.topic, *both.also} == {comets, sleep}
    assert (alone.topic, alone.also) == (comets, ())
