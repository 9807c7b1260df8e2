"""Failures in chat datasets, as a user of the command sees them."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, get_args

import pytest

from agentsim.cli.lint_command import KINDS
from agentsim.cli.output import console
from agentsim.guards.talk import Talk
from agentsim.schema import FailureKind, Finding
from tests.cli.conftest import FINE, HOSTILE, Agentsim, Said
from tests.cli.folders import EVIL, SECRET
from tests.cli.test_hostile_text import HARMFUL, OWN

GOOD = [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hello."}]
EMPTY = [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "  "}]
FLAKY = [{"role": "user", "content": "Do it."}, {"role": "assistant", "content": "Sure, I will!"}, *EMPTY]


class Seen(list[Talk]):
    """The talks that the detectors were shown."""


def detect(talk: Talk, kinds: Collection[FailureKind] | None = None) -> list[Finding]:
    """Find two kinds that are easy to make, in the place of the real detectors."""
    found: list[Finding] = []
    for said in talk.turns:
        if not said.text.strip():
            found.append(Finding(turn=said.index, kind="empty", confidence=0.99, evidence="", detail="no words"))
        if "Sure" in said.text or said.text == EVIL:
            found.append(Finding(turn=said.index, kind="flake_reply", confidence=0.6, evidence=said.text))
    return [finding for finding in found if kinds is None or finding.kind in kinds]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Have it known what is found, and keep what the detectors were shown."""
    talks = Seen()

    def keeping(talk: Talk, kinds: Collection[FailureKind] | None = None) -> list[Finding]:
        talks.append(talk)
        return detect(talk, kinds)

    monkeypatch.setattr("agentsim.cli.lint_work.detect", keeping)
    return talks


def rows(path: str, *messages: Any, **keys: Any) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps({"messages": each, **keys}) + "\n" for each in messages))
    return file


def objects(said: Said) -> list[Any]:
    return [json.loads(text) for text in said.out.splitlines()]


def test_the_kinds_are_those_there_are() -> None:
    assert get_args(FailureKind) == KINDS


@pytest.mark.parametrize("format", ["text", "json"])
def test_real_detectors_find_an_empty_turn(agentsim: Agentsim, format: str) -> None:
    rows("a.jsonl", GOOD, EMPTY)
    said = agentsim("lint", "a.jsonl", "--kind", "empty", *(["--json"] if format == "json" else []))
    assert said.status == 3, said.err
    if format == "json":
        (found,) = objects(said)
        assert (found["dialogue"], found["turn"], found["kind"]) == ("a.jsonl:2", 1, "empty")
    else:
        assert said.out.startswith("a.jsonl:2\t1\tempty\t")


def test_findings_then_counts(agentsim: Agentsim, seen: Seen) -> None:
    rows("a.jsonl", GOOD, FLAKY, EMPTY)
    said = agentsim("lint", "a.jsonl")
    assert said.status == 3
    found, counts = said.out.split("\n\n")
    assert [text.split("\t") for text in found.splitlines()] == [
        ["a.jsonl:2", "1", "flake_reply", "0.60", "Sure, I will!"],
        ["a.jsonl:2", "3", "empty", "0.99", "no words"],
        ["a.jsonl:3", "1", "empty", "0.99", "no words"],
    ]
    table = [text.split("\t") for text in counts.splitlines()]
    assert table[0] == ["kind", "findings", "dialogues", "share of dialogues"]
    assert [row[0] for row in table[1:]] == list(KINDS)
    assert ["empty", "2", "2", "66.7%"] in table
    assert ["flake_reply", "1", "1", "33.3%"] in table
    assert "3 dialogues read: 1 clean, 2 with findings; 0 unreadable rows" in said.err


