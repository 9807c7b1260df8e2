"""The topic graph of the shipped library and of any topics: ids, edges, and both forms out and in again."""

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.errors import UserError
from agentsim.library.library import Library
from agentsim.schema import Topic
from agentsim.topics import forms
from agentsim.topics.graph import (
    LEVELS,
    add_topic,
    broadest,
    build,
    leaves,
    narrower,
    node_id,
    nodes,
    path_of,
    walk,
)

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph


@pytest.fixture(scope="module")
def shipped() -> Library:
    return Library.load()


@pytest.fixture(scope="module")
def graph(shipped: Library) -> "Graph":
    return build(shipped.scenarios.values(), shipped.personas.values())


def test_the_leaves_are_those_of_the_scenarios(shipped: Library, graph: "Graph") -> None:
    wanted = {path for scenario in shipped.scenarios.values() for path in scenario.topic_paths()}
    assert {path_of(graph, leaf) for leaf in leaves(graph)} == wanted
    for scenario in shipped.scenarios.values():
        for path in scenario.topic_paths():
            assert graph.has_edge(node_id("topic", *path), node_id("scenario", scenario.id), key="used-in")


def test_who_may_play_stands_beside_the_scenario(shipped: Library, graph: "Graph") -> None:
    scenario = shipped.scenarios["used-van-sale"]
    may = {persona.id for role in scenario.roles for persona in shipped.candidates(role)}
    here = node_id("scenario", scenario.id)
    assert {graph.nodes[one]["name"] for one, _ in graph.in_edges(here) if graph.nodes[one]["kind"] == "persona"} == may
    assert {graph.nodes[node]["name"] for node in nodes(graph, "difficulty")} <= set(LEVELS)
    assert {graph.nodes[node]["name"] for node in nodes(graph, "skill")} == {
        name for persona in shipped.personas.values() for name in persona.knowledge
    }


def test_ids_come_from_content_alone(shipped: Library, graph: "Graph") -> None:
    again = build(reversed(shipped.scenarios.values()), reversed(shipped.personas.values()))
    assert set(again) == set(graph)
    assert set(again.edges(keys=True)) == set(graph.edges(keys=True))
    assert node_id("topic", "a", "b") != node_id("topic", "ab") != node_id("persona", "ab")


def test_both_forms_come_back_as_they_went_out(graph: "Graph") -> None:
    for again in (
        forms.from_json(json.loads(json.dumps(forms.to_json(graph)))),
        forms.from_graphml(forms.to_graphml(graph)),
    ):
        assert dict(again.nodes) == dict(graph.nodes)
        assert sorted(again.edges(keys=True)) == sorted(graph.edges(keys=True))


paths = st.lists(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1), min_size=1, max_size=4)


@given(st.lists(paths, min_size=1, max_size=8))
def test_any_topics_make_a_forest(many: list[list[str]]) -> None:
    import networkx as nx

    graph: Graph = nx.MultiDiGraph()
    for path in many:
        assert path_of(graph, add_topic(graph, tuple(path))) == tuple(path)
    walked = [node for top in broadest(graph) for node in walk(graph, top)]
    assert sorted(walked) == sorted(graph)
    assert {path_of(graph, node) for node in walked} == {
        tuple(path[:depth]) for path in many for depth in range(1, len(path) + 1)
    }
    assert all(path_of(graph, below)[:-1] == path_of(graph, node) for node in walked for below in narrower(graph, node))
    again = forms.from_json(json.loads(json.dumps(forms.to_json(graph))))
    assert dict(again.nodes) == dict(graph.nodes)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "this is no graph in node-link form"),
        ({"nodes": [{"id": "x"}], "edges": []}, "node 'x' has no kind or name"),
        ({"nodes": [{"id": "x", "kind": "topic", "name": "a"}], "edges": []}, "topic 'x' has no path"),
        ({"nodes": [{"id": "x", "kind": "topic", "name": "a", "path": ["a"]}], "edges": []}, "not the id of its path"),
    ],
)
def test_what_is_no_topic_graph_is_refused(told: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        forms.from_json(told)


def test_hostile_graphml_is_refused() -> None:
    with pytest.raises(UserError, match="document type is refused"):
        forms.from_graphml('<!DOCTYPE x [<!ENTITY a "b">]><graphml/>')
    with pytest.raises(UserError, match="this is no GraphML"):
        forms.from_graphml("<graphml")


def test_topics_say_what_they_are_about() -> None:
    import networkx as nx

    graph: Graph = nx.MultiDiGraph()
    node = add_topic(graph, Topic(name="Tides").leaves()[0], "two a day")
    assert graph.nodes[node] == {"kind": "topic", "name": "Tides", "path": ("Tides",), "about": "two a day"}
