"""Phrases that the measures look for: ``phrases.yaml``, read and compiled once."""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from agentsim.guards.phrase import Phrase, compile_phrase
from agentsim.guards.reading import read
from agentsim.measures.words import tongue

Act = Literal["request", "open", "push", "proof", "reversal"]
"""Asks without a question mark; asks for whatever there is; presses for speed; asks for proof or doubts; takes back."""

Group = Literal["negation", "numbers", "dates"]
"""Words that negate, that are numbers, that are days and months."""


def known(language: str) -> bool:
    """Return whether there are phrases of a language (BCP-47)."""
    return tongue(language) in _file()


def count(text: str, act: Act, language: str) -> int:
    """Return how many phrases of an act stand in a text, outside of quotations and code; overlapping ones are one.

    There are none in a language that is not ``known``.
    """
    own = read(text).own
    spans = sorted(
        match.span()
        for phrase in _phrases(act, tongue(language))
        if all(any(word.rstrip("~") in own for word in group) for group in phrase.needs)
        for match in phrase.pattern.finditer(own)
    )
    found, end = 0, -1
    for first, last in spans:
        found += first >= end
        end = max(end, last)
    return found


@cache
def group(name: Group, language: str) -> frozenset[str]:
    """Return the words of a group in a language; none where it is not ``known``."""
    return frozenset(_file().get(tongue(language), {}).get(name, "").split())


@cache
def _file() -> dict[str, dict[str, str]]:
    held: dict[str, dict[str, str]] = yaml.safe_load(
        (Path(__file__).parent / "phrases.yaml").read_text(encoding="utf-8")
    )
    return held


@cache
def _phrases(act: Act, name: str) -> tuple[Phrase, ...]:
    lines = _file().get(name, {}).get(act, "").splitlines()
    kept = (line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return tuple(phrase for line in kept for phrase in compile_phrase(line, {}))
