"""In which language something is written: by its script, and by its little words."""

from collections import Counter
from functools import cache, lru_cache

from agentsim.guards.phrasebook import language, languages
from agentsim.guards.reading import Reading

_RANGES = (
    ("latin", 0x41, 0x24F),
    ("greek", 0x370, 0x3FF),
    ("cyrillic", 0x400, 0x52F),
    ("hebrew", 0x590, 0x5FF),
    ("arabic", 0x600, 0x6FF),
    ("arabic", 0x750, 0x77F),
    ("devanagari", 0x900, 0x97F),
    ("indic", 0x980, 0xDFF),
    ("thai", 0xE00, 0xE7F),
    ("georgian", 0x10A0, 0x10FF),
    ("hangul", 0x1100, 0x11FF),
    ("latin", 0x1E00, 0x1EFF),
    ("kana", 0x3040, 0x30FF),
    ("han", 0x3400, 0x4DBF),
    ("han", 0x4E00, 0x9FFF),
    ("hangul", 0xAC00, 0xD7AF),
)

_OF_SCRIPT = {"cyrillic": "ru", "arabic": "ar", "devanagari": "hi", "han": "zh", "kana": "ja", "hangul": "ko"}


@cache
def script_of(char: str) -> str:
    """Return the script of a letter; empty for what is none or of a script that is not told apart."""
    code = ord(char)
    if not char.isalpha() and not 0x900 <= code <= 0xDFF:
        return ""
    for name, first, last in _RANGES:
        if first <= code <= last:
            return name
    return ""


@lru_cache(maxsize=8192)
def scripts(text: str) -> Counter[str]:
    """Return how many letters of each script a text has; not to be changed by who gets it."""
    if text.isascii():
        letters = sum(map(str.isalpha, text))
        return Counter({"latin": letters} if letters else {})
    found: Counter[str] = Counter()
    for char, times in Counter(text).items():
        if name := script_of(char):
            found[name] += times
    return found


@cache
def _owners() -> dict[str, tuple[str, ...]]:
    # A little word counts for every language that has it.
    held: dict[str, list[str]] = {}
    for name in languages():
        for word in language(name).common:
            held.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in held.items()}


def little_words(words: list[str]) -> Counter[str]:
    """Return how many of the words are little words of each language."""
    owners = _owners()
    found: Counter[str] = Counter()
    for word in words:
        for name in owners.get(word, ()):
            found[name] += 1
    return found


@lru_cache(maxsize=4096)
def little_words_of(reading: Reading) -> Counter[str]:
    """Return how many words of a turn are little words of each language; not to be changed by who gets it."""
    return little_words(reading.words)


def strange_words(words: list[str], home: str) -> int:
    """Return how many of the words are little words of some language, and none of the home language."""
    owners = _owners()
    return sum(len(word) > 1 and home not in owners[word] for word in words if word in owners)


def tongue_of(readings: list[Reading]) -> str:
    """Return the language of some turns, as ISO 639-1 code; English where nothing tells."""
    letters: Counter[str] = Counter()
    for reading in readings:
        letters.update(scripts(reading.own))
    if not letters:
        return "en"
    if letters["kana"] > 0.08 * (letters["han"] + letters["kana"]):
        letters["kana"] += letters.pop("han", 0)
    main = max(letters, key=lambda name: (letters[name], name))
    if main != "latin":
        return _OF_SCRIPT.get(main, "en")
    found = little_words([word for reading in readings for word in reading.words])
    latin = [name for name in languages() if name not in _OF_SCRIPT.values()]
    return max(latin, key=lambda name: (found[name], name == "en")) if found else "en"
