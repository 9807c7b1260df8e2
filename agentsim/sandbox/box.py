"""One process in its sandbox, from its start until nothing of it is left.

Bubblewrap gives it user, process, network, IPC, host-name and control-group namespaces of its own, no new privileges,
no environment, and a file system of read-only system libraries and a small ``/tmp``. Root becomes an ordinary user
first: for root the kernel does not count processes. The first process is number 1 of its namespace, so its end is the
end of all that it began, and who waits for it sees that end only when all are gone.

What is bounded: memory by process times processes (`MEMORY`, `PROCESSES`), files in ``/tmp`` (`DISK`), output (`FILE`),
processor time and time. What is not: empty files, each of which takes the kernel about a kilobyte until the end.
"""

import asyncio
import math
import os
import re
import select
import signal
import subprocess
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from typing import Self

from agentsim.sandbox.program import START
from agentsim.sandbox.syscalls import seccomp_program
from agentsim.sandbox.tools import Tools

MEMORY = 512 << 20
"""Address space of one process, in bytes."""

PROCESSES = 8
"""Most processes and threads in one sandbox."""

FILE = 1 << 20
"""Longest file, in bytes; standard output and standard error are files too."""

DISK = 16 << 20
"""Bytes that ``/tmp`` holds."""

OPEN_FILES = 64
"""Most open files of one process."""

NOBODY = 65534
"""User and group that root becomes."""

_NAMESPACES = ("--unshare-all", "--unshare-user", "--disable-userns", "--hostname", "sandbox")
_INTERPRETER = ("-S", "-s", "-B", "-P", "-X", "utf8")
_SLOW = 5.0
"""Seconds that bubblewrap may take to have its first process, before it is killed itself."""


class Box:
    """A program of `agentsim.sandbox.inside` at work on a source.

    Args:
        tools: what to run it with.
        program: name of its module.
        source: what it works on.
        seconds: processor time of each process, in seconds.
        arguments: further arguments of the program.
        fds: descriptors that it inherits; their numbers are its first arguments.

    Raises:
        OSError: where no process can be started.
    """

    def __init__(
        self,
        tools: Tools,
        program: str,
        source: str,
        *,
        seconds: float,
        arguments: tuple[str, ...] = (),
        fds: tuple[int, ...] = (),
    ) -> None:
        self._first: int | None = None
        self._files = ExitStack()
        with ExitStack() as given, ExitStack() as kept:
            filter_fd = _sealed(seccomp_program(), given)
            stdin = _sealed(tools.programs[program] + source.encode("utf-8", "surrogatepass"), given)
            self._info, info = _pipe(kept, given)
            self._started, started = _pipe(kept, given)
            self._out, self._error = _memory(kept), _memory(kept)
            limits = (started, MEMORY, PROCESSES, math.ceil(seconds) + 1, FILE, OPEN_FILES)
            root = os.geteuid() == 0
            self._process = subprocess.Popen(  # noqa: S603 - no shell; nothing in it comes from a model
                [
                    *(tools.bwrap, *_NAMESPACES, "--die-with-parent", "--new-session", "--as-pid-1"),
                    *("--seccomp", str(filter_fd), "--info-fd", str(info), *tools.mounts()),
                    *("--size", str(DISK), "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/"),  # noqa: S108
                    *("--clearenv", "--setenv", "PYTHONHASHSEED", "0"),
                    *(tools.python, *_INTERPRETER, "-c", START, *map(str, limits)),
                    *map(str, fds),
                    *arguments,
                ],
                stdin=stdin,
                stdout=self._out,
                stderr=self._error,
                env={},  # bubblewrap's own environment could be read from within
                cwd="/",
                pass_fds=(filter_fd, info, started, *fds),
                start_new_session=True,  # an interrupt at the terminal is for us alone
                user=NOBODY if root else None,
                group=NOBODY if root else None,
                extra_groups=[] if root else None,
            )
            self._files = kept.pop_all()
        with suppress(OSError):
            # Where memory runs out, these go first. In time or not at all: what runs already is not told.
            Path(f"/proc/{self._process.pid}/oom_score_adj").write_text("1000", encoding="ascii")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is left of it, wait for that, and let go of its output."""
        self._kill()
        self._process.wait()
        self._files.close()

    async def ended(self, seconds: float) -> bool:
        """Wait until nothing of it is left, and return whether it ended within so many seconds; else it is killed."""
        loop = asyncio.get_running_loop()
        gone: asyncio.Future[None] = loop.create_future()
        pidfd = os.pidfd_open(self._process.pid)
        loop.add_reader(pidfd, _settle, gone)
        try:
            done, _ = await asyncio.wait([gone], timeout=seconds)
            if not done:
                self._kill()
                await gone
            return bool(done)
        finally:
            loop.remove_reader(pidfd)
            os.close(pidfd)

    def wait(self, seconds: float) -> None:
        """Wait for its end where no event loop runs; raise ``subprocess.TimeoutExpired`` where it takes longer."""
        self._process.wait(seconds)

    @property
    def status(self) -> int:
        """Its exit status, once it ended; 128 and more where a signal ended it."""
        return self._process.wait()

    @cached_property
    def started(self) -> bool:
        """Whether the sandbox stood, once it ended. Where it did not, nothing of the source was run."""
        return os.read(self._started, 1) == b"!"

    def output(self) -> tuple[bytes, bytes]:
        """Return what it wrote to standard output and standard error, once it ended, `FILE` bytes of each at most."""
        return os.pread(self._out, FILE, 0), os.pread(self._error, FILE, 0)

    def _kill(self) -> None:
        """Kill its first process: the kernel then ends all the others, and bubblewrap, which waits for that, itself."""
        if self._process.poll() is not None:
            return
        if self._first is None:
            waiting = select.poll()  # `select` knows no descriptor above 1023
            waiting.register(self._info, select.POLLIN)
            told = re.search(rb'"child-pid": (\d+)', os.read(self._info, 4096) if waiting.poll(_SLOW * 1e3) else b"")
            self._first = int(told[1]) if told else None
        if self._first is None:
            self._process.kill()  # it did not get as far
        else:
            with suppress(ProcessLookupError):
                os.kill(self._first, signal.SIGKILL)


def _settle(gone: asyncio.Future[None]) -> None:
    if not gone.done():
        gone.set_result(None)


def _sealed(data: bytes, until: ExitStack) -> int:
    """Return a descriptor of a file in memory that nobody can change."""
    import fcntl  # of Unix only, and this module is imported everywhere

    fd = _memory(until)
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
    os.lseek(fd, 0, os.SEEK_SET)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
    return fd


def _memory(until: ExitStack) -> int:
    fd = os.memfd_create("agentsim", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    until.callback(os.close, fd)
    return fd


def _pipe(reader_until: ExitStack, writer_until: ExitStack) -> tuple[int, int]:
    reader, writer = os.pipe()
    reader_until.callback(os.close, reader)
    writer_until.callback(os.close, writer)
    return reader, writer
