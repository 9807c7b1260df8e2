"""Who is who in a conversation: the side with the need, the side that serves, or equals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from agentsim.guards.phrasebook import table
from agentsim.guards.reading import lowered
from agentsim.guards.talk import Talk

Kind = Literal["service", "guided", "practice", "interview", "peers"]
"""Service: one asks, one serves. Guided: one asks questions of the other for the other's good. Practice: a guided
talk in which parts are played. Interview: one asks questions for its own sake. Peers: equals."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The parts of a conversation."""

    kind: Kind
    """What kind of talk it is."""

    leader: str
    """Who brings the task and drives."""

    need: str | None
    """Who has the need and is helped; ``None`` among equals."""

    serve: str | None
    """Who helps and carries out; ``None`` among equals."""

    staged: bool
    """Whether plays, films, games or stories are the subject, where a character or a role is an ordinary word."""

    lesson: bool
    """Whether a language is taught or translated, where several languages are at home."""


@cache
def _stems(name: str) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    words = table("situations")[name].split()
    short = frozenset(word for word in words if word.isascii() and len(word) <= 4)
    begins = tuple(word for word in words if word not in short and ord(word[0]) < 0x3000)
    return short, begins, tuple(word for word in words if ord(word[0]) >= 0x3000)


_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")


def mentions(text: str, name: str) -> bool:
    """Return whether a word of a list of ``situations.yaml`` begins a word of the text."""
    short, begins, inside = _stems(name)
    low = lowered(text)
    words = {part for word in _WORD.findall(low) for part in (word, *re.split("[-']", word))}
    if words & short or any(word in low for word in inside):
        return True
    return any(word.startswith(begins) for word in words) if begins else False


_SURGERY = re.compile(r"(?:dental|medical|veterinary|vet's|vet|law|legal|gp|doctor's|private|general|group) practice")
_PAIR = re.compile(
    r"\W*(?:(?:two|deux|dos|zwei|due|dois|duas|twee|dwóch|dwoje|dwie|dwaj|"
    r"два|двое|две|iki|två|dua|दो)\s|两|二人|2人|두 |둘)"
)


def _kind(setting: str) -> Kind:
    if not setting.strip():
        return "service"
    setting = _SURGERY.sub("clinic", lowered(setting))
    single = len(setting.split()) <= 2 and len(setting) <= 24
    # A word names the kind itself; in a sentence the people who work somewhere tell more than the occasion.
    order: tuple[Kind, ...] = (
        ("practice", "peers", "interview", "guided", "service")
        if single
        else ("practice", "interview", "guided", "service", "peers")
    )
    if not single and _PAIR.match(setting) and not mentions(setting, "interview"):
        return "peers"
    return next((kind for kind in order if mentions(setting, kind)), "service")


_PLAYED = re.compile(
    r"\b(?:patient|customer|client|student|pupil|learner|caller|guest|buyer|tenant|passenger|applicant|candidate)\b"
    r"[^.;]{0,60}\bplayed by the (assistant|user)\b"
    r"|\b(assistant|user) (?:plays|acts as|is|speaks as|takes the part of) (?:a|an|the)(?: \w+){0,3} "
    r"(?:patient|customer|client|student|pupil|learner|caller|guest|buyer|tenant|passenger|applicant|candidate)\b"
)
_REHEARSED = re.compile(
    r"^\s*(?:practi[sc]e|practi[sc]ing|rehears|role-?play|act out|mock|simulate)|練習|연습|练习|演练", re.I
)


def situation_of(talk: Talk) -> Situation:
    """Work out the parts from the setting, the leader, the names of the roles."""
    found = _situation(talk.setting, talk.task, talk.leads, talk.speakers)
    about = lowered(" ".join((talk.setting, *talk.instructions.values())))
    played = _PLAYED.search(about)
    if played is not None and found.need is not None:
        need = played[1] or played[2]
        other = next((speaker for speaker in talk.speakers if speaker != need), None)
        if need in talk.speakers and other is not None:
            found = replace(found, need=need, serve=other)
    if _REHEARSED.search(talk.task) and found.kind in ("service", "guided"):
        found = replace(found, kind="practice")
    return found


@cache
def _labels(name: str) -> frozenset[str]:
    return frozenset(table("situations")[name].split())


def _situation(setting: str, task: str, leader: str, speakers: tuple[str, ...]) -> Situation:
    kind = _kind(setting)
    others = [speaker for speaker in speakers if speaker != leader]
    other = others[0] if others else None
    roles: Mapping[str, frozenset[str]] = {"need": _labels("needs"), "serve": _labels("serves")}

    def part(speaker: str | None) -> str | None:
        words = set(re.split(r"[_\W]+", (speaker or "").lower()))
        return next((name for name, known in roles.items() if words & known), None)

    need: str | None = leader
    serve: str | None = other
    if kind in ("peers", "interview"):
        need = serve = None
    elif (part(leader) == "serve" and part(other) != "serve") or (
        kind == "guided" and leader not in ("user", "human") and part(leader) != "need"
    ):
        need, serve = other, leader
    about = f"{setting} {task}"
    return Situation(kind, leader, need, serve, mentions(about, "stage"), mentions(about, "languages"))
