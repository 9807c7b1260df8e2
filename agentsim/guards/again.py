"""A turn in which its speaker says again what the speaker said before."""

from collections.abc import Sequence
from itertools import pairwise

from agentsim.guards.echo import LONG, Judged, same
from agentsim.guards.likeness import Likeness, likeness, overlap
from agentsim.guards.prepared import Prepared

RUN = 12
"""Words in a row that nobody says again by chance."""


def again(prepared: Prepared, position: int) -> Judged | None:
    """Judge whether a turn is an earlier turn of its speaker once more, whether the last one or one further back."""
    situation, speaker = prepared.situation, prepared.turns[position].speaker
    played = prepared.has_text(prepared.talk.task, "play") and not prepared.has(position, "label_order")
    named = sum(prepared.has(at, "play") for at in range(position))
    staged = situation.kind == "practice" or played or named > 1
    own = [at for at in range(position - 1, -1, -1) if prepared.turns[at].speaker == speaker]
    if not (staged or named) and any(same(prepared, position, at) for at in own if at < position - 1):
        return 0.92, "says an earlier turn of its own again, word for word"
    reading = prepared.readings[position]
    protested = prepared.reaction(position, "to_echo")
    long = len(set(prepared.content(reading))) >= LONG and situation.kind != "practice" and not played
    if not own or (staged and not protested and not long):
        return None
    if len(set(prepared.content(reading))) < (6 if reading.unspaced else 3):
        return None
    if not protested and not long and prepared.has(position, "again"):
        return None  # who says himself that he says it again, since it was not answered or not understood
    for earlier in own:
        if not (staged or named) and _recites(prepared, position, earlier):
            return 0.8, "recites an earlier turn of its own"
        if overlap(prepared, position, earlier) < (0.25 if protested else 0.4 if prepared.tongue == "en" else 0.45):
            continue
        if _has_reason(prepared, position, earlier):
            continue
        told = likeness(prepared, position, [earlier])
        if staged and not protested and told.score < 0.85:
            continue
        if _repeats(prepared, position, earlier, told, protested):
            last = earlier == own[0]
            return (0.93 if protested else 0.8), f"says {'its own' if last else 'an earlier'} turn again"
    return None


def _recites(prepared: Prepared, position: int, earlier: int) -> bool:
    """Return whether a good part of a turn stood in an earlier one, a dozen words in a row or more."""
    reading, before = prepared.readings[position], prepared.readings[earlier]
    if reading.code or before.code or reading.unspaced or prepared.has(position - 1, "rework"):
        return False
    fresh = set(prepared.content(reading)) - set(prepared.content(before))
    if fresh & set(prepared.content(prepared.readings[position - 1])):
        return False  # a draft that was changed as the other asked
    runs = set(zip(*(before.stems[shift:] for shift in range(RUN)), strict=False))
    shared = [at for at, run in enumerate(zip(*(reading.stems[n:] for n in range(RUN)), strict=False)) if run in runs]
    told = {at + shift for at in shared for shift in range(RUN)}
    return len(told) >= 0.35 * max(1, len(reading.stems))


def _repeats(prepared: Prepared, position: int, earlier: int, told: Likeness, protested: bool) -> bool:
    reading, before = prepared.readings[position], prepared.readings[earlier]
    if reading.code and before.code:
        return reading.low.split() == before.low.split() or (
            told.score >= 0.9 and not _revised(prepared, position, told)
        )
    if protested:
        return told.share >= 0.5
    if told.counted < (2.2 if reading.asks else 3.0) or (told.numbers and told.counted < 12):
        return False
    leads = prepared.turns[position].speaker == prepared.situation.leader
    if not leads and _revised(prepared, position, told) and reading.stems != before.stems:
        return False
    long = told.counted >= LONG
    if reading.unspaced and leads and told.share >= 0.5 and told.cover >= 0.7:
        return not reading.asks or before.asks
    if (told.moved and not (long and told.share >= 0.7)) or (reading.asks and not before.asks):
        return False
    if long:
        return told.score >= 0.72
    if told.fresh and told.cover < 1 and not reading.unspaced and _parallel(reading.stems, before.stems):
        return False  # the same sentence about something else
    if reading.unspaced:
        return told.share >= 0.8 and told.cover >= 0.7
    if leads and told.cover >= 0.79 and told.share >= 0.52 and told.counted >= 4 and len(told.fresh) <= 4:
        return True
    few = len(told.fresh) <= (2 if told.counted >= 5 else 1)
    if leads:
        if prepared.has(position, "label_order") and told.share < 0.8:
            return False
        return few and told.share >= 0.56 and told.cover >= 0.56 and told.share + told.cover >= 1.26
    return few and told.share >= 0.66 and told.cover >= 0.72


def _parallel(stems: Sequence[str], earlier: Sequence[str]) -> bool:
    pairs = set(pairwise(stems))
    return len(pairs & set(pairwise(earlier))) >= 0.6 * len(pairs)


def _revised(prepared: Prepared, position: int, told: Likeness) -> bool:
    """Return whether what is new was asked for by the other: a draft that was changed, a list that grows."""
    if position == 0 or prepared.turns[position - 1].speaker == prepared.turns[position].speaker:
        return False
    if prepared.has(position - 1, "rework"):
        return True
    asked = set(prepared.content(prepared.readings[position - 1]))
    return bool(told.fresh) and any(stem in asked for stem in told.fresh)


def _has_reason(prepared: Prepared, position: int, earlier: int) -> bool:
    """Return whether the turn was not answered, or not understood."""
    last = position - 1
    if last == earlier:
        return False
    leads = prepared.turns[position].speaker == prepared.situation.leader
    if not leads and prepared.readings[last].asks and earlier > 0 and overlap(prepared, last, earlier - 1) >= 0.6:
        return True  # the same question gets the same answer
    return prepared.has(last, "again") or _says_nothing(prepared, last, leads and last == earlier + 1)


def _says_nothing(prepared: Prepared, position: int, waited: bool) -> bool:
    reading = prepared.readings[position]
    if not any(char.isalnum() for char in reading.text):
        return True
    if len(reading.text) < 40 and reading.text.strip()[:1] in "[(":
        return True
    # A promise or a question back has not answered yet.
    promised = prepared.has(position, "promise") and not reading.code and not reading.asks and len(reading.words) < 40
    return waited and (promised or (reading.asks and len(reading.words) < 10 and len(reading.sentences) == 1))
