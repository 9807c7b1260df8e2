"""Watches a run from another process: its dialogues on the left, the chosen one's words on the right."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import DataTable, Footer, Header, Static

from agentsim import Simulation, open_run
from agentsim.sanitise import one_line, sanitise

from .state import Pane, State

COLUMNS = ("state", "turns", "scenario", "topic", "dialogue")
REFRESH_SECONDS = 0.25
BATCH = 2000
"""Events taken in at one refresh, so that a long run opens without standing still."""

COLOURS = ("cyan", "green", "magenta", "yellow")


class Watcher(App[None]):
    """Shows a run, finished or being played. It only reads: closing it changes nothing.

    Args:
        folder: the run directory.

    Raises:
        UserError: where the folder holds no run.
    """

    CSS = """
    DataTable { width: 3fr; }
    #transcript { width: 4fr; padding: 0 1; border-left: solid $primary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("q,ctrl+c", "quit", "Quit"), ("f", "follow", "Follow the newest")]
    TITLE = "agentsim"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._run: Simulation = open_run(folder)
        self._seen = 0
        self._state = State()
        self._follow = True
        self.sub_title = str(folder)

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal():
            yield DataTable(cursor_type="row", zebra_stripes=True)
            with VerticalScroll(id="transcript"):
                yield Static(id="words", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name in COLUMNS:
            table.add_column(name, key=name)
        table.focus()
        self._take_new()
        self.set_interval(REFRESH_SECONDS, self._take_new)

    def action_follow(self) -> None:
        """Keep the cursor on the dialogue that began last, or stop doing so."""
        self._follow = not self._follow

    def on_data_table_row_highlighted(self) -> None:
        self._show_words()

    def _take_new(self) -> None:
        changed: dict[str, Pane] = {}
        for number, event in self._run.events(after=self._seen, limit=BATCH):
            self._seen = number
            pane = self._state.take(event)
            if pane is not None:
                changed[pane.id] = pane
        if not changed:
            return
        for pane in changed.values():
            self._show_row(pane)
        tally = self._run.tally
        self.sub_title = f"{self._run.folder} · {tally.accepted} accepted of {tally.planned}"
        self._show_words()

    def _show_row(self, pane: Pane) -> None:
        table = self.query_one(DataTable)
        cells = (pane.state, str(len(pane.said)), pane.scenario, pane.topic, pane.id)
        if pane.id not in table.rows:
            table.add_row(*(Text(one_line(cell)) for cell in cells), key=pane.id)
            if self._follow:
                table.move_cursor(row=table.row_count - 1)
            return
        for name, cell in zip(COLUMNS[:2], cells[:2], strict=True):
            table.update_cell(pane.id, name, Text(one_line(cell)))

    def _show_words(self) -> None:
        table = self.query_one(DataTable)
        if not table.row_count:
            return
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        pane = self._state.panes[str(key)]
        self.query_one("#words", Static).update(Text("\n\n").join(_lines(pane)))
        if pane.state == "talking":
            self.query_one("#transcript", VerticalScroll).scroll_end(animate=False)


def _lines(pane: Pane) -> Iterator[Text]:
    names = list(dict.fromkeys(name for name, _ in pane.said))
    yield Text(f"{one_line(pane.scenario)}: {one_line(pane.topic)}", style="bold")
    for name, text in pane.said:
        colour = COLOURS[names.index(name) % len(COLOURS)]
        yield Text.assemble((f"{one_line(name)}: ", f"bold {colour}"), sanitise(text))
    yield Text(f"{pane.state}: {one_line(pane.why)}" if pane.why else pane.state, style="italic")
