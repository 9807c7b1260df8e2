"""`agentsim coverage --html`: one file that shows a run's coverage in a browser and fetches nothing."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsim.cli.show_variety import Variety
    from agentsim.run.covering import Survey

PLACE = '<script type="application/json" id="data">{}</script>'

MOST = 5000
"""Dialogues that can be read on the page; of more, the first ones."""


def page(run: str, survey: "Survey", varied: "Variety", beyond: Mapping[str, Any]) -> str:
    """Return the page. Texts of models and libraries stand in it as data and are shown as text alone."""
    told = json.dumps(_data(run, survey, varied, beyond), ensure_ascii=False, separators=(",", ":"))
    # Nothing in a string may end the element or open a comment in it.
    told = told.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    template = (files("agentsim.cli.templates") / "coverage.html").read_text(encoding="utf-8")
    return template.replace(PLACE, PLACE.replace("{}", told), 1)


def _data(run: str, survey: "Survey", varied: "Variety", beyond: Mapping[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict

    from agentsim.topics.graph import broadest, node_id, path_of, walk

    graph, coverage = survey.graph, survey.coverage
    nodes = [node for top in broadest(graph) for node in walk(graph, top)]
    number = {node: at for at, node in enumerate(nodes)}
    topics = []
    for node in nodes:
        path, count = path_of(graph, node), coverage.topics[node]
        above = number[node_id("topic", *path[:-1])] if len(path) > 1 else -1
        topics.append({"name": path[-1], "above": above, **asdict(count)})
    people = sorted({person for one in survey.ended for person in one.assignment.cast.values()})
    seat = {person: at for at, person in enumerate(people)}
    return {
        "run": run,
        "covered": coverage.covered,
        "leaves": coverage.leaves,
        "nowhere": coverage.nowhere,
        "ended": len(survey.ended),
        "last": varied.saturation.last,
        "new": varied.saturation.new,
        "curve": varied.saturation.curve,
        "diversity": varied.diversity,
        "pairs": varied.pairs,
        "beyond": {name: beyond[name] for name in ("candidates", "foretold")},
        "faults": [asdict(fault) for fault in varied.faults],
        "topics": topics,
        "people": people,
        "dialogues": [
            {
                "id": one.assignment.id,
                "outcome": "accepted" if one.accepted else "not accepted",
                "assigned": number[node_id("topic", *one.assignment.topic)],
                "said": number[one.placement.topic] if one.placement.topic is not None else -1,
                "people": sorted({seat[person] for person in one.assignment.cast.values()}),
                "turns": one.turns,
            }
            for one in survey.ended[:MOST]
        ],
    }
