"""Running programs from an event loop: many at once, within a bound, and gone when nobody waits any more."""

import asyncio
import os
import resource
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from agentsim.sandbox import running
from agentsim.sandbox.box import Box
from agentsim.sandbox.running import run_python, slots
from agentsim.sandbox.testing import run_tests
from tests.sandbox.needs import needs_sandbox

pytestmark = needs_sandbox


def children() -> set[str]:
    """Processes that this one started and has not seen the end of, those of other threads included."""
    return {
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    }


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_program_is_told_as_it_ran() -> None:
    ran = await run_python("import sys; print('ä'); print('b', file=sys.stderr); sys.exit(3)", seconds=10)
    assert (ran.status, ran.code, ran.stdout, ran.stderr) == ("error", 3, "ä\n", "b\n")
    assert ran.seconds > 0
    ran = await run_python("x = 1\nraise ValueError('no')", seconds=10)
    assert ran.stderr.splitlines()[-2:] == ['  File "<code>", line 2, in <module>', "ValueError: no"]


async def test_many_run_at_once_and_none_hears_another() -> None:
    sources = [
        f"import os\nopen('/tmp/x', 'a').write('{n}')\nprint(open('/tmp/x').read(), os.getpid())" for n in range(40)
    ]
    before = children(), descriptors()
    ran = await asyncio.gather(*(run_python(source, seconds=60) for source in sources))
    assert [one.stdout for one in ran] == [f"{n} 1\n" for n in range(40)]
    assert (children(), descriptors()) == before


async def test_as_many_as_there_are_processors_run_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = Counter[str]()

    class Watched(Box):
        async def ended(self, seconds: float) -> bool:
            at_work["now"] += 1
            at_work["most"] = max(at_work["most"], at_work["now"])
            try:
                return await super().ended(seconds)
            finally:
                at_work["now"] -= 1

    monkeypatch.setattr(running, "Box", Watched)
    await asyncio.gather(*(run_python("", seconds=60) for _ in range(12)))
    assert 1 <= at_work["most"] <= len(os.sched_getaffinity(0))
    assert slots() is slots()


def test_each_event_loop_has_its_own_bound() -> None:
    async def two() -> list[str]:
        ran = await asyncio.gather(*(run_python("print(1)", seconds=60) for _ in range(6)))
        return [one.stdout for one in ran]

    assert asyncio.run(two()) == asyncio.run(two()) == ["1\n"] * 6


FORKS = "import os\nos.fork(); os.fork()\nwhile True: pass"


@pytest.mark.parametrize("moment", [0.0, 0.001, 0.003, 0.01, 0.03, 0.3])
@pytest.mark.parametrize("what", ["program", "tests"])
async def test_whoever_cancels_leaves_nothing(moment: float, what: str) -> None:
    before = children(), descriptors()
    work = run_python(FORKS, seconds=60) if what == "program" else run_tests(FORKS, "", "f", seconds=60)
    task = asyncio.create_task(work)
    await asyncio.sleep(moment)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (children(), descriptors()) == before
    assert not slots().locked()


async def test_cancelling_some_leaves_the_others() -> None:
    before = children()
    tasks = [asyncio.create_task(run_python("print(1)" if n % 2 else FORKS, seconds=60)) for n in range(6)]
    await asyncio.sleep(0.2)
    for task in tasks[::2]:
        task.cancel()
    ran = await asyncio.gather(*tasks[1::2])
    assert [one.stdout for one in ran] == ["1\n"] * 3
    await asyncio.gather(*tasks, return_exceptions=True)
    assert children() == before


async def test_the_event_loop_goes_on_meanwhile() -> None:
    task = asyncio.create_task(run_python("import time; time.sleep(0.2)", seconds=60))
    rounds = 0
    while not task.done():
        await asyncio.sleep(0.001)
        rounds += 1
    assert (await task).status == "ok"
    assert rounds > 10


async def test_what_cannot_be_started_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    before = descriptors()
    monkeypatch.setattr("agentsim.sandbox.box.subprocess.Popen", refused)
    ran = await run_python("print(1)", seconds=10)
    assert (ran.status, ran.code, ran.stdout) == ("not_run", None, "")
    assert "Resource temporarily unavailable" in ran.stderr
    assert descriptors() == before


async def test_the_same_program_prints_the_same() -> None:
    source = (
        "print({'a', 'b', 'c', 'd'}, hash('x'))\nimport locale, time\nprint(time.tzname, open('/tmp/x', 'w').encoding)"
    )
    printed = {(await run_python(source, seconds=10)).stdout for _ in range(3)}
    assert len(printed) == 1
    assert "utf-8" in printed.pop()


async def test_a_process_with_thousands_of_files_open_can_still_wait_and_cancel() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3000:
        pytest.skip("this machine allows no more than 1,024 open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (3000, hard))
    try:
        with ExitStack() as held:
            for _ in range(1100):
                held.callback(os.close, os.open("/dev/null", os.O_RDONLY))
            assert (await run_python("print(1)", seconds=60)).stdout == "1\n"
            assert (await run_python(FORKS, seconds=0.5)).status == "timeout"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