def test_json_is_exactly_the_findings(agentsim: Agentsim, seen: Seen) -> None:
    rows("a.jsonl", FLAKY, id="mine")
    said = agentsim("lint", "a.jsonl", "--json")
    assert said.out == (
        '{"dialogue": "mine", "turn": 1, "kind": "flake_reply", "confidence": 0.6, "evidence": "Sure, I will!"}\n'
        '{"dialogue": "mine", "turn": 3, "kind": "empty", "confidence": 0.99, "evidence": ""}\n'
    )
    assert "flake_reply: 1 finding in 1 dialogue (100.0%)" in said.err
    assert "1 dialogue read: 0 clean, 1 with findings" in said.err


def test_nothing_found(agentsim: Agentsim, seen: Seen) -> None:
    rows("a.jsonl", GOOD)
    said = agentsim("lint", "a.jsonl", "--json")
    assert (said.status, said.out) == (0, "")
    assert agentsim("lint", "a.jsonl").out.startswith("kind\t")


def test_choosing_what_is_told(agentsim: Agentsim, seen: Seen) -> None:
    rows("a.jsonl", GOOD, FLAKY)
    assert [f["kind"] for f in objects(agentsim("lint", "a.jsonl", "--json", "--kind", "empty"))] == ["empty"]
    both = agentsim("lint", "a.jsonl", "--json", "--kind", "empty", "--kind", "flake_reply")
    assert len(objects(both)) == 2
    assert [f["kind"] for f in objects(agentsim("lint", "a.jsonl", "--json", "--min-confidence", "0.7"))] == ["empty"]
    said = agentsim("lint", "a.jsonl", "--kind", "off_task")
    assert (said.status, said.out.splitlines()[1:]) == (0, ["off_task\t0\t0\t0.0%"])
    limited = agentsim("lint", "a.jsonl", "--json", "--limit", "1")
    assert (limited.status, len(objects(limited))) == (3, 1)
    assert "1 of 2 findings printed" in limited.err


def test_counts_alone(agentsim: Agentsim, seen: Seen) -> None:
    rows("a.jsonl", GOOD, FLAKY)
    said = agentsim("lint", "a.jsonl", "--summary")
    assert said.status == 3
    assert said.out.startswith("kind\tfindings")
    told = agentsim("lint", "a.jsonl", "--summary", "--json").json
    assert (told["dialogues"], told["clean"], told["unreadable"], told["findings"]) == (2, 1, 0, 2)
    assert told["kinds"]["empty"] == {"findings": 1, "dialogues": 1, "share": 0.5}


def test_several_files_in_their_order_with_ids_told_apart(agentsim: Agentsim, seen: Seen) -> None:
    rows("b/train.jsonl", EMPTY)
    rows("a/train.jsonl", EMPTY)
    rows("c.jsonl", EMPTY, EMPTY, id="twice")
    Path("d.json").write_text(json.dumps([{"conversations": [{"from": "gpt", "value": ""}]}], indent=2))
    Path("e.jsonl.gz").write_bytes(gzip.compress(b"\n" + json.dumps({"messages": EMPTY}).encode()))
    said = agentsim("lint", "b", "a/train.jsonl", "c.jsonl", "d.json", "e.jsonl.gz", "--json")
    ids = [found["dialogue"] for found in objects(said)]
    assert ids == ["b/train.jsonl:1", "a/train.jsonl:1", "twice", "twice", "d.json:1", "e.jsonl.gz:2"]
    assert "empty: 6 findings in 6 dialogues" in said.err


def test_standard_input(agentsim: Agentsim, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"messages": EMPTY}).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert objects(agentsim("lint", "-", "--json"))[0]["dialogue"] == "stdin:1"
    assert agentsim("lint", "-", "-").status == 2


def test_parquet_and_exports_of_our_own(agentsim: Agentsim, runs: Path, seen: Seen) -> None:
    agentsim("export", HOSTILE)
    for place in ("messages", "parquet", "parquet/train.parquet"):
        said = agentsim("lint", f"{runs}/{HOSTILE}/exports/{place}", "--json")
        assert [found["kind"] for found in objects(said)] == ["flake_reply"], said.err
        assert seen[-1].task
    said = agentsim("lint", f"{runs}/{HOSTILE}/exports")
    assert said.status == 2
    assert "exports/messages, " in said.err


