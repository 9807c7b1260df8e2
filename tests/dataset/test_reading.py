"""Chats of other people's datasets, in every shape and state they come in."""

import gzip
import io
import json
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.dataset import chats_json
from agentsim.dataset.chats import Chat, Unreadable, chat_of
from agentsim.dataset.chats_files import files_in, form_of, read_chats, read_lines
from agentsim.dataset.chats_messages import NoChat
from agentsim.errors import UserError
from tests.dataset.build import run, write

ASK, ANSWER = {"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hello."}
ROW = {"messages": [ASK, ANSWER]}


def chat(row: object) -> Chat:
    return chat_of(row, id="f:1", place="d/f:1")


def said(row: object) -> list[tuple[int, str, str]]:
    return [(turn.index, turn.speaker, turn.text) for turn in chat(row).talk.turns]


def reason(row: object) -> str:
    with pytest.raises(NoChat) as fault:
        chat(row)
    return str(fault.value)


def written(path: Path, rows: Iterable[object]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def read(path: Path) -> tuple[list[Chat], list[Unreadable]]:
    found = list(read_chats(path))
    return [c for c in found if isinstance(c, Chat)], [u for u in found if isinstance(u, Unreadable)]


# -- shapes


def test_messages() -> None:
    row = {"messages": [{"role": "system", "content": "Be kind."}, ASK, ANSWER]}
    assert said(row) == [(1, "user", "Hi?"), (2, "assistant", "Hello.")]
    found = chat(row)
    assert found.talk.instructions == {"assistant": "Be kind."}
    assert (found.id, found.place, found.shape) == ("f:1", "d/f:1", "messages")
    assert found.talk.over


def test_share_gpt() -> None:
    row = {
        "conversations": [
            {"from": "system", "value": "Be kind."},
            {"from": "human", "value": "Hi?"},
            {"from": "function_call", "value": "{}"},
            {"from": "observation", "value": "4"},
            {"from": "gpt", "value": "Hello."},
        ],
        "system": "Be brief.",
    }
    assert said(row) == [(1, "user", "Hi?"), (4, "assistant", "Hello.")]
    assert chat(row).talk.instructions == {"assistant": "Be brief.\n\nBe kind."}


@pytest.mark.parametrize(
    ("row", "shape", "texts"),
    [
        ({"prompt": "Hi?", "completion": "Hello."}, "prompt + completion", ["Hi?", "Hello."]),
        ({"prompt": [ASK], "completion": [ANSWER]}, "prompt + completion", ["Hi?", "Hello."]),
        ({"prompt": "Hi?", "chosen": "Hello.", "rejected": "Go."}, "prompt + chosen", ["Hi?", "Hello."]),
        ({"prompt": [ASK], "chosen": [ANSWER], "rejected": [ANSWER]}, "prompt + chosen", ["Hi?", "Hello."]),
        ({"chosen": [ASK, ANSWER], "rejected": [ASK, ANSWER]}, "chosen", ["Hi?", "Hello."]),
        ({"prompt": "Hi?", "chosen": [ASK, ANSWER]}, "chosen", ["Hi?", "Hello."]),
        ({"messages": [ASK], "prompt": "no", "chosen": "no"}, "messages", ["Hi?"]),
        ({"messages": None, "conversations": [{"from": "human", "value": "Hi?"}]}, "conversations", ["Hi?"]),
        ({"messages": {"role": ["user", "assistant"], "content": ["Hi?", "Hello."]}}, "messages", ["Hi?", "Hello."]),
    ],
)
def test_other_shapes(row: object, shape: str, texts: list[str]) -> None:
    assert chat(row).shape == shape
    assert [text for _, _, text in said(row)] == texts


@pytest.mark.parametrize("format", ["messages", "parquet"])
def test_our_own_exports_are_read_whole(tmp_path: Path, format: str) -> None:
    made = write(run(40), tmp_path / "out", format=format)
    chats = [chat for path in files_in(made.folder) for chat in read(path)[0]]
    assert len(chats) == made.train + made.validation == 40
    assert {chat.ignored for chat in chats} == {()}
    assert all(chat.talk.task and chat.talk.language and chat.talk.instructions for chat in chats)
    assert not any(":" in chat.id for chat in chats)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}, {"type": "text", "text": "b"}],
            "a\nb",
        ),
        (["a", "b"], "a\nb"),
        ([{"type": "refusal", "refusal": "No."}], "No."),
        ([], ""),
        (None, ""),
        ("", ""),
        ("a\x00\u202eb", "a\x00\u202eb"),
    ],
)
def test_contents(content: object, text: str) -> None:
    assert said({"messages": [ASK, {"role": "assistant", "content": content}]})[1] == (1, "assistant", text)


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "assistant", "content": " ", "function_call": {"name": "f"}},
        {"role": "assistant", "tool_calls": [{"id": "1"}]},
        {"role": "assistant", "content": None, "audio": {"id": "1"}},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
        {"role": "tool", "content": "42"},
        {"role": "tool"},
        {"role": "function", "name": "f", "content": "42"},
        {"role": "developer", "content": "Be kind."},
    ],
)
def test_what_is_no_turn_still_counts(message: object) -> None:
    assert said({"messages": [ASK, message, ANSWER]}) == [(0, "user", "Hi?"), (2, "assistant", "Hello.")]


