"""Growing an outline under a display: checked before anything is asked, written whole, told in the end."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from agentsim.cli.embedded_weights import fetch_bar
from agentsim.cli.output import console, line, print_json, say
from agentsim.cli.topics_command import counted, in_words, tell_merged
from agentsim.errors import AgentsimError, BudgetReached, StorageError, UserError
from agentsim.library.outline import load_outline
from agentsim.library.outline_writing import WRITTEN, check_writable, outline_text
from agentsim.library.strict_yaml import MAX_BYTES
from agentsim.run.door import check_endpoints
from agentsim.run.growing import Grown, Step, grow
from agentsim.run.sources import resolve
from agentsim.sanitise import one_line
from agentsim.schema import Topic

SHOWN = 10
"""Topics without narrower ones that are told of; ``--json`` tells of all."""


@dataclass(frozen=True)
class Wish:
    """What the command line asks for."""

    file: Path | None
    subject: str | None
    out: Path
    flags: Mapping[str, Any]
    each: int
    depth: int
    most: int
    force: bool
    as_json: bool


def grow_and_report(wish: Wish) -> None:
    """Grow the outline, write it, and tell how it came out; raise what ended it early once that is done."""
    _check_place(wish)
    topics: Sequence[Topic | str] = [wish.subject or ""]
    if wish.file is not None:
        topics = outline = load_outline(wish.file)
        check_writable(outline, wish.out.suffix.lower())
    settings = resolve(wish.flags).settings
    with fetch_bar() as progress:
        asyncio.run(check_endpoints(settings, [settings.model], progress=progress))
    last: Step | None = None

    def watch(step: Step) -> None:
        nonlocal last
        last = step
        show(step)

    try:
        with _shown() as show:
            grown = asyncio.run(
                grow(
                    topics,
                    each=wish.each,
                    depth=wish.depth,
                    most=wish.most,
                    watch=watch,
                    notice=lambda text: say(f"note: {text}"),
                    **settings.model_dump(exclude_unset=True),
                )
            )
    except KeyboardInterrupt:
        if last is None or not last.grown.added:
            say("nothing was written: no level was whole")
        else:
            _write(wish, last.grown)
            _report(wish, last.grown, "interrupted")
        raise
    _write(wish, grown)
    _report(wish, grown, _stopped(grown.why))
    if grown.why is not None:
        raise grown.why


def _check_place(wish: Wish) -> None:
    """Refuse a place that cannot be written, before anything is asked."""
    if wish.out.suffix.lower() not in WRITTEN:
        raise click.BadParameter(f"{wish.out.name!r} ends in none of {', '.join(WRITTEN)}", param_hint="--out")
    if wish.out.is_dir() or not wish.out.absolute().parent.is_dir():
        raise UserError(f"cannot write {wish.out}", fix="name a file in a folder that exists")
    if wish.out.exists() and not wish.force:
        raise UserError(f"{wish.out} exists", fix="choose another --out, or --force to write over it")


@contextmanager
def _shown() -> Iterator[Callable[[Step], None]]:
    """Give what shows how far it is: a bar on a terminal, elsewhere a line for each level."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    err = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("naming topics", total=None)

        def show(step: Step) -> None:
            told = f"level {step.level} of {step.levels}: {step.found} names"
            bar.update(task, description=told, completed=step.done, total=step.of)
            if not err.is_terminal and step.grown.levels == step.level:
                say(f"{told} for {step.of} topics")

        yield show


def _write(wish: Wish, grown: Grown) -> None:
    data = outline_text(grown.topics, wish.out.suffix.lower()).encode("utf-8", "replace")
    part = wish.out.with_name(f".{wish.out.name}.part")
    try:
        part.write_bytes(data)
        part.replace(wish.out)
    except OSError as error:
        raise StorageError(
            f"cannot write {wish.out}: {error.strerror or error}", fix="make room or choose another --out"
        ) from None
    if len(data) > MAX_BYTES:
        say(f"note: {wish.out} is larger than the {MAX_BYTES:,} bytes that are read of an outline: split it")


def _stopped(why: AgentsimError | None) -> str:
    if why is None:
        return "done"
    return "budget" if isinstance(why, BudgetReached) else "error"


def _report(wish: Wish, grown: Grown, stopped: str) -> None:
    counts, usage = counted(grown.topics), grown.usage
    if wish.as_json:
        print_json(
            {
                "file": str(wish.out),
                "stopped": stopped,
                **counts,
                "added": grown.added,
                "merged": [{"path": path, "also": names} for path, names in grown.merged],
                "barren": [{"path": path, "why": why} for path, why in grown.barren],
                "usage": usage.model_dump(),
            }
        )
        return
    tell_merged(grown.merged)
    for path, why in grown.barren[:SHOWN]:
        say(f"nothing below {one_line(' / '.join(path), limit=80)}: {one_line(why, limit=200)}")
    if len(grown.barren) > SHOWN:
        say(f"  and below {len(grown.barren) - SHOWN} more")
    say(f"{grown.added:,} topics more: {in_words(counts)}")
    say(f"{usage.calls:,} calls, {usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens, ${usage.cost:.4f}")
    say(f"look at it with: agentsim topics show {wish.out}")
    line(wish.out)
