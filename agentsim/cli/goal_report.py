"""Whether a run that goes on until enough is accepted got there, and if not, why."""

from pathlib import Path
from typing import Any

SHOWN = 10
"""Topics that are told of on a terminal; ``--json`` tells of all."""


def missed(folder: Path) -> dict[str, Any]:
    """Return what a run that is done was asked for and has not reached; empty where there is nothing of the kind."""
    from agentsim.cli.run_argument import opened
    from agentsim.run.covering import survey
    from agentsim.topics.coverage import short
    from agentsim.topics.graph import path_of

    found: dict[str, Any] = {}
    with opened(folder) as reader:
        settings = reader.settings
        accepted = reader.tally().accepted
        if settings.accepted is not None and accepted < settings.accepted:
            found["accepted"] = {
                "wanted": settings.accepted,
                "got": accepted,
                "tried": reader.planned,
                "limit": settings.most,
            }
        if settings.per_topic is not None and (settings.accepted is None or found):
            seen = survey(reader)
            graph, coverage = seen.graph, seen.coverage
            found["topics"] = [
                {
                    "path": list(path_of(graph, node)),
                    "wanted": settings.per_topic,
                    "accepted": count.accepted,
                    "tried": count.planned,
                    "about_it": count.on_topic,
                    "went_to": [
                        {"path": list(path_of(graph, there)) if there else None, "dialogues": times}
                        for there, times in coverage.wrong.get(node, {}).items()
                    ],
                }
                for node, count in short(graph, coverage, settings.per_topic)
                if node in seen.wanted
            ]
    return {name: value for name, value in found.items() if value}


def in_words(told: dict[str, Any], folder: Path) -> list[str]:
    """Return the lines that say so."""
    from agentsim.sanitise import one_line

    lines = []
    if (total := told.get("accepted")) is not None:
        lines.append(f"only {total['got']} of {total['wanted']} dialogues accepted, {total['tried']} tried")
        if total["tried"] >= total["limit"]:
            lines.append(f"try more with: agentsim resume {folder} --dialogues {2 * total['limit']}")
    topics = told.get("topics", [])
    if topics:
        lines.append(f"{len(topics)} topics have fewer than the {topics[0]['wanted']} accepted that were asked for")
    for topic in topics[:SHOWN]:
        name = one_line(" / ".join(topic["path"]), limit=80)
        why = f"  {name}: {topic['accepted']} accepted, {topic['tried']} tried, {topic['about_it']} of these about it"
        if topic["went_to"]:
            most = max(topic["went_to"], key=lambda one: one["dialogues"])
            there = one_line(most["path"][-1], limit=60) if most["path"] else "no topic at all"
            why += f"; {most['dialogues']} went to {there}"
        lines.append(why)
    if len(topics) > SHOWN:
        lines.append(f"  and {len(topics) - SHOWN} more: agentsim coverage {folder} --gaps")
    return lines
