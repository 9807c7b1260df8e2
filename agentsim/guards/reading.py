"""A turn as it is read: lower case, code and quotations set apart, words and sentences with their places."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

from agentsim.guards.phrase import HIDDEN, LETTER, MARKED, Phrase
from agentsim.guards.phrasebook import book

Span = tuple[int, int]
"""First character and the one after the last."""

LONGEST = 6000
"""Characters of a turn that are read; the rest of a longer one is not looked at."""

_QUOTES = re.compile(
    r"“[^”\n]{1,400}”|„[^“”\n]{1,400}[“”]|«[^»\n]{1,400}»|»[^«\n]{1,400}«|「[^」\n]{1,400}」|『[^』\n]{1,400}』"
    r"|(?<![\w\"])\"[^\"\n]{1,400}\"(?!\w)|‘[^’\n]{3,400}’(?!\w)|(?<!\w)'[^'\n]{3,200}'(?!\w)"
)
_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]{1,300}`|\$\$.+?\$\$|https?://\S+", re.S)
_QUOTED_LINES = re.compile(r"^(?:>|\|).*$", re.M)
_LOWER = {ord("’"): "'", ord("ʼ"): "'", ord("‘"): "'", ord("`"): "'", ord("\u00a0"): " ", ord("İ"): "i"}
_WORD = re.compile(rf"{LETTER}+(?:['-]{LETTER}+)*")
_JOINT = re.compile("['-]")
_BREAK = re.compile(
    r"(?<=[.!?…।؟])[\"'”»)*_]*\s+|\s*\n+\s*|(?<=[。！？])|(?<=[!?])(?=[\u3040-\u30ff\u3400-\u9fff])|(?<=;)\s+"
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")


def lowered(text: str) -> str:
    """Return the text in lower case with plain apostrophes and full-width forms made narrow; as long as before."""
    low = text.lower()
    if low.isascii():
        return low.replace("`", "'")
    if len(low) != len(text):
        low = "".join(one if len(one := char.lower()) == 1 else char for char in text)
    low = low.translate(_LOWER)
    if any("\uff01" <= char <= "\uff5e" for char in low):
        low = "".join(chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char for char in low).lower()
    return low


@lru_cache(maxsize=65536)
def folded(word: str) -> str:
    """Return the stem by which words are compared: without accents, at most six letters."""
    if not word.isascii():
        plain = unicodedata.normalize("NFD", word)
        kept = "".join(char for char in plain if not ("\u0300" <= char <= "\u036f"))
        word = kept or word
    return word[:6]


def _hide(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(lambda match: HIDDEN * len(match.group()), text)


class Reading:
    """One turn, read once. Places are those of the turn's own text."""

    def __init__(self, text: str) -> None:
        self.text = text
        low = lowered(text[:LONGEST])
        self.low = low
        # What carries the speaker's own words: code and quotations are somebody else's.
        bare = _hide(low, _CODE) if "`" in text or "~~~" in text or "$$" in text or "http" in low else low
        self.prose = bare
        if any(char in bare for char in "\"“„«»「『‘'"):
            quoted = _hide(bare, _QUOTES)
            # A turn that is one quotation is meant as its speaker's words.
            if len(quoted.replace(HIDDEN, "").strip(" .!?\n*_")) >= 0.25 * len(bare.strip()):
                bare = quoted
        if ">" in bare or "|" in bare:
            bare = _hide(bare, _QUOTED_LINES)
        if "*" in bare or "_" in bare:
            bare = (
                bare.replace("**", "  ").replace("__", "  ").replace("*", " ").replace("_ ", "  ").replace(" _", "  ")
            )
        self.own = bare
        self._spans: dict[tuple[str, tuple[str, ...]], tuple[Span, ...]] = {}
        self._acts: dict[tuple[str, ...], frozenset[str]] = {}
        self._content: dict[frozenset[str], list[str]] = {}
        self._likely: dict[tuple[str, ...], Mapping[str, Sequence[Phrase]]] = {}

    @cached_property
    def code(self) -> bool:
        """Whether a block of code stands in it."""
        return "```" in self.text or "~~~" in self.text

    @cached_property
    def unspaced(self) -> bool:
        """Whether it is mostly written without spaces between words."""
        return len(_UNSPACED.findall(self.low)) > 0.3 * max(1, len(self.low.replace(" ", "")))

    @cached_property
    def words(self) -> list[str]:
        """Words of the speaker's own; of text without spaces, pairs of characters."""
        return [self.own[start:end] for start, end in self.places]

    @cached_property
    def places(self) -> list[Span]:
        """Where the words stand."""
        return word_places(self.own, self.unspaced)

    @cached_property
    def stems(self) -> list[str]:
        """Words of the whole turn, with code and quotations, folded."""
        return [folded(self.low[start:end]) for start, end in word_places(self.low, self.unspaced)]

    def content(self, little: frozenset[str]) -> list[str]:
        """Return the words of the whole turn that carry content, folded, in order.

        Args:
            little: folded words that carry none.
        """
        held = self._content.get(little)
        if held is None:
            held = self._content[little] = [
                stem
                for stem in self.stems
                if stem not in little and (len(stem) > 2 or not stem.isascii() or stem.isdigit())
            ]
        return held

    @cached_property
    def size(self) -> int:
        """How many words it has, about; code and quotations count."""
        if not self.unspaced:
            return len(self.low.split())
        return len(self.stems) * 2 // 3

    @cached_property
    def sentences(self) -> list[Span]:
        """Places of its sentences; lines are sentences of their own."""
        found, start = [], 0
        for match in _BREAK.finditer(self.own):
            if self.own[start : match.start()].strip():
                found.append((start, match.start()))
            start = match.end()
        if self.own[start:].strip():
            found.append((start, len(self.own)))
        return found

    @cached_property
    def asks(self) -> bool:
        """Whether a question mark stands in the speaker's own words."""
        return any(mark in self.own for mark in "?？؟")

    @cached_property
    def _word_set(self) -> frozenset[str]:
        """Its words and, where an apostrophe or hyphen joins several, their parts."""
        words = set(_WORD.findall(self.own))
        joined = [word for word in words if "'" in word or "-" in word]
        for word in joined:
            parts = _JOINT.split(word)
            words.update(parts)
            words.update(word[: match.start()] for match in _JOINT.finditer(word))
            words.update(word[match.end() :] for match in _JOINT.finditer(word))
        return frozenset(words)

    @cached_property
    def _marked(self) -> bool:
        return not self.own.isascii() and MARKED.search(self.own) is not None

    def spans(self, act: str, tongues: tuple[str, ...]) -> tuple[Span, ...]:
        """Return where phrases of an act stand, in the order of the text."""
        key = (act, tongues)
        if key not in self._spans:
            likely = self._likely.get(tongues)
            if likely is None:
                likely = self._likely[tongues] = book(tongues).likely(self.own, self._word_set)
            found: set[Span] = set()
            for phrase in likely.get(act, ()):
                pattern = phrase.pattern if self._marked else phrase.plain
                found.update(match.span() for match in pattern.finditer(self.own) if match.end() > match.start())
            self._spans[key] = tuple(sorted(found))
        return self._spans[key]

    def has(self, act: str, tongues: tuple[str, ...]) -> bool:
        """Return whether a phrase of the act stands in it."""
        return bool(self.spans(act, tongues))

    def acts(self, tongues: tuple[str, ...]) -> frozenset[str]:
        """Return the acts of which a phrase stands in it."""
        held = self._acts.get(tongues)
        if held is None:
            self.spans("", tongues)  # finds which are likely
            held = self._acts[tongues] = frozenset(act for act in self._likely[tongues] if self.spans(act, tongues))
        return held

    def sentence_of(self, span: Span) -> Span:
        """Return the sentence in which a place lies."""
        for start, end in self.sentences:
            if start <= span[0] < end:
                return start, end
        return span

    def rest(self, spans: Sequence[Span]) -> int:
        """Return how many words lie outside the places."""
        if not spans:
            return len(self.places)
        return sum(1 for start, end in self.places if not any(a < end and start < b for a, b in spans))


def word_places(text: str, unspaced: bool) -> list[Span]:
    """Return the places of the words of a text, or of pairs of characters where words are not set apart."""
    places = [match.span() for match in _WORD.finditer(text)]
    if not unspaced:
        return places
    found: list[Span] = []
    for start, end in places:
        runs = [match.span() for match in _RUN.finditer(text, start, end)]
        if not runs:
            found.append((start, end))
            continue
        at = start
        for first, last in runs:
            if at < first:
                found.append((at, first))
            found += (
                [(index, index + 2) for index in range(first, max(first + 1, last - 1))]
                if last - first > 1
                else [(first, last)]
            )
            at = last
        if at < end:
            found.append((at, end))
    return found


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """Return the turn as it is read; the last thousands are kept."""
    return Reading(text)
