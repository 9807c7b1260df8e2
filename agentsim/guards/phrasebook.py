"""Phrases of each language, by what is done with them: ``phrases/<language>.yaml``.

A file holds ``common`` (frequent little words, by which the language is known), ``slots`` (parts that phrases share)
and, for each act, phrases in the language of ``agentsim.guards.phrase``, one a line; lines that begin with ``#`` are
comments.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agentsim.guards.phrase import LETTER, Phrase, compile_phrase

UNSPACED = frozenset({"zh", "ja", "ko"})
"""Languages whose words are not set apart by spaces, or hang together with endings."""

_WHOLE = re.compile(rf"{LETTER}+(?:['-]{LETTER}+)*")
_FOLDER = Path(__file__).parent / "phrases"


@dataclass(frozen=True)
class Language:
    """What is known of one language."""

    name: str
    """ISO 639-1 code."""

    common: frozenset[str]
    """Frequent little words: articles, prepositions, pronouns."""

    open: frozenset[str]
    """Words after which no sentence ends."""

    before: frozenset[str]
    """Words that want another word, such as articles."""

    never: frozenset[str]
    """Words that never follow those but in word salad."""


@cache
def _read(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    held = yaml.load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    assert isinstance(held, dict)
    return held


@cache
def language(name: str) -> Language:
    """Return what is known of a language, nothing at all of one that is none of ``languages()``."""
    held = _read(name) if name in languages() else {}
    return Language(
        name=name,
        common=frozenset(held.get("common", "").split()),
        open=frozenset(held.get("open", "").split()),
        before=frozenset(held.get("before", "").split()),
        never=frozenset(held.get("never", "").split()),
    )


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages there are, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("??.yaml")))


class Book:
    """The phrases of some languages, found by the words that must stand in a text, so that few of them are tried."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._by_word: dict[str, list[_Entry]] = {}
        self._by_beginning: dict[str, list[_Entry]] = {}
        self._by_part: dict[str, list[_Entry]] = {}
        self._always: list[_Entry] = []
        for name in names:
            for act in _read(name).get("acts", {}):
                for phrase in _act(act, name):
                    self._add(act, phrase, spaced=name not in UNSPACED)
        self._shortest = min(map(len, self._by_beginning), default=1)
        self._longest = max(map(len, self._by_beginning), default=0)

    def _add(self, act: str, phrase: Phrase, *, spaced: bool) -> None:
        groups = [_Group.of(group, spaced) for group in phrase.needs[1:]]
        plain = tuple(group.words for group in groups if not group.beginnings and not group.parts)
        rest = tuple(group for group in groups if group.beginnings or group.parts)
        entry = _Entry(act, phrase, plain, rest)
        if not phrase.needs:
            self._always.append(entry)
            return
        first = _Group.of(phrase.needs[0], spaced)
        for index, keys in (
            (self._by_word, first.words),
            (self._by_beginning, first.beginnings),
            (self._by_part, first.parts),
        ):
            for key in keys:
                index.setdefault(key, []).append(entry)

    def likely(self, text: str, words: Set[str]) -> dict[str, list[Phrase]]:
        """Return the phrases that may match a text with these words, by act, each once, in no order."""
        found = list(self._always)
        for word in self._by_word.keys() & words:
            found += self._by_word[word]
        beginnings: set[str] = set()
        if self._by_beginning:
            for word in words:
                for length in range(self._shortest, min(len(word), self._longest) + 1):
                    beginnings.add(word[:length])
            for key in self._by_beginning.keys() & beginnings:
                found += self._by_beginning[key]
        for part, entries in self._by_part.items():
            if part in text:
                found += entries
        acts: dict[str, list[Phrase]] = {}
        for entry in set(found):
            for needed in entry.words:
                if needed.isdisjoint(words):
                    break
            else:
                if not entry.rest or all(group.met(text, words, beginnings) for group in entry.rest):
                    acts.setdefault(entry.act, []).append(entry.phrase)
        return acts


@dataclass(frozen=True, slots=True)
class _Group:
    """Words of which one must be there: whole ones, beginnings of words, parts of the text."""

    words: frozenset[str]
    beginnings: frozenset[str]
    parts: tuple[str, ...]

    @staticmethod
    def of(group: tuple[str, ...], spaced: bool) -> "_Group":
        whole = frozenset(word for word in group if spaced and _WHOLE.fullmatch(word))
        begins = frozenset(word[:-1] for word in group if spaced and word[-1] == "~" and _WHOLE.fullmatch(word[:-1]))
        others = (word for word in group if word not in whole and not (spaced and word.rstrip("~") in begins))
        return _Group(whole, begins, tuple(word.rstrip("~") for word in others))

    def met(self, text: str, words: Set[str], beginnings: Set[str]) -> bool:
        return (
            not self.words.isdisjoint(words)
            or not self.beginnings.isdisjoint(beginnings)
            or any(part in text for part in self.parts)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    act: str
    phrase: Phrase
    words: tuple[frozenset[str], ...]
    """Groups of whole words."""

    rest: tuple[_Group, ...]


@cache
def book(names: tuple[str, ...]) -> Book:
    """Return the phrases of some languages."""
    return Book(names)


@cache
def _act(act: str, name: str) -> tuple[Phrase, ...]:
    held = _read(name)
    slots = {slot: " ".join(str(text).split()) for slot, text in held.get("slots", {}).items()}
    lines = map(str.strip, str(held.get("acts", {}).get(act, "")).splitlines())
    return tuple(
        phrase
        for line in lines
        if line and not line.startswith("#")
        for phrase in compile_phrase(line, slots, spaced=name not in UNSPACED)
    )


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return a file that is not of one language, as it is held."""
    return _read(name)
