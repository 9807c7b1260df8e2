"""Text of models and strangers reaches no terminal as a command, and no line as another line."""

import re
import sys
from pathlib import Path

import pytest

from agentsim.cli.output import console
from tests.cli.conftest import HOSTILE, Agentsim
from tests.cli.folders import EVIL
from tests.library.conftest import persona

# Colours of our own are the only sequences allowed on a terminal.
OWN = re.compile(r"\x1b\[[0-9;]*m")
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

COMMANDS = [
    ("ls",),
    ("ls", HOSTILE),
    ("show", HOSTILE),
    *[("show", HOSTILE, index, "--prompts") for index in "01234"],
    ("export", HOSTILE),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("form", ["plain", "json"])
def test_plain_lines_and_json_are_harmless(agentsim: Agentsim, runs: Path, command: tuple[str, ...], form: str) -> None:
    said = agentsim(*command, *(["--json"] if form == "json" else []))
    assert said.status == 0
    assert not HARMFUL.search(said.out.replace("\t", "").replace("\n", ""))
    assert not HARMFUL.search(said.err.replace("\n", ""))


def test_a_text_cannot_forge_a_line(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("show", HOSTILE, "0")
    assert [line[0] for line in said.lines("turn")] == ["0", "1"]
    assert "[bold]loud[/bold]" in said.out  # markup stays text


def test_json_keeps_the_text_as_it_was(agentsim: Agentsim, runs: Path) -> None:
    assert agentsim("show", HOSTILE, "0", "--json").json["turns"][1]["text"] == EVIL


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_terminal_sees_no_sequence_but_our_own(
    agentsim: Agentsim, runs: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    console.cache_clear()
    try:
        said = agentsim(*command)
    finally:
        console.cache_clear()
    assert said.status == 0
    assert "\x1b[" in said.out
    rest = OWN.sub("", said.out).replace("\n", "")
    assert not HARMFUL.search(rest)
    if command[-1] == "--prompts" and "1" in command:
        assert "[bold]loud[/bold]" in OWN.sub("", said.out)


def test_a_persona_file_of_a_stranger(agentsim: Agentsim) -> None:
    Path("mine/personas").mkdir(parents=True)
    text = persona("ana").replace("name: Ana Sousa", 'name: "[bold]Ana\\e[31m\\u202e\\nid\\tforged"')
    Path("mine/personas/ana.yaml").write_text(text)
    for command in (("personas", "--search", "baker"), ("personas", "show", "ana")):
        said = agentsim(*command, "-l", "mine", "--no-shipped")
        assert said.status == 0, said.err
        assert "[bold]Ana" in said.out
        assert not HARMFUL.search(said.out.replace("\t", "").replace("\n", ""))
        assert not said.lines("id")[1:]


def test_text_that_the_screen_cannot_encode(
    agentsim: Agentsim, runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", errors="strict"))
    from agentsim.cli.main import main

    with pytest.raises(SystemExit) as stop:
        main(["show", HOSTILE, "0"])
    sys.stdout.flush()
    assert not stop.value.code
    assert b"[bold]loud" in raw.getvalue()
