"""Starting, resuming and replaying a run: the one way in for the command line and for Python."""

import asyncio
import gc
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agentsim.dialogue.speakers import SpeakerSpec
from agentsim.errors import StorageError, UserError
from agentsim.events import Notice, RunFinished
from agentsim.library.library import Library
from agentsim.llm.model import Model
from agentsim.run.directory import make_run_folder, write_run_yaml
from agentsim.run.door import check_endpoints, make_door
from agentsim.run.engine import Engine, Watcher
from agentsim.run.fitness import check_command, known_examinations
from agentsim.run.reader import RunReader
from agentsim.run.settings import RunSettings
from agentsim.run.setup import (
    Setup,
    Unasked,
    make_setup,
    model_names,
    needs_a_person,
    with_callers,
    with_callers_of,
)
from agentsim.run.small_models import SMALL
from agentsim.run.store import Store
from agentsim.sandbox.probing import probe
from agentsim.sandbox.tools import Unavailable
from agentsim.schema import Examination, PythonCheck

ADJUSTABLE = frozenset({"max_cost", "max_tokens_total", "concurrency", "dialogues", "accepted", "per_topic"})
"""Settings that a resumed run may change: they shape no dialogue."""


@dataclass(frozen=True)
class Outcome:
    """How a run came out."""

    folder: Path
    """Its run directory."""

    finished: RunFinished
    """Its last event."""

    bug: BaseException | None
    """First exception that was nobody's wrong setting, where one happened."""


