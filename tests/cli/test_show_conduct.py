"""What `agentsim show` says of failures, repairs and people, on dialogues that were really played."""

import re
from pathlib import Path
from typing import Any

import pytest

from agentsim import simulate
from agentsim.cli.output import console
from agentsim.cli.run_command import command
from agentsim.schema import FailureKind
from tests.cli.conftest import Agentsim
from tests.cli.folders import EVIL
from tests.kettle import LINES, WRONG, Kettle, ana, scenario
from tests.scripted import ScriptedModel


def play(folder: str, kind: FailureKind | None, *, times: int = 1, wrong: str | None = None, **guards: Any) -> None:
    """Play one dialogue about a kettle that goes wrong in a way, so many times at each turn that can."""
    kettle = Kettle(kind, times=times)

    def answer(request: Any) -> str:
        text = kettle(request.messages)
        return text if wrong is None or kind is None or text not in WRONG[kind].values() else wrong

    simulate(
        personas=[ana()],
        scenarios=[scenario()],
        dialogues=1,
        out=Path(folder),
        model="openai/small",
        model_object=ScriptedModel(answer),
        critic={"enabled": False},
        goal_check={"enabled": False},
        agenda=False,
        guards=guards,
    )


def test_a_repaired_turn_is_shown_with_all_its_proposals(agentsim: Agentsim) -> None:
    play("it", "role_flip", times=2)
    said = agentsim("show", "it", "0")
    (turn, kind, action, thrown, told) = said.lines("intervention")[0]
    assert (turn, kind, action) == ("5", "role_flip", "hint")
    lost = 2 * len(WRONG["role_flip"][5].split())
    assert thrown == f"{lost} tok thrown away"
    assert told.startswith("role_flip at turn 5: asked again 2 times; ")
    assert said.lines("hint") == [["5", "Stay in your own part: do not speak for the other side."]]
    candidates = said.lines("candidate")
    assert [cells[:3] for cells in candidates] == [
        ["5", "0", "thrown away"],
        ["5", "1", "thrown away"],
        ["5", "2", "kept"],
    ]
    assert [cells[-1] for cells in candidates] == [*[WRONG["role_flip"][5]] * 2, LINES[5]]
    assert candidates[2][4] == "clean"
    assert re.fullmatch(r"role_flip 0\.\d\d", candidates[0][4])
    assert said.lines("finding") == []
    assert said.lines("turn")[5][-1] == LINES[5]

    told_json = agentsim("show", "it", "0", "--json").json
    (one,) = told_json["interventions"]
    assert (one["chosen"], one["action"], len(one["candidates"])) == (2, "hint", 3)
    assert one["discarded"]["completion_tokens"] == lost
    assert told_json["findings"] == []


def test_a_tagged_failure_stands_below_its_turn(agentsim: Agentsim) -> None:
    play("it", "flake_reply", mode="tag")
    said = agentsim("show", "it", "0")
    lines = said.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("turn\t7\t"))
    turn, role, kind, sure, shown = lines[at + 1].split("\t")[1:]
    assert (turn, role, kind) == ("7", "agent", "flake_reply")
    assert re.fullmatch(r"sure 0\.\d\d", sure)
    quoted = re.match(r'"(.*)"', shown)
    assert quoted is not None
    assert quoted[1] in WRONG["flake_reply"][7]
    assert said.lines("intervention") == []
    assert said.lines("verdict")[0] == ["outcome", "rejected, by detectors"]
    (finding,) = agentsim("show", "it", "0", "--json").json["findings"]
    assert (finding["turn"], finding["kind"]) == (7, "flake_reply")


def test_turns_that_were_taken_back_are_shown(agentsim: Agentsim) -> None:
    play("it", "goal_leak", policies={"goal_leak": {"action": "rewind", "turns": 3}})
    said = agentsim("show", "it", "0")
    assert [cells[0] for cells in said.lines("undone")] == ["4", "5"]
    assert [cells[-1] for cells in said.lines("undone")] == list(LINES[4:6])
    assert said.lines("intervention")[0][2] == "rewind"
    assert [cells[2] for cells in said.lines("candidate")] == ["thrown away"]
    (kind,) = [cells[1] for cells in agentsim("show", "it").lines("failure_kind") if cells[0] == "goal_leak"]
    assert kind == "found 1, standing 0, rewind 1, dialogues rejected 0"


def test_a_run_s_failures_are_counted(agentsim: Agentsim) -> None:
    play("it", "role_flip", times=99)
    rows = dict(agentsim("show", "it").lines("failure_kind"))
    assert rows["guards"] == "repair"
    assert rows["role_flip"] == "found 1, standing 1, hint 1, in vain 1, dialogues rejected 1"
    assert rows["repairs"] == "1, in 1 of 1 dialogues"
    thrown = 3 * len(WRONG["role_flip"][5].split())
    assert rows["thrown away"].startswith(f"{thrown} generated tokens, ")
    told = agentsim("show", "it", "--json").json["failures"]
    assert (told["mode"], told["repairs"], told["discarded"]["completion_tokens"]) == ("repair", 1, thrown)
    assert told["kinds"][0]["repairs"] == {"hint": 1}
    kept = sum(turn["usage"]["completion_tokens"] for turn in agentsim("show", "it", "0", "--json").json["turns"])
    assert told["discarded_share"] == pytest.approx(thrown / (thrown + kept))


def test_guards_that_were_off_say_so_and_no_more(agentsim: Agentsim) -> None:
    play("it", "role_flip", mode="off")
    assert agentsim("show", "it").lines("failure_kind") == [["guards", "off"]]


def test_the_people_of_a_run(agentsim: Agentsim) -> None:
    play("it", None)
    said = agentsim("show", "it")
    (line,) = said.lines("people")
    assert line[:3] == ["customer", "easy", "1"]
    assert "0% of turns copied" in line[3]
    assert said.lines("way") == []
    told = agentsim("show", "it", "--json").json["people"]
    assert (told["measured"], told["of"]) == (1, 1)
    assert [(figure["role"], figure["level"]) for figure in told["figures"]] == [
        ("customer", None),
        ("customer", "easy"),
    ]
    assert told["figures"][0]["lengths"]["turns"] == 6


@pytest.mark.parametrize("terminal", [False, True])
def test_what_was_thrown_away_is_harmless_too(
    agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    play("it", "role_flip", times=99, wrong=f"{WRONG['role_flip'][5]} {EVIL}")
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
    console.cache_clear()
    try:
        said = agentsim("show", "it", "0")
    finally:
        console.cache_clear()
    rest = re.sub(r"\x1b\[[0-9;]*m", "", said.out) if terminal else said.out
    assert "[bold]loud[/bold]" in rest
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", rest)
    if not terminal:
        assert len(said.lines("turn")) == len(LINES)


@pytest.mark.parametrize("mode", ["off", "tag", "repair"])
def test_the_guards_of_a_run_are_chosen_by_an_option(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentsim.run import sources

    class Resolved(Exception):
        pass

    seen: list[Any] = []

    def resolve(flags: Any, **_: Any) -> Any:
        seen.append(flags)
        raise Resolved

    monkeypatch.setattr(sources, "resolve", resolve)
    with pytest.raises(Resolved):
        command.main(["--guards", mode], standalone_mode=False)
    assert seen[0]["guards"] == {"mode": mode}
