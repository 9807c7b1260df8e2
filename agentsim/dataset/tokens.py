"""How long a message is, in tokens.

Counted are the contents of messages only: no chat template, no special tokens, no names of roles. Without a
tokenizer the count of a turn is what the model that wrote it reported, and an estimate where there is no
usable report; with a ``tokenizer.json`` every count is exact for that tokenizer.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from agentsim.errors import UserError
from agentsim.schema import Turn

BYTES_PER_TOKEN = 4
"""Bytes of UTF-8 text that an estimate takes for one token."""

_SPECIAL_TOKENS = 8
"""Tokens beyond the text (end of turn and the like) that a truthful report may hold."""


class TokenCounter(Protocol):
    """Counts the tokens of messages."""

    @property
    def method(self) -> str:
        """How it counts, in one sentence for the card; equal counters say the same on every machine."""
        ...

    @property
    def estimates(self) -> bool:
        """Whether turns without a usable report are estimated."""
        ...

    def count(self, content: str, turns: Sequence[Turn]) -> int:
        """Return the tokens of ``content``, which was made of ``turns`` (none for a message of our own)."""
        ...


def estimate(text: str) -> int:
    """Return the estimated tokens of ``text``: its UTF-8 bytes divided by four, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def reported(turn: Turn) -> int | None:
    """Return the tokens of the turn's text as its model reported them, or ``None`` without a usable report.

    A report is of no use where it covers more than the text: hidden reasoning, several calls, or more tokens
    than the text has bytes (reasoning that the provider bills but does not show).
    """
    tokens = turn.usage.completion_tokens
    if tokens <= 0 or turn.usage.calls > 1 or turn.reasoning:
        return None
    return tokens if tokens <= len(turn.text.encode("utf-8", "replace")) + _SPECIAL_TOKENS else None


class ReportedTokens:
    """Counts by the models' own reports; estimates where there is none."""

    method = (
        "As the model that wrote each turn reported it; system messages, openings, speakers' names and turns "
        "without a usable report are estimated as UTF-8 bytes divided by four."
    )
    estimates = True

    def count(self, content: str, turns: Sequence[Turn]) -> int:
        """Sum the turns' reports; what the content holds beyond the turns' texts is estimated."""
        total, said = 0, 0
        for turn in turns:
            tokens = reported(turn)
            total += estimate(turn.text) if tokens is None else tokens
            said += len(turn.text.encode("utf-8", "replace"))
        added = len(content.encode("utf-8", "replace")) - said
        return total + max(0, -(-added // BYTES_PER_TOKEN))


class TokenizerFile:
    """Counts with a ``tokenizer.json``, as the Hub's models carry it."""

    estimates = False

    def __init__(self, path: Path) -> None:
        """Read the file; raise ``UserError`` where it cannot be read as a tokenizer."""
        from tokenizers import Tokenizer  # lazily: most exports count without it

        try:
            data = path.read_bytes()
            self._tokenizer = Tokenizer.from_buffer(data)
        except Exception as error:  # the Rust side raises plain Exception
            raise UserError(
                f"cannot read the tokenizer {path}: {error}",
                fix="give the path of the model's `tokenizer.json`, or leave it out to use reported counts",
            ) from error
        # The file may carry the truncation it was trained with; a cut count would be a wrong count.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._fingerprint = hashlib.blake2b(data, digest_size=16).hexdigest()

    @property
    def method(self) -> str:
        """Name the tokenizer by its content, since its path means nothing elsewhere."""
        return f"Exact, with the tokenizer.json whose 128-bit blake2b fingerprint is {self._fingerprint}."

    def count(self, content: str, turns: Sequence[Turn]) -> int:
        """Return the tokens of ``content``, whatever its ``turns``; raise ``UserError`` where it fails."""
        try:
            return len(self._tokenizer.encode(content, add_special_tokens=False).ids)
        except Exception as error:
            raise UserError(
                f"the tokenizer cannot encode a message: {error}", fix="give a tokenizer that covers all text"
            ) from error
