"""Playing a run under a display: what `run` and `resume` share."""

import asyncio
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agentsim.cli.goal_report import in_words, missed
from agentsim.cli.keyboard import brief
from agentsim.cli.live_display import LiveDisplay
from agentsim.cli.output import console, print_json, say, write
from agentsim.cli.plain_display import PlainDisplay
from agentsim.dataset import ExportResult
from agentsim.dialogue.speakers import FunctionSpeaker, SpeakerSpec
from agentsim.errors import AgentsimError, StorageError
from agentsim.run.engine import Engine
from agentsim.run.exporting import export_run
from agentsim.run.runner import Outcome, play
from agentsim.sanitise import sanitise

STATUS: dict[str, int] = {"done": 0, "budget": 4, "interrupted": 130}
FORMATS = ("messages", "parquet")


@dataclass(frozen=True)
class Look:
    """How a run is shown."""

    as_json: bool = False
    quiet: bool = False
    stream: bool | None = None
    """Whether words are shown as they arrive; on a terminal where left out."""


def play_and_report(
    folder: Path,
    look: Look,
    *,
    speakers: Mapping[str, SpeakerSpec] | None = None,
    replay: Path | None = None,
) -> int:
    """Play the run in ``folder``, write its dataset, tell how it came out, and return the exit status."""
    err = console(stderr=True)
    people = [role for role, spec in (speakers or {}).items() if isinstance(spec, FunctionSpeaker) and spec.human]
    # Whoever types needs the screen's last line for it.
    on_screen = err.is_terminal and not look.quiet and not look.as_json and not people
    stream = on_screen if look.stream is None else look.stream
    display = LiveDisplay(err) if on_screen else PlainDisplay(stream=stream, quiet=look.quiet)
    try:
        with display:
            outcome = asyncio.run(_play(folder, display, people, speakers=speakers, stream=stream, replay=replay))
    except BaseException as error:
        if isinstance(error, AgentsimError) and not isinstance(error, StorageError):
            # What was finished is worth its dataset; a fault in writing it is not worth hiding the first.
            with suppress(Exception):
                export_run(folder, FORMATS)
        say(f"the run is kept in {folder}; go on with: agentsim resume {folder}")
        raise
    if outcome.bug is not None:
        sys.stderr.write(sanitise("".join(traceback.format_exception(outcome.bug))))
    exports = export_run(folder, FORMATS)
    lacks = missed(folder) if outcome.finished.stopped == "done" else {}
    _report(outcome, exports, look, lacks)
    status = _status(outcome)
    return 3 if lacks and status == 0 else status


async def _play(folder: Path, display: LiveDisplay | PlainDisplay, people: Sequence[str], **options: Any) -> Outcome:
    task = asyncio.current_task()

    def take_engine(engine: Engine) -> None:
        def stop() -> None:
            # A person who wants to stop is not waited for.
            if (engine.draining or people) and task is not None:
                task.cancel()
                return
            engine.drain()
            say("stopping: calls in flight finish and are kept; once more to stop at once")

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, ValueError):  # Windows, or not the main thread
                loop.add_signal_handler(number, stop)

    try:
        return await play(folder, watchers=[display, partial(brief, roles=people)], on_engine=take_engine, **options)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _status(outcome: Outcome) -> int:
    if outcome.bug is not None:
        return 1
    tally = outcome.finished.tally
    status = STATUS[outcome.finished.stopped]
    return 3 if status == 0 and tally.failed else status


def _report(outcome: Outcome, exports: Sequence[ExportResult], look: Look, lacks: dict[str, Any]) -> None:
    finished = outcome.finished
    tally, usage = finished.tally, finished.usage
    if look.as_json:
        print_json(
            {
                "run": str(outcome.folder),
                "stopped": finished.stopped,
                **tally.model_dump(),
                "missed": lacks,
                "usage": usage.model_dump(),
                "exports": {
                    result.format: {
                        "folder": str(result.folder),
                        "train": result.train,
                        "validation": result.validation,
                    }
                    for result in exports
                },
            }
        )
        return
    lines = [
        f"{tally.planned} planned = {tally.accepted} accepted"
        f" + {sum(tally.rejected.values())} rejected + {sum(tally.failed.values())} failed or unfinished",
        *(f"  rejected {code}: {count}" for code, count in sorted(tally.rejected.items())),
        *(f"  failed {code}: {count}" for code, count in sorted(tally.failed.items())),
        f"{usage.calls:,} calls, {usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens, ${usage.cost:.4f}",
    ]
    for result in exports:
        lines.append(f"dataset: {result.folder} ({result.train} train + {result.validation} validation rows)")
    lines += in_words(lacks, outcome.folder)
    if finished.stopped != "done" or tally.failed.keys() - {"ungraded"}:
        lines.append(f"go on with: agentsim resume {outcome.folder}")
    else:
        lines.append(f"read it with: agentsim show {outcome.folder} 0")
    for line in lines:
        say(line)
    write(f"{outcome.folder}\n")
