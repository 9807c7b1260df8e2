"""The programs of `agentsim.sandbox.inside`, for an interpreter that does not have this package."""

from pathlib import Path

START = """
import marshal, sys
for name, code in marshal.load(sys.stdin.buffer):
    module = sys.modules[name] = type(sys)(name)
    exec(code, vars(module))
"""
"""What the interpreter in the sandbox is started with. Its standard input holds compiled modules, then the source.

Found in ``sys.modules`` by its whole name, a module is imported without the packages around it.
"""

_PARTS = ("limits", "values", "wire")
_PROGRAMS = {"run": ("limits", "run"), "serve": (*_PARTS, "serve"), "judge": (*_PARTS, "judge")}


def programs() -> dict[str, list[tuple[str, str]]]:
    """Return each program's modules, name and source, in the order in which they are run; the last is the program."""
    inside = Path(__file__).with_name("inside")
    return {
        name: [
            (f"agentsim.sandbox.inside.{part}", (inside / f"{part}.py").read_text(encoding="utf-8")) for part in parts
        ]
        for name, parts in _PROGRAMS.items()
    }
