"""What a run shows: plain text whatever a model says, right counts, never a run stopped by its display."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.console import Console

from agentsim.cli.live_display import LiveDisplay
from agentsim.cli.plain_display import PlainDisplay
from agentsim.errors import Refused
from agentsim.events import Event, Notice
from agentsim.llm.model import Request
from agentsim.run.progress import Progress
from tests.run.command import Command
from tests.run.served import DeterministicServer, environment, write_project
from tests.run.world import by_request, made, played
from tests.scripted import ScriptedModel

HOSTILE = (
    "hi\x1b[31m\x1b]0;owned\x07 [bold]loud[/bold] [/] [@click=app.quit]x[/] :smile: {x} %s\r\n"
    "\x9b2J\x85\u202egnp\u2066\x00\x7f\ud800 \U000e0041 [link=file:///etc/passwd]y[/link] \x08\x08"
)
HARMLESS = re.compile(
    r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]|[\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[\d*[ABCDGK]|\x1b\[[12]K|\r")
"""What rich itself writes on a terminal: colours, cursor up, erase line, hide and show the cursor."""

Make = Callable[[io.StringIO], "PlainDisplay | LiveDisplay"]


def _plain(out: io.StringIO) -> PlainDisplay:
    return PlainDisplay(out=out)


def _streaming(out: io.StringIO) -> PlainDisplay:
    return PlainDisplay(out=out, stream=True)


def _live(out: io.StringIO) -> LiveDisplay:
    return LiveDisplay(Console(file=out, width=80, force_terminal=True, markup=False, emoji=False, highlight=False))


async def _shown(tmp_path: Path, make: Make, said: str, *, stream: bool) -> str:
    folder = await made(tmp_path / "it", dialogues=5, concurrency=2, scenarios=("shop",))

    def hostile(request: Request) -> str | Exception:
        if len(request.messages) > 5:
            return Refused(said, model=said)
        return said if request.params.get("response_format") is None else by_request(request)

    out = io.StringIO()
    faults: list[Exception] = []
    with make(out) as display:

        def watch(event: Event) -> None:
            try:
                display(event)
            except Exception as error:
                faults.append(error)

        watch(Notice(text=said))
        await played(folder, ScriptedModel(hostile), stream=stream, watchers=[watch])
    assert faults == []
    return out.getvalue()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("make", [_plain, _streaming, _live])
async def test_hostile_words_come_out_as_words(tmp_path: Path, make: Make, stream: bool) -> None:
    shown = await _shown(tmp_path, make, HOSTILE, stream=stream)
    if make is _live:
        shown = COLOUR.sub("", shown)
    assert not HARMLESS.findall(shown)
    assert "␛" in shown
    assert "file:///etc/passwd" in shown
    if make is not _plain:
        assert "[bold]loud[/bold] [/]" in shown.replace("\n", " ")
        assert ":smile:" in shown


@given(said=st.text(min_size=1).filter(lambda text: text.strip()))
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words(tmp_path_factory: pytest.TempPathFactory, said: str) -> None:
    import asyncio

    for make in (_streaming, _live):
        shown = asyncio.run(_shown(tmp_path_factory.mktemp("shown"), make, said, stream=True))
        assert not HARMLESS.findall(COLOUR.sub("", shown) if make is _live else shown)


async def test_a_run_does_not_stop_for_its_watcher(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=3)

    def broken(_: Event) -> None:
        raise RuntimeError("the screen is gone")

    seen: list[Event] = []
    retried = iter([True])

    def once(request: Request) -> str | Exception:
        from agentsim.errors import RateLimited

        if next(retried, False):
            return RateLimited("slow down", model="m", retry_after=0.01)
        return by_request(request)

    outcome = await played(folder, ScriptedModel(once), stream=True, watchers=[broken, seen.append])
    assert outcome.finished.stopped == "done"
    assert outcome.bug is None
    assert any(isinstance(event, Notice) for event in seen)


async def test_progress_counts_what_happened(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=10, concurrency=3)
    progress = Progress()
    outcome = await played(folder, watchers=[progress.take])
    tally, usage = outcome.finished.tally, outcome.finished.usage
    assert progress.finished == progress.planned == 10
    assert progress.accepted == tally.accepted
    assert not progress.live
    assert progress.usage.completion_tokens == usage.completion_tokens
    assert progress.usage.prompt_tokens == usage.prompt_tokens


async def test_a_resumed_run_counts_from_where_it_stood(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=6, concurrency=1)
    engines: list[object] = []
    verdicts = 0

    def stop_after_two(event: Event) -> None:
        nonlocal verdicts
        verdicts += event.kind == "decided"
        if verdicts == 2:
            engines[0].drain()  # type: ignore[attr-defined]

    await played(folder, watchers=[stop_after_two], on_engine=engines.append)
    out = io.StringIO()
    with PlainDisplay(out=out) as display:
        await played(folder, watchers=[display])
    lines = out.getvalue().splitlines()
    assert lines[0] == "6 dialogues planned, 2 finished before, 1 at a time"
    assert [line.split()[0] for line in lines[1:]] == ["[3/6]", "[4/6]", "[5/6]", "[6/6]"]


def test_json_is_one_line_and_nothing_else(tmp_path: Path) -> None:
    here = write_project(tmp_path / "project", dialogues=4, critic={"decides": False})
    with DeterministicServer.going(most=0.001) as server:
        command = Command.start("run", "-o", "it", "--json", "--stream", cwd=here, environment=environment(server))
        assert command.wait() == 0, command.told
        quiet = Command.start("run", "-o", "two", "-q", cwd=here, environment=environment(server))
        assert quiet.wait() == 0
    (line,) = command.said.splitlines()
    told = json.loads(line)
    assert told["run"] == "it"
    assert told["stopped"] == "done"
    assert told["planned"] == told["accepted"] == 4
    assert told["usage"]["calls"] == len(server.requests) // 2
    assert set(told["exports"]) == {"messages", "parquet"}
    assert quiet.said == "two\n"
    assert "[1/4]" not in quiet.told
