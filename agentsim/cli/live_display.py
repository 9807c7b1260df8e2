"""A run on a terminal: one dialogue's words as they arrive, and below them how far the run is."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agentsim.events import (
    Decided,
    DialogueFailed,
    DialogueStarted,
    Event,
    Intervened,
    Notice,
    Token,
    TurnDone,
    Withdrawn,
)
from agentsim.run.progress import Live, Progress, cause
from agentsim.sanitise import one_line, sanitise

COLOURS = ("cyan", "green", "magenta", "yellow")
SHOWN_LINES = 6


class LiveDisplay:
    """Shows events on a terminal. Finished turns of the dialogue in focus scroll away above as ordinary text."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress()
        self._focus: str | None = None
        self._shown = 0
        self._began = time.monotonic()
        self._screen = Screen(console=console, get_renderable=self._render, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._screen.stop()

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Notice):
            self._console.print(Text(f"note: {sanitise(event.text)}", style="dim"))
            return
        graded = self._progress.graded(event.dialogue) if isinstance(event, Decided) else ""
        self._progress.take(event)
        if isinstance(event, (Token, Withdrawn)):
            return
        if isinstance(event, (DialogueStarted, TurnDone)) and self._focus is None:
            self._look_at(event.dialogue)
        if isinstance(event, TurnDone) and event.dialogue == self._focus:
            self._print_new()
        elif isinstance(event, Intervened) and event.dialogue == self._focus:
            self._console.print(Text(f"   guard: {one_line(event.intervention.told())}", style="yellow"))
            self._shown = min(self._shown, len(self._progress.live[event.dialogue].said))
        elif isinstance(event, (Decided, DialogueFailed)) and event.dialogue == self._focus:
            self._console.print(_fate(event, graded), "")
            self._focus = None
            if self._progress.live:
                self._look_at(next(iter(self._progress.live)))

    def _look_at(self, dialogue: str) -> None:
        self._focus, self._shown = dialogue, 0
        self._console.print(Text(f"── {one_line(self._progress.live[dialogue].title)}", style="bold"))
        self._print_new()

    def _print_new(self) -> None:
        live = self._progress.live[self._focus or ""]
        for name, text in live.said[self._shown :]:
            self._console.print(_line(live, name, text))
        self._shown = len(live.said)

    def _render(self) -> RenderableType:
        parts: list[RenderableType] = []
        live = self._progress.live.get(self._focus or "")
        if live is not None and live.words:
            width = max(self._console.width - 2, 20)
            # Only the end of a long turn is kept on screen; the whole of it is printed when it is done.
            parts.append(_line(live, live.speaking, live.words[-SHOWN_LINES * width :]))
        parts.append(self._status())
        return Group(*parts)

    def _status(self) -> Table:
        p = self._progress
        seconds = max(time.monotonic() - self._began, 1e-6)
        done, whole = p.steps
        here = p.finished if p.goal is None else min(p.accepted, done)
        eta = _clock(max(0, whole - done) * seconds / here) if here else "…"
        facts = [
            f"{done}/{whole}",
            f"{_clock(seconds)} gone, {eta} to go",
            f"{p.accepted} accepted",
            *([f"{p.rejected} rejected"] if p.rejected else []),
            *([f"{p.undecided} undecided"] if p.undecided else []),
            *([f"{p.failed} failed"] if p.failed else []),
            *([f"{p.repairs} repairs"] if p.repairs else []),
            f"{p.tokens:,} tokens ({p.tokens / seconds:,.0f}/s)",
            f"${p.usage.cost:.4f}" if p.usage.cost else "$0",
        ]
        grid = Table.grid(padding=(0, 1))
        grid.add_row(
            ProgressBar(total=max(whole, 1), completed=done, width=10),
            Text(" · ".join(facts), style="dim", overflow="ellipsis", no_wrap=True),
        )
        return grid


def _line(live: Live, name: str, text: str) -> Text:
    known = list(dict.fromkeys([*live.names.values(), *(who for who, _ in live.said)]))
    colour = COLOURS[known.index(name) % len(COLOURS)] if name in known else "white"
    return Text.assemble((f"{one_line(name)}: ", f"bold {colour}"), sanitise(text))


def _fate(event: Decided | DialogueFailed, graded: str) -> Text:
    if isinstance(event, DialogueFailed):
        return Text(f"   failed: {one_line(cause(event), limit=200)}", style="red")
    verdict = event.verdict
    told = "; ".join(one_line(reason.detail, limit=120) for reason in verdict.reasons)
    style = {"accepted": "green", "rejected": "red"}.get(verdict.outcome, "yellow")
    return Text(f"   {verdict.outcome} by {verdict.by}: {told}{graded}", style=style)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
