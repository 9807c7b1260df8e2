"""The card's sections on conduct: failures of role-play, and whether people were played as people."""

from typing import get_args

from agentsim.dataset.contents import Contents
from agentsim.dataset.markdown import table
from agentsim.measures.people import People
from agentsim.schema import FailureKind

_LONGEST_TABLE = 25

_LOOKED = {
    "off": "Nobody looked for them: the guards of this run were off.",
    "tag": "Detectors looked at every turn. What they found was recorded; nothing was repaired.",
    "repair": "Detectors looked at every turn, and what they found was acted on while the dialogue was played.",
}

_READINGS = {
    "as expected": "As expected",
    "contrary": "Contrary to what is expected",
    "not clear": "No clear difference",
    "too few": "Too few dialogues to tell",
}
"""How readings of a difference are said, in this order."""


def failures(contents: Contents) -> str:
    """Return how failures of role-play were looked for, what came of it, and where some stand."""
    counts, mode = contents.failures, contents.guards.mode
    if mode == "off":
        return _LOOKED[mode]
    by_kind = {count.kind: count for count in counts.kinds}
    body = []
    for kind in get_args(FailureKind):
        count = by_kind.get(kind)
        body.append(
            (
                kind,
                " or ".join(contents.policies.get(kind, ())).replace("ignore", "not looked for"),
                contents.tally.rejected.get(kind, 0),
                sum(count.repairs.values()) if count else 0,
                count.dialogues if count else 0,
            )
        )
    texts = [
        f"{_LOOKED[mode]} Detectors err, and what they miss is not counted here.",
        table(
            ("failure", "what is done", "turned down for it", "repairs in accepted ones", "accepted ones with it"), body
        ),
    ]
    if counts.repairs:
        written = "" if counts.discarded_share is None else f", {counts.discarded_share:.1%} of what was written"
        texts.append(
            f"{counts.repaired} of {counts.dialogues} accepted dialogues were repaired, {counts.repairs} times in all; "
            f"that threw away {counts.discarded.completion_tokens} generated tokens{written}. The column `repairs` "
            "has the number for each row."
        )
    else:
        texts.append(f"None of the {counts.dialogues} accepted dialogues was repaired.")
    texts.append(_tagged(contents))
    return "\n\n".join(texts)


def _tagged(contents: Contents) -> str:
    tagged = [row for row in contents.dialogues if row.findings]
    if not tagged:
        return "No row carries a finding."
    body = [(row.id, ", ".join(sorted({found.kind for found in row.findings}))) for row in tagged]
    text = f"{len(tagged)} accepted dialogues carry findings that are put up with; the column `findings` has them.\n\n"
    text += table(("dialogue", "findings"), body[:_LONGEST_TABLE])
    more = len(body) - _LONGEST_TABLE
    return f"{text}\n\n({more} more not shown)" if more > 0 else text


def people(found: People) -> str:
    """Return in short what the people who were played are like."""
    rows = [figure for figure in found.figures if figure.level is None]
    body = [
        (
            figure.role or "all roles",
            figure.dialogues,
            figure.people,
            _percent(figure.private_unasked),
            _percent(figure.copied),
            _decimal(figure.lengths.mean, 1),
            _decimal(figure.lengths.within, 2),
        )
        for figure in rows[:_LONGEST_TABLE]
    ]
    head = (
        "role",
        "dialogues",
        "personas",
        "private facts told unasked",
        "turns copied from the script",
        "words a turn",
        "their variation within a dialogue",
    )
    seen = found.measured if found.measured == found.of else f"the first {found.measured} of {found.of}"
    texts = [
        f"Measured without a model on {seen} accepted dialogues, for the roles that a persona plays. Facts are matched "
        "by their words and so roughly; copied are eight consecutive words of the role's own description.",
        table(head, body),
    ]
    if len(rows) > _LONGEST_TABLE:
        texts.append(f"({len(rows) - _LONGEST_TABLE} more not shown)")
    texts.append(_difficulty(found))
    return "\n\n".join(texts)


def _difficulty(found: People) -> str:
    first = found.ways[0].role if found.ways else ""
    together = [way for way in found.ways if way.role == first]
    if not together:
        return "Nobody in it was meant to be difficult in a way that is measured."
    told = []
    for reading, words in _READINGS.items():
        signs = [f"{way.way} ({way.meaning})" for way in together if way.reading == reading]
        if signs:
            told.append(f"{words}: {', '.join(signs)}")
    return f"How being difficult shows, against others in the same role of the same scenario. {'. '.join(told)}."


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _decimal(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
