"""The lean way: litellm's own request, sent over aiohttp and read back with nothing in between."""

import asyncio
import contextlib
import json
import os
import ssl
import urllib.request
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from agentsim.errors import ModelError, UserError
from agentsim.llm import failures
from agentsim.llm.answering import Draft, build, read_calls, read_logprobs
from agentsim.llm.body import Bodies, ParameterCheck
from agentsim.llm.endpoint import Endpoint, Endpoints
from agentsim.llm.model import Answer, Request
from agentsim.llm.sse import EventReader

DEFAULT_TIMEOUT = 120.0
CONNECTIONS = 1000
"""Most connections at once; how many calls run at once is admission's business."""


@dataclass(slots=True)
class _Line:
    """What is made once for an endpoint."""

    endpoint: Endpoint
    url: URL
    headers: CIMultiDict[str] = field(repr=False)
    bodies: Bodies
    options: dict[str, Any]
    """Proxy and TLS arguments of each request, mostly empty."""


class LeanWay:
    """Asks endpoints that speak the OpenAI chat protocol, with the requests that litellm would send.

    Args:
        endpoints: resolves model names; shared with the other way.
        timeout: seconds for a whole answer; in a stream, seconds between one piece and the next (the whole
            stream may take as long as it goes on speaking).
    """

    def __init__(self, endpoints: Endpoints | None = None, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._endpoints = endpoints or Endpoints()
        self._timeout = timeout
        self._lines: dict[str, _Line] = {}
        self._parameters = ParameterCheck()
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def dropped(self) -> Mapping[str, frozenset[str]]:
        """Parameters that were asked for and not sent, by model, because the provider does not take them."""
        return self._parameters.dropped

    async def ask(self, request: Request) -> Answer:
        """Return the complete answer; raises `agentsim.errors.ModelError`."""
        line = self._lines.get(request.model) or await self._line(request.model)
        self._parameters.check(line.endpoint, request.params)
        data = _body(line, request, stream=False)
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._open().post(line.url, data=data, headers=line.headers, **line.options) as response,
            ):
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._translate(line.endpoint, error, streaming=False) from None
        if response.status != 200:
            raise failures.from_http(line.endpoint, response.status, raw, response.headers)
        return _read(line.endpoint, raw)

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        """Yield pieces of text as they arrive, then the `Answer`; raises `agentsim.errors.ModelError`."""
        line = self._lines.get(request.model) or await self._line(request.model)
        endpoint = line.endpoint
        self._parameters.check(endpoint, request.params)
        data = _body(line, request, stream=True)
        draft, events = Draft(endpoint), EventReader()
        response: aiohttp.ClientResponse | None = None
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._open().post(line.url, data=data, headers=line.headers, **line.options)
                if response.status != 200:
                    raise failures.from_http(endpoint, response.status, await response.read(), response.headers)
            done = False
            while not done:
                async with asyncio.timeout(self._timeout):
                    piece = await response.content.readany()
                for event in events.feed(piece) if piece else events.end():
                    if event == "[DONE]":
                        done = True
                    elif text := _take(draft, event):
                        yield text
                done = done or not piece
            await _drain(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._translate(endpoint, error, streaming=True) from None
        finally:
            if response is not None:
                # Gives back a connection read to its end and cuts any other: the server sees a cancel.
                response.close() if not response.content.at_eof() else response.release()
        if draft.finish is None:
            raise failures.broken(endpoint)
        if text := draft.end():
            yield text
        yield draft.answer()

    async def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        session, self._session = self._session, None
        if session is not None and self._loop is asyncio.get_running_loop():
            await session.close()

    async def _line(self, name: str) -> _Line:
        endpoint = await self._endpoints.find(name)
        if not endpoint.lean or endpoint.url is None:
            raise UserError(f"{name} cannot be asked the lean way", fix="use the setting way: auto or general")
        url = URL(endpoint.url)
        options: dict[str, Any] = {}
        if url.scheme == "https":
            options["ssl"] = _tls()
        if proxy := _proxy(url):
            options["proxy"] = proxy
        bodies = await asyncio.to_thread(Bodies, endpoint)
        line = _Line(endpoint, url, CIMultiDict(endpoint.headers), bodies, options)
        return self._lines.setdefault(name, line)

    def _open(self) -> aiohttp.ClientSession:
        """Return the session of the running event loop; one left over from another loop is of no use."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=True,
            )
        return self._session

    def _translate(self, endpoint: Endpoint, error: Exception, streaming: bool) -> ModelError:
        if isinstance(error, TimeoutError):
            return failures.timed_out(endpoint, self._timeout, streaming)
        if isinstance(error, aiohttp.ClientConnectorError):
            return failures.unreachable(endpoint)
        return failures.broken(endpoint)


def _body(line: _Line, request: Request, stream: bool) -> bytes:
    try:
        return line.bodies.body(request, stream)
    except Exception as error:  # litellm's, for messages or parameters that it cannot make sense of
        raise failures.from_litellm(line.endpoint, error) from None


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read what little follows the end mark, so that the connection can be used again; do not wait for it."""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with asyncio.timeout(0.5):
            while await response.content.readany():
                pass


def _read(endpoint: Endpoint, raw: bytes) -> Answer:
    try:
        response = json.loads(raw.decode())
        if response.get("error"):
            raise failures.from_body(endpoint, response["error"])
        choice = response["choices"][0]
        message = choice["message"]
        logprobs = choice.get("logprobs")
        calls = message.get("tool_calls")
        return build(
            endpoint,
            text=message.get("content") or "",
            reasoning=message.get("reasoning_content") or message.get("reasoning"),
            finish=choice.get("finish_reason"),
            model=response.get("model"),
            usage=response.get("usage"),
            tool_calls=read_calls(calls) if calls else (),
            logprobs=read_logprobs(logprobs) if logprobs else None,
            refusal=message.get("refusal"),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise failures.unreadable(endpoint) from None


def _take(draft: Draft, event: str) -> str:
    """Put one event's chunk into the draft and return the text that may be shown."""
    try:
        chunk = json.loads(event)
        if chunk.get("error"):
            raise failures.from_body(draft.endpoint, chunk["error"])
        draft.model = chunk.get("model") or draft.model
        draft.usage = chunk.get("usage") or draft.usage
        choices = chunk.get("choices")
        return draft.choice(choices[0]) if choices else ""
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise failures.unreadable(draft.endpoint) from None


def _tls() -> ssl.SSLContext:
    """Return a context that knows the system's certificates and, where it is installed, certifi's."""
    context = ssl.create_default_context()
    if not os.environ.get("SSL_CERT_FILE"):
        try:
            import certifi
        except ImportError:
            return context
        context.load_verify_locations(certifi.where())
    return context


def _proxy(url: URL) -> str | None:
    """Return the proxy that the environment names for an address; asked once, not per request."""
    host = url.host or ""
    if urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(url.scheme)
