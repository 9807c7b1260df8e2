"""Phrases of each language, by what is done with them: ``phrases/<language>.yaml``.

A file holds ``common`` (frequent little words, by which the language is known), ``slots`` (parts that phrases share)
and, for each act, phrases in the language of ``agentsim.guards.phrase``, one a line; lines that begin with ``#`` are
comments.
"""

import re
from collections.abc import Iterable, Mapping, Set
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


@dataclass(frozen=True)
class Act:
    """The phrases of an act, found by a word that must stand in the text, so that few of them are tried."""

    by_word: Mapping[str, tuple[Phrase, ...]]
    """Phrases by a whole word."""

    by_part: Mapping[str, tuple[Phrase, ...]]
    """Phrases by a part of the text: beginnings of words, and words of languages without spaces."""

    always: tuple[Phrase, ...]
    """Phrases of which no word is sure."""

    def likely(self, text: str, words: Set[str]) -> Iterable[Phrase]:
        """Return the phrases that may match a text with these words, each once."""
        found = dict.fromkeys(self.always)
        for word in self.by_word.keys() & words:
            found.update(dict.fromkeys(self.by_word[word]))
        for part, held in self.by_part.items():
            if part in text:
                found.update(dict.fromkeys(held))
        return found


@cache
def phrases(act: str, names: tuple[str, ...]) -> Act:
    """Return the phrases of an act in some languages."""
    words: dict[str, list[Phrase]] = {}
    parts: dict[str, list[Phrase]] = {}
    always: list[Phrase] = []
    for name in names:
        for phrase in _act(act, name):
            for anchor in phrase.anchors:
                whole = name not in UNSPACED and _WHOLE.fullmatch(anchor)
                (words if whole else parts).setdefault(anchor.rstrip("~"), []).append(phrase)
            if not phrase.anchors:
                always.append(phrase)
    return Act({k: tuple(v) for k, v in words.items()}, {k: tuple(v) for k, v in parts.items()}, tuple(always))


@cache
def _act(act: str, name: str) -> tuple[Phrase, ...]:
    held = _read(name)
    slots = {slot: " ".join(str(text).split()) for slot, text in held.get("slots", {}).items()}
    lines = map(str.strip, str(held.get("acts", {}).get(act, "")).splitlines())
    return tuple(
        compile_phrase(line, slots, spaced=name not in UNSPACED) for line in lines if line and not line.startswith("#")
    )


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return a file that is not of one language, as it is held."""
    return _read(name)
