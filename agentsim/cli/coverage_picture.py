"""`agentsim coverage --png/--svg`: a run's coverage as one picture, for a report. Wants the extra ``plot``."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsim.run.covering import Survey

MOST = 30
"""Topics and people that the picture shows, those with the most dialogues; the page shows all."""


def draw(path: Path, run: str, survey: "Survey", curve: "tuple[tuple[int, int], ...]") -> None:
    """Draw the broadest topics, topics by people, and how topics filled.

    Raises:
        UserError: where matplotlib is not installed.
        OSError: where the file cannot be written.
    """
    try:
        import matplotlib
    except ImportError:
        from agentsim.errors import UserError

        raise UserError("a picture needs matplotlib", fix="pip install 'agentsim[plot]', or use --html") from None
    matplotlib.use("Agg")
    # The same run gives the same file: no random ids, no date. Names are text, never mathematics.
    matplotlib.rcParams.update({"svg.hashsalt": "agentsim", "text.usetex": False, "text.parse_math": False})
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 9), layout="constrained")
    parts = figure.subplot_mosaic([["tree", "heat"], ["curve", "heat"]], width_ratios=[1, 1.25])
    coverage = survey.coverage
    figure.suptitle(f"{_plain(run)}: {coverage.covered} of {coverage.leaves} topics covered")
    _bars(parts["tree"], survey)
    _heat(parts["heat"], survey)
    parts["curve"].plot(*zip(*curve, strict=True), color="#1f6feb")
    parts["curve"].axhline(coverage.leaves, color="#98a2b3", linestyle="--", linewidth=1)
    parts["curve"].set(xlabel="dialogues", ylabel="topics spoken of", ylim=(0, None))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # scripts that the font lacks are boxes
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def _bars(axes: Any, survey: "Survey") -> None:
    from agentsim.topics.coverage import covered_below
    from agentsim.topics.graph import broadest, path_of

    graph = survey.graph
    shares = []
    for top in broadest(graph):
        covered, leaves = covered_below(graph, survey.coverage, top)
        shares.append((covered / leaves, leaves, path_of(graph, top)[0]))
    shares.sort(key=lambda one: (one[0], -one[1], one[2]))
    shown = shares[:MOST][::-1]
    axes.barh(range(len(shown)), [share for share, _, _ in shown], color="#4fa46f")
    axes.set_yticks(range(len(shown)), [f"{_plain(name)} ({size})" for _, size, name in shown])
    axes.set(xlim=(0, 1), xlabel="share of topics covered, widest gaps on top")
    axes.tick_params(axis="y", labelsize=7)


def _heat(axes: Any, survey: "Survey") -> None:
    from collections import Counter

    from agentsim.topics.graph import path_of

    cells = Counter(
        (path_of(survey.graph, one.placement.topic)[-1], person)
        for one in survey.ended
        if one.placement.topic is not None
        for person in sorted(set(one.assignment.cast.values()))
    )
    topics, people = (Counter[str](), Counter[str]())
    for (topic, person), times in cells.items():
        topics[topic] += times
        people[person] += times
    rows, columns = ([name for name, _ in counted.most_common(MOST)] for counted in (topics, people))
    axes.set_title("dialogues by topic and person", fontsize=10)
    if rows:
        table = [[cells[topic, person] for person in columns] for topic in rows]
        image = axes.imshow(table, aspect="auto", cmap="Greens", vmin=0)
        axes.figure.colorbar(image, ax=axes, shrink=0.5)
    axes.set_xticks(range(len(columns)), [_plain(name) for name in columns], rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)), [_plain(name) for name in rows], fontsize=7)


def _plain(name: str) -> str:
    from agentsim.sanitise import one_line

    return one_line(name, limit=40)
