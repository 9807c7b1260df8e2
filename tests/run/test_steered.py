"""What was said and accepted decides what comes next: the same at any concurrency, and after any stop."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentsim.cli.run_state import facts
from agentsim.errors import ServerFailed, UserError
from agentsim.events import Decided, Event, TurnDone
from agentsim.library import Library
from agentsim.llm.model import Answer, Request
from agentsim.run.beyond import yields
from agentsim.run.covering import survey
from agentsim.run.engine import Engine
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from agentsim.run.runner import adjust, create, play
from agentsim.schema import Topic
from agentsim.topics.graph import leaves, path_of
from tests.run.world import Jittery, by_request, dataset, library, settings
from tests.scripted import ScriptedModel

SPOKEN_OF = ("lamp", "tomorrow", "noon", "desk", "bring")
NEVER = ("kettle", "umbrella", "bicycle", "piano", "carpet", "violin", "boat")
TOPICS = tuple(Topic(name=name) for name in SPOKEN_OF + NEVER)


def world() -> Library:
    """A shop with twelve topics; what is said there is about the first few, whatever was asked for."""
    base = library()
    shop = base.scenarios["shop"].model_copy(update={"topics": (Topic(name="Things", topics=TOPICS),)})
    return replace(base, scenarios={"shop": shop})


async def made(folder: Path, **fields: Any) -> Path:
    wanted = {"planning": {"by": "coverage", "window": 4}, "concurrency": 3, "dialogues": 30, **fields}
    return await create(settings(**wanted), world(), folder, check_models=False)


def chosen(folder: Path) -> list[tuple[str, int]]:
    with closing(RunReader(folder)) as reader:
        return [(event.assignment.id, event.seen) for event in reader.chosen()]


def files(folder: Path) -> dict[str, bytes]:
    export_run(folder, ("messages",))
    return dataset(folder)


async def test_neither_concurrency_nor_latency_changes_the_plan(tmp_path: Path) -> None:
    for concurrency in (1, 3, 40):
        await made(tmp_path / str(concurrency), concurrency=concurrency)
        await play(tmp_path / str(concurrency), model=Jittery())
    first = chosen(tmp_path / "1")
    assert [seen for _, seen in first] == [max(0, index - 3) for index in range(30)]
    for concurrency in (3, 40):
        assert chosen(tmp_path / str(concurrency)) == first
        assert files(tmp_path / str(concurrency)) == files(tmp_path / "1")


async def test_the_plan_follows_what_was_said(tmp_path: Path) -> None:
    """Topics that the model never speaks of are tried more often than those it does."""
    folder = await made(tmp_path / "run", dialogues=60)
    await play(folder, model=ScriptedModel(by_request))
    with closing(RunReader(folder)) as reader:
        topics = [event.assignment.topic[-1] for event in reader.chosen()]
    never, often = [topics.count(name) for name in NEVER], [topics.count(name) for name in SPOKEN_OF]
    assert set(NEVER) <= set(topics[:12])
    assert sum(never) / len(never) > sum(often) / len(often)


@pytest.mark.parametrize("stop_after", [1, 9, 23, 60, 110])
async def test_stopped_and_resumed_it_plans_the_same(tmp_path: Path, stop_after: int) -> None:
    whole = await made(tmp_path / "whole")
    await play(whole, model=Jittery())
    folder = await made(tmp_path / "cut")
    engines: list[Engine] = []
    turns = 0

    def watch(event: Event) -> None:
        nonlocal turns
        turns += isinstance(event, TurnDone)
        if turns == stop_after:
            engines[-1].drain()

    stopped = await play(folder, model=Jittery(), watchers=[watch], on_engine=engines.append)
    assert stopped.finished.stopped == "interrupted"
    await play(folder, model=Jittery())
    assert chosen(folder) == chosen(whole)
    assert files(folder) == files(whole)


def branches() -> Library:
    """The shop with its topics on two branches, so that there is something to bridge."""
    base = world()
    parts = (Topic(name="Goods", topics=TOPICS[::2]), Topic(name="Days", topics=TOPICS[1::2]))
    return replace(base, scenarios={"shop": base.scenarios["shop"].model_copy(update={"topics": parts})})


async def test_what_lies_beyond_is_planned_alike_at_any_concurrency_and_after_a_stop(tmp_path: Path) -> None:
    wanted = {"planning": {"by": "coverage", "window": 4, "beyond": 0.6}, "dialogues": 60}
    engines: list[Engine] = []

    def stop(event: Event) -> None:
        if isinstance(event, Decided) and event.dialogue.startswith("000037"):
            engines[-1].drain()

    folders = [tmp_path / name for name in ("one", "many", "cut")]
    for folder, concurrency in zip(folders, (1, 20, 5), strict=True):
        await create(settings(concurrency=concurrency, **wanted), branches(), folder, check_models=False)
        if folder.name == "cut":
            stopped = await play(folder, model=Jittery(), watchers=[stop], on_engine=engines.append)
            assert stopped.finished.stopped == "interrupted"
        await play(folder, model=Jittery())
    assert chosen(folders[0]) == chosen(folders[1]) == chosen(folders[2])
    assert files(folders[0]) == files(folders[1]) == files(folders[2])
    with closing(RunReader(folders[0])) as reader:
        planned = [event.assignment for event in reader.chosen()]
        told = yields(survey(reader).ended)
    kinds = [one.beyond.kind for one in planned if one.beyond is not None]
    assert {"combination", "bridge"} == set(kinds) and 15 <= len(kinds) <= 40
    assert sum(of.ended for kind, of in told.items() if kind != "other") == len(kinds)
    for one in planned:
        if one.bridge is not None:
            assert one.bridge[0] != one.topic[0]
            assert one.topic[-1] in one.task and one.bridge[-1] in one.task


class Failing(ScriptedModel):
    """Answers by request, but its server fails for the dialogues of some seeds."""

    def __init__(self, broken: int) -> None:
        super().__init__(by_request)
        self.broken = broken
        self.asked = 0

    async def ask(self, request: Request) -> Answer:
        self.asked += 1
        if self.broken and self.asked % self.broken == 0:
            raise ServerFailed("the server is down", model=request.model)
        return await super().ask(request)


async def test_what_had_failed_is_tried_again_and_the_plan_stays(tmp_path: Path) -> None:
    folder = await made(tmp_path / "run", retries=0, concurrency=1)
    first = await play(folder, model=Failing(7))
    assert first.finished.tally.failed.keys() >= {"error:ServerFailed"}
    before = chosen(folder)
    second = await play(folder, model=Failing(0))
    assert "error:ServerFailed" not in second.finished.tally.failed
    assert chosen(folder) == before
    adjust(folder, dialogues=34)
    third = await play(folder, model=Failing(0))
    assert third.finished.tally.planned == 34
    assert chosen(folder)[:30] == before


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_it_stops_at_exactly_so_many_accepted(tmp_path: Path, concurrency: int) -> None:
    folder = await made(tmp_path / "run", accepted=9, dialogues=None, concurrency=concurrency)
    tally = (await play(folder, model=Jittery())).finished.tally
    assert tally.accepted == 9
    assert tally.planned == 9 + sum(tally.rejected.values()) + sum(tally.failed.values())
    assert "not_run" not in tally.failed
    with closing(RunReader(folder)) as reader:
        states = [summary.state for summary in reader.summaries()]
    assert states[-1] == "accepted"
    assert len(states) == tally.planned == len(chosen(folder))
    assert (
        files(folder)["messages/train.jsonl"].count(b"\n")
        + files(folder).get("messages/validation.jsonl", b"").count(b"\n")
        == 9
    )


async def test_more_can_be_asked_for_later(tmp_path: Path) -> None:
    folder = await made(tmp_path / "run", accepted=4, dialogues=None)
    await play(folder, model=Jittery())
    before = chosen(folder)
    adjust(folder, accepted=7)
    tally = (await play(folder, model=Jittery())).finished.tally
    assert tally.accepted == 7
    assert chosen(folder)[: len(before)] == before
    with pytest.raises(UserError, match="cannot shrink to 3"):
        adjust(folder, accepted=3)


async def test_what_is_accepted_too_late_does_not_count(tmp_path: Path) -> None:
    """Dialogues that failed and are accepted on a later try push others out behind the last one that is asked for."""
    folder = await made(tmp_path / "run", accepted=6, dialogues=None, retries=0, concurrency=1)
    await play(folder, model=Failing(5))
    tally = (await play(folder, model=Failing(0))).finished.tally
    assert tally.accepted == 6
    with closing(RunReader(folder)) as reader:
        assert len([record for record in reader.records() if record.verdict.outcome == "accepted"]) == 6
        assert reader.planned == tally.planned <= len(chosen(folder))


async def test_a_limit_on_tries_stops_it_too(tmp_path: Path) -> None:
    folder = await made(tmp_path / "run", accepted=50, dialogues=8)
    tally = (await play(folder, model=Jittery())).finished.tally
    assert tally.planned == 8 and tally.accepted < 50


async def test_each_topic_gets_its_number_or_is_given_up(tmp_path: Path) -> None:
    folder = await made(tmp_path / "run", per_topic=2, dialogues=None, concurrency=8)
    await play(folder, model=Jittery())
    with closing(RunReader(folder)) as reader:
        topics = [event.assignment.topic[-1] for event in reader.chosen()]
        seen = survey(reader)
        graph, coverage = seen.graph, seen.coverage
    held = {path_of(graph, node)[-1]: coverage.topics[node].accepted for node in leaves(graph)}
    short = {name for name, accepted in held.items() if accepted < 2}
    assert short >= set(NEVER)
    assert short < held.keys()
    assert {topics.count(name) for name in NEVER} == {8}, "nothing ever comes of these"
    assert all(8 <= topics.count(name) <= 16 for name in short)


async def test_what_is_not_needed_is_not_tried_again(tmp_path: Path) -> None:
    """A run whose server was down failed often; once it is up, no more is played than is asked for."""
    folder = await made(tmp_path / "run", accepted=3, dialogues=30, retries=0, concurrency=8)
    down = await play(folder, model=Failing(1))
    assert down.finished.tally.failed["error:ServerFailed"] == 30
    model = Failing(0)
    again = await play(folder, model=model)
    assert again.finished.tally.accepted == 3
    straight = Failing(0)
    await play(await made(tmp_path / "straight", accepted=3, dialogues=30, concurrency=8), model=straight)
    assert model.asked < 2 * straight.asked


@pytest.mark.parametrize("broken", [0, 6])
async def test_it_can_be_replayed(tmp_path: Path, broken: int) -> None:
    """Even where some failed and were tried again, or more was asked for later: then the plan is what was chosen."""
    folder = await made(tmp_path / "run", accepted=4, dialogues=None, retries=0, concurrency=4)
    await play(folder, model=Failing(broken))
    await play(folder, model=Failing(0))
    adjust(folder, accepted=9)
    await play(folder, model=Failing(0))
    copy = await made(tmp_path / "copy", accepted=9, dialogues=None, concurrency=7)
    replayed = await play(copy, replay=folder)
    assert replayed.finished.tally.accepted == 9
    assert files(copy) == files(folder)


async def test_a_stopped_run_is_not_called_done(tmp_path: Path) -> None:
    folder = await made(tmp_path / "run", accepted=6, dialogues=None, concurrency=1)

    def state() -> tuple[str, int]:
        with closing(RunReader(folder)) as reader:
            told = facts(reader)
        return told["state"], told["to_do"]

    assert state() == ("stopped", 6)
    engines: list[Engine] = []
    decided = 0

    def watch(event: Event) -> None:
        nonlocal decided
        decided += isinstance(event, Decided)
        if decided == 3:
            engines[-1].drain()

    await play(folder, model=Jittery(), watchers=[watch], on_engine=engines.append)
    assert state()[0] == "stopped" and state()[1] >= 3
    await play(folder, model=Jittery())
    assert state() == ("done", 0)
