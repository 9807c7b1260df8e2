"""A run's memory: one SQLite file that holds every event, every model answer and the nouns that were used.

One process writes. Rows are collected while the event loop works through what is ready and committed together
at its next turn, so a commit is shared by all dialogues that moved; whoever awaits `commit` knows its rows to be
on disk in the sense of the write-ahead log: they survive the process being killed. ``synchronous=NORMAL`` means
that a power failure may take the last moments, never the file.
"""

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import filelock

from agentsim.errors import StorageError
from agentsim.events import (
    Decided,
    DialogueEnded,
    DialogueFailed,
    DialogueStarted,
    Event,
)
from agentsim.llm.model import Answer
from agentsim.schema import Usage

FORMAT = "1"
CHECKPOINT_BYTES = 8 << 20
"""Written bytes after which the log is folded into the file."""

LOG_BYTES = 4 * CHECKPOINT_BYTES
"""Size of the log above which writing waits until all of it is folded in."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE noun (kind TEXT, id TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE event (seq INTEGER PRIMARY KEY, at REAL NOT NULL, dialogue INTEGER, kind TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX event_dialogue ON event (dialogue, seq) WHERE dialogue IS NOT NULL;
CREATE TABLE dialogue (idx INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, scenario TEXT NOT NULL,
  state TEXT NOT NULL, code TEXT);
CREATE TABLE answer (key TEXT NOT NULL, body TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL, cost REAL NOT NULL);
CREATE UNIQUE INDEX answer_key ON answer (key);
CREATE TABLE reservation (number INTEGER PRIMARY KEY, cost REAL NOT NULL, tokens INTEGER NOT NULL);
"""

_EVENT = "INSERT INTO event (at, dialogue, kind, body) VALUES (?, ?, ?, ?)"
_ANSWER = "INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?)"
_START = (
    "INSERT INTO dialogue (idx, id, scenario, state) VALUES (?, ?, ?, 'running')"
    " ON CONFLICT (idx) DO UPDATE SET state = 'running', code = NULL"
)
_STATE = "UPDATE dialogue SET state = ?, code = ? WHERE idx = ?"
_FAIL = (
    "INSERT INTO dialogue (idx, id, scenario, state, code) VALUES (?, ?, ?, 'failed', ?)"
    " ON CONFLICT (idx) DO UPDATE SET state = 'failed', code = excluded.code"
)


