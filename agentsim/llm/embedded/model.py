"""The embedded model as a `Model`.

What to know of the default, SmolLM2-135M-Instruct:

- It is weak: it echoes, flips roles and loops. Good for trying things out and for testing guards, not for
  judging.
- Its chat template puts "You are a helpful AI assistant named SmolLM, ..." before a conversation that has no
  system prompt. That is how it was trained, so it stays; give a system prompt to replace it.
- Its template has no tools; a request with tools is refused.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from agentsim.errors import BadRequest, ModelError, ServerFailed
from agentsim.llm.embedded import engines
from agentsim.llm.embedded.engine import Chunk, Closed, Engine, Generation
from agentsim.llm.embedded.names import DEFAULT_MODEL
from agentsim.llm.embedded.params import body
from agentsim.llm.embedded.reading import Reading
from agentsim.llm.embedded.settings import Settings
from agentsim.llm.embedded.weights import Progress, weights_path
from agentsim.llm.model import Answer, Request

_Item = Chunk | BaseException | None


class Embedded:
    """Every ``embedded/...`` model, each loaded when first asked for and shared within the process.

    Usable from any thread and event loop. Answers cost 0 dollars.
    """

    def __init__(self, settings: Settings | None = None, *, progress: Progress | None = None) -> None:
        """``progress`` is told of a download (bytes done, bytes in all), from another thread."""
        self._settings = settings or Settings()
        self._progress = progress
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        self._closed = False

    async def load(self, model: str = DEFAULT_MODEL) -> None:
        """Fetch and load a model now rather than at the first question.

        Raises:
            UserError: the weights cannot be had or loaded.
        """
        await self._engine(model)

    async def ask(self, request: Request) -> Answer:
        """See `Model.ask`; cancelling stops the generation."""
        async for item in self.stream(request):
            if isinstance(item, Answer):
                return item
        raise ServerFailed("the embedded model gave no answer", model=request.model)  # stream ends with an Answer

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        """See `Model.stream`; closing the iterator, or cancelling its reader, stops the generation."""
        engine = await self._engine(request.model)
        loop = asyncio.get_running_loop()
        arriving: asyncio.Queue[_Item] = asyncio.Queue()

        def emit(item: _Item) -> None:
            loop.call_soon_threadsafe(arriving.put_nowait, item)

        reading = Reading(request.model)
        generation = self._submit(engine, request, emit)
        try:
            while (chunk := _passed(await arriving.get(), request.model)) is not None:
                if piece := reading.feed(chunk):
                    yield piece
        finally:
            generation.stop()
        yield reading.answer()

    def iterate(self, request: Request) -> Iterator[str | Answer]:
        """Like `stream`, for code without an event loop; blocks between the pieces."""
        engine = self._engine_now(request.model, None)
        arriving: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        reading = Reading(request.model)
        generation = self._submit(engine, request, arriving.put)
        try:
            while (chunk := _passed(arriving.get(), request.model)) is not None:
                if piece := reading.feed(chunk):
                    yield piece
        finally:
            generation.stop()
        yield reading.answer()

    async def count_tokens(self, text: str, model: str = DEFAULT_MODEL) -> int:
        """Return the number of tokens of a text by itself, without the chat template. About a millisecond."""
        engine = await self._engine(model)
        return await asyncio.to_thread(engine.count_tokens, text)

    async def close(self) -> None:
        """Stop what is being generated and free the memory nobody else uses."""
        with self._lock:
            self._closed = True
            mine = list(self._engines.values())
            self._engines.clear()
        for engine in mine:
            await asyncio.to_thread(engines.give_back, engine)

    def _submit(self, engine: Engine, request: Request, emit: Callable[[_Item], None]) -> Generation:
        generation = Generation(body(request, takes_tools=engine.takes_tools), emit)
        try:
            engine.submit(generation)
        except Closed as error:
            raise ServerFailed("the embedded model was closed", model=request.model) from error
        return generation

    async def _engine(self, model: str) -> Engine:
        engine = self._known(model)
        if engine is not None:
            return engine
        given_up = threading.Event()
        try:
            return await asyncio.to_thread(self._engine_now, model, given_up)
        finally:
            given_up.set()

    def _engine_now(self, model: str, given_up: threading.Event | None) -> Engine:
        engine = self._known(model)
        if engine is not None:
            return engine
        path = self._path(model, given_up)
        engine = engines.take(path, self._settings)
        with self._lock:
            known = self._known(model)
            kept = None if self._closed else (known or engine)
            if kept is engine:
                self._engines[model] = engine
        if kept is not engine:
            engines.give_back(engine)
        if kept is None:
            raise ServerFailed("the embedded model was closed", model=model)
        return kept

    def _known(self, model: str) -> Engine | None:
        engine = self._engines.get(model)
        return None if engine is None or engine.inherited else engine

    def _path(self, model: str, given_up: threading.Event | None) -> Path:
        def watch(done: int, total: int) -> None:
            if given_up is not None and given_up.is_set():
                raise Closed  # a thread cannot be cancelled; this ends the download behind a cancelled task
            if self._progress is not None:
                self._progress(done, total)

        return weights_path(model, progress=watch)


def _passed(item: _Item, model: str) -> dict[str, Any] | None:
    """Return a chunk or None (complete); raise what is neither, translated."""
    if item is None or isinstance(item, dict):
        return item
    if isinstance(item, ModelError):
        raise item
    if isinstance(item, Closed):
        raise ServerFailed("the embedded model was closed before the answer was complete", model=model) from item
    if isinstance(item, (ValueError, TypeError)):
        # llama.cpp's complaint about the request: an impossible schema, a message of an unknown form.
        raise BadRequest(str(item), model=model) from item
    raise ServerFailed(f"the embedded model failed: {item}", model=model) from item
