"""A turn that hands back what the other just said."""

import re

from agentsim.guards.likeness import Likeness, likeness, overlap
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import read

Judged = tuple[float, str]
"""Confidence and what was found."""

LONG = 15.0
"""Weight of words from which two turns are not alike by chance."""

_INPUT = re.compile(r"[:：\n]")


def echo(prepared: Prepared, position: int) -> Judged | None:
    """Judge whether a turn is nothing but the other's last turn, whether word for word or in other words."""
    other = prepared.before(position)
    if other is None:
        return None
    situation, reading = prepared.situation, prepared.readings[position]
    direct = other == position - 1
    if situation.kind != "practice" and direct and same(prepared, position, other):
        return 0.95, "hands back what the other just said, word for word"
    content = set(prepared.content(reading))
    if len(content) < (6 if reading.unspaced else 3):
        return None
    drill = situation.kind == "practice" or situation.lesson
    if not drill and direct and _restates(prepared, position, other):
        return 0.72, "says what was asked for and does none of it"
    protested = prepared.reaction(position, "to_echo")
    if not (direct or protested) or situation.kind == "practice" or (drill and len(content) < LONG):
        return None
    if _echoes(prepared, position, other, protested):
        return (0.93 if protested else 0.82), "hands back what the other just said"
    return None


def same(prepared: Prepared, position: int, earlier: int) -> bool:
    """Return whether a turn is an earlier one, word for word, quotations included."""
    reading, before = prepared.readings[position], prepared.readings[earlier]
    if (reading.asks and not before.asks) or reading.code or prepared.has(earlier, "play"):
        return False  # read back to be confirmed, quoted, or said after the other as a drill
    return len(reading.stems) >= (8 if reading.unspaced else 5) and reading.stems == before.stems


def _restates(prepared: Prepared, position: int, other: int) -> bool:
    """Return whether the working side's turn only says what is wanted of it."""
    reading = prepared.readings[position]
    if prepared.turns[position].speaker == prepared.situation.leader or reading.asks or reading.code:
        return False
    if not prepared.readings[other].asks and not prepared.has(other, "order") and not prepared.has(other, "need"):
        return False
    spans = prepared.spans(position, "restate")
    said = [(start, end) for start, end in reading.sentences if len(reading.low[start:end].split()) > 3]
    if not spans or not all(any(start <= a < end for a, _ in spans) for start, end in said or reading.sentences):
        return False
    if prepared.tongue == "en":
        return True
    told = likeness(prepared, position, [other])
    return told.share >= 0.6 and not told.numbers


def _echoes(prepared: Prepared, position: int, other: int, protested: bool) -> bool:
    reading, before = prepared.readings[position], prepared.readings[other]
    if reading.code and not before.code:
        return False
    # Read back to be confirmed: numbers, or a question about what was meant.
    if prepared.has(other, "again") or (reading.asks and not before.asks):
        return False
    content = prepared.content(reading)
    if not protested and sum(any(char.isdigit() for char in stem) for stem in content) >= 0.3 * len(content):
        return False
    framed = prepared.has(position, "restate")
    if overlap(prepared, position, other) < (0.25 if framed or protested or prepared.tongue == "en" else 0.4):
        return False
    if _works_on_input(prepared, position, other, set(content)):
        return False
    told = likeness(prepared, position, [other])
    if protested:
        return told.share >= 0.5 and not told.moved
    if told.counted >= LONG and not before.asks and told.share >= 0.7 and told.score >= 0.72:
        return True
    both = prepared.own_before(other)
    if framed and not reading.asks and both is not None and told.share < 0.68:
        # What the other said a turn ago and just now, taken together.
        told = likeness(prepared, position, [both, other])
    if told.moved or told.numbers or told.counted < (1.9 if told.score == 1 else 2.2):
        return False
    if framed and not reading.asks:
        return told.share >= 0.68 and told.cover >= 0.25
    if reading.unspaced:
        return told.share >= 0.72 and told.cover >= 0.6 and (reading.asks or not before.asks)
    if before.asks:
        return _hands_back_question(prepared, position, other, told)
    return told.share >= 0.78 and told.cover >= 0.6 and not _list_grows(prepared, position, other, told)


def _hands_back_question(prepared: Prepared, position: int, other: int, told: Likeness) -> bool:
    reading = prepared.readings[position]
    if reading.asks:
        return told.share >= 0.85 and told.cover >= 0.6 and len(told.fresh) <= 1
    # To a question for yes or no the same words are an answer.
    open_ = prepared.has(other, "wh")
    return open_ and not told.fresh and told.share >= 0.85 and told.cover >= 0.6


def _list_grows(prepared: Prepared, position: int, other: int, told: Likeness) -> bool:
    return bool(told.fresh) and all(prepared.readings[at].low.count(",") >= 2 for at in (position, other))


def _works_on_input(prepared: Prepared, position: int, other: int, content: set[str]) -> bool:
    """Return whether a turn has the words of what it was given to work on, but not those of the order."""
    reading = prepared.readings[other]
    before = reading.low
    if prepared.has(other, "rework") and not prepared.has(position, "rework"):
        return True
    head = _INPUT.split(re.sub(r"^\s*\S+\s*[:：]\s*", "", before), maxsplit=1)[0]
    if len(head) > 0.8 * len(before):
        return False
    wanted = set(prepared.content(read(head)))
    return len(wanted) >= 2 and len(wanted & content) < 0.4 * len(wanted)
