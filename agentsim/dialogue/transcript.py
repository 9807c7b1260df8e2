"""A conversation as text for a reader who must not take orders from it."""

from collections.abc import Sequence
from hashlib import blake2b

from agentsim.schema import Turn


def transcript_lines(turns: Sequence[Turn]) -> list[str]:
    """Return one entry a turn, ``[index] role: text``; every further line is indented, so none can pass for a
    turn."""
    return [f"[{turn.index}] {turn.role}: " + "\n    ".join(turn.text.splitlines()) for turn in turns]


def fence_mark(turns: Sequence[Turn]) -> str:
    """Return a mark that the text cannot contain on purpose: it is derived from the text itself."""
    text = "\n".join(turn.text for turn in turns)
    return "CONVERSATION-" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
