"""Code that takes what it can get: it gets its share, and nothing is left of it.

Each is run by root and by an ordinary user; `tests.sandbox.hostile.Runner` sees after each that no process and no
descriptor is left.
"""

import json
import os
import subprocess
import sys

import pytest

from agentsim.sandbox.box import DISK, FILE, MEMORY, OPEN_FILES, PROCESSES
from tests.sandbox.hostile import Runner
from tests.sandbox.needs import needs_sandbox

pytestmark = needs_sandbox


def test_a_fork_bomb_has_few_sparks(run: Runner) -> None:
    code = """
import os, sys, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(600)
        made += 1
except OSError as error:
    print(made, error.errno)
sys.stdout.flush()
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
    ran = run(code, seconds=2)
    assert ran["status"] == "timeout"
    assert ran["stdout"].splitlines()[0] == f"{PROCESSES - 1} 11"


def test_threads_are_counted_too(run: Runner) -> None:
    code = """
import threading, time
made = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        made += 1
except RuntimeError:
    print(made)
"""
    assert run(code)["stdout"] == f"{PROCESSES - 1}\n"


def test_memory_ends_in_an_error(run: Runner) -> None:
    assert run("held = []\nwhile True: held.append(bytearray(1 << 20))")["status"] == "memory"
    ran = run("held = bytearray(1)\nwhile True: held = held + held")
    assert ran["status"] == "memory"


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.memfd_create('x')",
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.shmget(0, 1 << 30, 0o1600) < 0: raise OSError(ctypes.get_errno(), 'no')",
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.msgget(0, 0o1600) < 0: raise OSError(ctypes.get_errno(), 'no')",
    ],
    ids=["memfd", "shared-memory", "messages"],
)
def test_memory_that_no_limit_counts_is_refused(run: Runner, code: str) -> None:
    ran = run(code)
    assert ran["status"] == "error"
    assert "Errno 1]" in ran["stderr"]


def test_mapped_shared_memory_counts(run: Runner) -> None:
    code = f"import mmap\nheld = [mmap.mmap(-1, 64 << 20) for _ in range({MEMORY >> 26})]\nprint('had it')"
    ran = run(code)
    assert ran["status"] == "error"
    assert "Cannot allocate memory" in ran["stderr"]
    assert ran["stdout"] == ""


def test_the_disk_is_small_and_so_is_a_file(run: Runner) -> None:
    code = f"""
import os
written = 0
try:
    for number in range(10_000):
        with open(f"/tmp/{{number}}", "wb", buffering=0) as file:
            written += file.write(bytes({FILE}))
except OSError as error:
    print(error.errno, written)
os.remove("/tmp/0")
try:
    with open("/tmp/0", "wb", buffering=0) as file:
        file.truncate({FILE} + 1)
except OSError as error:
    print(error.errno)
"""
    first, second = run(code)["stdout"].splitlines()
    assert first.split()[0] == "28"
    assert int(first.split()[1]) <= DISK
    assert second == "27"


def test_open_files_are_few(run: Runner) -> None:
    ran = run("held = []\nwhile True: held.append(open('/dev/null'))")
    assert ran["status"] == "error"
    assert "Too many open files" in ran["stderr"]
    assert OPEN_FILES < 100


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_without_end_is_cut(run: Runner, stream: str) -> None:
    ran = run(f"import sys\nwhile True: sys.{stream}.write('x' * 100_000)", seconds=20)
    assert ran["status"] == "output"
    assert len(ran[stream]) == FILE


def test_whoever_writes_on_runs_out_of_time(run: Runner) -> None:
    code = "import os\nwhile True:\n    try: os.write(1, b'x' * 100_000)\n    except OSError: pass"
    ran = run(code, seconds=1)
    assert ran["status"] == "timeout"
    assert len(ran["stdout"]) == FILE


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(600)",
        "while True: pass",
        "10 ** 10 ** 9",
        "import signal; signal.pause()",
        "import os\nos.kill(1, 19)\nwhile True: pass",
    ],
    ids=["sleep", "loop", "huge-number", "pause", "stop"],
)
def test_what_does_not_end_is_ended(run: Runner, code: str) -> None:
    assert run(code, seconds=1)["status"] == "timeout"


def test_processor_time_is_bounded_for_each_process(run: Runner) -> None:
    code = """
import os, resource, time
print(resource.getrlimit(resource.RLIMIT_CPU))
"""
    assert run(code, seconds=7)["stdout"] == "(8, 8)\n"


@pytest.mark.parametrize(
    ("code", "statuses"),
    [
        ("def f(): f()\nf()", {"error"}),
        (
            "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)",
            {"signal", "error"},
        ),
        ("import ctypes; ctypes.string_at(0)", {"signal"}),
        ("import os; os.abort()", {"signal"}),
        ("eval('(' * 100_000)", {"error", "memory"}),
        ("raise SystemExit(3)", {"error"}),
        ("print(len(str(10 ** 4000)))", {"ok"}),
        ("print(str(10 ** 10_000))", {"error"}),
        ("import sys; sys.stdin.read(); input()", {"error"}),
        ("\0", {"error"}),
    ],
    ids=["recursion", "no-limit", "crash", "abort", "parser", "exit", "digits", "too-many-digits", "stdin", "nul"],
)
def test_what_breaks_breaks_alone(run: Runner, code: str, statuses: set[str]) -> None:
    assert run(code)["status"] in statuses


def test_nothing_begins_where_nobody_listens_any_more() -> None:
    """Who is killed while bubblewrap is still building cannot tell it to end."""
    reader, writer = os.pipe()
    os.close(reader)
    begin = (
        f"from agentsim.sandbox.inside.limits import begin; begin({writer}, {1 << 40}, 100, 9, {1 << 30}, 99); print(1)"
    )
    done = subprocess.run([sys.executable, "-c", begin], pass_fds=[writer], capture_output=True, text=True)
    os.close(writer)
    assert done.returncode == 1
    assert "BrokenPipeError" in done.stderr
    assert done.stdout == ""


def test_many_empty_files_end_with_it(run: Runner) -> None:
    code = """
number = 0
while True:
    open(f"/tmp/{number}", "w").close()
    number += 1
"""
    assert run(code, seconds=1)["status"] in ("timeout", "error")


def test_the_host_goes_on_while_a_bomb_goes_off(run: Runner) -> None:
    with run.start(3) as process:
        assert process.stdin
        process.stdin.write("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n")
        process.stdin.close()
        for _ in range(20):
            assert subprocess.run(["true"], check=True).returncode == 0
        process.stdin = None
        assert json.loads(process.communicate()[0])["status"] == "timeout"
