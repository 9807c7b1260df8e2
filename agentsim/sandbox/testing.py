"""Testing a function that a model wrote, so that it cannot say by itself that it passed.

Code and tests run in two sandboxes. The code's interpreter lends what it defines; the tests' interpreter calls it over
two pipes and gets plain values back (`agentsim.sandbox.inside.wire`). What decides is written by the second, which
nothing of the code ever enters.

So the code cannot pass by printing, exiting, killing or patching anything, by reading the harness's source, frames,
memory or files, by forging a sign of success (it has no way to where one is written), by a subclass of ``str`` or any
other value that equals everything, or by an exception or an end that the tests did not ask for. It can still pass by
answering rightly only what is asked (tests are a sample), and by what objects of its own classes say of themselves
where tests ask those: their methods, length, elements, truth; their comparisons with each other and, for a class that
is itself the ``entry``, with plain values.

The price: tests see the code's names, not its modules; what they hand over is copied, or can only be called; they
cannot inherit from the code's classes.
"""

import ast
import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from agentsim.sandbox.box import Box
from agentsim.sandbox.probing import probe
from agentsim.sandbox.running import Status, slots, status_of
from agentsim.sandbox.tools import Tools, Unavailable

LONGEST = 300
"""Characters of a statement that is told."""

_GRACE = 0.1
"""Seconds in which the code's interpreter sees that the tests are over, before it is killed."""

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
"""Where an object lies is another in each run."""

_ENDS = {"memory": "it took too much memory", "output": "it wrote too much", "signal": "it was killed or crashed"}


@dataclass(frozen=True)
class Trial:
    """How tests came out."""

    outcome: Literal["passed", "failed", "not_run"]
    """``not_run`` where no sandbox could be had: nothing was executed."""

    line: int | None = None
    """Line of the tests, from 1, at which they failed; ``None`` where they did not begin or did not end."""

    statement: str | None = None
    """The statement on that line."""

    error: str = ""
    """What went wrong in short, with the values that were compared and the code's own line where there is one; or why
    nothing was run."""

    def __str__(self) -> str:
        if self.statement is None:
            return self.error or "the tests held"
        return f"line {self.line} of the tests, `{self.statement}`: {self.error}"


async def run_tests(code: str, tests: str, entry: str, *, seconds: float) -> Trial:
    """Run tests against code, each in a sandbox of its own.

    Args:
        code: Python source, run first.
        tests: Python source; it sees the names that the code defines.
        entry: name that the code must define. Where it begins with a capital it is taken for a class, and its objects
            may be compared with plain values.
        seconds: longest run of both, in seconds of time and of processor time.
    """
    tools = probe()
    if isinstance(tools, Unavailable):
        return Trial("not_run", error=str(tools))
    async with slots():
        try:
            in_time, report, end = await _meet(tools, code, tests, entry, seconds)
        except OSError as refused:
            return Trial("not_run", error=f"the sandbox did not start: {refused}")
    if end == "not_run":
        return Trial("not_run", error="the sandbox did not start")
    if not in_time:
        return Trial("failed", error=f"no end within {seconds:g} s")
    if report == "passed":
        return Trial("passed")
    number, _, error = report.partition("\n")
    error = error or "the tests ended without a report"
    line = int(number) if number.isdecimal() else 0
    error = _ADDRESS.sub("0x...", error)
    return Trial("failed", line or None, _statement(tests, line), f"{error} ({_ENDS[end]})" if end in _ENDS else error)


async def _meet(tools: Tools, code: str, tests: str, entry: str, seconds: float) -> tuple[bool, str, Status]:
    """Return whether the tests ended in time, what they reported, and how the code's process came out; ``not_run``
    where one of the two sandboxes did not stand."""
    with ExitStack() as boxes:
        pipes = (*os.pipe(), *os.pipe())
        try:
            asked, ask, told, tell = pipes
            server = boxes.enter_context(Box(tools, "serve", code, seconds=seconds, fds=(asked, tell)))
            judge = boxes.enter_context(
                Box(tools, "judge", tests, seconds=seconds, fds=(told, ask), arguments=(entry,))
            )
        finally:
            for fd in pipes:
                os.close(fd)
        in_time = await judge.ended(seconds)
        served = await server.ended(_GRACE if in_time else 0)
        end = status_of(server, in_time=served) if judge.started else "not_run"
        return in_time, judge.output()[0].decode(errors="replace"), end


def _statement(tests: str, line: int) -> str | None:
    """Return the smallest statement of the tests that holds a line, on one line."""
    around = [
        node
        for node in ast.walk(ast.parse(tests))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    if not around:
        return None
    smallest = min(around, key=lambda node: (node.end_lineno or node.lineno) - node.lineno)
    return " ".join((ast.get_source_segment(tests, smallest) or "").split())[:LONGEST]
