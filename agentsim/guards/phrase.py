"""A small language for phrases with slots, compiled to regular expressions.

One line is one phrase::

    how (can|may) i (help|assist) [you]     alternatives, an optional part
    i'll * right away                       up to three words between
    <will> ** later                         a slot named elsewhere; up to eight words between
    repar~                                  a word that begins so
    ^ sure $                                at the beginning and at the end of a sentence

Words are compared in lower case. In languages that put no spaces between words, words need none either.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

# Letters with the marks that belong to them: Python's \w leaves out vowel signs and points.
LETTER = r"[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0d7f\u0e31-\u0e4e]"
HIDDEN = "\x00"
"""Stands in for each character of code and quotations."""

_TOKEN = re.compile(r"\*\*|\*|[()\[\]|^$]|[^\s()\[\]|^$*]+")
_SLOT = re.compile(r"<([a-z_]+)>")
_BEGIN = r"(?:(?<=^)|(?<=[.!?…。！？:\n,，、;。¡¿—–।؟،؛-])\s*|(?<=[.!?…:\n,;—–।؟،؛-]\s)|(?<=[.!?…:\n,;—–।؟،؛-]\s\s))"
_END = r"(?=\s*(?:[.!?…。！？:\n,，、;।؟،—–-]|$))"


@dataclass(frozen=True, eq=False)
class Phrase:
    """One compiled phrase."""

    source: str
    """As written."""

    anchors: tuple[str, ...]
    """One of these words, or beginnings of words (``repar~``), stands in every text that the phrase matches; empty
    where nothing is sure."""

    expression: str
    """The regular expression that it stands for."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches in a text in lower case; compiled when first tried, since there are thousands of phrases."""
        return re.compile(self.expression)


@dataclass(frozen=True, slots=True)
class _Node:
    pattern: str
    anchors: tuple[str, ...]
    optional: bool = False
    joined: bool = False
    """Brings its own gaps, so none is put before it."""


class _Parser:
    def __init__(self, source: str, spaced: bool) -> None:
        self._tokens = _TOKEN.findall(source)
        self._at = 0
        self._gap = rf"(?:(?!{LETTER})[^.!?…\n{HIDDEN}:;।؟]){{1,4}}" if spaced else r"[\s　]*"
        if spaced:
            self._one = rf"(?:{LETTER}|['’-])+"
            self._few = {"*": rf"(?:{self._gap}{self._one}){{0,3}}?", "**": rf"(?:{self._gap}{self._one}){{0,8}}?"}
        else:
            stop = rf"[^。！？!?.\n{HIDDEN}]"
            self._few = {"*": rf"{stop}{{0,6}}?", "**": rf"{stop}{{0,16}}?"}
        self._spaced = spaced

    def parse(self) -> _Node:
        node = self._alternatives()
        if self._at != len(self._tokens):
            raise ValueError(f"unmatched {self._tokens[self._at]!r}")
        return node

    def _alternatives(self) -> _Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        anchors = tuple(word for branch in branches for word in branch.anchors)
        sure = all(branch.anchors for branch in branches)
        return _Node("(?:" + "|".join(branch.pattern for branch in branches) + ")", anchors if sure else ())

    def _sequence(self) -> _Node:
        nodes: list[_Node] = []
        while (token := self._peek()) not in (None, "|", ")", "]"):
            assert token is not None
            self._at += 1
            nodes.append(self._node(token))
        pattern, started = "", False
        for node in nodes:
            if node.joined:
                pattern += node.pattern
            elif node.optional:
                pattern += f"(?:{self._gap}{node.pattern})?" if started else f"(?:{node.pattern}{self._gap})?"
            else:
                pattern += (self._gap if started else "") + node.pattern
                started = True
        best = max(
            (node.anchors for node in nodes if node.anchors and not node.optional),
            key=lambda anchors: min(map(len, anchors)),
            default=(),
        )
        return _Node(pattern, best)

    def _node(self, token: str) -> _Node:
        if token in ("(", "["):
            inner = self._alternatives()
            closing = ")" if token == "(" else "]"  # noqa: S105
            if self._peek() != closing:
                raise ValueError(f"{token!r} is not closed")
            self._at += 1
            return _Node(f"(?:{inner.pattern})", inner.anchors, optional=token == "[")  # noqa: S105
        if token == ":":  # noqa: S105
            return _Node(r"\s*[:：]", (), joined=True)
        if token in self._few:
            return _Node(self._few[token], (), joined=True)
        if token == "^":  # noqa: S105
            return _Node(_BEGIN, (), joined=True)
        if token == "$":  # noqa: S105
            return _Node(_END, (), joined=True)
        if "?" in token or token.startswith("'"):
            raise ValueError(f"{token!r} is no word")
        word, stem = (token[:-1], True) if token.endswith("~") else (token, False)
        pattern = re.escape(word)
        if self._spaced:
            pattern = rf"(?<!{LETTER}){pattern}" + (rf"{LETTER}*" if stem else rf"(?!{LETTER})")
        return _Node(pattern, (token,))

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def compile_phrase(source: str, slots: Mapping[str, str], *, spaced: bool = True) -> Phrase:
    """Compile one phrase.

    Args:
        source: the phrase as written.
        slots: what stands for ``<name>``, by name.
        spaced: whether the language puts spaces between words.

    Raises:
        ValueError: unbalanced brackets.
        KeyError: an unknown slot.
    """
    full = source
    while _SLOT.search(full):
        full = _SLOT.sub(lambda match: f"({slots[match[1]]})", full)
    node = _Parser(full.lower(), spaced).parse()
    return Phrase(source, tuple(dict.fromkeys(node.anchors)), node.pattern)
