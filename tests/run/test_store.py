"""The run's memory: rows are kept when their commit is, and nothing else is promised."""

import asyncio
import gc
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agentsim.errors import StorageError
from agentsim.events import DialogueFailed, Event, Notice, TurnDone
from agentsim.llm.model import Answer, Request
from agentsim.llm.recording import Recording, dump_answer
from agentsim.run import store as store_module
from agentsim.run.reader import RunReader
from agentsim.run.store import Store
from agentsim.run.story import fold
from agentsim.schema import Turn
from tests.run.world import made, played
from tests.scripted import ScriptedModel


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path)) as opened:
        yield opened


def _rows(store: Store, table: str = "event") -> int:
    with closing(sqlite3.connect(store.path)) as other:
        (count,) = other.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


async def test_who_awaits_a_commit_knows_its_rows_to_be_kept(store: Store) -> None:
    store.append(Notice(text="one"))
    first = store.commit()
    store.append(Notice(text="two"))
    second = store.commit()
    assert _rows(store) == 0
    await asyncio.gather(first, second)
    assert _rows(store) == 2


async def test_commits_are_shared_by_all_that_moved(store: Store) -> None:
    written = 0
    real = store._write

    def counting(rows: Any) -> None:
        nonlocal written
        written += 1
        real(rows)

    store._write = counting  # type: ignore[method-assign]

    async def move(number: int) -> None:
        store.append(Notice(text=str(number)))
        await store.commit()

    await asyncio.gather(*(move(number) for number in range(100)))
    assert _rows(store) == 100
    assert written == 1


async def test_one_that_stops_waiting_stops_nobody_else(store: Store) -> None:
    async def move() -> None:
        store.append(Notice(text="x"))
        await store.commit()

    waiting = [asyncio.create_task(move()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [None, None]
    assert _rows(store) == 3


async def test_a_broken_store_fails_every_commit_from_then_on(tmp_path: Path) -> None:
    store = Store(tmp_path)
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageError, match="full") as told:
        for _ in range(100):
            store.append(Notice(text="x" * 5000))
            await store.commit()
    assert told.value.exit_code == 5
    kept = _rows(store)
    store._db.execute("PRAGMA max_page_count = 100000")
    store.append(Notice(text="y"))
    with pytest.raises(StorageError):
        await store.commit()
    # An answer is kept without anyone waiting: nothing may be told of it behind everybody's back.
    store.keep("key", "{}", Answer("", "m"))
    await asyncio.sleep(0.01)
    assert _rows(store) == kept
    store.close()
    del store, told
    gc.collect()
    await asyncio.sleep(0)
    assert unheard == []


async def test_a_row_that_no_database_takes_fails_its_commit(store: Store) -> None:
    """A server that counts tokens past 64 bits must not make the run wait for ever."""
    store.keep("key", "{}", Answer("", "m", prompt_tokens=10**30))
    with pytest.raises(StorageError):
        await asyncio.wait_for(store.commit(), 2)


async def test_the_log_does_not_grow_without_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "CHECKPOINT_BYTES", 1 << 20)
    monkeypatch.setattr(store_module, "LOG_BYTES", 4 << 20)
    largest = 0
    longest = 0.0
    beat = asyncio.create_task(_longest_pause())
    for _ in range(300):
        for _ in range(20):
            store.append(Notice(text="x" * 10_000))
        await store.commit()
        largest = max(largest, store.path.with_name("run.db-wal").stat().st_size)
    beat.cancel()
    longest = await beat
    await store.rest()
    assert _rows(store) == 6000
    print(f"60 MB written: largest log {largest >> 10:,} KiB, longest pause of the loop {longest * 1000:.0f} ms")
    assert largest < 24 << 20


async def _longest_pause() -> float:
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


async def test_rows_that_wait_for_a_checkpoint_are_kept_when_it_is_over(store: Store) -> None:
    store._held = True
    store.append(Notice(text="x"))
    waiting = store.commit()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    store.close()
    assert _rows(store) == 1


