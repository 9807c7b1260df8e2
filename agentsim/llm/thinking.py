"""Reasoning that a model writes into its answer: an opening ``<think> ... </think>`` block, split off."""

import re

_OPEN = re.compile(r"\s*<(?:think|thinking|budget:thinking)>")
_CLOSE = re.compile(r"</(?:think|thinking|budget:thinking)>")
_TAGS = ("<think>", "<thinking>", "<budget:thinking>")
_LONGEST_CLOSE = len("</budget:thinking>")


def split(text: str) -> tuple[str | None, str]:
    """Return the reasoning (None without an opening block) and the rest; an unclosed block has no rest."""
    opening = _OPEN.match(text)
    if opening is None:
        return None, text
    closing = _CLOSE.search(text, opening.end())
    if closing is None:
        return text[opening.end() :], ""
    return text[opening.end() : closing.start()], text[closing.end() :]


class Splitter:
    """The same for text that arrives in pieces: `feed` returns what may be shown.

    White space between reasoning and text is dropped, as in a complete answer; so what `feed` and `end`
    return, joined, is exactly the answer's text.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def reasoned(self) -> None:
        """Note that reasoning came apart from the text."""
        if self._state == "start":
            self._state = "gap"

    def feed(self, piece: str) -> str:
        """Take the next piece of raw text and return what is text of the answer for certain."""
        if self._state == "text":
            return piece
        self._held += piece
        if self._state in ("start", "gap"):
            self._open()
        if self._state == "inside":
            self._close()
        if self._state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "text"
        return self._release() if self._state == "text" else ""

    def end(self) -> str:
        """Return text still held back, at the end of the answer."""
        if self._state == "gap":
            self._held = self._held.lstrip()
        return self._release() if self._state in ("start", "gap") else ""

    def _open(self) -> None:
        bare = self._held.lstrip()
        if opening := _OPEN.match(self._held):
            self._held = self._held[opening.end() :]
            self._state = "inside"
        elif not bare or any(tag.startswith(bare) for tag in _TAGS):
            return
        else:
            self._state = "text" if self._state == "start" else "after"

    def _close(self) -> None:
        if closing := _CLOSE.search(self._held):
            self._held = self._held[closing.end() :]
            self._state = "after"
        else:
            # Reasoning is gathered elsewhere; only what may be the beginning of a closing tag is needed here.
            self._held = self._held[-_LONGEST_CLOSE:]

    def _release(self) -> str:
        released, self._held = self._held, ""
        return released
