"""Text of models and users inside Markdown: shown as it is, never read as markup."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from agentsim.dataset.utf8 import replace_surrogates

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# A colon makes a link of `https://` and a picture of `:tada:`; elsewhere it is only a colon.
_MARKUP = re.compile(r"[\\`*_\[\]#|~@$]|:(?=//|[\w+-]+:)")
_WWW = re.compile(r"(?i)\bwww\.")
# Marks that reorder the text around them could make a table say something else than it holds.
_BIDIRECTIONAL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def inline(text: str, *, longest: int = 160) -> str:
    """Return ``text`` as one line of Markdown that renders as these very characters.

    White space and control characters become one space, marks of writing direction are dropped, text of more
    than ``longest`` characters is cut. It is meant for table cells and the middle of a sentence: at the start
    of a line ``---`` or ``1.`` would still be markup.
    """
    plain = _BIDIRECTIONAL.sub("", replace_surrogates(text))
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in plain)
    plain = " ".join(plain.split())
    if len(plain) > longest:
        plain = plain[: longest - 1] + "…"
    plain = re.sub("[&<>]", lambda found: _ENTITIES[found[0]], plain)
    plain = _MARKUP.sub(lambda found: "\\" + found[0], plain)
    return _WWW.sub(lambda found: found[0][:-1] + "\\.", plain)


def table(head: Sequence[str], body: Iterable[Sequence[str | int]]) -> str:
    """Return a Markdown table; the cells are escaped, numbers stand to the right."""
    lines = [[str(cell) if isinstance(cell, int) else inline(cell) for cell in row] for row in body]
    numbers = [all(_is_number(row[column]) for row in lines) for column in range(len(head))]
    rule = ["---:" if number and lines else "---" for number in numbers]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ([*map(inline, head)], rule, *lines))


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[\d,]+(\.\d+)?%?", cell) is not None
