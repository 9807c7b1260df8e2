"""No test in here may reach beyond the loopback address, and none sees the developer's own keys."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agentsim.errors import ModelError
from agentsim.llm.endpoint import Endpoints, Overrides
from agentsim.llm.general import GeneralWay
from agentsim.llm.model import Request
from tests.loopback import LoopbackServer

KEY = "sk-loopback-0123456789abcdef"
_real_getaddrinfo = socket.getaddrinfo


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to resolve any outside name, and forget keys, addresses and proxies of the environment."""

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {name}")
        return _real_getaddrinfo(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for name in list(os.environ):
        if name.upper().endswith(("_API_KEY", "_API_BASE", "_BASE_URL", "_PROXY", "_TOKEN")) or "OPENAI" in name:
            monkeypatch.delenv(name)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackServer]:
    """A server to which every provider of the parity tests is pointed."""
    async with LoopbackServer() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        for provider in ("OPENAI", "HOSTED_VLLM", "OPENROUTER", "LM_STUDIO", "NVIDIA_NIM"):
            monkeypatch.setenv(f"{provider}_API_KEY", KEY)
            monkeypatch.setenv(f"{provider}_API_BASE", running.url)
        yield running


@pytest.fixture(scope="session", autouse=True)
def litellm_is_warm() -> None:
    """Let litellm do its imports before anything is measured against a time limit."""
    way = GeneralWay(Endpoints({"openai/x": Overrides(api_base="http://127.0.0.1:9/v1")}))
    with contextlib.suppress(ModelError):
        asyncio.run(way.ask(Request("openai/x", [{"role": "user", "content": "Hi"}])))
