"""A loopback server whose answers depend on the request alone, and which knows what was asked twice."""

import asyncio
import contextlib
import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from agentsim.run.reader import RunReader
from tests.loopback import Failure, LoopbackServer, Reply
from tests.run.world import NO_GRADE, UNGUARDED, by_body, passed_examination, write_library


class DeterministicServer(LoopbackServer):
    """Waits a little before each answer, never twice alike.

    ``before`` is told each request as it comes in; ``failing`` says which request fails, and how.
    """

    @classmethod
    @contextlib.contextmanager
    def going(cls, reply: Reply = by_body, **options: Any) -> Iterator["DeterministicServer"]:
        """Run a server in a thread."""
        with cls.in_thread(reply, **options) as server:
            assert isinstance(server, cls)
            yield server

    def __init__(self, reply: Reply, *, most: float = 0.03, **options: Any) -> None:
        super().__init__(reply, **options)
        self.most = most
        self.before: Callable[[dict[str, Any]], None] = lambda _: None
        self.failing: Callable[[dict[str, Any]], Failure | None] = lambda _: None
        self.in_flight = 0
        self.most_in_flight = 0

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.before(json.loads(await request.read()))
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            await asyncio.sleep(random.random() * self.most)
            return await super()._chat(request)
        finally:
            self.in_flight -= 1

    async def _answer(self, request: web.Request, body: dict[str, Any], failure: Failure | None) -> web.StreamResponse:
        return await super()._answer(request, body, failure or self.failing(body))


def asked_for(bodies: Iterable[dict[str, Any]]) -> list[str]:
    """The answer to each request, but for those of a critic that says nothing usable: it is asked twice."""
    return _told_apart(str(by_body(body)["content"]) for body in bodies)


def _told_apart(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if not text.startswith(NO_GRADE)]


def stored_answers(folder: Path) -> set[str]:
    """The texts of all answers that a run directory holds."""
    with closing(RunReader(folder)) as reader:
        rows = reader._db.execute("SELECT body FROM answer").fetchall()
    return set(_told_apart(json.loads(body)["text"] for (body,) in rows))


def environment(server: LoopbackServer) -> dict[str, str]:
    """What points the command line to the server."""
    return {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test"}


def write_project(folder: Path, **fields: Any) -> Path:
    """Write ``run.yaml`` and a library beside it, and return the folder."""
    write_library(folder / "mine")
    wanted: Mapping[str, Any] = {
        "name": "test",
        "model": "openai/anything",
        "library": ["mine"],
        "shipped_library": False,
        "goal_check": {"enabled": True},
        "critic": {"decides": True, "examination": passed_examination(folder, "openai/anything").name},
        **UNGUARDED,
        **fields,
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(dict(wanted)), encoding="utf-8")
    return folder
