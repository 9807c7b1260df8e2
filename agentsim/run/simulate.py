"""The Python way in: simulate with personas and scenarios of one's own, and read what came out."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from autogen_agentchat.base import ChatAgent

from agentsim.dataset import ExportResult
from agentsim.dialogue.function_agent import Function
from agentsim.dialogue.speakers import FunctionSpeaker, SpeakerSpec
from agentsim.errors import UserError
from agentsim.events import Event
from agentsim.library.library import Library
from agentsim.llm.model import Model
from agentsim.run.engine import Watcher
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from agentsim.run.runner import create, play
from agentsim.run.settings import RunSettings
from agentsim.run.setup import load_library, model_speaker
from agentsim.run.sources import validated
from agentsim.schema import Persona, Record, Rubric, Scenario, Tally, Usage

T = TypeVar("T")
Part = str | Function | SpeakerSpec
"""What may speak for a role: a model's name, a function of the turns so far, or a speaker."""


@dataclass(frozen=True)
class Simulation:
    """A run that has been played; everything is read from its directory."""

    folder: Path
    """The run directory."""

    def events(self, *, after: int = 0, limit: int = 1_000_000) -> Iterator[tuple[int, Event]]:
        """Yield stored events with their numbers, oldest first: those numbered above ``after``, at most ``limit``."""
        with closing(RunReader(self.folder)) as reader:
            yield from reader.events_after(after, limit)

    def records(self) -> Iterator[Record]:
        """Yield every dialogue with a verdict, in plan order."""
        with closing(RunReader(self.folder)) as reader:
            yield from reader.records()

    @property
    def accepted(self) -> list[Record]:
        """The dialogues that were accepted."""
        return [record for record in self.records() if record.verdict.outcome == "accepted"]

    @property
    def tally(self) -> Tally:
        """How the planned dialogues came out."""
        with closing(RunReader(self.folder)) as reader:
            return reader.tally()

    @property
    def usage(self) -> Usage:
        """What all calls took."""
        with closing(RunReader(self.folder)) as reader:
            return reader.usage()

    def export(self, folder: Path | str, *, format: str = "messages", **options: Any) -> ExportResult:
        """Write the accepted dialogues as a dataset to ``folder``; ``format`` is ``messages`` or ``parquet``."""
        return export_run(self.folder, (format,), out=Path(folder), **options)[0]


def open_run(folder: Path | str) -> Simulation:
    """Return the run in a directory that an earlier run made.

    Raises:
        UserError: where the directory holds no run.
    """
    RunReader(Path(folder)).close()
    return Simulation(Path(folder))


async def asimulate(
    *,
    personas: Iterable[Persona | str] = (),
    scenarios: Iterable[Scenario | str] = (),
    rubrics: Iterable[Rubric] = (),
    roles: Mapping[str, Part] | None = None,
    out: Path | str | None = None,
    watch: Watcher | None = None,
    stream: bool = False,
    replay: Path | str | None = None,
    model_object: Model | None = None,
    **settings: Any,
) -> Simulation:
    """Simulate dialogues and return the run.

    Args:
        personas: who may be cast: people of one's own, or ids from the library; everyone in it where empty.
        scenarios: what is played: situations of one's own, or ids from the library; all of it where empty.
        rubrics: rubrics of one's own, beside the shipped ones.
        roles: what speaks for a role, by role name.
        out: the run directory; ``runs/<time>-<name>`` where left out.
        watch: is called with every event (`agentsim.events`).
        stream: whether ``watch`` is told turns piece by piece.
        replay: another run whose recorded answers are used; nothing is sent.
        model_object: answers in place of all models.
        settings: fields of `RunSettings`, e.g. ``model="openai/gpt-4o-mini", dialogues=20, seed=7``.

    Raises:
        AgentsimError: see `agentsim.errors`; the run can be resumed after most.
    """
    people, situations = tuple(personas), tuple(scenarios)
    wanted = validated({**settings, "personas": _ids(people), "scenarios": _ids(situations)})
    library = Library.of(
        personas=[item for item in people if isinstance(item, Persona)],
        scenarios=[item for item in situations if isinstance(item, Scenario)],
        rubrics=rubrics,
        base=load_library(wanted),
    )
    speakers = {role: _speaker(role, part, wanted) for role, part in (roles or {}).items()}
    folder = await create(
        wanted,
        library,
        Path(out) if out is not None else None,
        speakers=speakers,
        check_models=model_object is None and replay is None,
    )
    outcome = await play(
        folder,
        speakers=speakers,
        watchers=(watch,) if watch else (),
        stream=stream,
        replay=Path(replay) if replay is not None else None,
        model=model_object,
    )
    if outcome.bug is not None:
        raise outcome.bug
    return Simulation(folder)


def _ids(items: Iterable[Persona | Scenario | str]) -> tuple[str, ...]:
    return tuple(item if isinstance(item, str) else item.id for item in items)


def simulate(**options: Any) -> Simulation:
    """Do what `asimulate` does, from ordinary code; in a notebook too, where an event loop is running already."""
    return _finish(asimulate(**options))


def _finish(work: Coroutine[Any, Any, T]) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    # A loop runs in this thread, as in a notebook: it cannot be waited in, so the work gets a thread of its own.
    result: list[T] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=target, name="agentsim")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _speaker(role: str, part: Part, settings: RunSettings) -> SpeakerSpec:
    if isinstance(part, str):
        return model_speaker(settings, part)
    if isinstance(part, SpeakerSpec):
        return part
    if callable(part) and not isinstance(part, (type, ChatAgent)):
        return FunctionSpeaker(part)
    raise UserError(
        f"role {role!r} was given {type(part).__name__}",
        fix="give a model name, a function of the turns so far, a ModelSpeaker or an AgentSpeaker(make)",
    )
