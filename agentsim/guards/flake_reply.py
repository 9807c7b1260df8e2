"""A promise in place of the work."""

import re

from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Span, folded, read
from agentsim.schema import Finding

_LIST = re.compile(r"^[ \t]*(?:[-*•・]|\d+[.)、])[ \t]*\S", re.M)
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_HERE = re.compile(r"[:：]\s*\**\s*\S+(?:\s+\S+){2,}|[:：]\s*\S{6,}|[—–]\s*\S+(?:\s+\S+){4,}")


def flake_reply(prepared: Prepared) -> list[Finding]:
    """Find turns of the working side that promise or agree and do nothing of it."""
    found = []
    for position in range(1, len(prepared)):
        best = _flake(prepared, position)
        if best is not None:
            found.append(
                prepared.finding(position, "flake_reply", best[0], best[1], "promises the work and does none of it")
            )
    return found


def _flake(prepared: Prepared, position: int) -> tuple[float, Span] | None:
    situation = prepared.situation
    speaker = prepared.turns[position].speaker
    if (speaker == situation.leader and speaker != situation.serve) or situation.kind == "peers":
        return None
    if situation.kind == "practice" and situation.leader != situation.serve:
        return None
    # Who is served promises nothing to work on; an applicant is asked to show what he can.
    if speaker != situation.serve and situation.kind != "interview":
        return None
    reading = prepared.readings[position]
    before = position - 1
    if prepared.turns[before].speaker == speaker or not reading.own.strip(" \x00\n"):
        return None
    if prepared.talk.over and position + 1 < len(prepared) and prepared.turns[position + 1].speaker == speaker:
        return None
    # Who holds an interview goes on to the next question in any case.
    nudged = situation.kind == "service" and prepared.reaction(position, "to_flake")
    promises, assents = prepared.spans(position, "promise"), prepared.spans(position, "assent")
    if not promises and _ordered(prepared, before):
        promises = prepared.spans(position, "will_any")
    if (not promises and not assents) or prepared.has(position, "leak"):
        return None
    if reading.code or len(_LIST.findall(reading.text)) >= 2 or not _is_request(prepared, before, nudged):
        return None
    if "\x00" in reading.own and not nudged:
        return None
    prose = reading.own
    if any(_is_new(prepared, before, match.group()) for match in _HERE.finditer(_without_label(prose))):
        return None
    if reading.asks and not _only_rhetoric(prepared, position):
        return None
    if set(_DIGITS.findall(prose)) - {
        number for at in range(position) for number in _DIGITS.findall(prepared.turns[at].text)
    }:
        return None
    put_off = prepared.has(position, "later") or (prepared.has(before, "later") and not _ordered(prepared, before))
    if put_off and not (nudged and promises):
        return None
    idle = (
        list(promises)
        + list(assents)
        + list(prepared.spans(position, "thanks"))
        + list(prepared.spans(position, "more"))
    )
    idle += list(prepared.spans(position, "restate")) + list(prepared.spans(position, "praise"))
    left = 0
    wanted = set(prepared.content(prepared.readings[before]))
    for sentence in reading.sentences:
        if any(sentence[0] <= start < sentence[1] for start, _ in idle):
            continue
        words = [reading.own[start:end] for start, end in reading.places if sentence[0] <= start < sentence[1]]
        # Praise of the request, and the request said again, are no work either.
        told = [word for word in words if folded(word) not in prepared.little]
        if promises and told and sum(folded(word) in wanted for word in told) >= 0.5 * len(told):
            continue
        left += len(words)
    total = len(reading.places)
    allowed = max(4, 0.2 * total) if not nudged else max(12, 0.55 * total)
    if left > allowed:
        return None
    if promises:
        span = reading.sentence_of(max(promises, key=lambda place: place[1] - place[0]))
        return (0.95 if nudged else 0.82), span
    # Assent alone: an answer to a question, unless work was asked for and its lack is felt.
    ordered = _ordered(prepared, before) and not reading.asks
    bare = left == 0 and total >= 2 and not re.search(r"[:：]", prose)
    if bare and (nudged or (ordered and not prepared.readings[before].asks)):
        return (0.85 if nudged else 0.7), reading.sentences[0]
    return None


def _ordered(prepared: Prepared, position: int) -> bool:
    return prepared.has(position, "order") or prepared.has(position, "label_order")


def _is_new(prepared: Prepared, before: int, text: str) -> bool:
    """Return whether a text says mostly what was not in the request."""
    told = prepared.content(read(text))
    wanted = set(prepared.content(prepared.readings[before]))
    return sum(stem in wanted for stem in told) < 0.5 * max(1, len(told))


def _without_label(prose: str) -> str:
    return re.sub(r"^\s*\**[^\W\d_]+\**\s*[:：]", "", prose)


def _only_rhetoric(prepared: Prepared, position: int) -> bool:
    reading = prepared.readings[position]
    spans = prepared.spans(position, "more") + prepared.spans(position, "promise")
    for start, end in reading.sentences:
        if any(mark in reading.own[start:end] for mark in "?？؟"):
            content = prepared.content(read(reading.text[start:end]))
            if len(content) > 3 or not any(start <= a < end for a, _ in spans):
                return False
    return True


def _is_request(prepared: Prepared, position: int, nudged: bool) -> bool:
    if nudged:
        return True
    reading = prepared.readings[position]
    if reading.asks or (position <= 1 and prepared.turns[position].speaker == prepared.situation.leader):
        return True
    if any(prepared.has(position, act) for act in ("order", "label_order", "to_flake", "need")):
        return True
    # Nothing but thanks, yes or a promise asks for nothing.
    idle = [
        span for act in ("assent", "thanks", "farewell", "promise", "done") for span in prepared.spans(position, act)
    ]
    left = reading.rest([reading.sentence_of(span) for span in idle])
    return left >= 3 and prepared.turns[position].speaker == prepared.situation.leader
