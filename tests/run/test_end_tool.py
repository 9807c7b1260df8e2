"""Which models end their dialogues by a tool is found out when a run is made, and stays so."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agentsim.dialogue.ending import TOOL
from agentsim.events import Notice
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from agentsim.run.runner import create, play
from agentsim.run.setup import Unasked, make_setup
from tests.loopback import BAD_REQUEST, Failure
from tests.run.served import DeterministicServer
from tests.run.world import by_body, dataset, library, settings

LISTED, UNLISTED = "openai/gpt-4o-mini", "openai/anything"


def by_tool(body: dict[str, Any]) -> dict[str, Any]:
    """Answers that depend on the request alone; a third of those who may end the dialogue do."""
    made = by_body(body)
    if "tools" not in body or len(made["content"]) % 3:
        return made
    draw = len(made["content"]) // 3
    call = {"name": TOOL, "arguments": json.dumps({"reason": made["content"], "reached": draw // 2 % 2 == 0})}
    words = {} if draw % 2 else {"content": made["content"]}
    return {
        "usage": made["usage"],
        **words,
        "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeterministicServer]:
    with DeterministicServer.going(by_tool, most=0.002) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield running


async def callers(folder: Path, **fields: Any) -> tuple[str, ...] | None:
    run = await create(settings(**fields), library(), folder)
    with closing(RunReader(run)) as reader:
        return reader.settings.goal_check.callers


@pytest.mark.parametrize(
    ("model", "goal", "found"),
    [
        (LISTED, {}, (LISTED,)),
        (LISTED, {"by": "tool"}, (LISTED,)),
        (LISTED, {"by": "question"}, None),
        (LISTED, {"model": UNLISTED}, None),
        (LISTED, {"callers": []}, ()),
        (UNLISTED, {}, ()),
        (UNLISTED, {"by": "tool"}, (UNLISTED,)),
        (UNLISTED, {"callers": [UNLISTED]}, (UNLISTED,)),
        ("openai/gpt-3.5-turbo-instruct", {}, ()),
        ("embedded/smollm2-135m", {"by": "tool"}, ()),
    ],
)
async def test_who_calls_functions(
    model: str, goal: dict[str, Any], found: object, server: DeterministicServer, tmp_path: Path
) -> None:
    assert await callers(tmp_path / "run", model=model, critic={"enabled": False}, goal_check=goal) == found


@pytest.mark.parametrize(
    ("goal", "offered"),
    [
        ({"by": "tool"}, True),
        ({"by": "auto"}, False),
        ({"by": "question", "callers": [UNLISTED]}, False),
        ({"by": "auto", "callers": [UNLISTED]}, True),
        ({"by": "tool", "callers": []}, False),
        ({"by": "tool", "enabled": False}, False),
    ],
)
def test_who_is_offered_the_tool(goal: dict[str, Any], offered: bool) -> None:
    made = make_setup(settings(model=UNLISTED, goal_check=goal), library(), Unasked(), speakers={}, stream=False)
    assert (made.stage.end_tool(made.scenarios["shop"]) is not None) == offered


@pytest.mark.parametrize("way", ["lean", "general"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_run_ends_by_the_tool_and_is_replayed_without_a_server(
    way: str, stream: bool, server: DeterministicServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = settings(model=LISTED, way=way, dialogues=8, critic={"enabled": False}, goal_check={})
    first = await create(wanted, library(), tmp_path / "first")
    await play(first, stream=stream)
    asked = len(server.requests)
    assert not any("response_format" in body for body in server.bodies)
    monkeypatch.delenv("OPENAI_API_KEY")
    runs = [first]
    for name in ("again", "and again"):
        run = await create(wanted, library(), tmp_path / name, check_models=False)
        await play(run, replay=runs[-1], stream=not stream)
        runs.append(run)
    assert len(server.requests) == asked
    for run in runs:
        export_run(run, ("messages",))
        assert dataset(run) == dataset(first) != {}
    with closing(RunReader(first)) as reader:
        ends = [record.dialogue.end.reason for record in reader.records()]
        assert {"goal_reached", "given_up"} <= set(ends)
        # Every answer is counted once, those that were nothing but the call too.
        assert reader.usage().calls == asked


class Choosy(DeterministicServer):
    """Takes no tools."""

    async def _answer(self, request: web.Request, body: dict[str, Any], failure: Failure | None) -> web.StreamResponse:
        refused = replace(BAD_REQUEST, message="tools are not supported")
        return await super()._answer(request, body, refused if "tools" in body else failure)


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_provider_that_refuses_tools_gives_the_dataset_of_the_question(
    concurrency: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Choosy.going(by_body, most=0.002) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        runs = []
        for by in ("tool", "question"):
            goal = {"by": by, "enabled": True}
            wanted = settings(dialogues=8, concurrency=concurrency, scenarios=["shop"], goal_check=goal)
            run = await create(wanted, library(), tmp_path / by)
            told: list[object] = []
            await play(run, watchers=[told.append])
            export_run(run, ("messages",))
            notices = [event.text for event in told if isinstance(event, Notice) and "asked instead" in event.text]
            assert len(notices) == (by == "tool")
            runs.append(run)
        refused = sum("tools" in body for body in server.bodies)
    assert 1 <= refused <= concurrency
    rows = [{name: body for name, body in dataset(run).items() if name.endswith(".jsonl")} for run in runs]
    assert rows[0] == rows[1] != {}
    offline = await create(
        settings(dialogues=8, scenarios=["shop"], goal_check={"by": "tool", "enabled": True}),
        library(),
        tmp_path / "offline",
        check_models=False,
    )
    await play(offline, replay=runs[0])
    export_run(offline, ("messages",))
    assert {name: body for name, body in dataset(offline).items() if name.endswith(".jsonl")} == rows[0]
