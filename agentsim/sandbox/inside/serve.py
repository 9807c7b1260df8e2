"""Runs the source on standard input and lends what it defines to the interpreter that tests it."""

import os
import sys

from agentsim.sandbox.inside.limits import begin
from agentsim.sandbox.inside.wire import Gone, Wire

NAME = "solution"
"""Module that the code believes to be."""


def load(source: bytes) -> tuple[tuple[str, object], ...]:
    """Run the code, and return all that it defines by name."""
    module = sys.modules[NAME] = type(sys)(NAME)
    exec(compile(source, "<code>", "exec", dont_inherit=True), vars(module))  # noqa: S102 - this is the sandbox
    return tuple(
        (name, value)
        for name, value in vars(module).items()
        if not isinstance(value, type(sys)) and not (name.startswith("__") and name.endswith("__"))
    )


def place(source: bytes, error: BaseException) -> str | None:
    """Return the line of the code where an exception was raised."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<code>":
            line = trace.tb_lineno
        trace = trace.tb_next
    if line is None:
        return None
    return f"line {line} of the code: {source.splitlines()[line - 1].decode(errors='replace').strip()}"


def main() -> None:
    """Serve until the tests end."""
    begin(*map(int, sys.argv[1:7]))
    source = sys.stdin.buffer.read()
    wire = Wire(int(sys.argv[7]), int(sys.argv[8]), place=lambda error: place(source, error))
    wire.lend(lambda: load(source))
    try:
        wire.serve()
    except Gone:
        os._exit(0)


main()
