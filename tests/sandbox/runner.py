"""A program of its own that runs hostile code and tells what is left of it afterwards.

It takes nothing but the standard library and `agentsim.sandbox`, so any user can start it with the system's Python.
Its argument is the seconds allowed, its standard input the code. Orphans come to it, not to the machine's first
process.
"""

import asyncio
import ctypes
import dataclasses
import json
import os
import sys
from pathlib import Path

from agentsim.sandbox.running import run_python

PR_SET_CHILD_SUBREAPER = 36


def children() -> list[str]:
    """What this process has for children: anything that outlived the sandbox is among them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == os.getpid():
            found.append(stat.parent.name)
    return found


def descriptors() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


async def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    await run_python("", seconds=10)  # what is opened once is open from here on
    before = descriptors()
    ran = await run_python(sys.stdin.read(), seconds=float(sys.argv[1]))
    left = {"children": children(), "descriptors": descriptors() != before, "uid": os.getuid()}
    print(json.dumps({**dataclasses.asdict(ran), **left}))


asyncio.run(main())