def test_a_call_of_a_tool_with_words_is_a_turn_and_a_refusal_is_what_was_said() -> None:
    called = {"role": "assistant", "content": "I look it up.", "tool_calls": [{"id": "1"}]}
    refused = {"role": "assistant", "content": None, "refusal": "I cannot."}
    assert [text for _, _, text in said({"messages": [ASK, called, refused]})] == ["Hi?", "I look it up.", "I cannot."]


def test_names_tell_speakers_of_a_role_apart() -> None:
    row = {
        "messages": [
            {"role": "user", "name": "ana", "content": "1"},
            {"role": "user", "name": "bo", "content": "2"},
            {"role": "user", "content": "3"},
            {"role": "assistant", "name": "bo", "content": "4"},
            {"role": "assistant", "name": "helper", "content": "5"},
        ],
        "leader": "ana",
        "private": {"user": ["by role"], "bo": ["by name"], "helper": "one"},
    }
    speakers = [speaker for _, speaker, _ in said(row)]
    assert speakers == ["ana", "bo", "user", "assistant:bo", "helper"]
    assert chat(row).talk.leader == "ana"
    assert chat(row).talk.private == {"user": ["by role"], "bo": ["by name"], "helper": ["one"]}


def test_one_speaker_a_role_is_called_by_it() -> None:
    row = {"messages": [{**ASK, "name": "ana"}, {**ANSWER, "name": "bot"}], "leader": "bot"}
    assert [speaker for _, speaker, _ in said(row)] == ["user", "assistant"]
    assert chat(row).talk.leader == "assistant"


def test_other_roles_are_speakers_of_their_own() -> None:
    row = {"messages": [{"role": "customer", "content": "a"}, {"role": "Clerk", "content": "b"}], "leader": "Clerk"}
    assert [speaker for _, speaker, _ in said(row)] == ["customer", "Clerk"]
    assert chat(row).talk.leader == "Clerk"


# -- what a row tells of the situation


def test_situation() -> None:
    row = {**ROW, "id": 17, "setting": "tutoring", "leader": "human", "task": "Verbs.", "language": "pt_BR"}
    found = chat(row)
    assert found.id == "17"
    talk = found.talk
    assert (talk.setting, talk.leader, talk.task, talk.language) == ("tutoring", "user", "Verbs.", "pt-BR")
    assert found.ignored == ()


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("id", 1.5, "`id`"),
        ("id", True, "`id`"),
        ("setting", ["a"], "`setting`"),
        ("task", 3, "`task`"),
        ("language", "English", "`language`"),
        ("leader", "boss", "`leader`"),
        ("leader", 7, "`leader`"),
        ("private", False, "`private`"),
        ("private", {"user": 3}, "`private`"),
        ("private", {"boss": ["x"]}, "`private`"),
        ("system", {"a": 1}, "`system`"),
    ],
)
def test_what_is_not_understood_is_told_and_left_out(key: str, value: object, told: str) -> None:
    found = chat({**ROW, key: value})
    assert len(found.ignored) == 1
    assert told in found.ignored[0]
    assert found.id == "f:1"
    assert found.talk == chat(ROW).talk


