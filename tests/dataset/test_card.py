"""The card tells what is in the dataset, adds up, and takes nobody's text for markup."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import Features
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agentsim.dataset.card import MARK
from agentsim.dataset.columns import arrow_schema, features
from agentsim.dataset.contents import grade_bands, spread
from agentsim.dataset.markdown import inline, table
from agentsim.dataset.rows import rows
from agentsim.dataset.utf8 import replace_surrogates
from agentsim.errors import AgentsimError
from agentsim.schema import CheckResult, Tally
from tests.dataset.build import (
    grade,
    library,
    persona,
    record,
    role,
    run,
    scenario,
    tally,
    turns,
    ungraded,
    write,
)

# As the Hub renders it: GitHub's flavour, in which bare addresses become links.
MARKDOWN = MarkdownIt("gfm-like")


def parts(folder: Path) -> tuple[dict[str, Any], str]:
    """The card's front matter and body, split as the Hub splits them: at the first two ``---`` lines."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    head, *rest = text.removeprefix("---\n").split("\n---\n", 1)
    return yaml.safe_load(head), rest[0]


def test_the_front_matter_is_what_the_hub_reads(tmp_path: Path) -> None:
    write(run(20), tmp_path / "d", format="parquet")
    head, body = parts(tmp_path / "d")
    assert head["pretty_name"] == "Lamps"
    assert head["license"] == "apache-2.0"
    assert head["language"] == ["en"]
    assert head["size_categories"] == ["n<1K"]
    assert head["task_categories"] == ["text-generation"]
    assert "agentsim" in head["tags"]
    assert head["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "train", "path": "train.parquet"},
                {"split": "validation", "path": "validation.parquet"},
            ],
        }
    ]
    assert Features._from_yaml_list(head["dataset_info"]["features"]) == Features.from_arrow_schema(arrow_schema())
    assert body.strip().startswith("# Lamps\n")
    assert MARK in body


def test_the_features_are_told_as_datasets_itself_would() -> None:
    assert features() == Features.from_arrow_schema(arrow_schema())._to_yaml_list()


def test_licences_that_hold_together_are_named_other(tmp_path: Path) -> None:
    people = library(persona("p0", licence="CC-BY-4.0"), persona("p1"))
    write(run(20, personas=2), tmp_path / "d", personas=people)
    head, body = parts(tmp_path / "d")
    assert (head["license"], head["license_name"]) == ("other", "apache-2.0-and-cc-by-4.0")
    assert "Apache-2.0 AND CC-BY-4.0" in body


def test_languages_keep_their_regions(tmp_path: Path) -> None:
    write(run(2), tmp_path / "d", scenarios=library(scenario(language="pt-BR")))
    head, _ = parts(tmp_path / "d")
    assert (head["language"], head["language_bcp47"]) == (["pt"], ["pt-BR"])


def test_the_counts_stand_on_the_card_and_add_up(tmp_path: Path) -> None:
    passed = CheckResult(check="refund", outcome="passed", detail="")
    skipped = CheckResult(check="code", outcome="not_run", detail="no sandbox")
    made = [
        *run(20, grading=grade(4.2), by="critic")[:12],
        *run(20, grading=ungraded(), checks=[passed, skipped])[12:],
    ]
    counts = Tally(planned=30, accepted=20, rejected={"low_grade": 6, "loop": 1}, failed={"budget": 3})
    write(made, tmp_path / "d", tally=counts)
    _, body = parts(tmp_path / "d")
    assert "30 planned = 20 accepted + 7 rejected + 3 failed." in body
    for line in (
        r"| rejected: low\_grade | 6 |",
        "| failed: budget | 3 |",
        "| train | 18 | 18 |",
        "| validation | 2 | 2 |",
        "| 4.0 to 5.0 | 12 |",
        "| ungraded | 8 |",
        "| conversation | kindness | 12 | 4.00 |",
        "| the critic's opinion | 12 |",
        "| refund: passed | 8 |",
        "| critic | test/critic | 20 |",
        "| Orders / Returns | 20 |",
        "12 of 20 dialogues are here by that opinion alone",
        "Some checks were not run",
        "Estimated so: 40 of 40 turns.",
        "agentsim 0.1.0, seed 1.",
    ):
        assert line in body


@pytest.mark.parametrize(
    "counts",
    [
        Tally(planned=3, accepted=1),
        Tally(planned=2, accepted=1, rejected={"low_grade": 2}),
        Tally(planned=2, accepted=2),
        Tally(planned=0, accepted=0),
    ],
)
def test_counts_that_do_not_add_up_stop_the_export(counts: Tally, tmp_path: Path) -> None:
    with pytest.raises(AgentsimError, match="count"):
        write([record()], tmp_path / "d", tally=counts)
    assert not (tmp_path / "d").exists()


def test_no_validation_is_explained(tmp_path: Path) -> None:
    write(run(5, personas=1), tmp_path / "d")
    head, body = parts(tmp_path / "d")
    assert [file["split"] for file in head["configs"][0]["data_files"]] == ["train"]
    assert "There is no validation split: all dialogues hang together" in body


