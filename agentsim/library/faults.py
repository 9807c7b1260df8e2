"""What is wrong with a library, in words for the person who writes it: where, what, and what to do."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from agentsim.errors import UserError

Place: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top of a file down to one value."""


@dataclass(frozen=True)
class Fault:
    """One thing to mend."""

    file: str
    """The file, as the user named it; for a noun made in Python, the noun's kind and id."""

    line: int | None
    """Line in the file, from 1; ``None`` where the fault is not in a line."""

    field: str
    """The field, e.g. ``roles[1].persona.min_age``; empty where the fault is not in a field."""

    message: str
    """What is wrong."""

    fix: str
    """What to do about it; empty where the message says that already."""

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        text = ": ".join(part for part in (where, self.field, self.message) if part)
        return one_line(f"{text}; {self.fix}" if self.fix else text)

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Key that sorts faults by file, line and field."""
        return (self.file, self.line or 0, self.field, self.message)


class LibraryError(UserError):
    """The library cannot be used as it stands. Its text has one line for each fault of every file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.order))
        count = f"{len(self.faults)} fault{'' if len(self.faults) == 1 else 's'}:"
        super().__init__("\n".join([count, *map(str, self.faults)]))

    def __reduce__(self) -> tuple[type["LibraryError"], tuple[tuple[Fault, ...]]]:
        # Worker processes send their errors home; the default would rebuild it from the text alone.
        return (LibraryError, (self.faults,))


def field_name(place: Place) -> str:
    """Write a place the way a person would: ``roles[1].persona``; keys that are no plain words are quoted."""
    name = ""
    for step in place:
        if isinstance(step, int):
            name += f"[{step}]"
        elif re.fullmatch(r"[\w-]+", step):
            name += f".{step}" if name else step
        else:
            name += f"[{shown(step)}]"
    return name


def line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Return the line of a place, or of the nearest place around it that is written in the file."""
    for length in range(len(place), -1, -1):
        if (line := lines.get(place[:length])) is not None:
            return line
    return None


def shown(value: Any) -> str:
    """Name a value of a file inside a sentence, cut short where it is long."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            text = str(value)
            return repr(text if len(text) <= 48 else text[:45] + "...")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` is most likely a slip for, if any is close."""
    # Long words are no slips, and comparing them is slow.
    if len(word) > 64:
        return None
    return next(iter(get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)), None)


def one_line(text: str) -> str:
    """Escape what would break the line or reach a terminal as a command."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
