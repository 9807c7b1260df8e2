"""Runs the tests on standard input against what another interpreter serves, and reports on standard output.

The report is ``passed``, or the number of the tests' line (0 where the tests did not begin) and what went wrong.
"""

from __future__ import annotations

import _ast  # `ast` takes longer to import than everything else together
import builtins
import os
import sys

from agentsim.sandbox.inside.limits import begin
from agentsim.sandbox.inside.wire import Gone, Remote, Wire

TYPE_CHECKING = False  # `typing` takes longer to import than all the rest
if TYPE_CHECKING:
    from typing import Any

SHOWN = 200
"""Characters of a value that a report shows."""

LONGEST = 1000
"""Characters of a report."""

NAMES = frozenset({"__name__", "__qualname__", "__doc__", "__module__"})
LENT = frozenset({"__call__", "__iter__", "__next__", "__len__", "__bool__", "__hash__", "__str__", "__repr__"})
"""What the code may ask of a thing that the tests hand it. Any attribute would be a way into the tests."""


def may_ask(name: str, given: tuple[Any, ...]) -> bool:
    """Return whether the code may ask that of what the tests hand it."""
    return name in LENT or (name == "__getattribute__" and given[0] in NAMES)


def compared(left: object, right: object) -> str:
    """Return the message of an assertion that compared two values."""
    return f"left {shown(left)}, right {shown(right)}"


def shown(value: object) -> str:
    """Return a value as a report shows it."""
    try:
        return repr(value)[:SHOWN]
    except Exception:
        return "a value that cannot be shown"


def keep_values(node: Any) -> None:
    """Let every ``assert a == b`` (or another comparison) without a message tell both values where it fails."""
    for field in node._fields:
        found = getattr(node, field, None)
        for child in found if isinstance(found, list) else [found]:
            if isinstance(child, _ast.AST):
                keep_values(child)
    if isinstance(node, _ast.Assert) and node.msg is None and isinstance(node.test, _ast.Compare):
        test, place = node.test, {name: getattr(node, name) for name in node._attributes}
        if len(test.ops) == 1:
            kept: list[_ast.expr] = []
            for name, value in (("_left", test.left), ("_right", test.comparators[0])):
                kept.append(_ast.NamedExpr(_ast.Name(name, _ast.Store(), **place), value, **place))
            test.left, test.comparators = kept[0], kept[1:]
            loaded: list[Any] = [_ast.Name(name, _ast.Load(), **place) for name in ("_left", "_right")]
            node.msg = _ast.Call(_ast.Name("_compared", _ast.Load(), **place), loaded, [], **place)


def failure(error: BaseException) -> str:
    """Return the report on what the tests, or the code that they called, raised."""
    line, trace = 0, error.__traceback__
    while trace is not None and not line:
        if trace.tb_frame.f_code.co_filename == "<tests>":
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        told = ": ".join(part for part in (type(error).__name__, str(error)) if part)
    except BaseException:
        told = type(error).__name__
    if isinstance(error, Gone):
        told = "the code ended instead of answering"
    notes = [note for note in getattr(error, "__notes__", ()) if type(note) is str]
    return f"{line}\n{'; '.join((told, *notes))[:LONGEST]}"


def may_bring(name: str, entry: str) -> bool:
    """Return whether the tests are to see a name of the code's: none by which they would see or do something else."""
    if name == entry:
        return True
    return not (hasattr(builtins, name) or name.startswith("__") or name in ("_compared", "_left", "_right"))


def judge(wire: Wire, tests: bytes, entry: str) -> str:
    """Run the tests, and return the report."""
    try:
        names: dict[str, Any] = {"__name__": "__main__", "_compared": compared}
        for name, value in wire.ask("__call__", 0, (), {}):
            if type(name) is str and may_bring(name, entry):
                names[name] = value
        if entry not in names:
            return f"0\nthe code does not define {entry}"
        if entry.lstrip("_")[:1].isupper() and type(names[entry]) is Remote:
            wire.own = names[entry]
        tree: Any = compile(tests, "<tests>", "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
        keep_values(tree)
        exec(compile(tree, "<tests>", "exec", dont_inherit=True), names)  # noqa: S102 - the tests, in the sandbox
    except BaseException as error:
        return failure(error)
    return failure(Gone()) if wire.gone else "passed"


def main() -> None:
    """Judge, and report where the tests' own output cannot come between."""
    begin(*map(int, sys.argv[1:7]))
    report = os.dup(1)
    os.dup2(2, 1)
    wire = Wire(int(sys.argv[7]), int(sys.argv[8]), serves=may_ask)
    told = judge(wire, sys.stdin.buffer.read(), sys.argv[9])
    os.write(report, told.encode("utf-8", "replace"))
    os._exit(0)


main()
