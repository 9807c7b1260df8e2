"""What a run's dialogues were about, on the command line."""

from pathlib import Path

from tests.cli.conftest import HOSTILE, Agentsim
from tests.cli.folders import make_run


def test_the_tree_counts_what_is_planned_and_what_was_said(agentsim: Agentsim, runs: Path) -> None:
    make_run(Path("runs/one"), dialogues=3)
    said = agentsim("coverage", "one", "--json").json
    tops = [topic for topic in said["topics"] if len(topic["path"]) == 1]
    assert sum(topic["planned"] for topic in tops) == 3
    assert sum(topic["simulated"] for topic in tops) == 3
    assert sum(topic["said"] for topic in tops) + said["nowhere"] == 3
    assert said["covered"] + len(said["gaps"]) == said["leaves"]
    elsewhere = sum(went["dialogues"] for went in said["went_elsewhere"])
    assert sum(topic["on_topic"] for topic in said["topics"] if topic["path"] in said["gaps"]) <= 3 - elsewhere


def test_without_a_terminal_each_topic_is_a_line_gaps_first(agentsim: Agentsim, runs: Path) -> None:
    make_run(Path("runs/one"), dialogues=3)
    facts = agentsim("coverage", "one", "--json").json
    said = agentsim("coverage", "one")
    head, *rows = [line.split("\t") for line in said.out.splitlines()]
    assert head == ["topic", "accepted", "said", "simulated", "on topic", "planned", "tokens"]
    assert sorted(row[0] for row in rows) == sorted(" / ".join(topic["path"]) for topic in facts["topics"])
    assert said.err.startswith(f"{facts['covered']} of {facts['leaves']} topics covered")
    missing = {" / ".join(path) for path in facts["gaps"]}
    assert missing <= {line.split("\t")[0] for line in agentsim("coverage", "one", "--gaps").out.splitlines()}


def test_hostile_topics_are_text(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("coverage", HOSTILE)
    assert said.status == 0
    assert "\x1b" not in said.out + said.err


def test_a_run_that_is_not_there(agentsim: Agentsim) -> None:
    assert agentsim("coverage", "none").status == 2


def test_too_few_dialogues_are_not_compared(agentsim: Agentsim, runs: Path) -> None:
    for name in ("one", "two"):
        make_run(Path("runs", name), dialogues=6)
    said = agentsim("coverage", "one", "--compare", "two")
    assert said.status == 2
    assert "a comparison needs four dialogues of each run" in said.err
