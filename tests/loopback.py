"""A real OpenAI-compatible chat server on the loopback address, for tests and benchmarks.

`LoopbackServer` answers ``/chat/completions`` under any prefix with whatever the test wants, plain or
streamed, fails by script, and remembers every request. In the same event loop it is an async context manager;
`LoopbackServer.in_thread` runs it beside synchronous code; ``python -m tests.loopback`` runs it as a process
of its own.
"""

import asyncio
import contextlib
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

Reply = Callable[[dict[str, Any]], "str | dict[str, Any]"]
"""From a request's body to the text of the answer, or a dict: ``content, reasoning_content, reasoning,
tool_calls, refusal`` of the message and ``finish_reason, logprobs, usage, model`` beside it; or, with
``choices``, a whole response body."""


@dataclass(frozen=True)
class Failure:
    """One way in which a server can fail a request."""

    kind: Literal["status", "hang", "garbage", "hangup", "truncate", "stall", "stream_error"] = "status"
    """``status`` answers with an HTTP status; ``hang`` never answers; ``garbage`` answers 200 with no JSON;
    ``hangup`` closes the connection; ``truncate`` ends a stream (or a body) in the middle; ``stall`` stops in
    the middle of a stream and keeps the connection; ``stream_error`` sends an error event inside a stream of
    status 200."""

    status: int = 500
    message: str = "it failed"
    code: str | None = None
    type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the error in OpenAI's form."""
        return {"error": {"message": self.message, "type": self.type, "param": None, "code": self.code}}


BAD_KEY = Failure(status=401, message="Incorrect API key provided", code="invalid_api_key")
FORBIDDEN = Failure(status=403, message="You are not allowed to use this model", code="forbidden")
UNKNOWN_MODEL = Failure(status=404, message="The model `nope` does not exist", code="model_not_found")
TOO_LONG = Failure(
    status=400,
    message="This model's maximum context length is 4097 tokens. However, your messages have 9000 tokens.",
    code="context_length_exceeded",
    type="invalid_request_error",
)
BAD_REQUEST = Failure(status=400, message="Invalid value: 'x'", code="invalid_value", type="invalid_request_error")
POLICY = Failure(
    status=400,
    message="Your request was rejected as a result of our safety system.",
    code="content_policy_violation",
    type="invalid_request_error",
)
RATE_LIMIT = Failure(status=429, message="Rate limit reached", code="rate_limit_exceeded", headers={"Retry-After": "7"})
QUOTA = Failure(
    status=429,
    message="You exceeded your current quota",
    code="insufficient_quota",
    type="insufficient_quota",
)
SERVER_ERROR = Failure(status=500, message="The server had an error", type="server_error")
OVERLOADED = Failure(status=503, message="Overloaded", type="server_error")
GARBAGE = Failure(kind="garbage")
HANG = Failure(kind="hang")
HANGUP = Failure(kind="hangup")
TRUNCATE = Failure(kind="truncate")
STALL = Failure(kind="stall")
STREAM_ERROR = Failure(kind="stream_error", message="The server gave up", type="server_error")


@dataclass
class Seen:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    """Header fields by lower-case name."""

    body: dict[str, Any]
    disconnected: bool = False
    """Whether the caller went away before the answer was complete."""


def echo(body: dict[str, Any]) -> str:
    """Answer with the last message's text: the default reply."""
    content = body["messages"][-1].get("content")
    return f"echo: {content}" if isinstance(content, str) else "echo"


