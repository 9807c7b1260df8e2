"""Plays the plan: many dialogues at once, one writer, everything that happens told as events."""

import asyncio
import contextlib
import traceback
from collections.abc import Callable, Collection, Sequence

from agentsim.dialogue.conversation import converse
from agentsim.dialogue.speakers import ModelSpeaker, speaker_kind
from agentsim.errors import (
    AgentsimError,
    BudgetReached,
    StorageError,
)
from agentsim.events import DialogueFailed, Event, Notice, Planned, RunFinished, RunStarted, Stopped
from agentsim.planning.steering import Ended
from agentsim.run.door import FATAL
from agentsim.run.line import Line, Rotation, Steered
from agentsim.run.reader import RunReader
from agentsim.run.settings import MOST_WINDOW, RunSettings
from agentsim.run.setup import Setup
from agentsim.run.shutter import Drained
from agentsim.run.steered import take_in
from agentsim.run.store import Store
from agentsim.run.story import Story
from agentsim.schema import Assignment

Watcher = Callable[[Event], None]
"""Is told every event after it is durable. What it raises is dropped: a display never stops a run."""

WAITING = 2
"""Dialogues of the window for each worker, below which a good part of the time goes into waiting."""


class Engine:
    """One run from start, or from where it stopped, to its end.

    Args:
        settings: what to do.
        setup: what to play it with.
        store: the writer of the run directory.
        reader: read access to the same directory.
        watchers: whom to tell.
        script: what another run chose, where it is replayed and outcomes decide what comes next.
    """

    def __init__(
        self,
        settings: RunSettings,
        setup: Setup,
        store: Store,
        reader: RunReader,
        *,
        watchers: Sequence[Watcher] = (),
        script: Sequence[Planned] = (),
    ) -> None:
        self._settings = settings
        self._setup = setup
        self._store = store
        self._reader = reader
        self._watchers = tuple(watchers)
        self._script = script
        self._personas = setup.personas
        self._draining = False
        self._line: Line | None = None
        self._why: AgentsimError | None = None
        self.bug: BaseException | None = None
        """First exception that is nobody's wrong setting: a fault in agentsim or in a user's own function."""

    @property
    def draining(self) -> bool:
        """Whether the run is being stopped."""
        return self._draining

    def drain(self) -> None:
        """Let the calls in flight finish, keep their turns, and begin nothing more."""
        self._draining = True
        self._wake()

    async def run(self) -> RunFinished:
        """Play until everything planned is played, or until the run is stopped; return its last event.

        Raises:
            AgentsimError: where a failure would meet every further dialogue; the run can be resumed.
        """
        states = {summary.index: summary.state for summary in self._reader.summaries()}
        settled = [index for index, state in states.items() if state in ("accepted", "rejected", "undecided")]
        stories = dict(self._reader.stories(unfinished=True))
        await self._emit(
            None,
            RunStarted(
                planned=self._settings.most,
                finished=len(settled),
                concurrency=self._settings.concurrency,
                models=self._models(),
                goal=self._goal(),
                accepted=sum(states[index] == "accepted" for index in settled),
            ),
        )
        self._line = await self._make_line(settled)
        self._warn_of_waiting()
        workers = min(self._settings.concurrency, self._settings.most)
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(self._line, stories))
        if isinstance(self._why, StorageError):
            raise self._why
        finished = RunFinished(tally=self._reader.tally(), usage=self._reader.usage(), stopped=self._stopped())
        await self._emit(None, finished)
        if self._why is not None and not isinstance(self._why, BudgetReached):
            raise self._why
        return finished

    def _goal(self) -> int | None:
        """Return how many accepted dialogues are enough, as far as can be said beforehand."""
        settings, steering = self._settings, self._setup.steering
        if steering is None or settings.per_topic is None:
            return settings.accepted
        return settings.per_topic * sum(cell.weight > 0 for cell in steering.cells)

    async def _make_line(self, settled: Collection[int]) -> Line:
        settings, setup, done = self._settings, self._setup, frozenset(settled)
        if setup.steering is None:
            return Rotation(setup.plan, [index for index in range(settings.most) if index not in done])
        begun = await take_in(self._reader, setup.steering, setup.subjects)
        return Steered(setup.steering, begun, settings.most, lambda: self._draining, self._script)

    def _warn_of_waiting(self) -> None:
        window, workers = self._settings.planning.window, min(self._settings.concurrency, self._settings.most)
        if self._settings.steered and workers > 1 and window < min(WAITING * workers, self._settings.most, MOST_WINDOW):
            told = f"{workers} dialogues at a time will wait for one another: the choice sees what ended {window} ago"
            wide = min(4 * workers, MOST_WINDOW)
            self._tell(Notice(text=f"{told}; a new run with --window {wide} lets them go on, and knows less"))

    async def _work(self, line: Line, stories: dict[int, Story]) -> None:
        while not self._draining and (taken := await line.take()) is not None:
            assignment = taken.assignment
            ended = Ended(accepted=False, about=None)
            try:
                if taken.planned is not None:
                    await self._emit(assignment, taken.planned)
                ended = await self._play(assignment, stories.pop(assignment.index, Story()))
            except Drained:
                return
            except asyncio.CancelledError as error:
                # Somebody's agent or function gave up by itself; where the run is cancelled, all of it is.
                if _cancelled():
                    raise
                await self._failed(assignment, error)
            except Exception as error:
                await self._failed(assignment, error)
            line.ended(assignment.index, ended)

    async def _play(self, assignment: Assignment, story: Story) -> Ended:
        scenario = self._setup.scenarios[assignment.scenario]

        async def emit(*events: Event) -> None:
            await self._emit(assignment, *events)
            if self._draining:
                raise Drained

        dialogue = await converse(
            self._setup.stage,
            assignment,
            scenario,
            self._personas,
            emit=emit,
            watch=self._tell if self._watchers else None,
            history=story.history,
        )
        placed = story.placed
        if placed is None and (self._setup.steering is not None or self._settings.planning.tagger is not None):
            placed = await self._setup.subjects.place(dialogue)
            await emit(placed)
        verdict = await self._setup.judge.judge(dialogue, scenario, emit=emit, grading=story.grading)
        accepted = verdict.outcome == "accepted"
        return Ended(accepted, None) if placed is None else Ended(accepted, placed.topic, placed.also)

    async def _failed(self, assignment: Assignment, error: BaseException) -> None:
        """Record why a dialogue did not finish, and stop the run where every other one would fail alike."""
        known = isinstance(error, AgentsimError)
        code = "budget" if isinstance(error, BudgetReached) else f"error:{type(error).__name__}"
        detail = str(error) if known else "".join(traceback.format_exception(error))
        if isinstance(error, FATAL):
            if type(error) is type(self._why):
                return  # told once; the dialogue stays as it is
            self._stop(error)
        elif isinstance(error, BudgetReached):
            self._stop(error)
        elif not known:
            self.bug = self.bug or error
        if isinstance(error, StorageError):
            return  # nowhere to write it
        event = DialogueFailed(dialogue=assignment.id, code=code, detail=detail)
        try:
            await self._emit(assignment, event)
        except StorageError as storage:
            self._stop(storage)

    def _stop(self, error: AgentsimError) -> None:
        self._why = self._why or error
        self._draining = True
        self._wake()

    def _wake(self) -> None:
        if self._line is not None:
            self._line.wake()

    def _stopped(self) -> Stopped:
        if isinstance(self._why, BudgetReached):
            return "budget"
        if self._why is not None:
            return "error"
        return "interrupted" if self._draining else "done"

    def _models(self) -> dict[str, str]:
        settings, stage = self._settings, self._setup.stage
        models = {"default": settings.model}
        for role, spec in sorted(stage.speakers.items()):
            models[role] = spec.model if isinstance(spec, ModelSpeaker) else speaker_kind(spec)
        if settings.critic.enabled:
            models["critic"] = settings.part_model("critic")
        if settings.planning.tagger is not None:
            models["tagger"] = settings.planning.tagger
        if stage.task is not None:
            models["task"] = stage.task.model
        if stage.goal is not None:
            models["goal"] = stage.goal.model
        return models

    async def _emit(self, assignment: Assignment | None, *events: Event) -> None:
        """Store events, all or none of them, then tell them."""
        for event in events:
            if assignment is None:
                self._store.append(event)
            else:
                self._store.append(event, assignment.index, assignment.scenario)
        await self._store.commit()
        for event in events:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        for watcher in self._watchers:
            with contextlib.suppress(Exception):
                watcher(event)


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
