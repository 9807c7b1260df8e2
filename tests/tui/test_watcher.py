"""The watcher shows what a run stored, lets nothing in it act, and leaves the run alone."""

from pathlib import Path

import pytest
from agentsim_tui.app import Watcher
from agentsim_tui.state import State
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.widgets import DataTable, Static

from agentsim import Simulation, asimulate
from agentsim.events import Event
from agentsim.llm.model import Request
from tests.scripted import ScriptedModel, talker

HOSTILE = "[bold]no[/] [@click=app.quit]press[/] \x1b]52;c;aGk=\x07 \x1b[2J \u202eevil"


async def played(folder: Path, dialogues: int = 3, text: str | None = None) -> Simulation:
    def speak(request: Request) -> str:
        return talker(request) if text is None else f"{text} {request.sample}"

    return await asimulate(
        scenarios=["home-helper", "trip-planning"],
        dialogues=dialogues,
        max_turns=4,
        out=folder,
        model_object=ScriptedModel(speak),
        critic={"enabled": False},
        goal_check={"enabled": False},
    )


def words(app: Watcher) -> str:
    return str(app.query_one("#words", Static).render())


async def test_every_dialogue_is_listed_and_the_chosen_one_is_readable(tmp_path: Path) -> None:
    run = await played(tmp_path / "run")
    records = list(run.records())
    app = Watcher(run.folder)
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        table = app.query_one(DataTable)
        assert table.row_count == 3
        assert table.cursor_row == 2
        assert records[2].dialogue.turns[0].text in words(app)
        await pilot.press("home")
        await pilot.press("up", "up")
        await pilot.pause()
        shown = words(app)
        assert all(turn.text in shown for turn in records[table.cursor_row].dialogue.turns)
        assert "accepted" in shown


async def test_model_text_is_shown_and_never_acts(tmp_path: Path) -> None:
    run = await played(tmp_path / "run", dialogues=1, text=HOSTILE)
    app = Watcher(run.folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        shown = words(app)
        assert "[bold]no[/]" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        await pilot.click("#transcript")
        assert app.is_running


async def test_a_run_that_goes_on_keeps_filling_the_screen(tmp_path: Path) -> None:
    run = await played(tmp_path / "run", dialogues=1)
    app = Watcher(run.folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert app.query_one(DataTable).row_count == 1
        from agentsim.run.runner import adjust, play

        adjust(run.folder, dialogues=3)
        await play(run.folder, model=ScriptedModel(talker))
        await pilot.pause(0.6)
        assert app.query_one(DataTable).row_count == 3
    assert run.tally.accepted == 3


@pytest.fixture(scope="module")
async def stored(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    run = await played(tmp_path_factory.mktemp("tui") / "run")
    return [event for _, event in run.events()]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_order_of_events_leaves_a_valid_state(stored: list[Event], data: st.DataObject) -> None:
    events = data.draw(st.permutations(stored))
    state = State()
    for event in events:
        pane = state.take(event)
        assert pane is None or state.panes[pane.id] is pane
    assert len(state.panes) == 3
    assert all(len(pane.said) == 4 for pane in state.panes.values())
