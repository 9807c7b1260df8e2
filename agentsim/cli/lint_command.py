"""`agentsim lint`: look for failures of role-play in chat datasets and runs."""

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agentsim.cli.output import json_option

if TYPE_CHECKING:
    from agentsim.cli.lint_sources import Source
    from agentsim.dataset.chats import Chat, Unreadable
    from agentsim.schema import FailureKind

KINDS: "tuple[FailureKind, ...]" = (
    "role_flip",
    "instruction_repeat",
    "flake_reply",
    "farewell_loop",
    "goal_leak",
    "empty",
    "premature_end",
    "off_task",
    "broken_language",
)
"""The kinds of failures: those of `agentsim.schema.FailureKind`, without importing it."""

FOUND = 3
"""Exit status where something was found."""


@click.command(
    epilog="Exit status: 0 nothing found, 3 something found, 2 usage or not one readable conversation. Rows that "
    "cannot be read are named on standard error; beside others that can, they change no status."
)
@click.argument("sources", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--kind",
    "kinds",
    metavar="KIND",
    multiple=True,
    type=click.Choice(KINDS),
    help=f"Only this kind of failure; repeatable. One of {', '.join(KINDS)}.",
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Only findings as sure as this.",
)
@click.option("--limit", type=click.IntRange(1), help="Print at most so many findings; all are counted.")
@click.option("--summary", is_flag=True, help="Print the counts alone.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Processes to share the work.  [one a processor]")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[Path, ...],
    kinds: tuple[str, ...],
    min_confidence: float,
    limit: int | None,
    summary: bool,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Look for failures of role-play in FILE...: swapped roles, repeats, empty promises, endless farewells and more.

    \b
    A FILE is
      .jsonl, .json   chats: messages (OpenAI, TRL) or conversations (ShareGPT);
                      also packed (.jsonl.gz, .json.gz)
      .parquet        the same in columns
      a folder        an exported dataset: all its files
      a run           its directory, its name or `last`: all dialogues that were begun
      -               JSON Lines from standard input

    Of rows with a preference, prompt and chosen answer are read. A row may also have id, setting, leader (a role
    or name), task, language, and private texts by speaker: the more is known, the more is found. A turn is
    counted from 0 among all messages of its row, those of the system too.

    --json prints one object for each finding: dialogue, turn, kind, confidence, evidence; with --summary, one
    object of counts. Without a terminal a finding is a tab-separated line: place, turn, kind, confidence, words.
    """
    import os

    from agentsim.cli.lint_report import Report
    from agentsim.cli.lint_sources import sources_of
    from agentsim.cli.lint_work import looked_at
    from agentsim.dataset.chats import Unreadable
    from agentsim.errors import UserError

    if sum(str(source) == "-" for source in sources) > 1:
        raise click.UsageError("standard input can be read once: give - once")
    read = sources_of(sources)
    wanted = [kind for kind in KINDS if not kinds or kind in kinds]
    widest = max((len(source.label) for source in read), default=0)
    report = Report(wanted, as_json=as_json, quiet=summary, limit=limit, widest=widest)
    with report, closing(_all(read)) as chats, closing(looked_at(chats, wanted, jobs or os.cpu_count() or 1)) as looked:
        for chat, found in looked:
            if isinstance(chat, Unreadable):
                report.unreadable(chat)
                continue
            report.chat(chat, [finding for finding in found if finding.confidence >= min_confidence])
    report.tell()
    if not report.dialogues:
        names = ", ".join(str(source) for source in sources)
        raise UserError(
            f"there is not one readable conversation in {names}",
            fix="`agentsim lint --help` says what a row must hold",
        )
    ctx.exit(FOUND if report.findings else 0)


def _all(sources: "list[Source]") -> "Generator[Chat | Unreadable]":
    names = Counter(source.name for source in sources)
    for source in sources:
        # Where two files have one name, the path tells their rows apart.
        yield from source.chats(source.name if names[source.name] == 1 else source.label)