async def test_closing_twice_and_late_commits(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append(Notice(text="x"))
    store._soon()
    store.close()
    store.close()
    await asyncio.sleep(0)
    assert _rows(store) == 1
    assert not store.path.with_name("run.db-wal").exists()


def test_another_format_is_refused_and_let_go_of(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "run.db")) as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
        db.commit()
    for opening in (Store, RunReader, Store):
        with pytest.raises(StorageError, match="format 99"):
            opening(tmp_path)


@pytest.mark.parametrize("content", [b"", b"this is no database" * 100])
def test_a_file_that_is_no_run(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.db").write_bytes(content)
    with pytest.raises(StorageError):
        RunReader(tmp_path)
    if content:
        for _ in range(2):
            with pytest.raises(StorageError, match="cannot open"):
                Store(tmp_path)


async def test_a_turn_is_told_only_after_it_is_kept(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=4)
    order: list[Event] = []

    with closing(RunReader(folder)) as other:

        def watch(event: Event) -> None:
            order.append(event)
            if isinstance(event, TurnDone):
                assert event.turn in other.story(event.dialogue).history.turns
                seen.append(event)

        seen: list[Event] = []
        await played(folder, watchers=[watch])
        assert len(seen) == sum(isinstance(event, TurnDone) for event in order) > 8
        for index in range(4):
            kept = list(other.events(index))
            name = other.summaries()[index].id
            assert [event for event in order if getattr(event, "dialogue", None) == name] == kept
            assert fold(kept).verdict is not None


LONE = st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\ud800\udfff\x00\x1b"), min_size=1)


@given(text=LONE, reasoning=LONE)
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_of_a_model_survive(tmp_path_factory: pytest.TempPathFactory, text: str, reasoning: str) -> None:
    asyncio.run(_any_words(tmp_path_factory.mktemp("words"), text, reasoning))


async def _any_words(folder: Path, text: str, reasoning: str) -> None:
    await made(folder / "it", dialogues=1, scenarios=("shop",), max_turns=2)

    def odd(request: Request) -> Answer:
        return Answer(f"a{text}b", request.model, "stop", reasoning=f"a{reasoning}b")

    outcome = await played(folder / "it", ScriptedModel(odd))
    assert outcome.bug is None
    with closing(RunReader(folder / "it")) as reader:
        turn = reader.story("0").history.turns[0]
    well_formed = f"a{text}b".encode("utf-8", "replace").decode()
    assert turn.text == well_formed


@given(text=LONE)
def test_a_recorded_answer_is_the_answer(text: str) -> None:
    async def twice() -> None:
        kept: dict[str, str] = {}

        class Answers:
            def find(self, key: str) -> str | None:
                return kept.get(key)

            def keep(self, key: str, body: str, answer: Answer) -> None:
                body.encode()  # it can be stored
                kept[key] = body

        door = Recording(ScriptedModel([text]), Answers())
        request = Request("m", [{"role": "user", "content": text}])
        first = await door.ask(request)
        again = await door.ask(request)
        assert dump_answer(again) == dump_answer(first)
        assert again.cached

    asyncio.run(twice())


def test_a_failure_before_the_start_has_a_place_in_the_list(tmp_path: Path) -> None:
    async def fail() -> None:
        with closing(Store(tmp_path)) as store:
            store.append(DialogueFailed(dialogue="x", code="error:Refused", detail="no"), 3, "shop")
            await store.commit()
            (row,) = store._db.execute("SELECT idx, id, scenario, state, code FROM dialogue").fetchall()
            assert row == (3, "x", "shop", "failed", "error:Refused")

    asyncio.run(fail())


def test_a_turn_without_an_agent_keeps_its_place() -> None:
    turn = Turn(index=0, role="clerk", text="Hello")
    assert fold([TurnDone(dialogue="x", turn=turn)]).history.turns == [turn]