def test_nothing_told_is_nothing_ignored() -> None:
    row = {**ROW, **dict.fromkeys(("id", "setting", "leader", "task", "language", "private", "system"))}
    assert chat(row) == chat(ROW)
    assert chat({**ROW, "private": {"user": None, "assistant": []}}).ignored == ()


# -- rows that hold nothing


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([1], "the row is a list"),
        (None, "the row is null"),
        ({}, "no keys"),
        ({"instruction": "a", "output": "b"}, "but instruction, output"),
        ({str(n): n for n in range(50)}, "7, ..."),
        ({"messages": []}, "empty"),
        ({"messages": "hi"}, "`messages` is text"),
        ({"messages": 3}, "`messages` is a number"),
        ({"messages": [3]}, "message 0 is no object"),
        ({"messages": [{"content": "a"}]}, "message 0 has no `role`"),
        ({"messages": [ASK, {"role": "user"}]}, "message 1 has no `content`"),
        ({"messages": [{"role": 3, "content": "a"}]}, "message 0 has no `role`"),
        ({"messages": [{"role": "user", "content": 3}]}, "message 0: `content`"),
        ({"messages": [{"role": "user", "content": [3]}]}, "message 0: a part"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "has no text"),
        ({"messages": [{"role": "system", "content": "a"}]}, "nobody says anything"),
        ({"messages": {"role": ["user"], "content": ["a", "b"]}}, "`messages` is an object"),
        ({"prompt": "Hi?"}, "no answer"),
        ({"chosen": "Human: hi", "rejected": "Human: hi"}, "plain text"),
    ],
)
def test_a_row_without_a_conversation_has_a_reason(row: object, words: str) -> None:
    assert words in reason(row)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["messages", "conversations", "prompt", "chosen", "completion", "id", "leader", "private", "task", "language"]
)
MESSAGE = st.dictionaries(st.sampled_from(["role", "from", "content", "value", "name", "tool_calls"]), JSON)


@given(JSON | st.dictionaries(KEYS, JSON | st.lists(MESSAGE, max_size=4)))
def test_any_row_is_a_chat_or_has_a_reason(row: Any) -> None:
    try:
        found = chat(row)
    except NoChat as fault:
        assert str(fault)
    else:
        assert found.talk.turns
        for turn in found.talk.turns:
            turn.text.encode()


# -- JSON


MESSY = (
    b"\xef\xbb\xbf"
    + orjson.dumps(ROW)
    + b"\r\n\r\n   \n"
    + b'{"messages": [{"role": "user", "content": "\\ud800 \\u0000"}], "score": NaN}\n'
    + b"{oops}\n"
    + b"\x00\x00\x00\n"
    + b'{"messages": "\xff"}\n'
    + b"[" * 200_000
    + b"\n"
    + b'{"messages": [], "messages": [{"role": "user", "content": "last wins"}]}'
)


def test_messy_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(MESSY)
    chats, bad = read(path)
    assert [c.id for c in chats] == ["a.jsonl:1", "a.jsonl:4", "a.jsonl:9"]
    assert chats[1].talk.turns[0].text == "\N{REPLACEMENT CHARACTER} \x00"
    assert chats[2].talk.turns[0].text == "last wins"
    assert [u.place for u in bad] == [f"{path}:{n}" for n in (5, 6, 7, 8)]
    assert "not valid JSON" in bad[0].reason
    assert "not UTF-8" in bad[2].reason


def test_packed_lines_and_pipes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(MESSY))
    chats, bad = read(path)
    assert (len(chats), len(bad)) == (3, 4)
    found = list(read_lines(io.BytesIO(MESSY), "stdin"))
    assert len(found) == 7
    assert isinstance(found[0], Chat)
    assert found[0].id == "stdin:1"


