"""What one process may take. Set first inside the sandbox, where nothing can raise it again."""

import os
import resource


def begin(started: int, memory: int, processes: int, seconds: int, file_size: int, open_files: int) -> None:
    """Limit this process and its descendants, and say that it begins.

    Args:
        started: descriptor to say it on. Where nobody listens any more, ``BrokenPipeError`` ends this process: who
            dies while the sandbox is built is not told to bubblewrap.
        memory: address space of one process, in bytes.
        processes: most processes and threads in the sandbox. Counted by user and user namespace, so it is set
            here: outside, the user's other processes would count too.
        seconds: processor time of one process.
        file_size: longest file, in bytes, output included.
        open_files: most open files of one process.
    """
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    os.write(started, b"!")
    os.close(started)
