"""How varied a run's dialogues are, and what is wrong with that, for `agentsim coverage`."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentsim.cli.output import console, say

if TYPE_CHECKING:
    from agentsim.measures.faults import Fault, Stretch
    from agentsim.measures.saturation import Saturation
    from agentsim.run.covering import Survey

LEAST = 2
"""Dialogues below which there is no variety to speak of."""


@dataclass(frozen=True)
class Variety:
    """What `agentsim coverage` tells of variety."""

    diversity: dict[str, float]
    """Every measure over all dialogues that ended; empty for fewer than two."""

    pairs: dict[str, dict[str, int]]
    """By kind of pair how many the plan allows, how many were met, and how many in accepted dialogues."""

    course: "list[Stretch]"
    saturation: "Saturation"
    faults: "list[Fault]"


def variety(survey: "Survey") -> Variety:
    """Measure a run."""
    from agentsim.measures.diversity import MEASURES
    from agentsim.measures.faults import course, faults
    from agentsim.measures.saturation import saturation

    texts = survey.texts()
    every = range(len(texts))
    figures = {name: measure(texts, every) for name, measure in MEASURES.items()} if len(texts) >= LEAST else {}
    stretches = course(texts)
    filled = saturation([one.said for one in texts.dialogues])
    return Variety(figures, _pairs(survey), stretches, filled, faults(texts, stretches))


def _pairs(survey: "Survey") -> dict[str, dict[str, int]]:
    met = [(one.accepted, survey.met(one)) for one in survey.ended]
    counts = {
        name: Counter(kind for kind, *_ in frozenset().union(*found))
        for name, found in (("met", [pairs for _, pairs in met]), ("accepted", [pairs for good, pairs in met if good]))
    }
    return {
        kind: {"reachable": reachable, **{name: count[kind] for name, count in counts.items()}}
        for kind, reachable in survey.pairs.reachable().items()
    }


def show_variety(told: Variety) -> None:
    """Tell the measures, on a terminal over the run's course too, and what is wrong."""
    out = console()
    if told.diversity and out.is_terminal:
        from rich.table import Table

        grid = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("dialogues", *told.diversity):
            grid.add_column(name.replace("_", " "), justify="right", no_wrap=True)
        grid.add_row("all", *map(_short, told.diversity.values()))
        for part in told.course:
            grid.add_row(f"{part.first}-{part.first + part.dialogues - 1}", *map(_short, part.figures.values()))
        out.print(grid)
    elif told.diversity:
        say("diversity: " + ", ".join(f"{name} {_short(value)}" for name, value in told.diversity.items()))
    if told.diversity:
        shares = (f"{kind} {_percent(of['met'], of['reachable'])}" for kind, of in told.pairs.items())
        say(f"pairs met: {', '.join(shares)}")
    filled = told.saturation
    if filled.last >= LEAST:
        more = "; more of the same is hardly worth it" if filled.saturated else ""
        say(
            f"{filled.topics} topics spoken of, {filled.new} of them for the first time in the last {filled.last}{more}"
        )
    for fault in told.faults:
        say(f"warning: {fault.code}: {fault.detail}")


def _percent(part: int, whole: int) -> str:
    share = part / whole if whole else 0.0
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def _short(value: float) -> str:
    return f"{value:.3g}"
