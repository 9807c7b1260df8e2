"""A turn without content."""

import re

from agentsim.guards.phrasebook import table
from agentsim.guards.prepared import Prepared
from agentsim.schema import Finding

_TAGS = re.compile(r"<!--.*?-->|</?(?:br|p|div|span|hr)\s*/?>|&nbsp;|&#160;", re.I | re.S)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u3164\u115f\u1160\u2800\ufe0f]")
_BRACKETED = re.compile(r"^[\s*_`~\-]*[\[({<（【〈《]{1,3}([^\])}>）】〉》]{1,60})[\])}>）】〉》]{1,3}[\s.*_`~\-]*$")
_LABEL = re.compile(r"^\s*[*_#]*\s*[^\W\d_]{2,20}\s*[*_]*\s*[:：]\s*[*_]*\s*$")
_MATHS = frozenset("<>=+-−×÷≤≥≠≈∞√")
_NOTHING = frozenset({"null", "none", "nan", "undefined", "n/a", "nil", "void"})


def empty(prepared: Prepared) -> list[Finding]:
    """Find turns that are blank, marks alone, or a placeholder."""
    found = []
    for position, said in enumerate(prepared.turns):
        detail = _why(prepared, position)
        if detail:
            found.append(prepared.finding(position, "empty", 0.97 if not said.text.strip() else 0.93, None, detail))
    return found


def _why(prepared: Prepared, position: int) -> str:
    text = prepared.turns[position].text
    if len(text) > 200 and text.strip():
        return "" if any(char.isalnum() for char in text) else "marks alone"
    shown = _INVISIBLE.sub("", _TAGS.sub("", text)).strip()
    if not shown:
        return "nothing is said"
    asked = position > 0 and prepared.readings[position - 1].asks
    if not any(char.isalnum() for char in shown):
        if _is_picture(shown) or (asked and len(shown) <= 3 and set(shown) <= _MATHS):
            return ""
        return "marks alone"
    if shown.lower().strip(".[]()<>{}*_ ") in _NOTHING:
        return "" if asked else "a placeholder"
    if _LABEL.match(shown):
        return "a label without anything after it" if len(shown.split()) <= 2 and position > 0 else ""
    bracketed = _BRACKETED.match(shown)
    if bracketed and _placeholder(bracketed[1]):
        return "a placeholder"
    return "a placeholder" if shown.lower().strip(" .*_-") in _bare() else ""


def _is_picture(text: str) -> bool:
    # Symbols that say something: emoji, check marks, arrows, currency.
    return any(char > "\u203f" and char not in "…‥⋯⋮─━│┃═║•●○■□▪▫◆◇★☆※〜～。、・！？―⸺⸻⁂⁎⁇⁉⁈" for char in text)


def _placeholder(inside: str) -> bool:
    low = inside.lower().strip(" .!_-/:")
    words = [word for word in re.split(r"[\s_/-]+", low) if word]
    if low in _bare():
        return True
    held = set(table("placeholders")["words"].split())
    parts = table("placeholders")["parts"].split()
    return bool(words) and (all(word in held for word in words) or any(part in low for part in parts))


def _bare() -> set[str]:
    return {line.strip() for line in table("placeholders")["whole"].splitlines()}
