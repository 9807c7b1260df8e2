"""Failures of role-play in one row of any chat dataset."""

from collections.abc import Collection, Mapping
from typing import Any

from agentsim.dataset.chats import chat_of
from agentsim.dataset.chats_messages import NoChat
from agentsim.errors import UserError
from agentsim.guards.detect import detect
from agentsim.schema import FailureKind, Finding


def lint(row: Mapping[str, Any], kinds: Collection[FailureKind] | None = None) -> list[Finding]:
    """Return the failures of role-play in a chat, in the order of its turns.

    Args:
        row: ``messages`` (a list of ``{role, content}``) or ``conversations`` (a list of ``{from, value}``), or a
            preference's ``prompt`` and ``chosen``. The optional keys ``setting``, ``leader``, ``task``, ``language``,
            ``system`` and ``private`` (``{role: [texts]}``) tell the situation: the more is known, the more is found.
        kinds: only these kinds; all where left out.

    Returns:
        Findings; ``turn`` is the 0-based index into the row's messages, ``confidence`` is from 0 to 1.

    Raises:
        UserError: where the row holds no conversation.
    """
    try:
        return detect(chat_of(row, id="", place="row").talk, kinds)
    except NoChat as error:
        raise UserError(f"this row is no chat: {error}", fix="give it `messages` with `role` and `content`") from None
