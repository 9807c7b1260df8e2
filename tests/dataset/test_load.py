"""What is written is read by ``datasets`` with the same types and rows, whatever the format."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datasets import DatasetDict, Features, load_dataset

from agentsim.dataset.columns import COLUMNS, arrow_schema
from agentsim.schema import CheckResult
from tests.dataset.build import grade, run, turns, ungraded, with_failures, write

HOSTILE = "---\n`x` <script>alert(1)</script>\x00\u2028| a: [b\r\n\ud800 \U0001f600 ünï"


def graded() -> list[Any]:
    passed = [CheckResult(check="refund", outcome="passed", detail="")]
    return [*run(20, grading=grade(), checks=passed)[:10], *run(20, grading=ungraded())[10:]]


def bare() -> list[Any]:
    """Records in which every nullable column is null and every list that may be empty is."""
    return [
        item.model_copy(
            update={
                "dialogue": item.dialogue.model_copy(
                    update={
                        "lineage": item.dialogue.lineage.model_copy(
                            update={"models": {}, "hashes": {}, "version": None}
                        ),
                        "assignment": item.dialogue.assignment.model_copy(update={"cast": {}}),
                        "turns": tuple(t.model_copy(update={"model": None}) for t in item.dialogue.turns),
                    }
                )
            }
        )
        for item in run(20)
    ]


def hostile() -> list[Any]:
    said = turns(("customer", HOSTILE), ("clerk", HOSTILE))
    return run(20, said=said, grading=grade(reason=HOSTILE), task=HOSTILE)


def load(folder: Path, cache: Path, **how: Any) -> DatasetDict:
    return load_dataset(how.pop("path", str(folder)), cache_dir=str(cache), **how)


def found() -> list[Any]:
    """Records of which some hold findings, so that the first rows of a file may hold none."""
    made = run(20)
    return [*made[:15], *(with_failures(item, standing=2, repairs=1) for item in made[15:])]


@pytest.mark.parametrize("records", [graded, bare, hostile, found])
def test_both_formats_load_alike(records: Any, tmp_path: Path) -> None:
    made = records()
    lines, table = tmp_path / "lines", tmp_path / "table"
    write(made, lines)
    write(made, table, format="parquet")
    one, two = load(lines, tmp_path / "c1"), load(table, tmp_path / "c2")
    assert set(one) == set(two) == {"train", "validation"}
    expected = Features.from_arrow_schema(arrow_schema())
    for name in ("train", "validation"):
        assert one[name].features == two[name].features == expected
        assert one[name].to_list() == two[name].to_list()
        assert one[name].column_names == list(COLUMNS)
    assert (len(one["train"]), len(one["validation"])) == (18, 2)


def test_the_files_load_without_the_card(tmp_path: Path) -> None:
    lines, table = tmp_path / "lines", tmp_path / "table"
    write(graded(), lines)
    write(graded(), table, format="parquet")
    one = load(
        lines,
        tmp_path / "c1",
        path="json",
        data_files={"train": str(lines / "train.jsonl"), "validation": str(lines / "validation.jsonl")},
    )
    two = load(
        table,
        tmp_path / "c2",
        path="parquet",
        data_files={"train": str(table / "train.parquet"), "validation": str(table / "validation.parquet")},
    )
    assert two["train"].features == Features.from_arrow_schema(arrow_schema())
    assert one["train"]["messages"][:] == two["train"]["messages"][:]
    assert len(one["validation"]) == len(two["validation"]) == 2


def test_without_validation_there_is_one_split(tmp_path: Path) -> None:
    write(run(5, personas=1), tmp_path / "d")
    assert set(load(tmp_path / "d", tmp_path / "c")) == {"train"}


def test_an_empty_dataset_has_valid_files(tmp_path: Path) -> None:
    """``datasets`` refuses any split of no rows, whatever the file; so the files are read by themselves."""
    lines = write([], tmp_path / "lines")
    table = write([], tmp_path / "table", format="parquet")
    assert (lines.train, lines.validation, lines.accepted) == (0, 0, 0)
    assert (tmp_path / "lines" / "train.jsonl").read_bytes() == b""
    empty = pq.read_table(tmp_path / "table" / "train.parquet")
    assert (empty.num_rows, empty.schema) == (0, arrow_schema())
    assert table.paths == (tmp_path / "table" / "train.parquet", tmp_path / "table" / "README.md")
