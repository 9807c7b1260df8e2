"""What dialogues can be about, and with whom: topics, scenarios, personas, skills and difficulties in one graph.

A node's id comes from its content alone, so the same topic in two scenarios is one node, and the graph of a library is
the same on every machine.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal, TypeAlias

from agentsim.library.casting import suits
from agentsim.schema import Persona, Scenario, Topic, TopicPath

if TYPE_CHECKING:
    import networkx as nx

    Graph: TypeAlias = "nx.MultiDiGraph[str]"

NodeKind = Literal["topic", "scenario", "persona", "skill", "difficulty", "candidate"]
"""What a node is: its attribute ``kind``. A topic has a ``path`` beside its ``name``; a candidate is a subject that was
spoken of and is no topic yet."""

EdgeKind = Literal["broader", "discussed-together", "used-in"]
"""What an edge says, its key: the second node is the broader topic; dialogues were about both (one edge each way);
the first node has its part in the second (topic or persona in a scenario, skill or difficulty in a persona)."""

LEVELS = ("easy", "middling", "hard")
"""Difficulty of personas, in thirds of ``difficulty.level``."""


def level_of(persona: Persona) -> str:
    """Return how difficult a persona is, one of ``LEVELS``."""
    return LEVELS[min(2, int(persona.difficulty.level * 3))]


def node_id(kind: NodeKind, *parts: str) -> str:
    """Return the id of a node from its content: the path of a topic, the id of a scenario or persona, a name."""
    text = "\x1f".join((kind, *parts)).encode("utf-8", "surrogatepass")
    return f"{kind}-{blake2b(text, digest_size=8).hexdigest()}"


def build(scenarios: Iterable[Scenario], personas: Iterable[Persona] = ()) -> "Graph":
    """Return the graph of some scenarios and of those people who may play in one of them."""
    import networkx as nx

    graph: Graph = nx.MultiDiGraph()
    people = list(personas)
    for scenario in scenarios:
        here = node_id("scenario", scenario.id)
        graph.add_node(here, kind="scenario", name=scenario.id)
        for topic in scenario.topics:
            _add_topic(graph, topic, (), here)
        for persona in people:
            if any(role.persona is not None and suits(persona, role.persona) for role in scenario.roles):
                graph.add_edge(_add_persona(graph, persona), here, key="used-in")
    return graph


def _add_topic(graph: "Graph", topic: Topic, above: TopicPath, scenario: str) -> None:
    path = (*above, topic.name)
    node = add_topic(graph, path, topic.about)
    if topic.also:
        graph.nodes[node]["also"] = " / ".join(topic.also)
    graph.add_edge(node, scenario, key="used-in")
    for narrower in topic.topics:
        _add_topic(graph, narrower, path, scenario)


def add_topic(graph: "Graph", path: TopicPath, about: str | None = None) -> str:
    """Add a topic and those above it, where they are missing, and return its node."""
    node = node_id("topic", *path)
    if node not in graph:
        graph.add_node(node, kind="topic", name=path[-1], path=path)
        if len(path) > 1:
            graph.add_edge(node, add_topic(graph, path[:-1]), key="broader")
    if about is not None:
        graph.nodes[node]["about"] = about
    return node


def _add_persona(graph: "Graph", persona: Persona) -> str:
    node = node_id("persona", persona.id)
    if node not in graph:
        graph.add_node(node, kind="persona", name=persona.id)
        held: list[tuple[NodeKind, str]] = [
            ("difficulty", level_of(persona)),
            *(("skill", name) for name in persona.knowledge),
        ]
        for kind, name in held:
            other = node_id(kind, name)
            graph.add_node(other, kind=kind, name=name)
            graph.add_edge(other, node, key="used-in")
    return node


def discuss_together(graph: "Graph", pairs: Mapping[tuple[str, str], int]) -> None:
    """Add an edge each way between topics that dialogues were about both of, with their number."""
    for (one, other), dialogues in pairs.items():
        graph.add_edge(one, other, key="discussed-together", dialogues=dialogues)
        graph.add_edge(other, one, key="discussed-together", dialogues=dialogues)


def nodes(graph: "Graph", kind: NodeKind) -> list[str]:
    """Return the nodes of a kind, in the order they were added."""
    return [node for node, told in graph.nodes.items() if told["kind"] == kind]


def path_of(graph: "Graph", topic: str) -> TopicPath:
    """Return the path of a topic."""
    path: TopicPath = graph.nodes[topic]["path"]
    return path


def narrower(graph: "Graph", topic: str) -> list[str]:
    """Return the topics right below one, in the order they were added."""
    return [below for below, _, key in graph.in_edges(topic, keys=True) if key == "broader"]


def broadest(graph: "Graph") -> list[str]:
    """Return the topics that nothing is broader than."""
    return [node for node in nodes(graph, "topic") if len(path_of(graph, node)) == 1]


def leaves(graph: "Graph") -> list[str]:
    """Return the narrowest topics."""
    return [node for node in nodes(graph, "topic") if not narrower(graph, node)]


def walk(graph: "Graph", topic: str) -> Iterator[str]:
    """Yield a topic and all narrower ones, each before those below it."""
    yield topic
    for below in narrower(graph, topic):
        yield from walk(graph, below)
