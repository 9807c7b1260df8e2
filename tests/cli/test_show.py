"""Showing a run and a dialogue."""

from pathlib import Path

from tests.cli.conftest import FINE, Agentsim
from tests.cli.folders import SECRET


def test_a_run_on_one_page(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("show", FINE)
    assert said.status == 0
    assert said.lines("run") == [["state", "stopped: 3 to do"]]
    assert ["model", "openai/small"] in said.lines("setting")
    assert ["rejected", "low_grade", "1"] in said.lines("tally")
    assert ["calls", "0"] in said.lines("usage")


def test_a_run_in_json(agentsim: Agentsim, runs: Path) -> None:
    told = agentsim("show", FINE, "--json").json
    assert told["settings"]["seed"] == 3
    assert told["tally"]["accepted"] == 1
    assert told["exports"] == []
    agentsim("export", FINE, "--format", "messages")
    assert agentsim("show", FINE, "--json").json["exports"] == [f"runs/{FINE}/exports/messages"]


def test_a_dialogue_with_all_that_is_known_of_it(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("show", FINE, "0")
    assert [line[:2] for line in said.lines("turn")] == [["0", "customer"], ["1", "clerk"]]
    assert said.lines("turn")[1][2:] == ["Clerk", "7 tok", "Here is your money."]
    assert said.lines("end") == [["turn_limit", "2 turns"]]
    assert said.lines("grade")[1] == ["natural", "4", "it says Here is your money. [turns 0, 1]"]
    assert said.lines("check") == [["asks", "passed", "found Here is your money."]]
    assert said.lines("verdict")[0] == ["outcome", "accepted, by critic"]
    assert [line[0] for line in said.lines("cast")] == ["customer", "clerk"]


def test_a_dialogue_by_its_id(agentsim: Agentsim, runs: Path) -> None:
    told = agentsim("show", FINE, "1", "--json").json
    again = agentsim("show", FINE, told["assignment"]["id"], "--json").json
    assert told == again
    assert told["state"] == "rejected"
    assert told["verdict"]["reasons"][0]["code"] == "low_grade"
    assert [turn["role"] for turn in told["turns"]] == ["customer", "clerk"]


def test_ungraded_failed_and_running_dialogues(agentsim: Agentsim, runs: Path) -> None:
    assert agentsim("show", FINE, "2").lines("grade")[0] == ["ungraded", "-", "no JSON"]
    failed = agentsim("show", FINE, "3")
    assert failed.lines("failure")[0][0] == "error:TimedOut"
    assert failed.lines("verdict") == []
    running = agentsim("show", FINE, "4", "--json").json
    assert (running["state"], running["end"], running["failure"]) == ("running", None, None)


def test_prompts_are_shown_on_demand_only_and_marked_private(agentsim: Agentsim, runs: Path) -> None:
    index = next(
        index
        for index in "01"
        if agentsim("show", FINE, index, "--json").json["assignment"]["cast"]["customer"] == "ana"
    )
    assert SECRET not in agentsim("show", FINE, index).out
    assert "private_prompts" not in agentsim("show", FINE, index, "--json").json
    told = agentsim("show", FINE, index, "--prompts", "--json").json["private_prompts"]
    assert SECRET in told["customer"]
    assert SECRET not in told["clerk"]
    assert SECRET in dict(agentsim("show", FINE, index, "--prompts").lines("private_prompt"))["customer"]
