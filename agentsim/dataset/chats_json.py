"""JSON of any size, one value at a time: lines, or the items of an array. No more than one value is in memory."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from agentsim.dataset.chats_messages import NoChat

LONGEST = 64 << 20
"""Most bytes of one value; a longer one is refused, so that a file of one endless line cannot fill the memory."""

_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+[\[\]{}]", re.DOTALL)
_BRACKET_OR_COMMA = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+[\[\]{},]", re.DOTALL)

Value = tuple[int, "object | NoChat"]
"""Number of a line or item, from 1, and what it holds, or why it cannot be read."""


def parse(raw: bytes) -> object:
    """Return a JSON value.

    ``NaN`` and lone surrogates are allowed though JSON has none: Python's own writer makes them.

    Raises:
        NoChat: where it is no JSON.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        fault = f"not valid JSON: {error.msg} (column {error.colno})"
    try:
        return json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NoChat(f"not UTF-8 (byte {error.start + 1})") from None
    except (ValueError, RecursionError):
        raise NoChat(fault) from None


def lines(file: BinaryIO) -> Iterator[Value]:
    """Yield every line that is not blank, with its number."""
    number = 0
    while raw := file.readline(LONGEST + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(_BOM)
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                yield number, NoChat("the file is UTF-16: save it as UTF-8")
                return
        if len(raw) > LONGEST:
            yield number, NoChat(f"longer than {LONGEST >> 20} MiB")
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(_CHUNK)
        elif raw.strip():
            yield number, _value(raw)


def document(file: BinaryIO) -> Iterator[Value]:
    """Yield the items of an array; the lines of a file that is none; the objects of one that is neither.

    ``file`` must be able to go back to its start.
    """
    head = file.readline(_CHUNK).removeprefix(_BOM)
    while head and not head.strip():
        head = file.readline(_CHUNK)
    spread = head.lstrip().startswith(b"{") and isinstance(_value(head), NoChat)
    file.seek(0)
    if head.lstrip().startswith(b"["):
        yield from _items(file, inside=True)
    elif spread:
        yield from _items(file, inside=False)
    else:
        yield from lines(file)


def _value(raw: bytes) -> "object | NoChat":
    try:
        return parse(raw)
    except NoChat as fault:
        return fault


def _items(file: BinaryIO, *, inside: bool) -> Iterator[Value]:
    """Yield the items of one array, or (not ``inside``) values that stand one after the other."""
    data = file.read(_CHUNK).removeprefix(_BOM)
    depth = start = at = number = 0
    while True:
        mark = (_BRACKET if depth > inside else _BRACKET_OR_COMMA).match(data, at)
        if mark is None:
            if len(data) - start > LONGEST:
                yield number + 1, NoChat(f"longer than {LONGEST >> 20} MiB; the rest of the file is left out")
                return
            # Reading as much as there is already keeps a long value from being searched again and again.
            more = file.read(max(_CHUNK, len(data) - start))
            if not more:
                break
            data, at, start = data[start:] + more, at - start, 0
            continue
        at = mark.end()
        sign = data[at - 1 : at]
        if sign in b"[{":
            depth += 1
            if inside and depth == 1:
                start = at
            continue
        closes = sign in b"]}"
        depth -= closes
        over = inside and depth == 0
        ends = (depth == 1 and sign == b",") or over if inside else depth == 0 and closes
        if ends:
            raw = data[start : at - inside].strip()
            start = at
            if raw:
                number += 1
                yield number, _value(raw)
        if over:
            if (data[at:] + file.read(_CHUNK)).strip():
                yield number + 1, NoChat("something follows the end of the array")
            return
    if inside or data[start:].strip():
        yield number + 1, NoChat("the file breaks off here")
