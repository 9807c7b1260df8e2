"""Chats that several processes share come out as if one had looked at them all."""

from collections.abc import Iterator

import pytest

from agentsim.cli import lint_work
from agentsim.cli.lint_work import BATCH, looked_at
from agentsim.dataset.chats import Chat, Unreadable, chat_of
from agentsim.schema import FailureKind

KINDS: tuple[FailureKind, ...] = ("empty", "farewell_loop")


def chats(count: int, read: list[int] | None = None) -> "Iterator[Chat | Unreadable]":
    for number in range(count):
        if read is not None:
            read.append(number)
        if number % 7 == 3:
            yield Unreadable(f"f:{number}", "no chat")
        said = "" if number % 3 == 0 else f"Bake it for {number} minutes."
        messages = [{"role": "user", "content": "How long do I bake it?"}, {"role": "assistant", "content": said}]
        yield chat_of({"messages": messages}, id=f"c{number}", place=f"f:{number}")


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_order_and_the_findings_are_the_same(monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(lint_work, "ALONE", 5)
    found = list(looked_at(chats(3 * BATCH), KINDS, jobs))
    assert [chat for chat, _ in found] == list(chats(3 * BATCH))
    for chat, findings in found:
        empty = isinstance(chat, Chat) and int(chat.id[1:]) % 3 == 0
        assert [finding.kind for finding in findings] == (["empty"] if empty else [])


def test_few_chats_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(lint_work, "ProcessPoolExecutor", refuse)
    assert len(list(looked_at(chats(50), KINDS, 8))) == 57


def test_a_file_is_not_read_far_ahead_of_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint_work, "ALONE", 5)
    read: list[int] = []
    looked = looked_at(chats(100 * BATCH, read), KINDS, 2)
    for _ in range(20):
        next(looked)
    looked.close()
    assert len(read) < 10 * BATCH
