"""How all commands talk: JSON or text, standard output or standard error, never markup from data."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON; logs go to standard error.")


# What json.dumps leaves as it is though a terminal may act on it, or an encoder stumble over it: DEL and the
# C1 controls, direction marks, line separators, surrogates.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def print_json(value: Any) -> None:
    """Print one JSON value on one line of standard output; what a terminal could act on is escaped."""
    unicode = (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not unicode, default=str)
    write(_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n")
    sys.stdout.flush()


def write(text: str) -> None:
    """Write text that is already harmless to standard output, whatever its encoding can show."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def line(*cells: object) -> None:
    """Write one line of sanitised, tab-separated cells to standard output."""
    from agentsim.sanitise import one_line

    write("\t".join(one_line(str(cell)) for cell in cells) + "\n")


@cache
def console(stderr: bool = False) -> "Console":
    """Return the console for text; it parses no markup, and honours NO_COLOR and the lack of a terminal."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)


def say(text: str) -> None:
    """Print a line for a person to standard error; it is sanitised here."""
    from agentsim.sanitise import sanitise

    console(stderr=True).print(sanitise(text), soft_wrap=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table of sanitised text to standard output.

    Without a terminal it is tab-separated lines, the headings first.
    """
    from rich.table import Table
    from rich.text import Text

    from agentsim.sanitise import one_line

    out = console()
    if not out.is_terminal:
        for row in (headings, *rows):
            line(*row)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        # Where the screen is narrow the widest columns give way, never the first: it names the row.
        grid.add_column(heading, overflow="ellipsis", no_wrap=number == 0)
    for row in rows:
        grid.add_row(*(Text(one_line(str(cell)), no_wrap=True, overflow="ellipsis") for cell in row))
    out.print(grid)


def part(kind: str, title: str, rows: Iterable[Sequence[object]]) -> None:
    """Print one part of a page to standard output: a title, and rows whose last cell may be long text.

    Without a terminal each row is one line that begins with ``kind``: no text can pass for another part.
    """
    from rich.table import Table
    from rich.text import Text

    from agentsim.sanitise import one_line, sanitise

    rows = list(rows)
    out = console()
    if not out.is_terminal:
        for row in rows:
            line(kind, *row)
        return
    if not rows:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    for _ in range(max(map(len, rows)) - 1):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        *short, last = row
        short += [""] * (len(grid.columns) - 2 - len(short))
        grid.add_row(Text(), *(Text(one_line(str(cell)), style="dim") for cell in short), Text(sanitise(str(last))))
    out.print(Text(one_line(title), style="bold"))
    out.print(grid)
