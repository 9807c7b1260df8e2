"""`agentsim coverage`: what a run's dialogues were about, and what is still missing."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agentsim.cli.output import console, json_option, line, print_json, say
from agentsim.cli.run_argument import opened, run_argument, run_folder

if TYPE_CHECKING:
    from agentsim.topics.coverage import Count, Coverage
    from agentsim.topics.graph import Graph

BAR = 12
"""Cells of a bar."""

COLUMNS = ("topic", "accepted", "said", "simulated", "on topic", "planned", "tokens")


@click.command()
@run_argument()
@click.option("--gaps", is_flag=True, help="Only topics that the dataset has no dialogue about.")
@click.option(
    "--html", type=click.Path(path_type=Path), help="Write a page to look at in a browser; it fetches nothing."
)
@click.option("--png", type=click.Path(path_type=Path), help="Draw a picture of it (wants agentsim[plot]).")
@click.option("--svg", type=click.Path(path_type=Path), help="The same as SVG.")
@click.option("--graph", type=click.Path(path_type=Path), help="Write the topic graph: .json (node-link) or .graphml.")
@click.option("--compare", type=click.Path(path_type=Path), metavar="RUN2", help="Set another run's variety beside it.")
@json_option
def command(run: Path, gaps: bool, compare: Path | None, as_json: bool, **places: Path | None) -> None:
    """Show how the dialogues of RUN cover its topics: a run directory, its name, or `last`.

    A dialogue counts for the topic it was about, by what was said in it, whatever it was assigned to. `said` counts
    dialogues that ended, `accepted` those that went into the dataset; `on topic` is the share of the dialogues assigned
    to a topic that were about it. Topics with the widest gaps come first.
    """
    from dataclasses import asdict

    from agentsim.cli.coverage_comparison import compared, show_comparison
    from agentsim.cli.coverage_page import page
    from agentsim.cli.coverage_picture import draw
    from agentsim.cli.show_beyond import beyond, show_beyond
    from agentsim.cli.show_variety import show_variety, variety
    from agentsim.run.covering import survey
    from agentsim.topics.forms import FORMS, written

    html, graph = places["html"], places["graph"]
    if graph is not None and graph.suffix not in FORMS:
        raise click.BadParameter(f"{graph.name!r} ends neither in {' nor in '.join(FORMS)}", param_hint="--graph")

    with opened(run_folder(run)) as reader:
        seen = survey(reader)
        folder = reader.folder
    if compare is not None:
        with opened(run_folder(compare)) as reader:
            told = compared(seen, survey(reader))
        if as_json:
            print_json({"run": str(folder), "compared": str(compare), **told})
        else:
            show_comparison(told)
        return
    coverage, varied, ahead = seen.coverage, variety(seen), beyond(seen)
    if html is not None:
        _write(html, lambda path: _text(path, page(folder.name, seen, varied, ahead)))
    if graph is not None:
        _write(graph, lambda path: _text(path, written(seen.graph, path.suffix)))
    for form in ("png", "svg"):
        if (picture := places[form]) is not None:
            place = picture if picture.suffix == f".{form}" else picture.with_name(f"{picture.name}.{form}")
            _write(place, lambda path: draw(path, folder.name, seen, varied.saturation.curve))
    if as_json:
        print_json({"run": str(folder), **_facts(seen.graph, coverage), **asdict(varied), "beyond": ahead})
        return
    _show(seen.graph, coverage, gaps)
    summary = f"{coverage.covered} of {coverage.leaves} topics covered"
    if coverage.nowhere:
        summary += f"; {coverage.nowhere} dialogues were about none of them"
    say(summary)
    show_variety(varied)
    show_beyond(ahead)


def _write(path: Path, make: Callable[[Path], None]) -> None:
    from agentsim.errors import StorageError

    try:
        make(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}", fix="choose another place") from None
    say(f"written: {path}")


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _facts(graph: "Graph", coverage: "Coverage") -> dict[str, Any]:
    from dataclasses import asdict

    from agentsim.topics.coverage import gaps
    from agentsim.topics.graph import path_of

    def path(node: str) -> list[str] | None:
        return list(path_of(graph, node)) if node else None

    return {
        "leaves": coverage.leaves,
        "covered": coverage.covered,
        "share": coverage.share,
        "nowhere": coverage.nowhere,
        "topics": [{"id": node, "path": path(node), **asdict(count)} for node, count in coverage.topics.items()],
        "gaps": [path(node) for node in gaps(graph, coverage)],
        "went_elsewhere": [
            {"assigned": path(node), "about": path(there), "dialogues": times}
            for node, went in coverage.wrong.items()
            for there, times in went.items()
        ],
    }


def _show(graph: "Graph", coverage: "Coverage", only_gaps: bool) -> None:
    """Print the tree, gaps first: as a table with bars on a terminal, else as tab-separated lines."""
    from rich.table import Table
    from rich.text import Text

    from agentsim.sanitise import one_line
    from agentsim.topics.graph import broadest, path_of

    rows = list(_rows(graph, coverage, broadest(graph), only_gaps))
    out = console()
    if not out.is_terminal:
        line(*COLUMNS)
        for node, _ in rows:
            line(" / ".join(path_of(graph, node)), *_cells(coverage.topics[node]))
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("topic", overflow="ellipsis", no_wrap=True, ratio=1)
    grid.add_column("covered", no_wrap=True, min_width=BAR)
    for name in COLUMNS[1:]:
        grid.add_column(name, justify="right", no_wrap=True)
    for node, share in rows:
        path = path_of(graph, node)
        label = Text("  " * (len(path) - 1) + one_line(path[-1]), style="bold" if len(path) == 1 else "")
        grid.add_row(label, _bar(share), *map(str, _cells(coverage.topics[node])))
    out.print(grid)


def _rows(graph: "Graph", coverage: "Coverage", level: list[str], only_gaps: bool) -> "list[tuple[str, float]]":
    """Return topics with the share of their leaves that are covered, each before those below it, gaps first."""
    from agentsim.topics.coverage import covered_below
    from agentsim.topics.graph import narrower

    def share(node: str) -> float:
        covered, leaves = covered_below(graph, coverage, node)
        return covered / leaves

    found = []
    for share_, node in sorted(((share(node), node) for node in level), key=lambda one: (one[0], level.index(one[1]))):
        if not (only_gaps and share_ == 1):
            found.append((node, share_))
            found += _rows(graph, coverage, narrower(graph, node), only_gaps)
    return found


def _cells(count: "Count") -> tuple[object, ...]:
    on_topic = f"{count.on_topic / count.simulated:.0%}" if count.simulated else "-"
    return count.accepted, count.said, count.simulated, on_topic, count.planned, count.tokens


def _bar(share: float) -> Any:
    from rich.text import Text

    full = round(share * BAR)
    return Text("█" * full + "░" * (BAR - full), style="green" if share == 1 else "yellow" if full else "red")