async def create(
    settings: RunSettings,
    library: Library,
    out: Path | None = None,
    *,
    speakers: Mapping[str, SpeakerSpec] | None = None,
    check_models: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Make the directory of a new run, with everything it needs in it, and return it.

    All that can be known to be wrong beforehand is raised before anything is written.

    Args:
        settings: what to do.
        library: personas, scenarios and rubrics; they are copied into the run.
        out: the run directory, empty or missing; ``runs/<time>-<name>`` where left out.
        speakers: what speaks for a role, beyond what the settings say.
        check_models: whether every model's name and key are looked at (nothing is sent), and weights fetched.
        progress: told the bytes fetched of an embedded model's weights, and the bytes in all.

    Raises:
        UserError: where settings, library and models do not fit together, or ``out`` holds something.
        ModelError: where a model is unknown or its key is missing.
    """
    setup = make_setup(settings, library, Unasked(), speakers=speakers or {}, stream=False)
    if check_models:
        endpoints = await check_endpoints(settings, model_names(setup), progress=progress)
        settings = with_callers(settings, endpoints)
    examinations = known_examinations(settings, setup.rubrics)
    folder = make_run_folder(settings, out)
    write_run_yaml(folder, settings)
    store = Store(folder)
    try:
        nouns = [
            (kind, name, noun.model_dump_json())
            for kind, shelf in (
                ("persona", library.personas),
                ("scenario", library.scenarios),
                ("rubric", library.rubrics),
            )
            for name, noun in shelf.items()
        ]
        store.put({"settings": settings.model_dump(mode="json"), **_kept(examinations)}, nouns)
    finally:
        store.close()
    return folder


def adjust(folder: Path, **changes: float | None) -> None:
    """Change what may change between two starts: caps, concurrency, and the number of dialogues upwards.

    Args:
        folder: the run directory.
        changes: new values by the settings' names; ``None`` leaves one as it is.

    Raises:
        UserError: where a value is not allowed.
    """
    wanted = {name: value for name, value in changes.items() if value is not None}
    if not wanted:
        return
    fixed = sorted(wanted.keys() - ADJUSTABLE)
    if fixed:
        raise UserError(
            f"{', '.join(fixed)} cannot be changed after a run was set up",
            fix=f"start a new run; what may change is {', '.join(sorted(ADJUSTABLE))}",
        )
    with closing(RunReader(folder)) as reader:
        before = reader.settings
    try:
        settings = RunSettings.model_validate({**before.model_dump(), **wanted})
    except ValidationError as error:
        first = error.errors()[0]
        told = ": ".join([*map(str, first["loc"]), first["msg"]])
        raise UserError(told, fix="give an allowed value") from None
    for name, option in (("accepted", "--accepted"), ("per_topic", "--per-topic"), ("dialogues", "--dialogues")):
        limit = name == "dialogues"
        was, now = ((one.most if limit else getattr(one, name)) for one in (before, settings))
        if was is None and now is not None:
            raise UserError(f"the run was not planned with {option}", fix=f"start a new run with {option} {now}")
        if was is not None and now < was:
            what = f"{was} dialogues" if limit else f"{option} {was}"
            raise UserError(
                f"the run was planned with {what}; it cannot shrink to {now}", fix=f"give {option} {was} or more"
            )
    with closing(Store(folder)) as store:
        store.put({"settings": settings.model_dump(mode="json")}, ())
    write_run_yaml(folder, settings)


async def play(
    folder: Path,
    *,
    speakers: Mapping[str, SpeakerSpec] | None = None,
    watchers: Sequence[Watcher] = (),
    stream: bool = False,
    replay: Path | None = None,
    model: Model | None = None,
    on_engine: Callable[[Engine], None] = lambda _: None,
) -> Outcome:
    """Play the run in ``folder`` from where it stands to its end.

    Args:
        folder: a run directory that `create` made.
        speakers: what speaks for a role, beyond what the settings say.
        watchers: told every event.
        stream: whether turns are told piece by piece.
        replay: another run whose recorded answers are used; nothing is sent.
        model: stands in for all models, e.g. one that answers by script.
        on_engine: is given the engine before it starts, to stop it with.

    Raises:
        AgentsimError: where a failure would meet every further dialogue; the run can be resumed.
    """
    speakers = dict(speakers or {})
    with ExitStack() as stack:
        stack.enter_context(_rare_collections())
        RunReader(folder).close()  # a folder without a run is not to be given one
        store = Store(folder)
        stack.callback(store.close)  # after the reader, which would keep the log in use
        reader = RunReader(folder)
        stack.callback(reader.close)
        settings = reader.settings
        recorded = None
        if replay is not None:
            recorded = RunReader(replay)
            stack.callback(recorded.close)
            if settings.goal_check.callers is None:
                settings = with_callers_of(settings, recorded.settings)
                store.put({"settings": settings.model_dump(mode="json")}, ())
        examinations = reader.examinations()
        if recorded is not None and recorded.settings.critic.decides and settings.critic.examination is None:
            # What decided there decides here, whatever this machine knows of the critic by now.
            examinations = recorded.examinations()
            store.put(_kept(examinations), ())
        if needs_a_person(speakers):
            settings = settings.model_copy(update={"concurrency": 1})

        def notice(text: str) -> None:
            for watcher in watchers:
                with suppress(Exception):
                    watcher(Notice(text=text))

        engine: Engine | None = None
        door = make_door(
            settings,
            store,
            replay=recorded,
            notice=notice,
            closed=lambda: engine is not None and engine.draining,
            inner=model,
        )
        try:
            library = Library(reader.personas(), reader.scenarios(), reader.rubrics())
            setup = make_setup(settings, library, door, speakers=speakers, stream=stream, examinations=examinations)
            for text in _advice(settings, setup, examinations, replayed=replay is not None):
                notice(text)
            script = tuple(recorded.chosen()) if recorded is not None and settings.steered else ()
            engine = Engine(settings, setup, store, reader, watchers=watchers, script=script)
            on_engine(engine)
            finished = await engine.run()
        except sqlite3.Error as error:
            raise StorageError(
                f"cannot read the run in {folder}: {error}",
                fix="mend the disk or restore run.db, then resume",
            ) from error
        finally:
            await asyncio.shield(door.close())
            await store.rest()
    return Outcome(folder, finished, engine.bug)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector look less often while a run makes many small objects and hardly a cycle.

    At its default of 700 objects it takes a tenth of the time of a turn.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], 20_000), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _kept(examinations: Mapping[str, Examination]) -> dict[str, object]:
    return {"examinations": {name: found.model_dump(mode="json") for name, found in examinations.items()}}


def _advice(
    settings: RunSettings, setup: Setup, examinations: Mapping[str, Examination], *, replayed: bool
) -> list[str]:
    """Return what a person should know before the run begins: of the critic, and of code that is not executed."""
    advice = _on_critic(settings, setup, examinations, replayed)
    checks = (check for scenario in setup.scenarios.values() for check in scenario.checks)
    if any(isinstance(check, PythonCheck) for check in checks) and isinstance(lack := probe(), Unavailable):
        advice.append(f"code in dialogues is not executed, so its checks are not run: {lack}")
    return advice


def _on_critic(
    settings: RunSettings, setup: Setup, examinations: Mapping[str, Examination], replayed: bool
) -> list[str]:
    critic = settings.part_model("critic")
    if not settings.critic.decides:
        if settings.critic.enabled and critic in SMALL and not replayed:
            return [f"{critic} is no judge: its grades are kept beside the dialogues and decide nothing"]
        return []
    if not settings.critic.enabled:
        return ["critic.decides without a critic: nobody grades, so evidence and detectors decide"]
    lacking = [rubric.id for rubric in setup.rubrics if not setup.judge.decides(rubric)]
    unknown = [name for name in lacking if name not in examinations]
    told = [f"{name}: it was examined and is {examinations[name].verdict}" for name in lacking if name in examinations]
    if unknown:
        command = check_command(settings, unknown[0])
        told.append(f"{', '.join(unknown)}: it has passed no examination; examine it and start anew: {command}")
    return [f"evidence and detectors decide, not the critic, {critic} with {text}" for text in told]
