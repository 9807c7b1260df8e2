"""The embedded model inside a program: silent, without a port, and gone when the program is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]

BEGIN = """
import asyncio, os, sys, threading, time
from agentsim.llm.embedded.model import Embedded
from agentsim.llm.embedded.settings import Settings
from agentsim.llm.model import Request

model = Embedded(Settings(slots=2, context=512))
messages = [{"role": "user", "content": "Tell a story."}]
request = Request("embedded/smollm2-135m", messages, {"max_tokens": 400})
short = Request("embedded/smollm2-135m", messages, {"max_tokens": 3})
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux's list of sockets")
def test_silent_and_without_a_port(weights_file: Path) -> None:
    script = """
asyncio.run(model.ask(short))
links = []
for fd in os.listdir("/proc/self/fd"):
    try:
        links.append(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        pass
for name in ("tcp", "tcp6"):
    with open(f"/proc/self/net/{name}") as table:
        fields = [line.split() for line in table]
    LISTENING = "0A"
    assert not [each for each in fields if each[3] == LISTENING and f"socket:[{each[9]}]" in links]
"""
    done = run(script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_failure_is_silent_too(weights_file: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(1000))
    script = f"""
from agentsim.errors import UserError
try:
    asyncio.run(model.load("embedded/{tmp_path}/bad.gguf"))
except UserError:
    sys.exit(7)
"""
    done = run(script)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")


def test_end_of_the_program_ends_a_generation(weights_file: Path) -> None:
    script = """
pieces = model.iterate(request)
next(pieces)
holder = [pieces]
threading.Thread(target=lambda: list(model.iterate(request)), daemon=True).start()
time.sleep(0.3)
"""
    done = run(script)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "Fatal" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt_while_generating(weights_file: Path) -> None:
    script = """
async def main():
    async for piece in model.stream(request):
        print(piece, end="", flush=True)
try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(130)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN + script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.read(3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")
    assert time.monotonic() - start < 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_forked_child_loads_its_own(weights_file: Path) -> None:
    script = """
asyncio.run(model.ask(short))
child = os.fork()
if not child:
    os._exit(asyncio.run(model.ask(short)).completion_tokens)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
assert asyncio.run(model.ask(short)).completion_tokens == 3
"""
    done = run(script)
    assert (done.returncode, done.stderr) == (0, "")