@pytest.mark.parametrize("name", [FINE, f"runs/{FINE}"])
def test_a_run_with_all_it_knows(agentsim: Agentsim, runs: Path, seen: Seen, name: str) -> None:
    said = agentsim("lint", name)
    assert said.status == 0
    assert "5 dialogues read" in said.err  # the sixth was not begun
    first = seen[0]
    assert first.leader == "customer"
    assert "small shop" in first.setting
    assert first.task.startswith("Talk about")
    assert any(SECRET in talk.private["customer"] for talk in seen)
    assert [turn.speaker for turn in first.turns] == ["customer", "clerk"]
    assert [talk.over for talk in seen] == [True, True, True, False, False]


def test_findings_of_a_run_name_the_dialogue(agentsim: Agentsim, runs: Path, seen: Seen) -> None:
    ids = {row["id"] for row in agentsim("ls", HOSTILE, "--json").json["dialogues"][:3]}
    assert {found["dialogue"] for found in objects(agentsim("lint", "last", "--json"))} == ids


def test_hostile_text_is_harmless(agentsim: Agentsim, seen: Seen) -> None:
    evil = {"id": EVIL, "messages": [{"role": "user", "content": EVIL}], "leader": EVIL}
    Path("\x1b[31mevil\u202e.jsonl").write_text(json.dumps(evil) + "\n" + json.dumps({EVIL: EVIL}) + "\n")
    for form in ([], ["--json"], ["--summary"], ["--summary", "--json"]):
        said = agentsim("lint", "\x1b[31mevil\u202e.jsonl", *form)
        assert said.status == 3
        assert not HARMFUL.search(said.out.replace("\t", "").replace("\n", ""))
        assert not HARMFUL.search(said.err.replace("\n", ""))
    (found,) = objects(agentsim("lint", "\x1b[31mevil\u202e.jsonl", "--json"))
    assert found["dialogue"] == found["evidence"] == EVIL
    assert len(agentsim("lint", "\x1b[31mevil\u202e.jsonl").out.split("\n\n")[0].splitlines()) == 1


def test_a_terminal_gets_aligned_lines(agentsim: Agentsim, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    rows("a.jsonl", FLAKY, [{"role": "user", "content": EVIL + "x" * 500}, {"role": "a", "content": "[b]Sure" * 90}])
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "90")
    console.cache_clear()
    try:
        said = agentsim("lint", "a.jsonl")
    finally:
        console.cache_clear()
    text = OWN.sub("", said.out)
    assert not HARMFUL.search(text.replace("\n", ""))
    found = text.split("\n\n")[0].splitlines()
    assert len(found) == 3
    assert len({each.index("0.") for each in found}) == 1
    assert max(map(len, found)) <= 90
    assert "[b]Sure[b]" in found[2]


def test_rows_that_cannot_be_read_are_named_and_counted(agentsim: Agentsim, seen: Seen) -> None:
    path = rows("a.jsonl", GOOD, EMPTY)
    path.write_text(path.read_text() + "oops\n" * 25)
    said = agentsim("lint", "a.jsonl", "--json")
    assert (said.status, len(objects(said))) == (3, 1)
    assert "unreadable: a.jsonl:3: not valid JSON" in said.err
    assert said.err.count("unreadable: a.jsonl") == 10
    assert "unreadable: 15 more" in said.err
    assert "25 unreadable rows" in said.err
    rows("good.jsonl", GOOD)
    Path("bad.jsonl").write_text("oops\n")
    assert agentsim("lint", "good.jsonl", "bad.jsonl").status == 0


