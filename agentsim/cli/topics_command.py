"""`agentsim topics`: outlines of topics, shown and grown."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agentsim.cli.output import console, json_option, line, print_json, say

if TYPE_CHECKING:
    from agentsim.schema import Topic, TopicPath


@click.group()
def command() -> None:
    """Show an outline of topics, or let a model grow it.

    An outline is a Markdown list, a CSV table or YAML; `agentsim run --outline` plays scenarios about it.
    """


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def show(file: Path, as_json: bool) -> None:
    """Show the topics of the outline in FILE, and which of them mean the same.

    Topics that mean the same are one when the outline is played or grown.
    """
    from agentsim.library.merging import gained, merge
    from agentsim.library.outline import load_outline

    topics = load_outline(file)
    found = list(gained(topics, merge(topics)))
    counts = counted(topics)
    if as_json:
        merged = [{"path": path, "also": names} for path, names in found]
        tree = [topic.model_dump(mode="json") for topic in topics]
        print_json({"file": str(file), **counts, "merged": merged, "outline": tree})
        return
    _tree(topics)
    tell_merged(found)
    say(in_words(counts))


@command.command(
    epilog="Other settings (`models:`, `way`, `timeout`, ...) are taken from run.yaml, where there is one."
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--subject", metavar="WORDS", help="Grow this subject instead of an outline.")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The grown outline: .md or .yaml.")
@click.option("-m", "--model", help="Model that names topics, in litellm's manner.  [embedded/smollm2-135m]")
@click.option("--each", type=click.IntRange(2, 50), default=6, show_default=True, help="Topics asked for, each time.")
@click.option("--depth", type=click.IntRange(1, 7), default=1, show_default=True, help="Levels that are added.")
@click.option("--most", type=click.IntRange(2), default=10_000, show_default=True, help="Leaves in the end, at most.")
@click.option("-j", "--concurrency", type=int, help="Calls at one time.  [4]")
@click.option("--seed", type=int, help="Shapes every sampling seed.  [0]")
@click.option("--max-cost", type=float, help="Cap in US dollars.")
@click.option("--max-tokens-total", type=int, help="Cap on all tokens together.")
@click.option("--prompts", type=click.Path(path_type=Path), help="Folder with prompt templates of one's own.")
@click.option("--force", is_flag=True, help="Write over OUT where it exists.")
@json_option
def grow(file: Path | None, subject: str | None, **given: Any) -> None:
    """Let a model name narrower topics below every leaf of the outline in FILE, and write the whole to OUT.

    Topics that mean the same become one, and you are told. With Ctrl+C, the levels that are whole are written.
    """
    if (file is None) == (subject is None):
        raise click.UsageError("give either FILE or --subject")

    from agentsim.cli.topics_growing import Wish, grow_and_report

    names = ("model", "concurrency", "seed", "max_cost", "max_tokens_total")
    flags: dict[str, Any] = {name: given[name] for name in names if given[name] is not None}
    if given["prompts"] is not None:
        flags["prompts"] = given["prompts"].resolve()
    shape = {name: given[name] for name in ("each", "depth", "most", "force", "as_json")}
    grow_and_report(Wish(file=file, subject=subject, out=given["out"], flags=flags, **shape))


def tell_merged(found: "Iterable[tuple[TopicPath, tuple[str, ...]]]") -> None:
    """Tell which topics took in others of the same meaning."""
    for path, names in found:
        say(f"one topic: {' / '.join(path)}, and {', '.join(names)}")


def counted(topics: "Sequence[Topic]") -> dict[str, int]:
    """Return how many topics there are, how many of them are leaves, and how many levels."""
    paths = [path for topic in topics for path in topic.leaves()]
    every = {path[:length] for path in paths for length in range(1, len(path) + 1)}
    return {"topics": len(every), "leaves": len(paths), "levels": max(map(len, paths), default=0)}


def in_words(counts: dict[str, int]) -> str:
    """Return the same as a person reads it."""
    return f"{counts['topics']:,} topics, {counts['leaves']:,} of them leaves, {counts['levels']} levels"


def _tree(topics: "Sequence[Topic]") -> None:
    """Print the tree: indented on a terminal, else a path a line with what is said of it behind tabs."""
    from rich.text import Text

    from agentsim.sanitise import one_line

    out = console()

    def show(level: "Sequence[Topic]", above: tuple[str, ...]) -> None:
        for topic in level:
            path, more = (*above, topic.name), "; ".join(topic.also)
            if out.is_terminal:
                label = Text("  " * len(above) + one_line(topic.name), style="" if above else "bold")
                label.append(one_line(f" = {more}" if more else ""), style="dim")
                label.append(one_line(f"  {topic.about}" if topic.about else ""), style="dim")
                out.print(label, overflow="ellipsis", no_wrap=True)
            else:
                line(" / ".join(path), topic.about or "", more)
            show(topic.topics, path)

    if not out.is_terminal:
        line("topic", "about", "also")
    show(topics, ())
