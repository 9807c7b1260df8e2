"""What holds for all commands: wrong arguments, help, speed, completion."""

import subprocess
import sys
from pathlib import Path

import pytest

from agentsim.cli.main import COMMANDS
from tests.cli.conftest import FINE, HOSTILE, Agentsim

WRONG = [
    ("ls", "nowhere"),
    ("ls", "--state", "accepted"),
    ("ls", FINE, "--state", "good"),
    ("ls", FINE, "--scenario", "shpo"),
    ("ls", "--base", "nowhere"),
    ("ls", "."),
    ("ls", FINE, "extra"),
    ("ls", "--jsn"),
    ("show",),
    ("show", "nowhere"),
    ("show", FINE, "99"),
    ("show", FINE, "no-such-id"),
    ("show", FINE, "--prompts"),
    ("export",),
    ("export", "nowhere"),
    ("export", FINE, "--format", "csv"),
    ("export", FINE, "--validation-share", "0.9"),
    ("export", FINE, "--validation-share", "much"),
    ("export", FINE, "--tokenizer", "nowhere.json"),
    ("export", FINE, "--system", "secret"),
    ("export", FINE, "-f", "messages", "--out", "taken"),
    ("personas", "shwo", "ana"),
    ("personas", "show"),
    ("personas", "show", "ansel-duhany"),
    ("personas", "check"),
    ("personas", "-l", "nowhere"),
    ("personas", "list", "--tag"),
    ("scenarios", "show", "nothing-like-it"),
    ("scenarios", "schema"),
    ("critic", "chekc"),
    ("critic", "check", "--sample", "0"),
    ("critic", "check", "--rubric", "nonesuch"),
    ("topics", "shwo"),
    ("topics", "grow", "nowhere.md"),
    ("topics", "grow", "--subject", "tea", "-o", "notes.txt"),
    ("topics", "grow", "--subject", "tea", "-o", "taken"),
    ("models", "nosuchprovider/x"),
    ("models", "x", "--search", "y"),
    ("models", "--limit", "0"),
    ("models", "embedded/"),
    ("models", "embedded/unknown"),
    ("doctor", "nowhere.yaml"),
    ("init", "notes.txt"),
    ("init", "a", "b"),
    ("completion", "powershell"),
    ("lss",),
]

WAYS_OUT = (
    "fix: ",
    "Try 'agentsim",  # click's own messages point to the help,
    "requires an argument",  # or are their own fix
    "; name a folder that holds",  # a library's faults have it after the fault,
    "\t`agentsim init DIR` makes one",  # and the doctor in the last cell
)


@pytest.mark.parametrize("args", WRONG, ids=" ".join)
def test_a_wrong_call_gets_one_clear_message(agentsim: Agentsim, runs: Path, args: tuple[str, ...]) -> None:
    Path("notes.txt").write_text("mine")
    Path("taken").mkdir()
    Path("taken/thesis.txt").write_text("mine")
    said = agentsim(*args)
    assert said.status == 2, (said.out, said.err)
    told = said.out + said.err
    assert "Traceback" not in told
    assert any(way_out in told for way_out in WAYS_OUT), told
    assert len(said.err) < 2500


def test_a_missing_run_names_those_that_exist(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("show", "nowhere")
    assert f"last, runs/{HOSTILE}, runs/{FINE}" in said.err


def test_settings_that_cannot_be_read_are_one_message(agentsim: Agentsim, runs: Path) -> None:
    import sqlite3

    db = sqlite3.connect(runs / FINE / "run.db")
    db.execute("""UPDATE meta SET value = '{"dialogues": "many"}' WHERE key = 'settings'""")
    db.commit()
    db.close()
    said = agentsim("show", FINE)
    assert said.status == 5
    assert "Traceback" not in said.err
    assert agentsim("ls", "--json").json["runs"][0]["state"] == "damaged"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("run", "resume")])
def test_every_command_has_help_and_imports_little(name: str) -> None:
    code = (
        "import sys; from agentsim.cli.main import cli\n"
        f"try: cli.main(['{name}', '--help'], prog_name='agentsim')\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'rich', 'yaml', 'litellm', 'autogen_core'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Usage: agentsim {name}" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_and_how_to_install_it(agentsim: Agentsim, shell: str) -> None:
    said = agentsim("completion", shell)
    assert said.status == 0
    assert "_AGENTSIM_COMPLETE" in said.out
    assert "to install:" in said.err


def test_completion_knows_the_shell(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert "fish_complete" in agentsim("completion").out
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    said = agentsim("completion")
    assert said.status == 2
    assert "fix: " in said.err


def test_completion_knows_the_runs(agentsim: Agentsim, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AGENTSIM_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "agentsim show 2026")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert agentsim().out.splitlines() == [f"plain,{FINE}", f"plain,{HOSTILE}"]
