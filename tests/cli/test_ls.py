"""Listing runs and dialogues."""

from pathlib import Path

from agentsim.run.store import Store
from tests.cli.conftest import FINE, HOSTILE, Agentsim
from tests.cli.folders import make_run


def test_runs_are_listed_with_what_became_of_them(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("ls")
    head, *rows = [line.split("\t") for line in said.out.splitlines()]
    assert head == ["run", "model", "planned", "accepted", "rejected", "failed", "tokens", "cost", "state"]
    assert rows[0] == [
        f"runs/{FINE}", "openai/small", "6", "1", "1", "2", "0", "$0.0000", "stopped: 3 to do"
    ]  # fmt: skip
    assert [row[0] for row in rows] == [f"runs/{FINE}", f"runs/{HOSTILE}"]


def test_counts_in_json_add_up(agentsim: Agentsim, runs: Path) -> None:
    run = agentsim("ls", "--json").json["runs"][0]
    tally = run["tally"]
    assert run["state"] == "stopped"
    assert run["to_do"] == 3  # failed, running and not begun; the undecided one has its verdict
    assert tally["planned"] == tally["accepted"] + sum(tally["rejected"].values()) + sum(tally["failed"].values())


def test_a_run_that_is_being_written_says_so_and_can_still_be_written(agentsim: Agentsim, runs: Path) -> None:
    store = Store(runs / FINE)
    try:
        states = [run["state"] for run in agentsim("ls", "--json").json["runs"]]
    finally:
        store.close()
    assert states == ["being_written", "stopped"]
    Store(runs / FINE).close()  # looking did not keep the lock
    assert agentsim("ls", "--json").json["runs"][0]["state"] == "stopped"


def test_a_finished_run_is_done(agentsim: Agentsim) -> None:
    make_run(Path("runs/one"), dialogues=3)
    assert agentsim("ls").out.splitlines()[1].endswith("\tdone")


def test_damaged_runs_are_listed_as_such(agentsim: Agentsim, runs: Path) -> None:
    (runs / "20260103-000000-broken").mkdir()
    (runs / "20260103-000000-broken/run.db").write_bytes(b"no database" * 100)
    (runs / "20260104-000000-empty").mkdir()
    (runs / "20260104-000000-empty/run.db").write_bytes(b"")
    said = agentsim("ls", "--json")
    assert said.status == 0
    assert [run["state"] for run in said.json["runs"]] == ["stopped", "stopped", "damaged", "damaged"]
    assert "damaged: " in agentsim("ls").out
    assert agentsim("ls", "20260103-000000-broken").status == 5


def test_without_runs_it_says_how_to_make_one(agentsim: Agentsim) -> None:
    said = agentsim("ls")
    assert said.status == 0
    assert "agentsim run" in said.err
    assert agentsim("ls", "--json").json == {"base": "runs", "runs": []}


def test_dialogues_are_listed_in_plan_order(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("ls", FINE)
    head, *rows = [line.split("\t") for line in said.out.splitlines()]
    assert head == ["index", "id", "scenario", "topic", "state", "reason", "turns"]
    assert [row[4] for row in rows] == ["accepted", "rejected", "undecided", "failed", "running"]
    assert {row[3] for row in rows} == {"No receipt", "Too late"}
    assert "5 shown of: 6 planned" in said.err
    assert "1 not run" in said.err


def test_filters_choose_among_dialogues(agentsim: Agentsim, runs: Path) -> None:
    found = agentsim("ls", FINE, "--state", "rejected", "--state", "failed", "--json").json
    assert [row["index"] for row in found["dialogues"]] == [1, 3]
    assert found["counts"]["accepted"] == 1  # counts are of the whole run
    assert len(agentsim("ls", FINE, "--scenario", "shop", "--json").json["dialogues"]) == 5


def test_last_is_the_newest_run_whatever_its_name(agentsim: Agentsim, runs: Path) -> None:
    assert agentsim("ls", "last", "--json").json["run"] == f"runs/{HOSTILE}"
    make_run(runs / "aaa")  # its own name; made just now
    assert agentsim("ls", "last", "--json").json["run"] == "runs/aaa"
    assert agentsim("ls", f"runs/{FINE}", "--json").json["run"] == f"runs/{FINE}"


def test_another_base(agentsim: Agentsim, made: Path) -> None:
    assert len(agentsim("ls", "--base", str(made), "--json").json["runs"]) == 2
    assert agentsim("ls", "last", "--base", str(made)).status == 0
