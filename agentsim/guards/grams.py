"""The words of a turn as the judge reads them: which one to three stand together, and on which side they are said."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agentsim.guards.reading import Reading

LONGEST = 160
"""Words and signs of a turn that are read: so many from its beginning and half as many from its end."""

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[?!.,:;…؟。，、！？]|\x00+")
_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f]")


def tokens(reading: Reading) -> list[str]:
    """Return the words and signs of a turn's own words; figures are ``#``, quotations and code ``<q>``."""
    found = []
    for word in _TOKEN.findall(reading.own):
        if word[0] == "\x00":
            found.append("<q>")
        elif word[0].isdigit():
            found.append("#")
        elif len(word) > 1 and _RUN.match(word):
            found += word  # where words are not set apart, characters are read
        else:
            found.append(word)
    if len(found) > LONGEST * 3 // 2:
        found = found[:LONGEST] + found[-LONGEST // 2 :]
    return ["^", *found, "$"]


def grams(words: Sequence[str], following: Sequence[str] | None, part: str) -> Iterator[str]:
    """Return what the judge looks up of a turn.

    Args:
        words: the turn's ``tokens``.
        following: those of the turn after it, ``None`` where none follows.
        part: a sign for the side that speaks.
    """
    twos = [f"{one} {two}" for one, two in pairwise(words)]
    yield from dict.fromkeys(words)
    yield from dict.fromkeys(twos)
    yield from dict.fromkeys(f"{one} {two}" for one, two in zip(twos, words[2:], strict=False))
    said = f"{part}|"
    yield from dict.fromkeys(said + word for word in words)
    yield from dict.fromkeys(said + two for two in twos)
    if following is not None:
        yield from dict.fromkeys("next|" + word for word in following[:60])
        yield from dict.fromkeys(f"next|{one} {two}" for one, two in pairwise(following[:60]))
