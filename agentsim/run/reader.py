"""Reading a run, finished or being written, without getting in its way."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from agentsim.errors import StorageError, UserError
from agentsim.events import Event, Planned, parse_event
from agentsim.run.counting import count_outcomes
from agentsim.run.settings import RunSettings
from agentsim.run.store import check_format
from agentsim.run.story import Story, fold
from agentsim.schema import Examination, Persona, Record, Rubric, Scenario, Tally, Usage


@dataclass(frozen=True)
class Summary:
    """One dialogue in a listing."""

    index: int
    id: str
    scenario: str
    state: str
    """``running``, ``failed``, ``accepted``, ``rejected`` or ``undecided``."""

    code: str | None
    """Deciding reason, reason of the end, or of the failure."""

    turns: int


class RunReader:
    """Read access to a run directory.

    Args:
        folder: the run directory.

    Raises:
        UserError: where the folder is no run directory.
        StorageError: where its file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "run.db"
        if not path.is_file():
            raise UserError(f"{folder} is not a run directory: it has no run.db", fix="`agentsim ls` lists the runs")
        try:
            self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            try:
                self.settings = self._settings(path)
                """What the run was asked to do."""
            except BaseException:
                self._db.close()
                raise
        except sqlite3.Error as error:
            raise StorageError(
                f"cannot read {path}: {error}", fix="check that the file is whole and readable"
            ) from None

    def _settings(self, path: Path) -> RunSettings:
        meta = dict(self._db.execute("SELECT key, value FROM meta").fetchall())
        check_format(meta.get("format"), path)
        if "settings" not in meta:
            raise StorageError(f"{self.folder} was never set up completely", fix="delete it and start a new run")
        return RunSettings.model_validate_json(meta["settings"])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def planned(self) -> int:
        """Dialogues in the plan; where a run stops by what was accepted, those it has chosen."""
        if not self.stops_itself:
            return self.settings.most
        (chosen,) = self._db.execute("SELECT count(*) FROM event WHERE kind = 'planned'").fetchone()
        return min(int(chosen), self.end)

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Let all that is read inside be of one moment, though the run goes on."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    def stopped(self) -> str | None:
        """Return why the run last ended; ``None`` before it ended for the first time."""
        row = self._db.execute(
            "SELECT json_extract(body, '$.stopped') FROM event WHERE kind = 'run_finished' ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return None if row is None else str(row[0])

    @property
    def stops_itself(self) -> bool:
        """Whether what was accepted says when there is enough."""
        return self.settings.accepted is not None or self.settings.per_topic is not None

    @property
    def end(self) -> int:
        """Index behind the last dialogue that counts: where a number of accepted ones was asked for, they are taken in
        the order of their indices, and what came after the last of them is none of the run's."""
        if self.settings.accepted is None:
            return sys.maxsize
        row = self._db.execute(
            "SELECT idx FROM dialogue WHERE state = 'accepted' ORDER BY idx LIMIT 1 OFFSET ?",
            (self.settings.accepted - 1,),
        ).fetchone()
        return sys.maxsize if row is None else int(row[0]) + 1

    def chosen(self) -> Iterator[Planned]:
        """Yield what outcomes decided to play, in its order."""
        for (body,) in self._db.execute("SELECT body FROM event WHERE kind = 'planned' ORDER BY dialogue"):
            event = parse_event(body)
            assert isinstance(event, Planned)
            yield event

    def personas(self) -> dict[str, Persona]:
        """Return the personas of the run's library, by id."""
        return {name: Persona.model_validate_json(body) for name, body in self._nouns("persona")}

    def scenarios(self) -> dict[str, Scenario]:
        """Return the scenarios of the run's library, by id."""
        return {name: Scenario.model_validate_json(body) for name, body in self._nouns("scenario")}

    def rubrics(self) -> dict[str, Rubric]:
        """Return the rubrics of the run's library, by id."""
        return {name: Rubric.model_validate_json(body) for name, body in self._nouns("rubric")}

    def examinations(self) -> dict[str, Examination]:
        """Return what the run knows of its critic, by rubric; nothing where the critic was not to decide."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'examinations'").fetchone()
        held = json.loads(row[0]) if row else {}
        return {name: Examination.model_validate(found) for name, found in held.items()}

    def _nouns(self, kind: str) -> Iterator[tuple[str, str]]:
        yield from self._db.execute("SELECT id, body FROM noun WHERE kind = ? ORDER BY id", (kind,))

    def summaries(self) -> list[Summary]:
        """Return every dialogue that was begun, in plan order."""
        rows = self._db.execute(
            "SELECT idx, dialogue.id, scenario, state, code, coalesce(turns, 0) FROM dialogue LEFT JOIN"
            " (SELECT dialogue AS spoken, sum(CASE kind WHEN 'turn_done' THEN 1"
            " ELSE -json_array_length(body, '$.intervention.undone') END) AS turns"
            " FROM event WHERE kind IN ('turn_done', 'intervened') GROUP BY dialogue)"
            " ON spoken = idx WHERE idx < ? ORDER BY idx",
            (self.end,),
        )
        return [Summary(*row) for row in rows]

    def story(self, dialogue: str) -> Story:
        """Return one dialogue by its id, or by its plan index in digits.

        Raises:
            UserError: where the run has none of that name.
        """
        row = self._db.execute("SELECT idx FROM dialogue WHERE id = ?", (dialogue,)).fetchone()
        if row is None and dialogue.isdecimal():
            row = self._db.execute("SELECT idx FROM dialogue WHERE idx = ?", (int(dialogue),)).fetchone()
        if row is None:
            raise UserError(f"{self.folder} has no dialogue {dialogue!r}", fix=f"`agentsim ls {self.folder}`")
        return fold(self.events(row[0]))

    def events(self, index: int) -> Iterator[Event]:
        """Yield the events of one dialogue in their order."""
        query = "SELECT body FROM event WHERE dialogue = ? ORDER BY seq"
        return (parse_event(body) for (body,) in self._db.execute(query, (index,)))

    def events_after(self, number: int, limit: int) -> Iterator[tuple[int, Event]]:
        """Yield the events numbered above ``number`` with their numbers, oldest first, at most ``limit``."""
        query = "SELECT seq, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?"
        return ((seq, parse_event(body)) for seq, body in self._db.execute(query, (number, limit)).fetchall())

    def stories(self, *, unfinished: bool = False) -> Iterator[tuple[int, Story]]:
        """Yield every begun dialogue with its plan index, in its order; on demand those without a verdict."""
        where = "JOIN dialogue ON idx = dialogue WHERE state IN ('running', 'failed')" if unfinished else "WHERE 1"
        with closing(
            self._db.execute(
                f"SELECT event.dialogue, body FROM event {where} AND event.dialogue IS NOT NULL"  # noqa: S608
                " ORDER BY event.dialogue, seq"
            )
        ) as rows:
            for index, group in groupby(rows, key=lambda row: row[0]):
                yield index, fold(parse_event(body) for _, body in group)

    def records(self) -> Iterator[Record]:
        """Yield the records with a verdict, in plan order."""
        end = self.end
        for index, story in self.stories():
            record = story.record() if index < end else None
            if record is not None:
                yield record

    def tally(self) -> Tally:
        """Return how the planned dialogues came out so far."""
        groups = self._db.execute(
            "SELECT state, code, count(*) FROM dialogue WHERE idx < ? GROUP BY state, code", (self.end,)
        )
        return count_outcomes(groups, self.planned)

    def usage(self) -> Usage:
        """Return what all answered calls took."""
        row = self._db.execute(
            "SELECT coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),"
            " coalesce(sum(cost), 0.0), count(*) FROM answer"
        ).fetchone()
        return Usage(prompt_tokens=row[0], completion_tokens=row[1], cost=row[2], calls=row[3])

    def find(self, key: str) -> str | None:
        """Return the answer recorded under ``key``, or ``None``; another run replays from here."""
        row = self._db.execute("SELECT body FROM answer WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])