def test_a_packed_file_that_breaks_off_gives_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    text = b"".join(
        orjson.dumps({"messages": [{"role": "user", "content": f"{n:x} " * 40}]}) + b"\n" for n in range(9999)
    )
    packed = gzip.compress(text)
    path.write_bytes(packed[: len(packed) // 2])
    chats, bad = read(path)
    assert len(chats) > 100
    assert len(bad) == 1
    assert "the rest of the file cannot be read" in bad[0].reason
    path.write_bytes(b"no gzip")
    assert [u.place for u in read(path)[1]] == [f"{path}:1"]


def test_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROW), encoding="utf-16")
    assert "UTF-16" in read(path)[1][0].reason


def test_a_value_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chats_json, "LONGEST", 3 << 20)
    row = orjson.dumps(ROW)
    long = orjson.dumps({"messages": [{"role": "user", "content": "x" * (8 << 20)}]})
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(b"\n".join([row, long, row, long]))
    chats, bad = read(lines)
    assert [c.id for c in chats] == ["a.jsonl:1", "a.jsonl:3"]
    assert [u.reason for u in bad] == ["longer than 3 MiB"] * 2
    array = tmp_path / "a.json"
    array.write_bytes(b"[" + b",".join([row, long, row]) + b"]")
    chats, bad = read(array)
    assert len(chats) == 1
    assert "longer than 3 MiB" in bad[0].reason


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    row = orjson.dumps({"messages": [{"role": "user", "content": "word " * 2000}, ANSWER]})
    lines, array = tmp_path / "a.jsonl", tmp_path / "a.json"
    lines.write_bytes((row + b"\n") * 3000)
    array.write_bytes(b"[" + b",".join([row] * 3000) + b"]")
    for path in (lines, array):
        assert path.stat().st_size > 30_000_000
        tracemalloc.start()
        count = sum(1 for _ in read_chats(path))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 3000
        assert peak < 6_000_000


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: json.dumps(rows),
        lambda rows: json.dumps(rows, indent=2),
        lambda rows: "\ufeff \r\n" + json.dumps(rows, indent=1) + "\n\n",
        lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
        lambda rows: "\n".join(map(json.dumps, rows)),
        lambda rows: json.dumps(rows, ensure_ascii=False, separators=(",", ":")),
    ],
)
@pytest.mark.parametrize("chunk", [4, 7, 1 << 20])
def test_json_files_of_every_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrap: Callable[[object], str], chunk: int
) -> None:
    monkeypatch.setattr(chats_json, "_CHUNK", chunk)
    texts = ['"}]{[,\\', "日本 \\u0041 \\\\", "x\n\t\x00", "", '\\"']
    path = tmp_path / "a.json"
    path.write_bytes(wrap([{"messages": [{"role": "user", "content": text}]} for text in texts]).encode())
    chats, bad = read(path)
    assert bad == []
    assert [c.talk.turns[0].text for c in chats] == texts


@given(st.lists(JSON, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]))
def test_items_of_an_array_are_those_of_the_array(rows: list[Any], chunk: int, indent: int | None) -> None:
    text = json.dumps(rows, indent=indent).encode()
    before = chats_json._CHUNK
    chats_json._CHUNK = chunk
    try:
        assert [value for _, value in chats_json._items(io.BytesIO(text), inside=True)] == json.loads(text)
    finally:
        chats_json._CHUNK = before


@pytest.mark.parametrize(
    ("text", "good", "words"),
    [
        (b"", 0, None),
        (b"  \n ", 0, None),
        (b"[]", 0, None),
        (b"[%s" % orjson.dumps(ROW), 0, "breaks off"),
        (b"[%s," % orjson.dumps(ROW), 1, "breaks off"),
        (b"[%s] extra" % orjson.dumps(ROW), 1, "follows the end"),
        (b"[%s, oops, %s]" % (orjson.dumps(ROW), orjson.dumps(ROW)), 2, "not valid JSON"),
        (b'{\n"messages": [', 0, "breaks off"),
        (b'"text"', 0, "the row is text"),
        (b"]", 0, "not valid JSON"),
    ],
)
def test_json_files_that_are_empty_or_broken(tmp_path: Path, text: bytes, good: int, words: str | None) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text)
    chats, bad = read(path)
    assert len(chats) == good
    assert len(bad) == (words is not None)
    assert all(words in u.reason for u in bad if words)


