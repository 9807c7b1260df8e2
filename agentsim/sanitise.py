"""The one sanitiser before every screen, log and page: text that a model or a stranger wrote becomes harmless
text."""

import re

# C0 and C1 controls (escape sequences begin with them), without tab and newline; DEL.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Direction overrides and isolates, zero-width and other characters without a shape, line and paragraph
# separators, BOM, surrogates, tags, and the variation selectors beyond those of emoji, in which whole
# messages can hide.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def sanitise(text: str, *, limit: int | None = None) -> str:
    """Return the text without anything a terminal or browser would act on.

    Control characters become visible pictures (``\\x1b`` becomes ``␛``), so an escape sequence can neither
    act nor hide; carriage returns before newlines go; direction marks and zero-width characters become ``�``.
    Zero-width joiners stay: scripts and emoji need them. Markup such as ``[bold]`` is left as text: whoever
    shows it must not parse it.

    Args:
        text: anything.
        limit: most characters to keep; a longer text ends in ``…``.
    """
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    text = text.replace("\r\n", "\n")
    text = _CONTROLS.sub(_picture, text)
    return _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str, *, limit: int | None = None) -> str:
    """Return the sanitised text on one line, white space folded."""
    return sanitise(" ".join(text.split()), limit=limit)


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"