class Store:
    """The writer of a run directory's ``run.db``.

    Args:
        folder: the run directory.

    Raises:
        StorageError: where the directory is held by another writer, or the file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run.db"
        self._lock = filelock.FileLock(folder / "run.lock", timeout=0)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise StorageError(
                f"another process is writing to {folder}",
                fix="wait for it, stop it, or look on with `agentsim ls` and `agentsim show`",
            ) from None
        except OSError as error:
            raise StorageError(f"cannot write in {folder}: {error}", fix="check the folder's rights") from None
        try:
            self._db = _open(self.path)
            try:
                self._known = {key for (key,) in self._db.execute("SELECT key FROM answer")}
                self._number: int = self._db.execute("SELECT coalesce(max(number), 0) FROM reservation").fetchone()[0]
            except BaseException:
                self._db.close()
                raise
        except sqlite3.Error as error:
            self._lock.release()
            raise StorageError(f"cannot open {self.path}: {error}", fix="restore the file or start a new run") from None
        except BaseException:
            self._lock.release()
            raise
        self._rows: list[tuple[str, tuple[object, ...]]] = []
        self._fresh: dict[str, str] = {}
        self._done: asyncio.Future[None] | None = None
        self._broken: StorageError | None = None
        self._log_bytes = 0
        """Bytes in the log, roughly."""

        self._unfolded_bytes = 0
        """Bytes that came in since the log was last folded into the file."""

        self._folding: asyncio.Task[None] | None = None
        self._held = False
        self._closed = False

    # -- events ----------------------------------------------------------------------------------------------

    def append(self, event: Event, index: int | None = None, scenario: str = "") -> None:
        """Take an event in; `commit` makes it durable.

        ``index`` is the dialogue's place in the plan, ``scenario`` what it plays, for one that fails before its
        start.
        """
        body = event.model_dump_json()
        self._rows.append((_EVENT, (time.time(), index, event.kind, body)))
        self._unfolded_bytes += len(body)
        if isinstance(event, DialogueStarted):
            self._rows.append((_START, (index, event.dialogue, event.assignment.scenario)))
        elif isinstance(event, Decided):
            self._rows.append((_STATE, (event.verdict.outcome, event.verdict.reasons[0].code, index)))
        elif isinstance(event, DialogueFailed):
            self._rows.append((_FAIL, (index, event.dialogue, scenario, event.code)))
        elif isinstance(event, DialogueEnded):
            self._rows.append((_STATE, ("running", event.end.reason, index)))

    def commit(self) -> "asyncio.Future[None]":
        """Return a future that is done when everything taken in so far is durable.

        It fails with `StorageError` where the file cannot be written; then nothing more can be.
        """
        # Shielded: who stops waiting must not stop it for the others, who wait for the same commit.
        return asyncio.shield(self._soon())

    def _soon(self) -> "asyncio.Future[None]":
        if self._done is None:
            loop = asyncio.get_running_loop()
            self._done = loop.create_future()
            loop.call_soon(self._flush)
        return self._done

    def _flush(self) -> None:
        if self._closed or self._held or (self._folding and self._unfolded_bytes > LOG_BYTES):
            return  # `close` or the end of `_fold` writes what waits
        done, self._done = self._done, None
        rows, self._rows = self._rows, []
        fresh, self._fresh = self._fresh, {}
        try:
            if self._broken:
                raise self._broken
            self._write(rows)
            self._known.update(fresh)
        except Exception as error:
            self._broken = error if isinstance(error, StorageError) else _unwritable(self.path, error)
            if done is not None and not done.done():
                done.set_exception(self._broken)
                done.exception()  # nobody may be waiting for it
            return
        if done is not None and not done.done():
            done.set_result(None)
        if self._unfolded_bytes > CHECKPOINT_BYTES and self._folding is None:
            self._folding = asyncio.get_running_loop().create_task(self._fold())

    def _write(self, rows: Iterable[tuple[str, tuple[object, ...]]]) -> None:
        execute = self._db.execute
        try:
            execute("BEGIN")
            for statement, values in rows:
                execute(statement, values)
            execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.rollback()
            raise _unwritable(self.path, error) from None

    async def _fold(self) -> None:
        """Fold the log into the file, beside the event loop."""
        self._log_bytes += self._unfolded_bytes
        self._unfolded_bytes = 0
        try:
            await asyncio.to_thread(_checkpoint, self.path)
            if self._log_bytes > LOG_BYTES:
                # What was written meanwhile keeps the log from starting anew: now nothing is, until all is in.
                self._held = True
                await asyncio.to_thread(_checkpoint, self.path)
                self._log_bytes = 0
        finally:
            self._held, self._folding = False, None
            if self._done is not None:
                self._flush()

    async def rest(self) -> None:
        """Return when nothing is at work beside the event loop."""
        while self._folding is not None and not self._folding.done():
            await asyncio.wait([self._folding])

    # -- recorded answers ------------------------------------------------------------------------------------

    def find(self, key: str) -> str | None:
        """Return the answer recorded under ``key``, or ``None``."""
        if key in self._fresh:
            return self._fresh[key]
        if key not in self._known:
            return None
        try:
            row = self._db.execute("SELECT body FROM answer WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise StorageError(f"cannot read {self.path}: {error}", fix="mend the disk, then resume") from None
        return None if row is None else str(row[0])

    def keep(self, key: str, body: str, answer: Answer) -> None:
        """Record an answer; it is durable with the next commit."""
        self._fresh[key] = body
        self._unfolded_bytes += len(body)
        self._rows.append((_ANSWER, (key, body, answer.prompt_tokens, answer.completion_tokens, answer.cost)))
        self._soon()

    # -- budget ----------------------------------------------------------------------------------------------

    async def reserve(self, cost: float, tokens: int) -> int:
        """Record durably that a call about to be sent may take this much; return the reservation's number."""
        self._number += 1
        number = self._number
        self._rows.append(("INSERT INTO reservation VALUES (?, ?, ?)", (number, cost, tokens)))
        await self.commit()
        return number

    def settle(self, number: int) -> None:
        """Drop a reservation; durable with the next commit."""
        self._rows.append(("DELETE FROM reservation WHERE number = ?", (number,)))

    def spent(self) -> Usage:
        """Return what all answered calls took, plus what calls without an answer may have taken."""
        read, write, cost, calls = self._db.execute(
            "SELECT coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),"
            " coalesce(sum(cost), 0.0), count(*) FROM answer"
        ).fetchone()
        held_cost, held_tokens = self._db.execute(
            "SELECT coalesce(sum(cost), 0.0), coalesce(sum(tokens), 0) FROM reservation"
        ).fetchone()
        return Usage(prompt_tokens=read + held_tokens, completion_tokens=write, cost=cost + held_cost, calls=calls)

    # -- what was used ---------------------------------------------------------------------------------------

    def put(self, meta: Mapping[str, object], nouns: Iterable[tuple[str, str, str]]) -> None:
        """Write facts of the run and the nouns it uses (kind, id, JSON), at once."""
        rows: list[tuple[str, tuple[object, ...]]] = [
            ("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value))) for key, value in meta.items()
        ]
        rows += [("INSERT OR REPLACE INTO noun VALUES (?, ?, ?)", noun) for noun in nouns]
        self._write(rows)

    def close(self) -> None:
        """Write what is left, fold the log into the file and let others write. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._rows and not self._broken:
                self._write(self._rows)
                self._rows = []
            # Folds the log into the file and does without one: a finished run is one file, readable on any medium.
            # While somebody reads, the log stays, and the next opener folds it in.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error:
            pass  # the log holds everything; the next opener folds it in
        finally:
            self._db.close()
            self._lock.release()


def _open(path: Path) -> sqlite3.Connection:
    """Return the writing connection to a run's file, which is made where it is missing.

    Raises:
        StorageError: where another version of agentsim wrote the file.
        sqlite3.Error: where it cannot be opened.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        # Checkpoints sync the disk: they run beside the event loop, see `Store._fold`.
        db.execute("PRAGMA wal_autocheckpoint=0")
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is None:
            made = f"INSERT INTO meta VALUES ('format', '{FORMAT}');"  # noqa: S608
            db.executescript(f"BEGIN; {_TABLES} {made} COMMIT;")
        row = db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        check_format(row[0] if row else None, path)
    except BaseException:
        db.close()
        raise
    return db


def check_format(found: str | None, path: Path) -> None:
    """Raise ``StorageError`` unless a run's file has the format that this version reads and writes."""
    if found != FORMAT:
        raise StorageError(
            f"{path} was written by another version of agentsim (format {found or 'unknown'})",
            fix="read it with the version that wrote it (see run.yaml)",
        )


def _checkpoint(path: Path) -> None:
    """Fold as much of the log into the file as can be without making anyone wait."""
    # Where it fails the log only grows until the next one.
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as side,
    ):
        side.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _unwritable(path: Path, error: Exception) -> StorageError:
    return StorageError(
        f"cannot write to {path}: {error}",
        fix="make room or mend the disk, then `agentsim resume`; what was shown as done is kept",
    )
