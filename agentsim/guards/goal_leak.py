"""Telling what was to be kept to oneself, or speaking of the instructions behind the role."""

import re

from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Span, lowered, read
from agentsim.schema import Finding

_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:[.,]\d+)?")
_MANUAL = re.compile(
    r"\b(?:page|manual|booklet|leaflet|step \d|recipe|doctor|pattern|package|box|label|ikea|figure|diagram|seite|"
    r"anleitung|beipack|notice|manuel|receta|ricetta|assembl\w*|furniture|shelf|shelves|wardrobe|flat-pack|knit\w*|crochet\w*|"
    r"cook\w*|bak(?:e|ing)|craft|kits?\b|medicine|tablets|model (?:plane|ship|railway)|sew\w*|seeds|washing machine)",
    re.I,
)
_ORDINARY = re.compile(r"^(?!.*\b(?:system|secret|hidden|role|pretend|play|reveal|tell you)\b).*\binstruction", re.S)
_RUN = 5
"""Words in a row, with at least three of content, that are no chance."""


def goal_leak(prepared: Prepared) -> list[Finding]:
    """Find turns that tell a side's secret or speak of its instructions."""
    found = []
    for position in range(len(prepared)):
        best = _leak(prepared, position)
        if best is not None:
            found.append(prepared.finding(position, "goal_leak", *best))
    return found


def _leak(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    reading = prepared.readings[position]
    spans = prepared.spans(position, "leak")
    if spans and not prepared.situation.staged:
        span = reading.sentence_of(max(spans, key=lambda place: place[1] - place[0]))
        said = reading.own[span[0] : span[1]]
        # A shelf and a recipe have instructions too.
        about = (
            f"{said} {lowered(prepared.talk.setting)} {lowered(prepared.talk.task)}" if _ORDINARY.search(said) else said
        )
        if not _MANUAL.search(about):
            return 0.88, span, "speaks of the instructions behind the role"
    edited = _edits(prepared, position)
    if edited is not None:
        return 0.7, edited, "hands in its opening as if it had been asked to reword it"
    told = _third_person(prepared, position)
    if told is not None:
        return 0.78, told, "reads out its brief, in which it is spoken of"
    speaker = prepared.turns[position].speaker
    secrets = prepared.talk.private.get(speaker, ())
    soft = prepared.spans(position, "leak_soft")
    asked = position > 0 and prepared.readings[position - 1].asks
    forbidden = any(prepared.has_text(text, "forbidden") for text in secrets)
    for text in secrets:
        # What is told because it was asked for is no leak, unless it was forbidden in so many words.
        if asked and not forbidden:
            continue
        told = _overlap(prepared, position, text, bool(soft) or prepared.has_text(text, "forbidden"))
        if told is not None:
            return 0.85, told, "tells what only this side was told"
        numbers = set(_NUMBER.findall(text))
        for span in soft:
            sentence = reading.sentence_of(span)
            if numbers & set(_NUMBER.findall(reading.own[sentence[0] : sentence[1]])):
                return 0.8, sentence, "tells its own limit"
    return None


_OF_ONESELF = re.compile(
    r"^\W*(?:the|this) ([a-z]+(?: [a-z]+)?)(?:'s \w+)? (?:wants|needs|asks|rings|brings|would like"
    r"|is (?:making|looking|calling|planning|curious)"
    r"|has (?:a|an|been|just)"
    r"|wishes|hopes|wonders|seeks)\b"
)


_ASKED_TO_EDIT = re.compile(
    r"\b(?:sentence|version|rewrit|correct|edit|chang|revis|draft|text|letter|paragraph|essay|wording|word)"
)


def _edits(prepared: Prepared, position: int) -> Span | None:
    """Return where the side that drives says how it has reworded a text that nobody in the talk has asked for."""
    situation = prepared.situation
    if prepared.turns[position].speaker != situation.leader or situation.leader == situation.serve:
        return None
    spans = prepared.spans(position, "leak_edit")
    if not spans or _ASKED_TO_EDIT.search(lowered(f"{prepared.talk.setting} {prepared.talk.task}")):
        return None
    if position and _ASKED_TO_EDIT.search(prepared.readings[position - 1].low):
        return None
    return prepared.readings[position].sentence_of(spans[0])


def _third_person(prepared: Prepared, position: int) -> Span | None:
    """Return where the side with the need speaks of itself as its brief does: "The customer wants ..."."""
    situation = prepared.situation
    if prepared.turns[position].speaker != situation.leader or situation.leader == situation.serve:
        return None
    match = _OF_ONESELF.match(prepared.readings[position].own)
    if match is None:
        return None
    reading = prepared.readings[position]
    sentence = reading.sentence_of(match.span())
    said = set(prepared.content(read(reading.text[slice(*sentence)])))
    brief = f"{prepared.talk.task} {prepared.talk.instructions.get(prepared.turns[position].speaker, '')}"
    known = said & set(prepared.content(read(brief)))
    return sentence if len(known) >= max(3, 0.7 * len(said)) else None


def _overlap(prepared: Prepared, position: int, text: str, forbidden: bool) -> Span | None:
    secret, reading = read(text), prepared.readings[position]
    little = prepared.little
    if prepared.situation.need is not None and not prepared.has_text(text, "secret"):
        # A need is there to be told; only what is marked as a secret is not.
        return None
    held = secret.stems
    runs = {tuple(held[at : at + _RUN]) for at in range(len(held) - _RUN + 1)}
    stems = reading.stems
    for at in range(len(stems) - _RUN + 1):
        run = tuple(stems[at : at + _RUN])
        if run in runs and sum(1 for stem in run if stem not in little) >= 3:
            start = reading.places[min(at, len(reading.places) - 1)][0]
            return reading.sentence_of((start, start + 1))
    wanted = {stem for stem in held if stem not in little and len(stem) > 2}
    for start, end in reading.sentences:
        part = {stem for stem in read(reading.text[start:end]).stems if stem not in little and len(stem) > 2}
        shared = wanted & part
        least, share = (3, 0.35) if forbidden else (4, 0.5)
        if len(shared) >= least and len(shared) >= share * len(part) and len(shared) >= 0.3 * len(wanted):
            return start, end
    return None
