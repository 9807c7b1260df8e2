"""What executing code takes: one program in a sandbox, and code with its tests in two, against a bare interpreter.

The reference, in the same run and in turn with the others, is the same interpreter started as ``python -I -c pass``.
Run it with ``python -m benchmarks.sandbox`` (half a minute). Expected on two cores: 15 to 60 ms a run.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from agentsim.sandbox.probing import probe
from agentsim.sandbox.running import run_python
from agentsim.sandbox.testing import run_tests
from agentsim.sandbox.tools import Unavailable

CODE = "def double(x):\n    return x + x\n"
TESTS = "assert double(2) == 4\nassert double('ab') == 'abab'\n"


async def measure(rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of each run, by what ran."""
    tools = probe()
    if isinstance(tools, Unavailable):
        sys.exit(str(tools))

    async def bare() -> None:
        subprocess.run([tools.python, "-I", "-c", "pass"], check=True)  # noqa: ASYNC221 - nothing else runs meanwhile

    async def program() -> None:
        assert (await run_python("pass", seconds=60)).status == "ok"

    async def tested() -> None:
        assert (await run_tests(CODE, TESTS, "double", seconds=60)).outcome == "passed"

    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "bare python": bare,
        "a program": program,
        "code and tests": tested,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            await way()
            if number:  # the first one warms caches
                took[name].append((time.perf_counter() - began) * 1e3)
    began = time.perf_counter()
    await asyncio.gather(*(tested() for _ in range(rounds)))
    took["code and tests, all at once"] = [(time.perf_counter() - began) * 1e3 / rounds]
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    took = asyncio.run(measure(given.rounds))
    reference = statistics.median(took["bare python"])
    figures = {
        name: {
            "median_ms": statistics.median(runs),
            "p95_ms": sorted(runs)[int(len(runs) * 0.95)],
            "x_bare": statistics.median(runs) / reference,
        }
        for name, runs in took.items()
    }
    print(f"{'':28} {'median ms':>10} {'p95 ms':>8} {'x bare':>7}")
    for name, told in figures.items():
        print(f"{name:28} {told['median_ms']:10.1f} {told['p95_ms']:8.1f} {told['x_bare']:7.2f}")
    if given.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
