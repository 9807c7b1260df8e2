"""The licence of what is made from several licensed things: derived from them, never defaulted."""

import re
from collections.abc import Iterable

_ID = re.compile(r"[A-Za-z0-9.+:-]+")


def combine(licences: Iterable[str]) -> str:
    """Return the SPDX expression under which all ``licences`` hold: joined with ``AND``, sorted, each once.

    Conjunctions are taken apart first; any other compound expression is kept whole, in parentheses where it
    stands beside others. Raise ``ValueError`` for no licence at all or a blank one: what has no licence may
    not be given one here.
    """
    terms: set[str] = set()
    for licence in licences:
        expression = " ".join(licence.split())
        if not expression:
            raise ValueError("a blank licence cannot be combined")
        terms.update(_conjuncts(expression))
    if not terms:
        raise ValueError("no licence to derive one from")
    if len(terms) == 1:
        return terms.pop()
    return " AND ".join(term if _ID.fullmatch(term) else f"({term})" for term in sorted(terms))


def _conjuncts(expression: str) -> list[str]:
    """Return the parts that an expression joins with ``AND`` outside parentheses, or the whole of it."""
    parts: list[list[str]] = [[]]
    depth = 0
    for word in expression.split():
        if depth == 0 and word == "OR":
            return [expression]  # AND binds tighter than OR, so the whole is no conjunction
        if depth == 0 and word == "AND":
            parts.append([])
            continue
        parts[-1].append(word)
        depth += word.count("(") - word.count(")")
    if depth != 0 or not all(parts):
        return [expression]  # not SPDX; it is passed on as it was written
    if len(parts) > 1:
        return [term for part in parts for term in _conjuncts(" ".join(part))]
    if _wrapped(expression):
        return _conjuncts(expression[1:-1].strip())
    return [expression]


def _wrapped(expression: str) -> bool:
    """Tell whether one pair of parentheses encloses the whole expression."""
    if not (expression.startswith("(") and expression.endswith(")")) or not expression[1:-1].strip():
        return False
    depth = 0
    for position, char in enumerate(expression):
        depth += (char == "(") - (char == ")")
        if depth == 0 and position < len(expression) - 1:
            return False
    return True
