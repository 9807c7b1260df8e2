"""Running a program that a model wrote."""

import asyncio
import os
import time
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from agentsim.sandbox.box import FILE, Box
from agentsim.sandbox.probing import probe
from agentsim.sandbox.tools import Unavailable

Status = Literal["ok", "error", "timeout", "memory", "output", "signal", "not_run"]

_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(frozen=True)
class Ran:
    """How a program ran. All of it but ``timeout``, ``output`` and ``not_run`` is what the program says of itself."""

    status: Status
    """``ok`` (exit status 0), ``error`` (another one), ``timeout`` (killed after its time), ``memory`` (an error for
    want of memory), ``output`` (it wrote more than is kept), ``signal`` (a signal ended it), ``not_run`` (no sandbox
    could be had: nothing of it was executed)."""

    code: int | None
    """Exit status, 128 more than a signal's number where one ended it; ``None`` where it was killed or not run."""

    stdout: str
    """What it wrote, at most `agentsim.sandbox.box.FILE` bytes."""

    stderr: str
    """The same of its errors; the reason where it was not run."""

    seconds: float
    """How long it took."""


def slots() -> asyncio.Semaphore:
    """Return what bounds the sandboxes at work in this event loop: one for each usable processor."""
    return _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(len(os.sched_getaffinity(0))))


async def run_python(source: str, *, seconds: float) -> Ran:
    """Run a program in a sandbox of its own and return how that went.

    Cancelling ends the program and all that it began.

    Args:
        source: Python source.
        seconds: longest run allowed, in seconds of time and of processor time.
    """
    tools = probe()
    if isinstance(tools, Unavailable):
        return Ran("not_run", None, "", str(tools), 0.0)
    async with slots():
        began = time.monotonic()
        try:
            with Box(tools, "run", source, seconds=seconds) as box:
                in_time = await box.ended(seconds)
                took = time.monotonic() - began
                status = status_of(box, in_time=in_time)
                out, told = (stream.decode(errors="replace") for stream in box.output())
        except OSError as error:
            return Ran("not_run", None, "", f"the sandbox did not start: {error}", 0.0)
        return Ran(status, None if status in ("timeout", "not_run") else box.status, out, told, took)


def status_of(box: Box, *, in_time: bool) -> Status:
    """Return how the program in a box came out."""
    if not box.started:
        return "not_run"
    if not in_time:
        return "timeout"
    out, error = box.output()
    if max(len(out), len(error)) == FILE:
        return "output"
    if box.status == 0:
        return "ok"
    if error.rstrip().rpartition(b"\n")[2].startswith(b"MemoryError"):
        return "memory"
    return "signal" if box.status > 128 else "error"
