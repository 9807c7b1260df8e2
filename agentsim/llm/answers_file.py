"""Recorded answers in a file of lines: for work beside runs that may be stopped and gone on with."""

import json
from pathlib import Path
from typing import TextIO

from agentsim.errors import StorageError
from agentsim.llm.model import Answer
from agentsim.llm.recording import load_answer
from agentsim.schema import Usage


class AnswersFile:
    """Answers by their keys; each is on disk once it was kept.

    Args:
        path: the file; it is made with the first answer.

    Raises:
        StorageError: where it cannot be read; `keep` and `discard` raise it too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[str, str] = {}
        self._file: TextIO | None = None
        try:
            for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
                try:
                    key, body = json.loads(line)
                except ValueError:
                    continue  # the last line of a process that was killed
                self._held[key] = body
        except (OSError, UnicodeDecodeError) as error:
            raise self._error(error) from None

    def find(self, key: str) -> str | None:
        """Return the body recorded under ``key``, or ``None``."""
        return self._held.get(key)

    def keep(self, key: str, body: str, answer: Answer) -> None:
        """Record a body."""
        self._held[key] = body
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # A line of its own, whatever a killed process left behind.
                self._file = self._path.open("a", encoding="utf-8")
                self._file.write("\n")
            self._file.write(json.dumps([key, body]) + "\n")
            self._file.flush()
        except OSError as error:
            raise self._error(error) from None

    def spent(self) -> Usage:
        """Return what all answers in it took."""
        return sum((load_answer(body).usage for body in self._held.values()), Usage())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Close the file and delete it: the work is done."""
        self.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._error(error) from None

    def _error(self, error: Exception) -> StorageError:
        return StorageError(f"cannot keep answers in {self._path}: {error}", fix="make room, or delete the file")
