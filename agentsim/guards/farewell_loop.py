"""Goodbyes that do not end."""

from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Span
from agentsim.schema import Finding

_SHORT = 3
"""Words of a last short word that may follow two goodbyes."""


def farewell_loop(prepared: Prepared) -> list[Finding]:
    """Find the first goodbye that is one too many after goodbye was said and returned."""
    found: list[Finding] = []
    said: list[int] = []
    reported = False
    if prepared.situation.lesson:
        return []  # where goodbyes are taught, they are the work
    for position in range(len(prepared)):
        closes, bids = _closes(prepared, position)
        if not said:
            if bids:
                said = [position]
            continue
        if not closes:
            said, reported = ([position] if bids else []), False
            continue
        said.append(position)
        if reported or len(said) < 3 or not _both(prepared, said):
            continue
        # One short word after goodbye and goodbye is no loop yet; what comes after it makes it one.
        extra = said[2:]
        long = [
            at
            for at in extra
            if len(prepared.readings[at].words) > _SHORT * (2 if prepared.readings[at].unspaced else 1)
        ]
        if len(extra) >= 2 or (long and len(prepared.readings[long[0]].words) >= 6 and bids):
            reported = True
            spans = _closing(prepared, extra[0])
            span = prepared.readings[extra[0]].sentence_of(spans[0]) if spans else None
            found.append(
                prepared.finding(
                    extra[0],
                    "farewell_loop",
                    0.95 if len(extra) >= 2 else 0.72,
                    span,
                    "goodbye was already said and returned",
                )
            )
    return found


def _both(prepared: Prepared, said: list[int]) -> bool:
    return len({prepared.turns[at].speaker for at in said[:2]}) > 1


def _closing(prepared: Prepared, position: int) -> list[Span]:
    return sorted(span for act in ("farewell", "thanks", "done") for span in prepared.spans(position, act))


def _closes(prepared: Prepared, position: int) -> tuple[bool, bool]:
    """Return whether a turn has nothing but closing words, and whether it says goodbye at all."""
    reading = prepared.readings[position]
    spans = _closing(prepared, position)
    bids = prepared.has(position, "farewell")
    words = len(reading.places)
    if not words:
        # An emoji after a goodbye is one more goodbye; a blank is not.
        return bool(reading.text.strip() and not reading.code), False
    if reading.asks or not spans:
        return (words <= 2 and not reading.asks), False
    assents = list(prepared.spans(position, "assent"))
    left = reading.rest([*spans, *assents])
    # A short goodbye has room for a name and a kind word; whatever has figures in it is news.
    news = any(char.isdigit() for char in reading.own)
    room = 3 if news or not bids else 6
    return left <= max(room if not reading.unspaced else 7 + 2 * (room - 3), 0.34 * words), bids
