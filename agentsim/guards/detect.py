"""The failures in one conversation.

Rules read phrases, shared words and the situation, and name what they find. A judge, fitted to labelled dialogues,
weighs their findings beside all else that a turn shows, and decides.
"""

import math
from collections.abc import Collection, Mapping

from agentsim.guards.judge import KINDS, judged, weights
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Span
from agentsim.guards.rules import ruled
from agentsim.guards.signs import Signs
from agentsim.guards.talk import Talk
from agentsim.schema import FailureKind, Finding

DETAILS: Mapping[FailureKind, str] = {
    "role_flip": "reads like the other side's turn",
    "instruction_repeat": "reads like what was said before",
    "flake_reply": "reads like a promise without the work",
    "farewell_loop": "goodbye was already said and returned",
    "goal_leak": "reads like a brief that was to be kept",
    "empty": "has no content",
    "premature_end": "reads like an end before the task is done",
    "off_task": "leaves the task for another subject",
    "broken_language": "reads unlike the language of the conversation",
}
"""What is said of a failure that no rule has named."""

ONCE: frozenset[FailureKind] = frozenset({"farewell_loop", "premature_end", "off_task"})
"""Kinds that a conversation has once at most: at the turn that shows it best."""

ALONE: frozenset[FailureKind] = frozenset({"empty"})
"""Kinds that a rule decides alone."""

NEWS = 5
"""Turns, the last one among them, of which something may be news while a talk goes on."""

LEAST = 0.5
"""Confidence below which a rule's finding is a weak sign."""


def detect(talk: Talk, kinds: Collection[FailureKind] | None = None) -> list[Finding]:
    """Return the failures in a conversation, in the order of the turns; of the given kinds alone, where given.

    Of a talk that goes on the judge judges only the last turn, and whether one of the last few left the task: what came
    before was judged when it was said.
    """
    if not talk.turns:
        return []
    prepared = Prepared(talk)
    by_rule = ruled(prepared)
    named = {(finding.turn, finding.kind): finding for finding in by_rule}
    odds = judged(Signs(prepared, by_rule), 0 if talk.over else max(0, len(prepared) - NEWS)).tolist()
    # The judge knows only ends that came: while it goes on, goodbyes too early or too many are for the rules, and so is
    # an end whose reason is known.
    rules_alone = ALONE if talk.over else ALONE | {"premature_end", "farewell_loop"}
    if talk.decided:
        rules_alone |= {"premature_end"}
    certain = {kind: LEAST if kind in rules_alone else sure for kind, sure in weights().certain.items()}
    found = [finding for finding in by_rule if finding.confidence >= certain.get(finding.kind, LEAST)]
    said = {(finding.turn, finding.kind) for finding in found}
    once = {finding.kind for finding in found} & ONCE
    for column, kind in enumerate(KINDS):
        if kind in rules_alone or kind in once:
            continue
        # While it goes on, only what was just said can be news; a stretch off the task is two turns at least.
        judged_now = range(len(odds))
        if not talk.over:
            judged_now = judged_now[:-1] if kind == "off_task" else judged_now[-1:]
        failing = [at for at in judged_now if odds[at][column] > 0]
        if kind == "off_task":
            failing = failing[:1]  # a stretch shows in more turns than the one it begins with
        elif kind in ONCE and failing:
            failing = [max(failing, key=lambda at: (odds[at][column], -at))]
        for at in failing:
            index = talk.turns[at].index
            if (index, kind) in said:
                continue
            rule = named.get((index, kind))
            sure = 1 / (1 + math.exp(-odds[at][column]))
            if rule is not None:
                found.append(rule.model_copy(update={"confidence": round(min(sure, 0.99), 2)}))
            else:
                found.append(prepared.finding(at, kind, sure, _span(prepared, at, kind), DETAILS[kind]))
    kept = [finding for finding in found if kinds is None or finding.kind in kinds]
    return sorted(kept, key=lambda finding: (finding.turn, finding.kind))


def _span(prepared: Prepared, position: int, kind: FailureKind) -> Span | None:
    """Return the sentence that stands for a turn: the last one of an end, else the longest."""
    sentences = prepared.readings[position].sentences
    if not sentences:
        return None
    if kind in ("premature_end", "off_task"):
        return sentences[-1]
    return max(sentences, key=lambda place: place[1] - place[0])
