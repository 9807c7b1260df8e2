"""What `agentsim lint` says: findings as they come, counts at the end, signs of life in between."""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from agentsim.cli.output import console, line, print_json, say, table, write
from agentsim.dataset.chats import Chat, Unreadable
from agentsim.sanitise import one_line
from agentsim.schema import Finding

NAMED = 10
"""Unreadable rows that are named one by one; the others are counted."""

QUOTE = 100
"""Most characters of a failing turn that are shown."""

_PLACE = 44
"""Widest column of places on a terminal; a longer place pushes its own line to the right."""

_PATIENCE = 0.5
"""Seconds between two signs of life."""


class Report:
    """Counts findings and prints them.

    Args:
        kinds: what is looked for, in the order of the summary.
        as_json: whether findings are JSON, and the summary goes to standard error.
        quiet: whether no finding is printed.
        limit: most findings that are printed; ``None`` for all.
        widest: length of the longest source's name.
    """

    def __init__(self, kinds: Sequence[str], *, as_json: bool, quiet: bool, limit: int | None, widest: int) -> None:
        self._kinds = kinds
        self._as_json = as_json
        self._quiet = quiet
        self._left = limit
        self._width = min(widest + 8, _PLACE)
        self._printed = 0
        self._count: Counter[str] = Counter()
        self._hit: Counter[str] = Counter()
        self._shapes: Counter[str] = Counter()
        self._ignored: dict[str, tuple[str, int]] = {}
        self._named: list[Unreadable] = []
        self._unreadable = 0
        self._life = _SignsOfLife()
        self.dialogues = 0
        """Dialogues that were read."""

        self.failing = 0
        """Dialogues with a finding."""

    @property
    def findings(self) -> int:
        """Findings so far."""
        return self._count.total()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._life.clear()

    def chat(self, chat: Chat, findings: Sequence[Finding]) -> None:
        """Take a dialogue and what was found in it."""
        self.dialogues += 1
        self.failing += bool(findings)
        self._shapes[chat.shape] += 1
        self._count.update(finding.kind for finding in findings)
        self._hit.update({finding.kind for finding in findings})
        for reason in chat.ignored:
            first, rows = self._ignored.get(reason, (chat.place, 0))
            self._ignored[reason] = (first, rows + 1)
        if not self._quiet:
            for finding in findings:
                self._print(chat, finding)
        self._life.show(f"{self.dialogues:,} dialogues, {self.findings:,} findings; at {chat.place}")

    def unreadable(self, row: Unreadable) -> None:
        """Take a row that holds no conversation."""
        self._unreadable += 1
        if len(self._named) < NAMED:
            self._named.append(row)

    def tell(self) -> None:
        """Print the summary."""
        if self._as_json and self._quiet and self.dialogues:
            print_json(self._facts())
        elif self.dialogues:
            self._table()
        for reason, (first, rows) in self._ignored.items():
            say(f"note: in {_counted(rows, 'row')} {reason} and is ignored (first: {one_line(first)})")
        for shape, rows in self._shapes.items():
            if shape in ("chosen", "prompt + chosen"):
                say(f"note: {_counted(rows, 'row')} with a preference: {shape} read as the conversation")
        for row in self._named:
            say(f"unreadable: {one_line(row.place)}: {one_line(row.reason, limit=300)}")
        if self._unreadable > len(self._named):
            say(f"unreadable: {self._unreadable - len(self._named):,} more")
        if self._printed < self.findings and not self._quiet:
            say(f"{self._printed:,} of {self.findings:,} findings printed")
        clean = self.dialogues - self.failing
        say(
            f"{_counted(self.dialogues, 'dialogue')} read: {clean:,} clean, {self.failing:,} with findings; "
            f"{_counted(self._unreadable, 'unreadable row')}"
        )

    def _facts(self) -> dict[str, Any]:
        return {
            "dialogues": self.dialogues,
            "clean": self.dialogues - self.failing,
            "unreadable": self._unreadable,
            "findings": self.findings,
            "kinds": {
                kind: {
                    "findings": self._count[kind],
                    "dialogues": self._hit[kind],
                    "share": round(self._hit[kind] / self.dialogues, 6),
                }
                for kind in self._kinds
            },
        }

    def _table(self) -> None:
        headings = ("kind", "findings", "dialogues", "share of dialogues")
        rows = [
            (kind, self._count[kind], self._hit[kind], f"{self._hit[kind] / self.dialogues:.1%}")
            for kind in self._kinds
        ]
        if self._as_json:
            for kind, count, hit, share in rows:
                if count:
                    say(f"{kind}: {_counted(count, 'finding')} in {_counted(hit, 'dialogue')} ({share})")
            return
        if self._printed:
            write("\n")
        table(headings, rows)

    def _print(self, chat: Chat, finding: Finding) -> None:
        if self._left is not None and self._printed >= self._left:
            return
        self._printed += 1
        self._life.clear()
        if self._as_json:
            print_json(
                {
                    "dialogue": chat.id,
                    "turn": finding.turn,
                    "kind": finding.kind,
                    "confidence": finding.confidence,
                    "evidence": finding.evidence,
                }
            )
            return
        # Where a turn has no words to quote, it is said what is wrong with it.
        quote = one_line(finding.evidence or finding.detail, limit=QUOTE)
        sure = f"{finding.confidence:.2f}"
        if not console().is_terminal:
            line(chat.place, finding.turn, finding.kind, sure, quote)
            return
        from rich.text import Text

        place = one_line(chat.place).ljust(self._width)
        row = Text(f"{place}  {finding.turn:>3}  {finding.kind:<18}  {sure}  {quote}")
        console().print(row, no_wrap=True, overflow="ellipsis")


class _SignsOfLife:
    """A line on the terminal that is written over again and again; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._next = time.monotonic() + _PATIENCE
        self._shown = 0

    def show(self, text: str) -> None:
        """Show the text, where the last one has stood long enough."""
        if not self._on or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PATIENCE
        text = one_line(text, limit=max(console(stderr=True).width - 1, 1))
        sys.stderr.write(f"\r{text.ljust(self._shown)}\r")
        sys.stderr.flush()
        self._shown = len(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write(f"\r{' ' * self._shown}\r")
            sys.stderr.flush()
            self._shown = 0


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
