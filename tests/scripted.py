"""Models that answer by script: stand-ins for tests of behaviour, named for what they are."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from hashlib import blake2b

from agentsim.llm.model import Answer, Request
from agentsim.llm.recording import request_key

Reply = str | Answer | Exception


class ScriptedModel:
    """Answers by a list, in order, or by a function of the request; records what it was asked.

    Raises ``AssertionError`` when a list is exhausted.
    """

    def __init__(self, script: Iterable[Reply] | Callable[[Request], Reply], *, latency: float = 0.0) -> None:
        self._function = script if callable(script) else None
        self._list = None if callable(script) else list(script)
        self._latency = latency
        self.requests: list[Request] = []
        self.closed = False

    async def ask(self, request: Request) -> Answer:
        self.requests.append(request)
        if self._latency:
            await asyncio.sleep(self._latency)
        if self._function is not None:
            reply = self._function(request)
        else:
            assert self._list, f"the script is exhausted after {len(self.requests) - 1} answers"
            reply = self._list.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Answer) else answer(request, reply)

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        whole = await self.ask(request)
        for word in whole.text.split(" "):
            yield word + " "
        yield whole

    async def close(self) -> None:
        self.closed = True


def answer(request: Request, text: str) -> Answer:
    """An ordinary answer, a token for each word."""
    read = sum(len(str(message["content"]).split()) for message in request.messages)
    return Answer(text, request.model, "stop", prompt_tokens=read, completion_tokens=len(text.split()), cost=1e-6)


def talker(request: Request) -> str:
    """Says something that only depends on the request, and answers questions under a schema with nonsense text."""
    return f"I say {blake2b(request_key(request).encode(), digest_size=8).hexdigest()}."
