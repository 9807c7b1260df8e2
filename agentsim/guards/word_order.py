"""Whether the words of an English sentence stand in an order that English has.

``phrases/word_order.yaml`` holds how much more often one class of words follows another than chance has it.
Little words are classes of their own (``same`` and ``parts`` make one of several), all others go by their endings. It
was counted on the English texts of the people and scenes that come along and on the docstrings of Python packages.
"""

import re
from functools import cache
from itertools import pairwise

from agentsim.guards.phrasebook import table
from agentsim.guards.reading import Reading, Span

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[,()\d\"]+")
_LEAST = 17
"""Words and marks of a sentence that can be judged."""
_STEP = 6 / 14
"""Between two letters of the table, in natural logarithms; ``h`` is chance."""
_WORST = -0.4
"""Mean of a sentence below which it has no order."""
_SURE = -6.5
"""Sum of a sentence below which that is no accident."""


def disordered(reading: Reading) -> Span | None:
    """Return the first sentence whose words follow each other as if shuffled."""
    for start, end in reading.sentences:
        if end - start < 50:
            continue
        part = reading.own[start:end]
        if any(map(str.isdigit, part)) or part.count(",") > 4 or "\x00" in part or not part.isascii():
            continue
        tokens = _tokens(part)
        if len(tokens) < _LEAST:
            continue
        rows, place = _table()
        # Words in a row without a little one between them are a list as often as they are salad.
        steps = [
            rows[place[one]][place[two]]
            for one, two in pairwise(tokens)
            if one != two and not (one[0] == "-" == two[0])
        ]
        total = sum(steps)
        if len(steps) >= 10 and total <= _SURE and total <= _WORST * len(steps):
            return start, end
    return None


@cache
def _table() -> tuple[list[list[float]], dict[str, int]]:
    held = table("word_order")
    rows = [[(ord(char) - ord("h")) * _STEP for char in row] for row in held["rows"]]
    return rows, {name: at for at, name in enumerate(held["classes"].split())}


def _tokens(sentence: str) -> list[str]:
    held = table("word_order")
    found = ["."]
    for word in _WORD.findall(sentence):
        if not word[0].isalpha():
            found.append(",")
            continue
        tail = next((tail for tail in held["parts"] if word.endswith(tail)), None)
        if tail is None:
            found.append(_class(word))
        else:
            stem = word[: -len(tail)]
            found += [_class({"ca": "can", "wo": "will"}.get(stem, stem)), held["parts"][tail]]
    return [*found, "."]


@cache
def _endings() -> tuple[str, ...]:
    return tuple(name[1:] for name in table("word_order")["classes"].split() if name[0] == "-" and name.strip("-"))


def _class(word: str) -> str:
    word = table("word_order")["same"].get(word, word)
    if word in _table()[1]:
        return word
    if len(word) > 4:
        for ending in _endings():
            if word.endswith(ending):
                return f"-{ending}"
    return "-" if len(word) > 3 else "--"