class LoopbackServer:
    """The server; ``url`` is the base address to give to a client, ``requests`` what came in, in order."""

    def __init__(
        self,
        reply: Reply = echo,
        *,
        latency: float = 0.0,
        script: Iterable[Failure | None] = (),
        split: int | None = None,
        keep_alive_comments: bool = False,
        record: bool = True,
    ) -> None:
        """Make a server that is not yet running.

        ``latency`` is seconds before each answer (in a stream: before each event). ``script`` holds one entry
        a request, None for an ordinary answer; after its end all answers are ordinary. ``split`` writes
        streams in pieces of so many bytes, cutting through events and characters. ``record`` False keeps no
        requests (benchmarks).
        """
        self.reply = reply
        self.latency = latency
        self.script: deque[Failure | None] = deque(script)
        self.split = split
        self.keep_alive_comments = keep_alive_comments
        self.record = record
        self.requests: list[Seen] = []
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._released = asyncio.Event()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of all requests, in order."""
        return [seen.body for seen in self.requests]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/{prefix:.*}chat/completions", self._chat)
        self._released = asyncio.Event()
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @classmethod
    @contextlib.contextmanager
    def in_thread(cls, reply: Reply = echo, **options: Any) -> Iterator["LoopbackServer"]:
        """Run a server in a thread with its own event loop; leaving the block stops it."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        server = cls(reply, **options)
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        seen = Seen(request.path, {name.lower(): value for name, value in request.headers.items()}, body)
        if self.record:
            self.requests.append(seen)
        failure = self.script.popleft() if self.script else None
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            return await self._answer(request, body, failure)
        except (asyncio.CancelledError, ConnectionResetError):
            seen.disconnected = True
            raise

    async def _answer(self, request: web.Request, body: dict[str, Any], failure: Failure | None) -> web.StreamResponse:
        match failure:
            case Failure(kind="status"):
                return web.json_response(failure.body(), status=failure.status, headers=dict(failure.headers))
            case Failure(kind="hang"):
                await self._released.wait()
                return web.Response(status=503)
            case Failure(kind="garbage"):
                return web.Response(text="<html>not what you asked for</html>", content_type="application/json")
            case Failure(kind="hangup"):
                return _hang_up(request)
        response = complete(self.reply(body), body)
        if body.get("stream"):
            return await self._stream(request, response, body, failure)
        if failure is not None:
            reply = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "9999"})
            await reply.prepare(request)
            await reply.write(json.dumps(response).encode()[:40])
            if failure.kind == "stall":
                await self._released.wait()
            return _hang_up(request)
        return web.json_response(response)

    async def _stream(
        self, request: web.Request, response: dict[str, Any], body: dict[str, Any], failure: Failure | None
    ) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await reply.prepare(request)
        chunks = [json.dumps(chunk, ensure_ascii=False) for chunk in stream_chunks(response, body)]
        if failure is not None:
            chunks = chunks[: max(2, len(chunks) // 2)]
        events = [f"data: {chunk}\n\n" for chunk in chunks]
        if failure is not None and failure.kind == "stream_error":
            events.append(f"data: {json.dumps(failure.body())}\n\n")
        if failure is None:
            events.append("data: [DONE]\n\n")
        if self.keep_alive_comments:
            events = [text for event in events for text in (": keep-alive\n\n", event)]
        for event in events if self.split is None else pieces("".join(events).encode(), self.split):
            await reply.write(event.encode() if isinstance(event, str) else event)
            await asyncio.sleep(self.latency)
        if failure is not None and failure.kind == "stall":
            await self._released.wait()
        await reply.write_eof()
        return reply


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def pieces(data: bytes, size: int) -> list[bytes]:
    """Cut ``data`` into pieces of ``size`` bytes, wherever that falls."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def complete(reply: str | dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Make a whole response body from what a `Reply` returned."""
    given: dict[str, Any] = {"content": reply} if isinstance(reply, str) else dict(reply)
    if "choices" in given:
        return given
    usage = given.pop("usage", {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18})
    model = given.pop("model", body["model"])
    finish = given.pop("finish_reason", "tool_calls" if given.get("tool_calls") else "stop")
    logprobs = given.pop("logprobs", None)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None, **given},
                "logprobs": logprobs,
                "finish_reason": finish,
            }
        ],
        "usage": usage,
    }


def stream_chunks(response: dict[str, Any], body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Cut a whole response body into the chunks of OpenAI's streaming form."""
    head = {
        "id": response["id"],
        "object": "chat.completion.chunk",
        "created": response["created"],
        "model": response["model"],
    }
    choice = response["choices"][0]
    message = choice["message"]
    tokens = list((choice.get("logprobs") or {}).get("content") or ())

    def chunk(delta: dict[str, Any], finish: str | None = None, logprobs: Any = None) -> dict[str, Any]:
        return {
            **head,
            "choices": [{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}],
        }

    chunks = [chunk({"role": "assistant", "content": ""})]
    for name in ("reasoning_content", "reasoning"):
        chunks += [chunk({name: part}) for part in cut(message.get(name) or "")]
    if tokens:
        chunks += [chunk({"content": token["token"]}, logprobs={"content": [token]}) for token in tokens]
    else:
        chunks += [chunk({"content": part}) for part in cut(message.get("content") or "")]
    if message.get("refusal"):
        chunks.append(chunk({"refusal": message["refusal"]}))
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        first = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
        chunks.append(chunk({"tool_calls": [first]}))
        chunks += [
            chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
            for part in cut(function["arguments"])
        ]
    chunks.append(chunk({}, choice["finish_reason"]))
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": response["usage"]})
    return chunks


def cut(text: str, size: int = 4) -> list[str]:
    """Cut ``text`` into pieces of ``size`` characters."""
    return [text[start : start + size] for start in range(0, len(text), size)]


async def _serve() -> None:
    async with LoopbackServer(lambda _: "A fixed answer of a few words.", record=False) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
