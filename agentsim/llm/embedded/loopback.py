"""The embedded server's own address.

llama.cpp's server always listens somewhere. Here that is a socket file in a folder only this user may
enter, so no network port is open; where the system has no socket files it is a loopback port with a random
key. We use it for the few questions that xllamacpp has no function for.
"""

import contextlib
import http.client
import json
import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

LONGEST_SOCKET_PATH = 100
"""Bytes; systems allow 104 to 108."""


class _SocketFile(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Loopback:
    """Where one server listens, and how to ask it."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._socket: str | None = None
        self._port = 0
        self._key = secrets.token_hex(16)
        if hasattr(socket, "AF_UNIX"):
            self._folder = Path(tempfile.mkdtemp(prefix="agentsim-"))
            path = str(self._folder / "s.sock")
            if len(path.encode()) <= LONGEST_SOCKET_PATH:
                self._socket = path
        if self._socket is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self._port = probe.getsockname()[1]

    def configure(self, params: Any) -> None:
        """Tell the server's parameters (``xllamacpp.CommonParams``) where to listen."""
        params.hostnames = [self._socket or "127.0.0.1"]
        params.port = self._port
        params.api_keys = [self._key]
        params.n_threads_http = 1

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object at a path. Raises OSError when the server does not answer."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON object that answers a body. Raises OSError when the server does not answer."""
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        connection = (
            _SocketFile(self._socket)
            if self._socket
            else http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        )
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            payload = response.read()
        if response.status != http.HTTPStatus.OK:
            raise OSError(f"the embedded server answers {response.status} to {path}")
        answer = json.loads(payload)
        return answer if isinstance(answer, dict) else {}

    def close(self) -> None:
        """Remove the socket file and its folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
