"""The engines of this process: one per file and settings, shared, freed with their last user or at exit."""

import atexit
import os
import threading
from pathlib import Path

from agentsim.llm.embedded.engine import Engine
from agentsim.llm.embedded.settings import Settings

_Key = tuple[Path, Settings]


class _Shared:
    def __init__(self) -> None:
        self.users = 0
        self.loading = threading.Lock()
        self.engine: Engine | None = None


_shared: dict[_Key, _Shared] = {}
_lock = threading.Lock()


def take(path: Path, settings: Settings) -> Engine:
    """Return the engine for a file, loading it on first use; blocks meanwhile. Pair it with `give_back`.

    Raises:
        UserError: the file cannot be loaded.
    """
    key = (path.resolve(), settings)
    with _lock:
        shared = _shared.setdefault(key, _Shared())
        shared.users += 1
    try:
        with shared.loading:
            if shared.engine is None:
                shared.engine = Engine(key[0], settings)
            return shared.engine
    except BaseException:
        with _lock:
            shared.users -= 1
        raise


def give_back(engine: Engine) -> None:
    """End one use of an engine; the last one stops its generations and frees its memory."""
    with _lock:
        for key, shared in _shared.items():
            if shared.engine is engine:
                shared.users -= 1
                if shared.users > 0:
                    return
                del _shared[key]
                break
        else:
            return
    engine.close()


def _close_all() -> None:
    with _lock:
        engines = [shared.engine for shared in _shared.values()]
    for engine in engines:
        if engine is not None:
            engine.close()


# Freed in order while Python still stands; left to the collector, C++ would tear down in the middle of it.
atexit.register(_close_all)


def _abandon_all() -> None:
    global _lock
    _lock = threading.Lock()  # another thread of the parent may have held it
    for shared in _shared.values():
        if shared.engine is not None:
            shared.engine.abandon()
    _shared.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
