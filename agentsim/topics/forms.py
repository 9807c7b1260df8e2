"""The topic graph as node-link JSON and as GraphML, out and in again without loss."""

import json
import re
from typing import TYPE_CHECKING, Any, get_args

from agentsim.errors import UserError
from agentsim.topics.graph import NodeKind, node_id

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

FORMS = (".json", ".graphml")
"""How the names of files end that hold a topic graph."""


def written(graph: "Graph", form: str) -> str:
    """Return the graph as the text of a file of one of the ``FORMS``."""
    return to_graphml(graph) if form == ".graphml" else json.dumps(to_json(graph), ensure_ascii=False, indent=1) + "\n"


def to_json(graph: "Graph") -> dict[str, Any]:
    """Return the graph in networkx's node-link form: ``nodes`` and ``edges``, ready for ``json.dumps``."""
    import networkx as nx

    told: dict[str, Any] = nx.node_link_data(graph, edges="edges")
    told["nodes"] = [{**node, **({"path": list(node["path"])} if "path" in node else {})} for node in told["nodes"]]
    return told


def from_json(told: dict[str, Any]) -> "Graph":
    """Read the node-link form; raise ``UserError`` where it is not a topic graph."""
    import networkx as nx

    try:
        graph = nx.node_link_graph(told, edges="edges", directed=True, multigraph=True)
    except (KeyError, TypeError, nx.NetworkXError) as error:
        raise UserError(f"this is no graph in node-link form: {error!r}", fix="it needs `nodes` and `edges`") from None
    return _checked(graph)


def to_graphml(graph: "Graph") -> str:
    """Return the graph as GraphML; a topic's path is a JSON list in it."""
    import networkx as nx

    plain: Graph = nx.MultiDiGraph()
    for node, held in graph.nodes.items():
        path = {"path": json.dumps(held["path"])} if "path" in held else {}
        # XML knows no control characters; the path keeps them, as JSON.
        told = {
            name: _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value) for name, value in held.items() if name != "path"
        }
        plain.add_node(node, **told, **path)
    plain.add_edges_from(graph.edges(keys=True, data=True))
    return "\n".join(nx.generate_graphml(plain))


def from_graphml(text: str) -> "Graph":
    """Read GraphML as ``to_graphml`` writes it; raise ``UserError`` where it is not a topic graph."""
    import xml.etree.ElementTree as ElementTree

    import networkx as nx

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UserError("GraphML with a document type is refused: it may hold entities", fix="remove the declaration")
    try:
        graph = nx.parse_graphml(text, force_multigraph=True)
        for node in graph.nodes.values():
            if "path" in node:
                node["path"] = json.loads(node["path"])
    except (ElementTree.ParseError, KeyError, TypeError, ValueError, IndexError, nx.NetworkXError) as error:
        raise UserError(f"this is no GraphML: {error}") from None
    if not graph.is_directed():
        raise UserError("this graph has no directions", fix="write it with edgedefault='directed'")
    return _checked(graph)


def _checked(graph: "Graph") -> "Graph":
    """Return the graph with paths as tuples; refuse nodes and edges that are none of a topic graph."""
    kinds = get_args(NodeKind)
    for node, held in graph.nodes.items():
        if held.get("kind") not in kinds or not isinstance(held.get("name"), str):
            raise UserError(f"node {node!r} has no kind or name", fix=f"kinds are {', '.join(kinds)}")
        if held["kind"] == "topic":
            path = held.get("path")
            if not isinstance(path, (list, tuple)) or not path or not all(isinstance(name, str) for name in path):
                raise UserError(f"topic {node!r} has no path", fix="a path is a list of names, the broadest first")
            held["path"] = tuple(path)
            if node != node_id("topic", *path):
                raise UserError(f"topic {node!r} has not the id of its path", fix=f"it is {node_id('topic', *path)!r}")
    for one, other, key in graph.edges(keys=True):
        if key not in ("broader", "discussed-together", "used-in"):
            raise UserError(f"the edge from {one!r} to {other!r} is of no known kind: {key!r}")
    return graph