# -- Parquet


def table(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


def test_parquet(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": f"d{n}",
            "messages": [{**ASK, "name": None}, {"role": "assistant", "content": str(n), "name": None}],
            "private": {"user": ["x"], "assistant": None},
            "other": b"\xff",
        }
        for n in range(600)
    ]
    rows[5]["messages"] = None
    path = table(tmp_path / "a.parquet", rows, row_group_size=100)
    chats, bad = read(path)
    assert [c.id for c in chats] == [f"d{n}" for n in range(600) if n != 5]
    assert chats[-1].talk.turns[1].text == "599"
    assert chats[0].talk.private == {"user": ["x"]}
    assert [u.place for u in bad] == [f"{path}:6"]


def test_parquet_of_share_gpt_and_of_preferences(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", [{"conversations": [{"from": "human", "value": "Hi?"}]}])
    assert read(path)[0][0].id == "a.parquet:1"
    path = table(tmp_path / "b.parquet", [{"prompt": "Hi?", "chosen": [ANSWER], "rejected": [ANSWER]}])
    assert read(path)[0][0].shape == "prompt + chosen"


def test_parquet_with_maps(tmp_path: Path) -> None:
    private = pa.array([[("user", ["x"])]], pa.map_(pa.string(), pa.list_(pa.string())))
    messages = pa.array([[ASK, ANSWER]])
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"messages": messages, "private": private}), path)
    assert read(path)[0][0].talk.private == {"user": ["x"]}


def test_broken_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and no more")
    assert "no Parquet" in read(path)[1][0].reason
    path.write_bytes(b"")
    assert len(read(path)[1]) == 1
    table(path, [{"instruction": "a"}])
    assert "no column `messages`" in read(path)[1][0].reason
    whole = table(path, [{"messages": [ASK], "id": str(n) * 50} for n in range(5000)]).read_bytes()
    path.write_bytes(whole[:5000] + bytes(9000) + whole[14000:])
    assert len(read(path)[1]) == 1
    bad = pa.array([b"\xff", b"fine"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"prompt": bad, "completion": pa.array(["a", "b"])}), path)
    chats, faults = read(path)
    assert [c.talk.turns[0].text for c in chats] == ["fine"]
    assert "not UTF-8" in faults[0].reason


# -- files and folders


def test_a_name_tells_the_form(tmp_path: Path) -> None:
    endings = ["a.jsonl", "A.JSONL", "a.ndjson", "a.jsonl.gz", "a", "a.gz"]
    assert {form_of(Path(name)) for name in endings} == {"jsonl"}
    assert form_of(Path("a.json.gz")) == "json"
    for name in ("a.csv", "a.parquet.gz", "a.arrow", "a.jsonl.zst"):
        with pytest.raises(UserError, match="no known format"):
            form_of(Path(name))


def test_a_folder_is_its_data_files(tmp_path: Path) -> None:
    for name in ("train.jsonl", "validation.jsonl", "dataset_info.json", "README.md", ".hidden.jsonl"):
        written(tmp_path / name, [ROW])
    assert [path.name for path in files_in(tmp_path)] == ["train.jsonl", "validation.jsonl"]
    only = tmp_path / "only"
    only.mkdir()
    written(only / "b.json", [ROW])
    assert [path.name for path in files_in(only)] == ["b.json"]
    above = tmp_path / "above"
    (above / "messages").mkdir(parents=True)
    with pytest.raises(UserError, match="holds no file of chats"):
        files_in(above)
    written(above / "messages" / "train.jsonl", [ROW])
    with pytest.raises(UserError, match="above/messages"):
        files_in(above)
