"""Token counts: reported where a report is of the text, estimated otherwise, exact with a tokenizer."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from agentsim.dataset import ReportedTokens, TokenizerFile, rows
from agentsim.dataset.tokens import estimate, reported
from agentsim.errors import UserError
from agentsim.schema import Turn, Usage
from tests.dataset.build import record, scenario, turns


def turn(text: str, tokens: int, **fields: object) -> Turn:
    return Turn(index=0, role="clerk", text=text, usage=Usage(completion_tokens=tokens, calls=1), **fields)


def test_a_report_counts_unless_it_covers_more_than_the_text() -> None:
    assert reported(turn("four words are here", 4)) == 4
    assert reported(turn("four words are here", 0)) is None
    assert reported(turn("four words are here", 4, reasoning="hm")) is None
    assert reported(turn("yes", 500)) is None
    retried = Usage(completion_tokens=4, calls=2)
    assert reported(Turn(index=0, role="clerk", text="four words are here", usage=retried)) is None


def test_an_estimate_is_bytes_by_four_rounded_up() -> None:
    assert [estimate(text) for text in ("", "a", "abcd", "abcde", "ü" * 4)] == [0, 1, 1, 2, 2]


def test_what_the_export_adds_to_a_message_is_estimated() -> None:
    one, two = turn("abcd", 3), turn("efgh", 5)
    assert ReportedTokens().count("Ann: abcd\n\nefgh", [one, two]) == 3 + 5 + 2  # 7 bytes more
    assert ReportedTokens().count("abcdefgh", []) == 2


def test_a_row_counts_all_contents_and_the_trained_ones() -> None:
    said = turns(("customer", "This lamp is broken."), ("clerk", "Here is your money."), tokens=6)
    (row,) = rows(record(said=said), scenario(), {}, system="none")
    assert (row.tokens, row.trained_tokens) == (12, 6)


def tokenizer(path: Path) -> Path:
    words = Tokenizer(WordLevel({"[UNK]": 0, "lamp": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    words.enable_truncation(2)
    words.save(str(path))
    return path


def test_a_tokenizer_file_counts_exactly_and_is_never_cut_short(tmp_path: Path) -> None:
    counter = TokenizerFile(tokenizer(tmp_path / "tokenizer.json"))
    assert counter.count("a lamp is a lamp", []) == 5
    said = turns(("customer", "one two"), ("clerk", "three"), tokens=99)
    (row,) = rows(record(said=said), scenario(), {}, system="none", tokens=counter)
    assert (row.tokens, row.trained_tokens) == (3, 1)
    assert not counter.estimates
    assert str(tmp_path) not in counter.method


@pytest.mark.parametrize("content", [None, b"{}", b"\xff"])
def test_a_file_that_is_no_tokenizer_is_the_users_to_mend(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        TokenizerFile(path)
    assert "tokenizer.json" in (caught.value.fix or "")


def test_a_tokenizer_that_does_not_cover_the_text_is_the_users_to_mend(tmp_path: Path) -> None:
    words = Tokenizer(WordLevel({"lamp": 0}, unk_token="[UNK]"))
    words.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(UserError, match="cannot encode"):
        TokenizerFile(tmp_path / "tokenizer.json").count("chair", [])
