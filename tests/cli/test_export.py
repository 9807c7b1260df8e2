"""Exporting again."""

import json
from pathlib import Path

from agentsim.events import Decided
from agentsim.run.exporting import export_run
from agentsim.run.reader import RunReader
from agentsim.run.store import Store
from agentsim.schema import Reason, Verdict
from tests.cli.conftest import FINE, Agentsim


def test_both_formats_in_the_run_directory(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("export", FINE)
    assert said.status == 0
    head, *rows = [line.split("\t") for line in said.out.splitlines()]
    assert head[:3] == ["format", "train", "validation"]
    assert [row[:4] for row in rows] == [["messages", "1", "0", "1"], ["parquet", "1", "0", "1"]]
    assert (runs / FINE / "exports/parquet/train.parquet").is_file()
    row = json.loads((runs / FINE / "exports/messages/train.jsonl").read_text())
    assert row["messages"][-1]["content"] == "Here is your money."
    assert "no validation split" in said.err


def test_one_format_elsewhere_with_other_settings(agentsim: Agentsim, runs: Path) -> None:
    said = agentsim("export", FINE, "-f", "messages", "-o", "data", "--system", "none", "--json")
    told = said.json["exports"]
    assert list(told) == ["messages"]
    assert told["messages"]["accepted"] == 1
    assert Path(told["messages"]["files"][0]).is_file()
    row = json.loads(Path("data/train.jsonl").read_text())
    assert row["messages"][0]["role"] == "user"
    assert not (runs / FINE / "exports").exists()


def test_the_card_counts_all_that_was_planned(agentsim: Agentsim, runs: Path) -> None:
    agentsim("export", FINE, "-f", "messages")
    card = (runs / FINE / "exports/messages/README.md").read_text()
    assert "error:TimedOut" in card
    assert "6 planned = 1 accepted + 1 rejected + 4 failed" in card


def test_a_run_that_is_being_written_gives_what_is_finished(agentsim: Agentsim, runs: Path) -> None:
    store = Store(runs / FINE)
    try:
        reader = RunReader(runs / FINE)
        late = next(summary for summary in reader.summaries() if summary.index == 1)
        reader.close()
        verdict = Verdict(outcome="accepted", by="human", reasons=(Reason(code="human", detail="fine"),))
        assert export_run(runs / FINE, ["messages"])[0].accepted == 1
        store.append(Decided(dialogue=late.id, verdict=verdict), 1)
        # Not yet committed: nobody but the writer sees it.
        assert export_run(runs / FINE, ["messages"])[0].accepted == 1
    finally:
        store.close()
    assert export_run(runs / FINE, ["messages", "messages"])[0].accepted == 2


def test_nothing_accepted_is_an_empty_dataset_and_said(agentsim: Agentsim, runs: Path) -> None:
    verdict = Verdict(outcome="rejected", by="human", reasons=(Reason(code="human", detail="no"),))
    reader = RunReader(runs / FINE)
    first = reader.summaries()[0]
    reader.close()
    store = Store(runs / FINE)
    store.append(Decided(dialogue=first.id, verdict=verdict), 0)
    store.close()
    said = agentsim("export", FINE)
    assert said.status == 0
    assert "no dialogue is accepted so far" in said.err
