"""A turn that takes the other side's part."""

import re

from agentsim.guards.phrasebook import table
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Span
from agentsim.guards.situation import Situation
from agentsim.schema import Finding

_LINE = re.compile(
    r"^[ \t]*[*_#>\-]*[ \t]*\(?([^\W\d_][^\W\d_ '-]*(?:[ _]\d)?)\)?[*_]*[ \t]*[:：][*_]*[ \t]*(\S.*)$", re.M
)
_DIRECT = re.compile(
    r"[?？؟!]|\b(?:i|i'm|my|me|you|your|ich|sie|je|vous|yo|tú|eu|io|ja|я|вы|ben|siz)\b|我|你|您|私|저는|أنا|मैं|आप", re.I
)

FLOOR = 0.55
"""Least strength that counts."""

CARRIED = 0.3
"""Least strength that counts right after a turn that took the wrong part."""

WEAK = 0.4
"""Confidence of a sign that is too weak alone."""

_SCRIPT = "writes the other side's lines"


def role_flip(prepared: Prepared) -> list[Finding]:
    """Find turns in which a side speaks as the other one; weak signs have a confidence below one half."""
    found, swapped, astray = [], False, False
    for position in range(len(prepared)):
        swapped = swapped or prepared.has(position, "swap")
        # Once the parts are wrong, a turn that goes on with them shows it less than the one that began.
        best = _strongest(prepared, position, swapped, astray)
        if best is not None and best[0] >= (CARRIED if astray else FLOOR):
            strength, span, detail = best
            found.append(prepared.finding(position, "role_flip", max(0.45 + strength / 2, 0.6), span, detail))
            astray = detail != _SCRIPT
            continue
        if best is not None:
            found.append(prepared.finding(position, "role_flip", min(best[0], WEAK), best[1], best[2]))
        astray = False
    return found


def _strongest(prepared: Prepared, position: int, swapped: bool, astray: bool) -> tuple[float, Span, str] | None:
    situation = prepared.situation
    reading = prepared.readings[position]
    if not reading.own.strip(" \x00\n"):
        return None
    script = _script(prepared, position)
    if script is not None:
        return 0.9, script, _SCRIPT
    speaker = prepared.turns[position].speaker
    claim = _machine(prepared, position)
    if claim is not None:
        return 0.9, claim, "calls itself an AI"
    if swapped:
        return None
    if astray and prepared.has(position, "to_role"):
        return None
    cues = _cues(prepared, position, speaker, situation)
    if astray and not cues:
        cues = _goes_along(prepared, position)
    # A side that is told whose part it has just taken has most likely taken it.
    reacted = prepared.reaction(position, "to_role")
    sentences: dict[Span, float] = {}
    for weight, span in cues:
        sentence = reading.sentence_of(span)
        sentences[sentence] = max(sentences.get(sentence, 0.0), weight)
    strength = sum(sentences.values()) + (0.5 if reacted else 0.0)
    if not sentences:
        return None
    span = max(sentences, key=lambda place: sentences[place])
    return min(strength, 1.0), span, _detail(speaker, situation)


def _detail(speaker: str, situation: Situation) -> str:
    if speaker == situation.serve:
        return "the side that is there to help speaks as the one with the need"
    if speaker == situation.need:
        return "the side with the need speaks as the one who helps"
    return "speaks as the other side"


def _cues(prepared: Prepared, position: int, speaker: str, situation: Situation) -> list[tuple[float, Span]]:
    def at(act: str, weight: float) -> list[tuple[float, Span]]:
        return [(weight, span) for span in prepared.spans(position, act)]

    protested = prepared.reaction(position, "to_role")
    if speaker == situation.serve and situation.serve != situation.leader:
        orders = 0.6 if _takes_orders(prepared) else 0.2
        need = at("need", 0.6) + (at("need_soft", 0.3) if _begs(prepared, position) else [])
        if _hands_back(prepared, position):
            return need  # an order that was the other's own is an echo
        if prepared.readings[position].asks:
            orders = 0.2  # who asks how it is meant may ask to be shown
        return need + at("order", orders) + at("label_order", 0.8)
    if speaker == situation.serve:
        if situation.kind == "practice" and not protested:
            return []
        # Who leads by asking may well ask to be told, shown or taught something.
        reading = prepared.readings[position]
        return [
            (weight, span)
            for weight, span in at("need", 0.6)
            if protested or not any(mark in reading.own[slice(*reading.sentence_of(span))] for mark in "?？؟")
        ]
    if speaker == situation.need:
        if situation.kind == "practice" and not protested:
            return []
        cues = at("offer", 0.6)
        if not prepared.has(position, "need") and not prepared.has(position, "need_soft"):
            cues += at("offer_soft", 0.3)
        if situation.kind == "guided" or _taught(prepared):
            cues += at("coach", 0.3)
        return cues
    if situation.kind == "interview":
        return at("coach", 0.35 if speaker != situation.leader else 0.0) + at("offer", 0.3)
    return at("offer", 0.3) + at("need", 0.1) if protested else []