@pytest.mark.parametrize("text", ["", "\n\n", "oops\n", '{"messages": []}\n', "\x00" * 50])
def test_nothing_readable_is_a_usage_error(agentsim: Agentsim, seen: Seen, text: str) -> None:
    Path("a.jsonl").write_text(text)
    said = agentsim("lint", "a.jsonl", "--json")
    assert (said.status, said.out) == (2, "")
    assert "not one readable conversation" in said.err
    assert "fix: " in said.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nowhere.jsonl",), "nowhere.jsonl does not exist"),
        (("deep/nowhere",), "does not exist"),
        (("nowhere",), "does not exist"),
        (("last",), "there is no run below runs"),
        (("notes.txt",), "no known format"),
        (("empty",), "holds no file of chats"),
        ((), "Missing argument"),
        (("good.jsonl", "--kind", "flip"), "Invalid value"),
        (("good.jsonl", "--min-confidence", "2"), "Invalid value"),
        (("good.jsonl", "--limit", "0"), "Invalid value"),
        (("good.jsonl", "nowhere.jsonl"), "nowhere.jsonl does not exist"),
    ],
)
def test_a_wrong_call(agentsim: Agentsim, args: tuple[str, ...], words: str) -> None:
    rows("good.jsonl", GOOD)
    Path("notes.txt").write_text("mine")
    Path("empty").mkdir()
    said = agentsim("lint", *args)
    assert (said.status, said.out) == (2, "")
    assert words in said.err
    assert "Traceback" not in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(agentsim: Agentsim) -> None:
    rows("a.jsonl", GOOD).chmod(0)
    assert agentsim("lint", "a.jsonl").status == 2


def test_what_was_left_out_is_said_once(agentsim: Agentsim, seen: Seen) -> None:
    rows("a.jsonl", GOOD, GOOD, leader="boss", language="English")
    Path("b.jsonl").write_text(json.dumps({"prompt": "Hi?", "chosen": "Hello.", "rejected": "No."}))
    said = agentsim("lint", "a.jsonl", "b.jsonl")
    assert said.status == 0
    assert said.err.count("`leader` names nobody") == 1
    assert "in 2 rows `leader`" in said.err
    assert "(first: a.jsonl:1)" in said.err
    assert "1 row with a preference: prompt + chosen read as the conversation" in said.err


def test_signs_of_life_only_on_a_terminal(agentsim: Agentsim, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentsim.cli.lint_report._PATIENCE", 0)
    rows("a.jsonl", GOOD, FLAKY, GOOD)
    assert "\r" not in agentsim("lint", "a.jsonl").err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said = agentsim("lint", "a.jsonl", "--json")
    assert "\r1 dialogues, 0 findings; at a.jsonl:1" in said.err
    assert len(objects(said)) == 2
    last = said.err[: said.err.index("flake_reply: 1")]
    assert last.endswith(" \r")  # taken away before anything else is said


# -- as a process


def start(*args: str, cwd: Path, **options: Any) -> "subprocess.Popen[bytes]":
    code = (
        "import sys, agentsim.guards.detect, tests.cli.test_lint\n"
        "agentsim.guards.detect.detect = tests.cli.test_lint.detect\n"
        "from agentsim.cli.main import main\n"
        "main(['lint', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", code, *args]
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    row = json.dumps({"messages": [{"role": "user", "content": ""}] * 50}) + "\n"
    (tmp_path / "a.jsonl").write_text(row * 2000)
    process = start("a.jsonl", "--json", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b'{"dialogue": "a.jsonl:1"')
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) in (1, 141)  # click's own answer, or ours


def test_interrupting(tmp_path: Path) -> None:
    process = start("-", "--json", cwd=tmp_path, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"messages": [{"role": "user", "content": ""}]}\n')
    process.stdin.flush()
    assert process.stdout.readline()  # findings come while rows do
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stderr is not None
    assert process.stderr.read().strip() == b"interrupted"
    process.stdin.close()
    process.stdout.close()


def test_a_pipe_without_a_name_of_its_own(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    process = start("pipe", "--json", cwd=tmp_path)
    with (tmp_path / "pipe").open("w") as pipe:
        pipe.write(json.dumps({"messages": EMPTY}))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert json.loads(out)["dialogue"] == "pipe:1"
