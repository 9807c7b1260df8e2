"""Examining a critic under a display, and telling what it came to."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentsim.cli.embedded_weights import fetch_bar
from agentsim.cli.output import console, line, print_json, say, table
from agentsim.critic.examination_rules import rule
from agentsim.errors import UserError
from agentsim.run.door import check_endpoints
from agentsim.run.examining import MOST, check_critic, critic_rubric
from agentsim.run.fitness import write_examination
from agentsim.run.sources import resolve
from agentsim.schema import Examination, Figure, Fitness

_MEANS: dict[Fitness, str] = {
    "fit": "its grades may decide in a run, and its choices between dialogues may count",
    "fit only for grading": "its grades may decide in a run; its choices between dialogues should not count",
    "fit only for comparing": "its choices between dialogues may count; its grades decide nothing in a run",
    "unfit": "its word decides nothing: in a run, evidence and detectors do",
}

TOLD_EVERY = 50
"""Answers after which a line is printed, where there is no terminal."""


@dataclass(frozen=True)
class Wish:
    """What the command line asks for."""

    flags: Mapping[str, Any]
    sample: int | None
    out: Path | None
    as_json: bool


def check_and_report(wish: Wish) -> int:
    """Examine the critic, tell what it came to, and return the exit status."""
    if wish.out is not None and (wish.out.is_dir() or not wish.out.absolute().parent.is_dir()):
        raise UserError(f"cannot write {wish.out}", fix="name a file in a folder that exists")
    settings = resolve(wish.flags).settings
    model, rubric = settings.part_model("critic"), critic_rubric(settings)
    with fetch_bar() as progress:
        asyncio.run(check_endpoints(settings, [model], progress=progress))
    say(f"examining {model} with the rubric {rubric.id}")
    try:
        with _shown() as watch:
            found = asyncio.run(
                check_critic(
                    sample=wish.sample,
                    watch=watch,
                    notice=lambda text: say(f"note: {text}"),
                    **settings.model_dump(exclude_unset=True),
                )
            )
    except KeyboardInterrupt:
        say("nothing is decided yet; what was answered is kept, and the same command goes on")
        raise
    if wish.out is not None:
        write_examination(found, wish.out)
    _report(found, wish)
    return 0 if found.verdict.startswith("fit") else 3


@contextmanager
def _shown() -> Iterator[Callable[[int, int], None]]:
    """Give what shows how far it is: a bar on a terminal, elsewhere a line now and then."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    err = console(stderr=True)
    columns = (TextColumn("questions"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("questions", total=None)

        def show(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)
            if not err.is_terminal and done % TOLD_EVERY == 0:
                say(f"{done} questions answered, at most {of - done} to go")

        yield show


def _report(found: Examination, wish: Wish) -> None:
    usage = found.usage
    if wish.as_json:
        figures = [{**one.model_dump(), "outcome": one.outcome, "wanted": rule(one).wanted} for one in found.figures]
        print_json({**found.model_dump(mode="json"), "figures": figures})
        return
    rows = [
        (one.skill, one.name, _number(one), _interval(one), _bounds(one), one.of, one.outcome) for one in found.figures
    ]
    table(("skill", "examination", "share", "95 % interval", "asked for", "of", "result"), rows)
    short = [one for one in found.figures if one.outcome != "passed"]
    missed = [one for one in short if one.of and not one.least <= one.value <= one.most]
    for one in missed:
        came = "failed" if one.outcome == "failed" else "not passed"
        say(f"{came}, {one.skill} {one.name}: {rule(one).otherwise} (a fit critic: {rule(one).wanted})")
    if unsure := [f"{one.skill} {one.name}" for one in short if one not in missed]:
        say(f"too little was asked to tell: {', '.join(unsure)}")
    if found.verdict == "unfit" and found.sample < MOST and all(one.outcome == "not shown" for one in short):
        say(f"more dialogues (--sample {MOST}) might let it pass")
    asked = max(one.of for one in found.figures if one.name == "wrong")
    if asked < found.sample:
        say(f"given up after {asked} of {found.sample} dialogues: it could no longer pass")
    say(_MEANS[found.verdict])
    say(f"{usage.calls:,} calls, {usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens, ${usage.cost:.4f}")
    line("verdict", found.verdict)


def _number(figure: Figure) -> str:
    return f"{figure.value:.2f}" if figure.of else "-"


def _interval(figure: Figure) -> str:
    return f"{figure.low:.2f} to {figure.high:.2f}"


def _bounds(figure: Figure) -> str:
    return f"{figure.least:.2f}" if figure.most == 1 else f"{figure.least:.2f} to {figure.most:.2f}"
