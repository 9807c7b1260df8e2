"""Texts as the measures count them: words in order, stems that carry content, sentences."""

import re
import unicodedata
from functools import lru_cache

from agentsim.guards.phrase import LETTER
from agentsim.guards.phrasebook import languages, table
from agentsim.guards.reading import folded

# Han, kana, Thai, Lao, Burmese, Khmer: written without spaces, so a character is counted where others have a word.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_ALONE = re.compile(f"[{_SPACELESS}]")
_WORD = re.compile(rf"\d+(?:[.,:]\d+)*|[{_SPACELESS}]|(?:(?![{_SPACELESS}])(?:{LETTER}))+(?:'(?:{LETTER})+)*")
_SENTENCE = re.compile(r"(?<=[.!?…؟।])[\"'”»)*_]*\s+|(?<=[。！？])|\n+")
_APOSTROPHES = str.maketrans("’ʼ‘", "'''")


@lru_cache(maxsize=16384)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, in order and in lower case; of scripts without spaces, the characters."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold()))


def is_character(word: str) -> bool:
    """Return whether a word is one character of a script without spaces."""
    return len(word) == 1 and _ALONE.match(word) is not None


def tongue(language: str) -> str:
    """Return the ISO 639-1 code of a BCP-47 one."""
    return language.replace("_", "-").split("-")[0].lower()


@lru_cache(maxsize=16384)
def content(text: str, language: str) -> frozenset[str]:
    """Return the stems of the words that carry content; of scripts without spaces, the pairs of characters.

    A stem is the first six letters without accents. Where the little words of a language are not known, words of
    three letters and more are taken for content.
    """
    little = _little(tongue(language))
    found, before = set(), ""
    for word in words(text):
        if is_character(word):
            if before:
                found.add(before + word)
            before = word
            continue
        before = ""
        plain = word.removesuffix("'s")
        if plain[0].isdigit() or (len(plain) > 2 and plain not in little):
            stem = folded(plain)
            found.add(stem[:-1] if len(plain) <= 6 and len(stem) > 3 and stem.endswith("s") else stem)
    return frozenset(found)


@lru_cache(maxsize=16384)
def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text; a line is one by itself."""
    return tuple(part.strip() for part in _SENTENCE.split(text) if part.strip())


@lru_cache(maxsize=64)
def _little(name: str) -> frozenset[str]:
    return frozenset(table(name)["common"].split()) if name in languages() else frozenset()