def test_an_empty_dataset_has_a_card_without_a_licence(tmp_path: Path) -> None:
    write([record(outcome="rejected")], tmp_path / "d", tally=Tally(planned=1, accepted=0, rejected={"loop": 1}))
    head, body = parts(tmp_path / "d")
    assert "license" not in head
    assert "It is empty" in body
    assert "1 planned = 0 accepted + 1 rejected + 0 failed." in body


HOSTILE = "---\n# x\n```\n`b` <script>alert(1)</script> | c | [l](http://e.vil) www.e.vil *s* &lt; a: [\n---\n\u202e"
# Nouns of the library refuse lone surrogates; what models and the run say may hold them.
BROKEN = HOSTILE + "\ud800"


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    place = scenario(title=HOSTILE, source=HOSTILE, licence=HOSTILE, language="en")
    people = library(*(persona(f"p{n}", source=HOSTILE, name=HOSTILE, licence=HOSTILE) for n in range(20)))
    made = [
        record(
            f"d{n:02}",
            cast={"customer": f"p{n}"},
            index=n,
            said=turns(("customer", BROKEN), ("clerk", BROKEN)),
            grading=ungraded(BROKEN),
            checks=[CheckResult(check=BROKEN, outcome="passed", detail="")],
        )
        for n in range(20)
    ]
    counts = Tally(planned=21, accepted=20, rejected={BROKEN: 1})
    write(made, tmp_path / "d", name=BROKEN, scenarios=library(place), personas=people, tally=counts)
    head, body = parts(tmp_path / "d")
    assert set(head) == {
        "pretty_name", "license", "license_name", "language", "size_categories", "task_categories", "tags",
        "configs", "dataset_info",
    }  # fmt: skip
    assert head["pretty_name"].startswith("--- # x")
    tokens = MARKDOWN.parse(body)
    kinds = [token.type for token in tokens]
    inner = [child.type for token in tokens for child in token.children or ()]
    assert [token.content.strip() for token in tokens if token.type == "html_block"] == [MARK]
    assert not {"html_inline", "link_open", "image", "em_open", "strong_open", "s_open"} & set(inner)
    assert "hr" not in kinds
    assert kinds.count("fence") == 1  # the card's own
    assert kinds.count("heading_open") == 1 + 12
    shown = "--- # x ``` `b` <script>alert(1)</script> | c | [l](http://e.vil) www.e.vil *s* &lt; a: [ ---"
    cells = ["".join(child.content for child in token.children or ()) for token in tokens if token.type == "inline"]
    assert sum(shown in cell for cell in cells) >= 6
    assert "\u202e" not in body


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.sampled_from("\\`*_{}[]()<>#+-.!|~&:'\"$@=^ \nab1/w") | st.characters(exclude_categories=()),
        max_size=30,
    )
)
def test_what_is_shown_in_a_table_is_what_was_written(text: str) -> None:
    tokens = MARKDOWN.parse(table(("h",), [(f"x{text}x",)]))
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special"}
    (_, cell) = ["".join(child.content for child in token.children or ()) for token in tokens if token.type == "inline"]
    written = [char for char in replace_surrogates(f"x{text}x") if char.isalnum()]
    assert [char for char in cell if char.isalnum()] == written
    for char in "\\`*_[]<>#|~&:$@":
        assert cell.count(char) == text.count(char)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("low_grade", r"low\_grade"),
        ("a\n\tb\x00c\u2028d", "a b c d"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("WWW.x.y", r"WWW\.x.y"),
        ("gpt-4.1 (50%): ok", "gpt-4.1 (50%): ok"),
        ("http://x :tada: @you #1", r"http\://x \:tada: \@you \#1"),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_inline_text_is_escaped(text: str, shown: str) -> None:
    assert inline(text) == shown


def test_a_table_sets_numbers_to_the_right() -> None:
    assert table(("a", "b"), [("x", 1)]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert table(("a", "b"), []) == "| a | b |\n| --- | --- |"


def test_grades_fall_into_bands_and_the_ungraded_stand_apart() -> None:
    overall = [5.0, 4.0, 3.999, 3.0, 2.0, 1.0]
    made = [row for score in overall for row in rows(record(grading=grade(score)), scenario(), {})]
    made += rows(record(), scenario(), {})
    assert [count for _, count in grade_bands(made)] == [2, 2, 1, 1, 1]


def test_the_spread_is_by_nearest_rank() -> None:
    assert spread([]) == (0, 0, 0, 0, 0)
    assert spread([5]) == (5, 5, 5, 5, 5)
    assert spread(list(range(10, 0, -1))) == (1, 5, 9, 10, 55)


def test_several_trained_roles_count_their_dialogue_once(tmp_path: Path) -> None:
    both = scenario(roles=(role("customer", leads=True, train=True), role("clerk", train=True)))
    result = write(run(20), tmp_path / "d", scenarios=library(both))
    _, body = parts(tmp_path / "d")
    assert (result.train, result.validation) == (36, 4)
    assert "40 rows from 20 dialogues" in body
    assert "| train | 36 | 18 |" in body
    assert "| shop / clerk | 20 |" in body
    assert tally(run(20)).accepted == 20
