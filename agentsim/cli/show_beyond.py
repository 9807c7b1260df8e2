"""What lies beyond a run's coverage, for `agentsim coverage`: new subjects, what was proposed, what would be next."""

from typing import TYPE_CHECKING, Any

from agentsim.cli.output import say

if TYPE_CHECKING:
    from agentsim.run.covering import Survey

SHOWN = 3
"""Of each kind, on a terminal; ``--json`` has ten."""

TOLD = 10


def beyond(survey: "Survey") -> dict[str, Any]:
    """Return it as data."""
    from dataclasses import asdict

    from agentsim.run.beyond import foretell, yields

    return {
        "candidates": [
            {"name": one.name, "dialogues": [survey.ended[at].assignment.id for at in one.dialogues]}
            for one in survey.candidates
        ],
        "yields": {kind: asdict(told) for kind, told in yields(survey.ended).items()},
        "foretold": [
            {
                "kind": one.proposal.kind,
                "scenario": one.scenario,
                "topic": list(one.topic),
                "cast": one.cast,
                "bridge": list(one.proposal.bridge or ()),
                "score": round(one.proposal.score, 5),
                "distance": one.proposal.distance,
            }
            for one in foretell(survey, TOLD)
        ],
    }


def show_beyond(told: dict[str, Any]) -> None:
    """Tell it in a few lines."""
    from agentsim.run.beyond import KINDS
    from agentsim.sanitise import one_line

    for one in told["candidates"][:SHOWN]:
        say(f"new subject, no topic yet: {one_line(one['name'])} ({len(one['dialogues'])} dialogues)")
    kinds = told["yields"]
    if set(kinds) - {"other"}:
        for kind, came in kinds.items():
            name = {"combination": "new combinations", "bridge": "bridges", "other": "the others"}[kind]
            about = "about both topics" if kind == "bridge" else "about their topic"
            say(f"{name}: {came['ended']} ended, {came['accepted']} accepted, {came['hit']} of these {about}")
    for kind in KINDS:
        for one in [one for one in told["foretold"] if one["kind"] == kind][:SHOWN]:
            people = ", ".join(f"{person} as {role}" for role, person in one["cast"].items())
            what = people or " / ".join(one["bridge"])
            say(f"never tried, likely to go well: {one_line(' / '.join(one['topic']))} with {one_line(what)}")
