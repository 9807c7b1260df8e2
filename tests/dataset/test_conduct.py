"""Failures of role-play and people, in the rows and on the card."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from agentsim.dataset.rows import rows
from agentsim.measures.people import people
from agentsim.schema import Difficulty, Guards, Policy, Tally
from tests.dataset.build import FOUND, library, persona, record, role, run, scenario, with_failures, write


def card(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("format", ["messages", "parquet"])
def test_rows_carry_what_stands_and_how_often_a_guard_acted(format: str, tmp_path: Path) -> None:
    made = run(3)
    made[1] = with_failures(made[1], standing=1, repairs=2)
    write(made, tmp_path / "d", format=format, validation_share=0)
    if format == "messages":
        lines = (tmp_path / "d" / "train.jsonl").read_text(encoding="utf-8").splitlines()
        read: list[dict[str, Any]] = [json.loads(line) for line in lines]
    else:
        read = pq.read_table(tmp_path / "d" / "train.parquet").to_pylist()
    assert [row["repairs"] for row in read] == [0, 2, 0]
    assert [row["findings"] for row in read] == [[], [{"turn": 1, "kind": "flake_reply", "confidence": 0.75}], []]


def test_a_finding_s_words_stay_out_of_the_row() -> None:
    secret = FOUND.model_copy(update={"detail": "SECRET", "evidence": ""})
    one = record()
    one = one.model_copy(update={"dialogue": one.dialogue.model_copy(update={"findings": (secret,)})})
    (row,) = rows(one, scenario(), {})
    assert "SECRET" not in row.model_dump_json()


def test_the_card_says_what_was_found_and_done(tmp_path: Path) -> None:
    made = run(10)
    made[2] = with_failures(made[2], repairs=1)
    made[4] = with_failures(made[4], standing=1, repairs=2)
    guards = Guards(policies={"off_task": Policy(action="ignore"), "flake_reply": Policy(rejects=False, action="hint")})
    counts = Tally(planned=13, accepted=10, rejected={"role_flip": 2, "low_grade": 1})
    write(made, tmp_path / "d", guards=guards, tally=counts)
    body = card(tmp_path / "d")
    for line in (
        r"| role\_flip | hint | 2 | 0 | 0 |",
        r"| flake\_reply | hint | 0 | 3 | 1 |",
        r"| off\_task | not looked for | 0 | 0 | 0 |",
        "2 of 10 accepted dialogues were repaired, 3 times in all; that threw away 60 generated tokens",
        "1 accepted dialogues carry findings that are put up with",
        r"| d004 | flake\_reply |",
    ):
        assert line in body


def test_scenarios_may_have_policies_of_their_own(tmp_path: Path) -> None:
    shy = scenario("shy", guards={"empty": Policy(action="end")})
    write(run(2), tmp_path / "d", scenarios=library(scenario(), shy))
    assert "| empty | end or regenerate | 0 | 0 | 0 |" in card(tmp_path / "d")


def test_the_card_says_where_nobody_looked_or_nothing_was_repaired(tmp_path: Path) -> None:
    write(run(2), tmp_path / "off", guards=Guards(mode="off"))
    assert "Nobody looked for them: the guards of this run were off." in card(tmp_path / "off")
    assert "role\\_flip" not in card(tmp_path / "off")
    write(run(2), tmp_path / "tag", guards=Guards(mode="tag"))
    body = card(tmp_path / "tag")
    assert "What they found was recorded; nothing was repaired." in body
    assert r"| role\_flip | tag | 0 | 0 | 0 |" in body
    assert "None of the 2 accepted dialogues was repaired." in body
    assert "No row carries a finding." in body


def test_the_people_stand_on_the_card_in_short(tmp_path: Path) -> None:
    shop = scenario(roles=(role("customer", leads=True), role("clerk", train=True)))
    cast = library(
        *(persona(f"p{n}", background="I say this every day and mean each word of it.") for n in range(3)),
        persona("q0", difficulty=Difficulty(level=0.9, how=("distrustful",))),
    )
    made = run(3)
    told = people([one.dialogue for one in made], library(shop), cast, seed=1)
    write(made, tmp_path / "d", personas=cast, people=told)
    body = card(tmp_path / "d")
    assert "| customer | 3 | 3 | - | 0% | 4.0 | - |" in body
    assert "Nobody in it was meant to be difficult" in body
    write(made, tmp_path / "none", personas=cast)
    assert "## The people" not in card(tmp_path / "none")
