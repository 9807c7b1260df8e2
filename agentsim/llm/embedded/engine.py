"""A GGUF model loaded in this process: llama.cpp's server, without its network and without its log.

Work runs on plain threads that exist only while there is work. They are not daemons, because a daemon
thread that is inside C++ while Python shuts down aborts the process; instead each generation watches for
the end of the main thread and stops itself.
"""

import contextlib
import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentsim.errors import UserError
from agentsim.llm.embedded.loopback import Loopback
from agentsim.llm.embedded.settings import Settings

Chunk = dict[str, Any]
"""One streamed piece in OpenAI's form (``chat.completion.chunk``), or ``{"error": {...}}``."""


class Closed(Exception):
    """The engine was closed, or the program is ending, before the answer was complete."""


@dataclass(slots=True, eq=False)
class Generation:
    """One answer on its way."""

    body: Mapping[str, Any]
    """The chat-completion request as llama.cpp takes it."""

    emit: Callable[[Chunk | BaseException | None], None]
    """Called on the engine's thread with every chunk, then once with None (complete) or an exception."""

    stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Give up: the slot is free after the step now being computed. Harmless when already complete."""
        self.stopped.set()


class Engine:
    """One loaded model with its slots. Usable from any thread and any number of event loops."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Load the file; takes a second or more, during which Python stands still (xllamacpp keeps the GIL).

        Raises:
            UserError: llama.cpp cannot load the file, or xllamacpp cannot be imported here.
        """
        self.path = path
        self.settings = settings
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._waiting: deque[Generation] = deque()
        self._running: set[Generation] = set()
        self._workers = 0
        self._closed = False
        self._loopback = Loopback()
        try:
            self._server = _load(path, settings, self._loopback)
            properties = self._loopback.get("/props")
        except BaseException:
            self._loopback.close()
            raise
        capabilities = properties.get("chat_template_caps") or {}
        self.takes_tools = bool(capabilities.get("supports_tools"))
        """Whether the model's chat template has a place for tool definitions."""

        self.context = int((properties.get("default_generation_settings") or {}).get("n_ctx", settings.context))
        """Tokens a slot really holds; less than asked for where the model was trained on less."""

    def submit(self, generation: Generation) -> None:
        """Begin a generation, or line it up when all slots are busy. Returns at once.

        Raises:
            Closed: the engine is closed.
        """
        with self._lock:
            if self._closed or self.inherited:
                raise Closed
            self._waiting.append(generation)
            if self._workers < self.settings.slots:
                self._workers += 1
                threading.Thread(target=self._work, name="agentsim-embedded").start()

    @property
    def inherited(self) -> bool:
        """Whether this process got the engine by forking: its threads stayed behind, it cannot answer."""
        return os.getpid() != self._pid

    def abandon(self) -> None:
        """Never free the memory, for a forked child: freeing waits for threads that do not exist there.

        The child must end with ``os._exit``, as multiprocessing's do; llama.cpp's log aborts in a full exit.
        """
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._server))

    def busy(self) -> int:
        """Return the number of generations that hold a slot now."""
        with self._lock:
            return len(self._running)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text by itself, without the chat template. About a millisecond."""
        tokens = self._loopback.post("/tokenize", {"content": text}).get("tokens", [])
        return len(tokens)

    def close(self) -> None:
        """Stop all generations, wait for their end, free the memory. A second call does nothing."""
        with self._idle:
            if self._closed or self.inherited:
                return
            self._closed = True
            for generation in (*self._waiting, *self._running):
                generation.stop()
            while self._workers:
                self._idle.wait()
        del self._server
        self._loopback.close()

    def _work(self) -> None:
        while True:
            with self._idle:
                if not self._waiting:
                    self._workers -= 1
                    self._idle.notify_all()
                    return
                generation = self._waiting.popleft()
                self._running.add(generation)
            outcome: BaseException | None = None
            try:
                self._generate(generation)
            except BaseException as error:
                outcome = error
            with self._lock:
                self._running.discard(generation)
            # Its event loop may be gone by now; then nobody waits for the outcome.
            with contextlib.suppress(RuntimeError):
                generation.emit(outcome)

    def _generate(self, generation: Generation) -> None:
        main = threading.main_thread()
        broken: list[BaseException] = []

        def receive(chunk: Chunk) -> bool:
            """Pass a chunk on; True tells llama.cpp to stop. An exception would be swallowed there."""
            if generation.stopped.is_set() or not main.is_alive():
                return True
            try:
                generation.emit(chunk)
            except BaseException as error:
                broken.append(error)
                return True
            return False

        if generation.stopped.is_set() or not main.is_alive():
            raise Closed
        self._server.handle_chat_completions(dict(generation.body), receive)
        if broken:
            raise broken[0]
        if generation.stopped.is_set() or not main.is_alive():
            raise Closed


def _load(path: Path, settings: Settings, loopback: Loopback) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise UserError(
            f"the embedded model needs xllamacpp, which cannot be imported here: {error}",
            fix="pip install xllamacpp, or choose another model",
        ) from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = settings.slots
    params.n_ctx = settings.slots * settings.context
    params.n_batch = params.n_ubatch = settings.batch
    params.cpuparams.n_threads = settings.threads
    params.cpuparams_batch.n_threads = settings.threads
    params.cache_prompt = settings.reuse_prompts
    params.cache_ram_mib = settings.kept_prompts_mib if settings.reuse_prompts else 0
    params.ctx_shift = False  # silently dropping a conversation's beginning would lose the persona
    params.warmup = False
    params.verbosity = 0
    params.endpoint_slots = False
    params.ui = False
    loopback.configure(params)
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"llama.cpp cannot load {path}: the file is damaged, or of a kind this build does not know",
            fix="fetch the file again, or choose another model",
        ) from error
