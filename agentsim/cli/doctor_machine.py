"""What the doctor finds out about machine, packages, embedded model, working folder and terminal."""

import asyncio
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path

import agentsim
from agentsim.cli.doctor_finding import Finding
from agentsim.cli.embedded_weights import OVERRIDE, weights
from agentsim.cli.output import console
from agentsim.errors import AgentsimError

GIB = 1 << 30
LEAST_FREE = 1 * GIB


def findings() -> Iterator[Finding]:
    """Yield everything but what costs a model call."""
    yield _python()
    yield Finding("ok", "machine", "system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield Finding("ok", "machine", "processors", f"{_cpus()} usable of {os.cpu_count()}")
    yield Finding("ok", "package", "agentsim", agentsim.__version__)
    yield from _packages()
    yield _weights()
    yield _sandbox()
    yield _sqlite()
    yield _wal(Path())
    yield _room(Path())
    yield from _terminal()


def one_token() -> Finding:
    """Ask the embedded model for one token."""
    from agentsim.llm.model import Request
    from agentsim.llm.ways import Ways
    from agentsim.run.settings import RunSettings

    name = str(RunSettings.model_fields["model"].default)

    async def ask() -> int:
        ways = Ways()
        try:
            messages = ({"role": "user", "content": "Say hello."},)
            answer = await ways.ask(Request(name, messages, {"max_tokens": 1, "temperature": 0.0}))
        finally:
            await ways.close()
        return answer.completion_tokens

    try:
        return Finding("ok", "model", f"{name}, asked", f"{asyncio.run(ask())} token came back")
    except AgentsimError as error:
        return Finding("fail", "model", f"{name}, asked", error.message, error.fix)


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info >= (3, 14):
        return Finding("warn", "machine", "Python", version, "agentsim is tested with 3.11 to 3.13")
    return Finding("ok", "machine", "Python", version)


def _cpus() -> int:
    from agentsim.llm.embedded.settings import usable_cpus

    return usable_cpus()


def _packages() -> Iterator[Finding]:
    """Yield each package that agentsim itself asks for; extras are not looked at."""
    from packaging.requirements import Requirement

    for text in metadata.requires("agentsim") or ():
        asked = Requirement(text)
        if asked.marker is not None and not asked.marker.evaluate({"extra": ""}):
            continue
        fix = f'pip install "{asked.name}{asked.specifier}"'
        try:
            version = metadata.version(asked.name)
        except metadata.PackageNotFoundError:
            yield Finding("fail", "package", asked.name, "not installed", fix)
            continue
        if asked.specifier.contains(version, prereleases=True):
            yield Finding("ok", "package", asked.name, version)
        else:
            yield Finding("fail", "package", asked.name, f"{version}, {asked.specifier} is asked for", fix)


def _weights() -> Finding:
    try:
        told = weights()
    except AgentsimError as error:
        return Finding("fail", "model", OVERRIDE, error.message, error.fix)
    if told["there"]:
        return Finding("ok", "model", told["name"], f"{told['bytes']:,} bytes in {told['path']}")
    return Finding("warn", "model", told["name"], told["note"], "`agentsim models --fetch` fetches them now")


def _sandbox() -> Finding:
    from agentsim.sandbox.probing import probe
    from agentsim.sandbox.tools import Unavailable

    found = probe()
    if isinstance(found, Unavailable):
        told = f"not executed, its checks are not run: {found.why}"
        return Finding("warn", "machine", "code in dialogues", told, found.fix)
    told = f"executed by {found.python} ({found.version}) in {found.bwrap}"
    return Finding("ok", "machine", "code in dialogues", told)


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    # 3.7 brought the write-ahead log; WITHOUT ROWID came with 3.8.2.
    if sqlite3.sqlite_version_info < (3, 8, 2):
        return Finding("fail", "machine", "SQLite", version, "use a Python with SQLite 3.8.2 or newer")
    return Finding("ok", "machine", "SQLite", version)


def _wal(folder: Path) -> Finding:
    """Try what a run does to its file, in the folder where runs would be."""
    what = f"write-ahead log in {folder.resolve()}"
    fix = "work in a folder on a local disk that you may write to, or give `agentsim run --out`"
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".agentsim-doctor-", dir=folder) as place,
            closing(sqlite3.connect(Path(place) / "try.db")) as db,
        ):
            mode = db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            db.execute("CREATE TABLE t (x)")
    except (OSError, sqlite3.Error) as error:
        return Finding("fail", "folder", what, str(error), fix)
    if mode != "wal":
        return Finding("fail", "folder", what, f"the file system gives the mode {mode}", fix)
    return Finding("ok", "folder", what, "works")


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder.resolve()).free
    told = f"{free / GIB:.1f} GiB"
    if free < LEAST_FREE:
        return Finding("warn", "folder", "room on the disk", told, "a run of 10,000 dialogues may take a GiB")
    return Finding("ok", "folder", "room on the disk", told)


def _terminal() -> Iterator[Finding]:
    out = console()
    if out.is_terminal:
        colours = out.color_system or "no colours"
        yield Finding("ok", "terminal", "standard output", f"a terminal, {out.width} columns, {colours}")
    else:
        yield Finding("ok", "terminal", "standard output", "no terminal: plain lines")
    encoding = (sys.stdout.encoding or "unknown").lower()
    if encoding.replace("-", "") == "utf8":
        yield Finding("ok", "terminal", "encoding", encoding)
    else:
        fix = "set PYTHONUTF8=1, else some letters are shown as escapes"
        yield Finding("warn", "terminal", "encoding", encoding, fix)
