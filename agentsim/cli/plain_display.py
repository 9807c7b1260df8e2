"""A run without a terminal: one plain line for each thing worth one, words as they arrive on demand."""

import sys
from types import TracebackType
from typing import Self, TextIO

from agentsim.events import (
    Decided,
    DialogueFailed,
    DialogueStarted,
    Event,
    Intervened,
    Notice,
    RunStarted,
    Token,
    TurnDone,
    Withdrawn,
)
from agentsim.run.progress import Progress, cause
from agentsim.run.settings import MOST
from agentsim.sanitise import one_line, sanitise


class PlainDisplay:
    """Writes events as lines.

    Args:
        stream: whether the words of one dialogue at a time are written as they arrive.
        quiet: whether only notices and failures are written.
    """

    def __init__(self, *, stream: bool = False, quiet: bool = False, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._stream = stream
        self._quiet = quiet
        self._progress = Progress()
        self._focus: str | None = None
        self._mid_turn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_turn()

    def __call__(self, event: Event) -> None:
        """Take an event."""
        graded = self._progress.graded(event.dialogue) if isinstance(event, Decided) else ""
        self._progress.take(event)
        if isinstance(event, Notice):
            self._write(f"note: {sanitise(event.text)}")
        elif isinstance(event, DialogueFailed):
            self._verdict(event, f"failed {event.code}: {one_line(cause(event), limit=300)}")
        elif self._quiet:
            return
        elif isinstance(event, RunStarted):
            done = f", {event.finished} finished before" if event.finished else ""
            planned = f"{event.planned} dialogues planned"
            if event.goal is not None:
                most = f", of {event.planned} at most" if event.planned < MOST else ""
                planned = f"until {event.goal} dialogues are accepted{most}"
            self._write(f"{planned}{done}, {event.concurrency} at a time")
        elif isinstance(event, Decided):
            reasons = "; ".join(one_line(reason.detail, limit=120) for reason in event.verdict.reasons)
            self._verdict(event, f"{event.verdict.outcome} by {event.verdict.by}: {reasons}{graded}")
        elif self._stream:
            self._talk(event)

    def _talk(self, event: Event) -> None:
        if isinstance(event, DialogueStarted) and self._focus is None:
            self._focus = event.dialogue
            self._write(f"-- {one_line(self._progress.live[event.dialogue].title)}")
        elif isinstance(event, Token) and event.dialogue == self._focus:
            if not self._mid_turn:
                live = self._progress.live[event.dialogue]
                self._out.write(f"{one_line(live.speaking)}: ")
                self._mid_turn = True
            self._out.write(sanitise(event.text))
            self._out.flush()
        elif isinstance(event, Withdrawn) and event.dialogue == self._focus:
            if self._mid_turn:
                self._out.write(" [taken back]")
                self._end_turn()
        elif isinstance(event, Intervened) and event.dialogue == self._focus:
            self._write(f"   guard: {one_line(event.intervention.told())}")
        elif isinstance(event, TurnDone) and event.dialogue == self._focus:
            if self._mid_turn:
                self._end_turn()
            else:
                name, text = self._progress.live[event.dialogue].said[-1]
                self._write(f"{one_line(name)}: {sanitise(text)}")

    def _verdict(self, event: Decided | DialogueFailed, told: str) -> None:
        p = self._progress
        self._write(f"[{p.place}] {event.dialogue} {told}")
        if event.dialogue == self._focus:
            self._focus = None

    def _end_turn(self) -> None:
        if self._mid_turn:
            self._out.write("\n")
            self._mid_turn = False

    def _write(self, line: str) -> None:
        self._end_turn()
        self._out.write(line + "\n")
        self._out.flush()
