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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

_MARKS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0d7f\u0e31-\u0e4e"
LETTER = rf"[\w{_MARKS}]"
"""A letter with the marks that belong to it: Python's ``\\w`` leaves out vowel signs and points."""

MARKED = re.compile(rf"[{_MARKS}]")
"""A mark for which ``LETTER`` is more than ``\\w``."""

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

    needs: tuple[tuple[str, ...], ...]
    """One word, or beginning of a word (``repar~``), of each group stands in every text that the phrase matches; the
    rarest group first, none where nothing is sure."""

    expression: str
    """The regular expression that it stands for."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches in a text in lower case; compiled when first tried, since there are thousands of phrases."""
        return re.compile(self.expression)

    @cached_property
    def plain(self) -> re.Pattern[str]:
        """Matches alike in a text in which nothing is ``MARKED``; compiled in a tenth of the time."""
        return re.compile(self.expression.replace(LETTER, r"\w"))


@dataclass(frozen=True, slots=True)
class _Node:
    pattern: str
    needs: tuple[tuple[str, ...], ...] = ()
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

    def parse(self) -> list[_Node]:
        """Return the alternatives that the whole phrase has; a bracket around all of it is none."""
        if self._peek() == "(" and _closing(self._tokens) == len(self._tokens) - 1:
            self._tokens = self._tokens[1:-1]
        branches = self._branches()
        if self._at != len(self._tokens):
            raise ValueError(f"unmatched {self._tokens[self._at]!r}")
        return branches

    def _branches(self) -> list[_Node]:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        return branches

    def _alternatives(self) -> _Node:
        branches = self._branches()
        if len(branches) == 1:
            return branches[0]
        sure = all(branch.needs for branch in branches)
        needs = tuple(dict.fromkeys(word for branch in branches for word in branch.needs[0])) if sure else ()
        return _Node("(?:" + "|".join(branch.pattern for branch in branches) + ")", (needs,) if sure else ())

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
        needs = [group for node in nodes if not node.optional for group in node.needs]
        # Long words are rare ones.
        needs.sort(key=lambda group: -min(map(len, group)))
        return _Node(pattern, tuple(needs))

    def _node(self, token: str) -> _Node:
        if token in ("(", "["):
            inner = self._alternatives()
            closing = ")" if token == "(" else "]"  # noqa: S105
            if self._peek() != closing:
                raise ValueError(f"{token!r} is not closed")
            self._at += 1
            return _Node(f"(?:{inner.pattern})", inner.needs, optional=token == "[")  # noqa: S105
        if token == ":":  # noqa: S105
            return _Node(r"\s*[:：]", joined=True)
        if token in self._few:
            return _Node(self._few[token], joined=True)
        if token == "^":  # noqa: S105
            return _Node(_BEGIN, joined=True)
        if token == "$":  # noqa: S105
            return _Node(_END, joined=True)
        if "?" in token or token.startswith("'"):
            raise ValueError(f"{token!r} is no word")
        word, stem = (token[:-1], True) if token.endswith("~") else (token, False)
        pattern = re.escape(word)
        if self._spaced:
            # Looking back after the word, not before it, lets the search leap from one first letter to the next.
            pattern = rf"{pattern}(?<!{LETTER}{pattern})" + (rf"{LETTER}*" if stem else rf"(?!{LETTER})")
        return _Node(pattern, ((token,),))

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def _closing(tokens: Sequence[str]) -> int:
    """Return where the bracket closes that the tokens begin with."""
    depth = 0
    for at, sign in enumerate(tokens):
        depth += (sign in "([") - (sign in ")]")
        if not depth:
            return at
    raise ValueError(f"{tokens[0]!r} is not closed")


def compile_phrase(source: str, slots: Mapping[str, str], *, spaced: bool = True) -> tuple[Phrase, ...]:
    """Compile one phrase to one for each of its alternatives, so that each is tried only where it may stand.

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
    return tuple(Phrase(source, node.needs, node.pattern) for node in _Parser(full.lower(), spaced).parse())