def _begs(prepared: Prepared, position: int) -> bool:
    """Return whether a turn of the serving side asks about itself, not about the other."""
    reading = prepared.readings[position]
    questions = [span for span in reading.sentences if any(mark in reading.own[slice(*span)] for mark in "?？؟")]
    soft = prepared.spans(position, "need_soft")
    wanted = prepared.spans(position, "need") + soft
    # A helper that tells of itself asks back about the other; one that asks how to do it tells nothing of itself.
    told = any(reading.sentence_of(span) not in questions for span in soft)
    return told and any(start <= at < end for start, end in questions for at, _ in wanted)


def _goes_along(prepared: Prepared, position: int) -> list[tuple[float, Span]]:
    """Return where the side with the need answers what it was wrongly asked, as the helper would."""
    reading, before = prepared.readings[position], position - 1
    if prepared.turns[position].speaker != prepared.situation.need or not prepared.readings[before].asks:
        return []
    if reading.asks:
        return []  # who asks on has kept the part
    agreed = prepared.spans(position, "assent")
    first = reading.sentences[0] if reading.sentences else None
    if first is None or len(reading.places) < 8 or not any(first[0] <= at < first[1] for at, _ in agreed):
        return []
    return [(CARRIED, first)]


def _hands_back(prepared: Prepared, position: int) -> bool:
    mine = set(prepared.content(prepared.readings[position]))
    others = (at for at in range(position) if prepared.turns[at].speaker != prepared.turns[position].speaker)
    return any(len(mine & set(prepared.content(prepared.readings[at]))) >= 0.5 * max(1, len(mine)) for at in others)


_TEACHES = re.compile(
    r"\b(?:tutor|teacher|instructor|coach|trainer|professor|lehrer|prof|maestr|insegnant|docent|nauczyciel)"
)


def _taught(prepared: Prepared) -> bool:
    return _TEACHES.search(prepared.talk.setting.lower()) is not None and prepared.situation.kind == "service"


def _takes_orders(prepared: Prepared) -> bool:
    # The serving side of a talk in which the other gives instructions gives none.
    first = next((at for at in range(len(prepared)) if prepared.turns[at].speaker == prepared.situation.leader), None)
    return first is not None and (prepared.has(first, "order") or prepared.has(first, "label_order"))


_TRADE = re.compile(
    r"[ -](?:research|engineer|student|develop|compan|expert|consult|artist|manager|teacher|safety|ethic)"
)


def _machine(prepared: Prepared, position: int) -> Span | None:
    own = prepared.readings[position].own
    spans = [span for span in prepared.spans(position, "machine") if not _TRADE.match(own, span[1])]
    if not spans:
        return None
    speaker, situation = prepared.turns[position].speaker, prepared.situation
    # An assistant may say what it is; a person may not.
    if speaker == situation.serve and speaker in ("assistant", "ai", "bot", "model", "gpt"):
        person = situation.kind in ("practice", "guided") and situation.leader == speaker
        if not person or not prepared.reaction(position, "to_role"):
            return None
    return prepared.readings[position].sentence_of(spans[0])


def _script(prepared: Prepared, position: int) -> Span | None:
    reading = prepared.readings[position]
    if ":" not in reading.prose and "：" not in reading.prose:
        return None
    if prepared.situation.staged:
        return None
    speaker = prepared.turns[position].speaker
    needs, serves = (set(table("situations")[name].split()) for name in ("need_labels", "serve_labels"))
    named = {name.lower() for name in prepared.talk.speakers}
    if speaker == prepared.situation.need:
        own, others = needs, serves
    elif speaker == prepared.situation.serve:
        own, others = serves, needs
    else:
        own, others = set(), set()
    own = (own | {speaker.lower()}) - (named - {speaker.lower()})
    others = (others | named) - {speaker.lower()}
    mine = theirs = 0
    first: Span | None = None
    for match in _LINE.finditer(reading.prose):
        label, said = match[1].lower().removeprefix("the "), match[2]
        if label in others and label not in own:
            theirs += 1
            if first is None and (match.start() > 0 or _DIRECT.search(said)) and len(said) > 3:
                first = match.span()
        elif label in own:
            mine += 1
    if first is None:
        return None
    line = reading.prose[first[0] : first[1]]
    return first if theirs > 1 or mine > 0 or _DIRECT.search(line) else None
