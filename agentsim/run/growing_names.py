"""A model's answer -> names of topics. It is read leniently, and what it holds is text, never anything else."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from agentsim.llm.structured import LONGEST, json_values
from agentsim.run.growing_tree import folded
from agentsim.sanitise import one_line

LONGEST_NAME = 80
"""Characters of a name; a longer one is a sentence, and refused."""

_ITEM = re.compile(r"(\s*)(?:[-*+\u2022\u2013]|\(?\d{1,3}[.):])\s+(?=\S)")
_BOLD = re.compile(r"(?:\*\*|__)(.+?):?(?:\*\*|__)\s*(?:[:(\u2013\u2014-].*)?")
_TOLD = re.compile(r"(?::|\s[(\u2013\u2014-])\s?.*")
_STRING = re.compile(r'"(?:[^"\\]|\\.){0,400}"(?!\s*:)')
_WRAPPED = re.compile(r"""(?:(["'`*_]{1,3})(.+)\1|[\u201c\u201e\u00ab](.+)[\u201c\u201d\u00bb])""")
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_KEYS = ("topics", "name", "topic", "title")


def schema(most: int) -> dict[str, Any]:
    """Return the JSON schema of an answer with up to so many names."""
    names = {"type": "array", "items": {"type": "string", "maxLength": LONGEST_NAME}, "maxItems": most}
    return {
        "title": "narrower_topics",
        "type": "object",
        "properties": {"topics": names},
        "required": ["topics"],
        "additionalProperties": False,
    }


def usable(text: str, most: int, taken: Collection[str], *, whole: bool = True) -> tuple[str, ...]:
    """Return the first names of an answer that can be topics, at most ``most``.

    A name is one sanitised line with a letter or a figure in it, neither overlong nor, in upper or lower case, one that
    is ``taken`` (a name as `folded` gives it) or stood before. Where the answer is not ``whole``, half a name at its
    end is none.
    """
    found: dict[str, str] = {}
    for raw in _raw(text[:LONGEST], whole):
        name = _clean(raw)
        if len(found) < most and name is not None and folded(name) not in taken:
            found.setdefault(folded(name), name)
    return tuple(found.values())


def _clean(raw: str) -> str | None:
    if len(raw) > 10 * LONGEST_NAME:
        return None
    while item := _ITEM.match(raw):
        raw = raw[item.end() :]
    text = one_line(_UNSEEN.sub("", raw))
    if bold := _BOLD.fullmatch(text):
        text = bold[1]
    text = text.rstrip(" .,;:")
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[2] or wrapped[3]
    text = text.replace("**", "")
    if len(text) > LONGEST_NAME:  # a name, and what is said of it
        text = _TOLD.sub("", text, count=1)
    text = text.strip().rstrip(" .,;:")
    return text if len(text) <= LONGEST_NAME and any(map(str.isalnum, text)) else None


def _raw(text: str, whole: bool) -> Iterator[str]:
    """Yield what may be names: of JSON, whole or cut off, else of a list, else of lines."""
    for value in json_values(text):
        if names := list(_strings(value)):
            yield from names
            return
    if "[" in text and (names := _cut_off(text[text.index("[") :])):
        yield from names
        return
    lines = [line for line in text.splitlines() if line.strip()]
    if not whole:
        lines = lines[:-1]
    if items := [(len(item[1].expandtabs(4)), line) for line in lines if (item := _ITEM.match(line))]:
        # What stands deeper is said of a name.
        least = min(indent for indent, _ in items)
        yield from (line for indent, line in items if indent == least)
    elif len(lines) > 1:
        # Words around the list end as sentences do.
        yield from (line for line in lines if line.rstrip()[-1] not in ".:!?`{}")


def _strings(value: Any) -> Iterator[str]:
    """Yield the names in a JSON value: of a list, or of the list in an object."""
    if isinstance(value, dict):
        lists = [value["topics"]] if isinstance(value.get("topics"), list) else value.values()
        value = next((one for one in lists if isinstance(one, list)), ())
    for item in value:
        if isinstance(item, dict):
            item = next((item[key] for key in _KEYS if isinstance(item.get(key), str)), None)
        if isinstance(item, str):
            yield item


def _cut_off(text: str) -> list[str]:
    """Return the whole strings of a JSON list that ends in the middle."""
    names = []
    for found in _STRING.finditer(text):
        try:
            names.append(str(json.loads(found[0], strict=False)))
        except ValueError:
            continue
    return names
