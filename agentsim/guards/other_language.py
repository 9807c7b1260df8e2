"""A turn in another language than the conversation's, by its script or by its little words."""

import re
from collections import Counter

from agentsim.guards.phrasebook import language, languages
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Reading, Span
from agentsim.guards.tongue import little_words, little_words_of, scripts, strange_words


def other_language(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    """Return how surely a turn is in another language without reason, where, and in words; ``None`` if it is not."""
    if prepared.situation.lesson or prepared.situation.kind == "practice":
        return None
    # A first turn is in the conversation's language unless that is known.
    if position == 0 and (not prepared.talk.language or prepared.tongue in _SCRIPTS_OF):
        return None
    reading = prepared.readings[position]
    if any(prepared.has(at, "names") for at in range(position + 1)) or prepared.has_text(
        " ".join(prepared.talk.instructions.values()), "names"
    ):
        return None
    found = _other_script(prepared, position) or _other_words(prepared, reading)
    if found is None:
        return None
    # Who answers in the language he is spoken to in has his reason; so has who has used it before.
    for at in range(position):
        earlier = prepared.readings[at]
        if _same_language(earlier, reading, found[1]):
            return None
    return found


_SCRIPTS_OF = {
    "ru": {"cyrillic"},
    "ar": {"arabic"},
    "hi": {"devanagari"},
    "zh": {"han"},
    "ja": {"han", "kana"},
    "ko": {"hangul", "han"},
}


def _same_language(earlier: Reading, reading: Reading, span: Span) -> bool:
    if earlier.words and scripts(reading.own)["latin"] and not earlier.unspaced:
        # Hindi or Russian in Latin letters is still itself.
        letters = scripts(earlier.own)
        if letters["latin"] >= 0.6 * max(1, sum(letters.values())) and not scripts(reading.own) - Counter(latin=10**6):
            words = little_words_of(reading)
            if not words or max(words.values()) < 0.25 * len(reading.words):
                return True
    foreign = scripts(reading.own[span[0] : span[1]])
    main = max(foreign, key=lambda name: foreign[name]) if foreign else ""
    if main != "latin":
        return scripts(earlier.own)[main] >= 4
    words = little_words([reading.own[a:b] for a, b in reading.places if span[0] <= a < span[1]])
    there = little_words_of(earlier)
    if not words:
        return len(earlier.words) > 0 and scripts(earlier.own)["latin"] >= 0.6 * max(
            1, sum(scripts(earlier.own).values())
        )
    top = max(words, key=lambda name: (words[name], name))
    return there[top] >= 3 and there[top] >= max(there.values())


def _other_script(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    reading = prepared.readings[position]
    letters = scripts(reading.own)
    if prepared.tongue not in languages() and not prepared.talk.language:
        return None
    own = _own_scripts(prepared)
    for name, number in letters.items():
        if name in own:
            continue
        least = 4 if name in ("han", "kana", "hangul") else 12
        if name == "latin":
            # Names, units and brands are written in Latin letters everywhere.
            held = [span for span in reading.sentences if _latin_sentence(reading, span)]
            if number < 20 or not held:
                continue
            return 0.88, held[0], "another language all of a sudden"
        if number < least:
            continue
        span = _script_span(reading, name)
        if span is not None:
            return 0.9, span, "another language all of a sudden"
    return None


def _own_scripts(prepared: Prepared) -> set[str]:
    """Return the scripts of the conversation's language; of one that is not known, those its first turn is in."""
    if prepared.tongue in _SCRIPTS_OF:
        return _SCRIPTS_OF[prepared.tongue]
    if prepared.tongue in languages():
        return {"latin"}
    first = next((found for reading in prepared.readings if (found := scripts(reading.own))), Counter({"latin": 1}))
    return {"latin"} | {name for name, times in first.items() if times >= 0.2 * first.total()}


def _latin_sentence(reading: Reading, span: Span) -> bool:
    """Return whether a sentence is one of a language in Latin letters: such a language's little words hold it."""
    words = [reading.own[a:b] for a, b in reading.places if span[0] <= a < span[1]]
    hits = little_words([word for word in words if word.isascii() or scripts(word)["latin"]])
    name, times = max(hits.items(), key=lambda one: (one[1], one[0]), default=("", 0))
    return (
        times >= (3 if name == "en" else 5)
        and times >= 0.3 * len(words)
        and len({word for word in words if word in language(name).common}) >= 3
    )


_SPANS = {
    "han": r"[\u3400-\u9fff]",
    "kana": r"[\u3040-\u30ff]",
    "hangul": r"[\uac00-\ud7af]",
    "cyrillic": r"[\u0400-\u052f]",
    "arabic": r"[\u0600-\u077f]",
    "devanagari": r"[\u0900-\u097f]",
    "greek": r"[\u0370-\u03ff]",
    "hebrew": r"[\u0590-\u05ff]",
    "thai": r"[\u0e00-\u0e7f]",
    "georgian": r"[\u10a0-\u10ff]",
    "indic": r"[\u0980-\u0dff]",
    "latin": r"[A-Za-z\u00c0-\u024f]",
}


def _script_span(reading: Reading, name: str) -> Span | None:
    letter = _SPANS[name]
    gap = r"[^\w\x00]{0,4}" if name not in ("han", "kana") else r"[^\wA-Za-z\x00]{0,3}\d{0,4}"
    runs = [match.span() for match in re.finditer(rf"{letter}(?:(?:{gap})?[\u3040-\u30ff]?{letter})*", reading.own)]
    if not runs:
        return None
    longest = max(runs, key=lambda run: run[1] - run[0])
    return longest if longest[1] - longest[0] >= (4 if name in ("han", "kana", "hangul") else 10) else None


_COMMA = re.compile(r"[,;:]\s")


def _clauses(reading: Reading) -> list[Span]:
    """Return the sentences, and the parts between their commas."""
    found = []
    for start, end in reading.sentences:
        found.append((start, end))
        at = start
        for match in _COMMA.finditer(reading.own, start, end):
            found.append((at, match.start()))
            at = match.end()
        if at > start:
            found.append((at, end))
    return found


_CODE_SIGNS = re.compile(r"[(){}=<>\[\]_]|::|\bimport\b|\bdef\b")


def _other_words(prepared: Prepared, reading: Reading) -> tuple[float, Span, str] | None:
    if prepared.tongue in _SCRIPTS_OF or len(reading.words) < 5:
        return None
    home = prepared.tongue
    if home not in languages() or strange_words(reading.words, home) < 3:
        return None
    for start, end in _clauses(reading):
        words = [reading.own[a:b] for a, b in reading.places if start <= a < end]
        if len(words) < 5 or len(_CODE_SIGNS.findall(reading.own[start:end])) >= 2:
            continue
        hits = little_words(words)
        if not hits:
            continue
        own = language(home).common
        top = max((name for name in hits if name != home), key=lambda name: (hits[name], name), default=None)
        if top is None:
            continue
        strange = [word for word in words if len(word) > 1 and word in language(top).common and word not in own]
        if (
            len(strange) >= 3
            and len(set(strange)) >= 2
            and len(strange) >= 0.25 * len(words)
            and hits[home] <= 0.5 * hits[top]
        ):
            return 0.85, (start, end), "another language all of a sudden"
    return None
