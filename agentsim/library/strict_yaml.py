"""YAML text -> a plain tree that knows its lines. What is ambiguous or dangerous in YAML is refused.

Every scalar stays the text that was written, so that ``NO``, ``007`` and ``1e5`` mean what they say; the noun
knows which of its fields are numbers. Only a plain ``null``, ``~`` or nothing at all is ``None``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from agentsim.library.faults import Fault, Place, field_name, shown
from agentsim.library.syntax import plain_words

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 1_000_000
MAX_DEPTH = 32

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"

# What YAML allows in a file; checked here because the parser's own complaint names no line.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\n\r]*)?[\n\r])*%")
# Stands in the place of what is read only to get past it. No key can hold a NUL.
_SKIPPED = "\0"


class Plain(str):
    """A scalar that was written without quotes; where a field takes any JSON value, it may be a number."""

    __slots__ = ()


@dataclass(frozen=True)
class Document:
    """What a file holds."""

    tree: dict[str, Tree] | None
    """The mapping; ``None`` where the file could not be read to its end."""

    lines: dict[Place, int]
    """Line of each place: of its key, or of the start of its list item."""

    faults: tuple[Fault, ...]
    """What YAML allows and this library does not, or what is not YAML."""


class _Unreadable(Exception):
    """Reading cannot go on behind this line."""

    def __init__(self, line: int | None, message: str, fix: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.fix = fix


def parse(data: bytes, file: str) -> Document:
    """Read one YAML document. Never raises for what the bytes hold; the faults say what is wrong."""
    reader = _Reader(file)
    tree: dict[str, Tree] | None = None
    try:
        tree = reader.document(_decode(data))
    except _Unreadable as stop:
        reader.faults.append(Fault(file, stop.line, "", stop.message, stop.fix))
    return Document(tree, reader.lines, tuple(reader.faults))


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _Unreadable(None, f"the file is larger than {MAX_BYTES:,} bytes", "split it into smaller files")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Unreadable(line, "the file is not UTF-8 text", "save it with the encoding UTF-8") from None
    if found := _FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        char = f"U+{ord(found[0]):04X}"
        raise _Unreadable(line, f"the control character {char} cannot stand in a text file", "remove it")
    if found := _DIRECTIVE.match(text):
        line = text.count("\n", 0, found.end()) + 1
        raise _Unreadable(line, "YAML directives (lines that start with '%') are not used here", "remove the line")
    return text


class _Reader:
    """Turns the parser's events into a tree; collects faults and goes on wherever it can."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self.events: Iterator[yaml.Event] = iter(())

    def document(self, text: str) -> dict[str, Tree]:
        self.events = yaml.parse(text, Loader=LOADER)
        try:
            return self._document()
        except yaml.YAMLError as error:
            raise _Unreadable(*plain_words(error, text)) from None

    def _document(self) -> dict[str, Tree]:
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise _Unreadable(1, "the file is empty", "write 'key: value' lines")
        first = next(self.events)
        if not isinstance(first, yaml.MappingStartEvent):
            empty = isinstance(first, yaml.ScalarEvent) and first.value == "" and not first.style
            raise _Unreadable(
                _line(first),
                "the file is empty" if empty else "the file does not hold a mapping",
                "write 'key: value' lines",
            )
        self.lines[()] = _line(first)
        self._refuse_marks(first, ())
        tree = self._mapping((), 1)
        end = next(self.events)
        # What follows an end mark may be a thousand directives; the parser is slow on them, so it stops here.
        if getattr(end, "explicit", False):
            self._fault(_line(end), (), "the end mark '...' is refused", "remove the line")
        elif not isinstance(end := next(self.events), yaml.StreamEndEvent):
            self._fault(_line(end), (), "the file holds more than one document", "move the second to its own file")
        return tree

    def _node(self, event: yaml.Event, place: Place, depth: int) -> Tree:
        if isinstance(event, yaml.AliasEvent):
            self._fault(
                _line(event),
                place,
                f"the alias '*{event.anchor}' is refused: every value stands where it is used",
                "write the value out, or put the text into quotes",
            )
            return None
        self._refuse_marks(event, place)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        if depth == MAX_DEPTH:
            raise _Unreadable(_line(event), f"the nesting is deeper than {MAX_DEPTH} levels", "make it flatter")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place, depth + 1)
        return self._sequence(place, depth + 1)

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> str | None:
        value: str = event.value
        if "\0" in value:
            self._fault(_line(event), place, "the text holds the character NUL", "remove the escape")
        if event.style:
            return value
        return None if value in {"", "~", "null"} else Plain(value)

    def _sequence(self, place: Place, depth: int) -> list[Tree]:
        items: list[Tree] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            here = (*place, len(items))
            self.lines[here] = _line(event)
            items.append(self._node(event, here, depth))
        return items

    def _mapping(self, place: Place, depth: int) -> dict[str, Tree]:
        entries: dict[str, Tree] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, place, depth, entries)
            here = (*place, key)
            self.lines[here] = _line(event)
            value = self._node(next(self.events), here, depth)
            if key != _SKIPPED:
                entries[key] = value
        return entries

    def _key(self, event: yaml.Event, place: Place, depth: int, entries: dict[str, Tree]) -> str:
        """Return the key, or the mark for an entry to be skipped."""
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, (*place, _SKIPPED), depth)
            self._fault(line, place, "a key must be text", "write a word as the key")
            return _SKIPPED
        self._refuse_marks(event, place)
        key = self._scalar(event, place)
        if key is None:
            self._fault(line, place, "a key is empty or null", "write a word as the key, in quotes if it is 'null'")
            return _SKIPPED
        if key == "<<" and not event.style:
            self._fault(line, place, "the merge key '<<' is refused", "write the keys out")
            return _SKIPPED
        if key in entries:
            before = self.lines[(*place, key)]
            fix = "remove one of them"
            self._fault(line, (*place, key), f"the key {shown(key)} stands twice (first in line {before})", fix)
            return _SKIPPED
        return _SKIPPED if "\0" in key else str(key)

    def _refuse_marks(self, event: yaml.Event, place: Place) -> None:
        if anchor := getattr(event, "anchor", None):
            fix = "remove it, or put text that starts with '&' into quotes"
            self._fault(_line(event), place, f"the anchor '&{anchor}' is refused", fix)
        if tag := getattr(event, "tag", None):
            name = f"!!{tag.removeprefix(_STANDARD)}" if tag.startswith(_STANDARD) else tag
            fix = "remove it, or put text that starts with '!' into quotes"
            self._fault(_line(event), place, f"the tag {shown(name)} is refused", fix)

    def _fault(self, line: int, place: Place, message: str, fix: str) -> None:
        written = tuple(step for step in place if step != _SKIPPED)
        self.faults.append(Fault(self.file, line, field_name(written), message, fix))


_STANDARD = "tag:yaml.org,2002:"


def _line(event: yaml.Event) -> int:
    mark: Any = event.start_mark
    return int(mark.line) + 1
