"""Many chats are looked at by several processes at once; what comes out is the same, in the same order."""

import signal
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import TypeAlias

from agentsim.dataset.chats import Chat, Unreadable
from agentsim.guards.detect import detect
from agentsim.schema import FailureKind, Finding

Looked: TypeAlias = "tuple[Chat | Unreadable, list[Finding]]"

ALONE = 400
"""Chats that are looked at before further processes are started: fewer are done sooner than these are ready."""

BATCH = 32
"""Chats that a process is given at a time."""


def looked_at(chats: "Iterable[Chat | Unreadable]", kinds: Sequence[FailureKind], jobs: int) -> Generator[Looked]:
    """Yield each chat with the failures in it, in the order they come; rows that cannot be read have none.

    Args:
        chats: what is read; never more than a few batches ahead.
        kinds: kinds of failures to look for.
        jobs: processes to share the work, 1 for this one alone.
    """
    rest = iter(chats)
    for chat in rest if jobs == 1 else islice(rest, ALONE):
        yield from _look([chat], kinds)
    first = next(rest, None)
    if first is None:
        return
    # Tokenizers keep threads of their own, which a forked process would lack.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_leave_interrupts) as pool:
        waiting: deque[Future[list[Looked]]] = deque()
        try:
            rest = chain([first], rest)
            while batch := list(islice(rest, BATCH)):
                waiting.append(pool.submit(_look, batch, kinds))
                if len(waiting) > 2 * jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    # Ctrl+C goes to all processes of a terminal; the one that started the others ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _look(chats: "Sequence[Chat | Unreadable]", kinds: Sequence[FailureKind]) -> list[Looked]:
    return [(chat, [] if isinstance(chat, Unreadable) else detect(chat.talk, kinds)) for chat in chats]
