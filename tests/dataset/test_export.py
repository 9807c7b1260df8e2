"""An export is whole, exact to the byte, and takes nobody's files away."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentsim.dataset import folder as folder_module
from agentsim.dataset.folder import replaced
from agentsim.errors import AgentsimError, StorageError, UserError
from agentsim.schema import Persona, Tally
from tests.dataset.build import PEOPLE, grade, library, record, run, scenario, tally, turns, write


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(("format", "suffix"), [("messages", "jsonl"), ("parquet", "parquet")])
def test_the_layout(format: str, suffix: str, tmp_path: Path) -> None:
    out = tmp_path / "runs" / "exports" / format
    result = write([*run(20), record("r", index=20, outcome="rejected")], out, format=format)
    assert set(contents(out)) == {f"train.{suffix}", f"validation.{suffix}", "README.md"}
    assert result.folder == out
    assert set(result.paths) == set(out.iterdir())
    assert (result.train, result.validation, result.accepted, result.silent) == (18, 2, 20, 0)
    assert result.why_no_validation is None
    assert 0 < result.trained_tokens < result.tokens
    assert [path.name for path in out.parent.iterdir()] == [format]


def test_lines_are_plain_json_in_the_order_of_the_plan(tmp_path: Path) -> None:
    said = turns(("customer", "Grüße \u2028 \U0001f600"), ("clerk", 'a "b"\n\\'))
    write(run(20, said=said), tmp_path / "d")
    raw = (tmp_path / "d" / "train.jsonl").read_bytes()
    assert "Grüße \u2028 \U0001f600".encode() in raw
    lines = [json.loads(line) for line in raw.decode().removesuffix("\n").split("\n")]
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert lines[0]["messages"][-1]["content"] == 'a "b"\n\\'


@pytest.mark.parametrize("format", ["messages", "parquet"])
def test_the_same_bytes_again_and_whatever_the_order_of_keys_and_records(format: str, tmp_path: Path) -> None:
    counts = Tally(planned=26, accepted=20, rejected={"a": 1, "b": 2}, failed={"c": 1, "d": 2})
    flipped = Tally(planned=26, accepted=20, rejected={"b": 2, "a": 1}, failed={"d": 2, "c": 1})
    made = run(20, grading=grade())
    first = write(made, tmp_path / "one", format=format, tally=counts)
    before = contents(tmp_path / "one")
    assert write(made, tmp_path / "one", format=format, tally=counts) == first
    assert contents(tmp_path / "one") == before
    people = dict(reversed(PEOPLE.items()))
    write(made[::-1], tmp_path / "two", format=format, tally=flipped, personas=people)
    assert contents(tmp_path / "two") == before


SCRIPT = """
import sys
from pathlib import Path
import agentsim.dataset
assert not {"pyarrow", "tokenizers", "datasets"} & set(sys.modules), "heavy imports must be lazy"
from tests.dataset.build import grade, run, write
write(run(30, grading=grade()), Path(sys.argv[1]), format=sys.argv[2])
"""


@pytest.mark.parametrize("format", ["messages", "parquet"])
def test_the_hash_seed_of_the_process_changes_nothing(format: str, tmp_path: Path) -> None:
    for salt in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / salt), format],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_the_splits_share_no_persona_in_a_scenario(tmp_path: Path) -> None:
    write(run(60, personas=20), tmp_path / "d")

    def people(name: str) -> set[str]:
        lines = (tmp_path / "d" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        return {member["persona"] for line in lines for member in json.loads(line)["cast"]}

    assert people("validation")
    assert not people("train") & people("validation")


def test_private_facts_stay_out_of_every_file(tmp_path: Path) -> None:
    hidden: dict[str, Persona] = {
        name: person.model_copy(update={"private_facts": ("SECRET-LIFE",), "background": "SECRET-BIRTH"})
        for name, person in PEOPLE.items()
    }
    shop = scenario()
    roles = tuple(
        part.model_copy(update={"private_goal": "SECRET-GOAL", "private_facts": ("SECRET-FACT",), "train": True})
        for part in shop.roles
    )
    write(run(20), tmp_path / "d", personas=hidden, scenarios=library(shop.model_copy(update={"roles": roles})))
    assert not any(b"SECRET" in data for data in contents(tmp_path / "d").values())


def test_another_format_takes_the_place_of_the_first(tmp_path: Path) -> None:
    write(run(20), tmp_path / "d")
    write(run(5, personas=1), tmp_path / "d", format="parquet")
    assert set(contents(tmp_path / "d")) == {"train.parquet", "README.md"}


def test_accepted_dialogues_without_a_row_are_counted(tmp_path: Path) -> None:
    mute = record("mute", turns(("customer", "Hello?")), index=9)
    result = write([*run(5), mute], tmp_path / "d")
    assert (result.accepted, result.silent, result.train + result.validation) == (6, 1, 5)
    assert "1 accepted dialogues gave no row" in (tmp_path / "d" / "README.md").read_text(encoding="utf-8")


def test_a_dialogue_is_never_exported_twice(tmp_path: Path) -> None:
    with pytest.raises(AgentsimError, match="twice"):
        write([record(), record()], tmp_path / "d")


def test_a_missing_scenario_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no scenario 'shop'"):
        write(run(1), tmp_path / "d", scenarios={})


@pytest.mark.parametrize("file", ["thesis.txt", "train.jsonl", "README.md", ".git"])
def test_files_of_others_are_never_replaced(file: str, tmp_path: Path) -> None:
    out = tmp_path / "d"
    out.mkdir()
    (out / file).write_text("mine", encoding="utf-8")
    with pytest.raises(UserError):
        write(run(1), out)
    assert contents(out) == {file: b"mine"}


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="is a file"):
        write(run(1), tmp_path / "d")


def test_an_empty_folder_and_a_link_are_filled(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(run(1), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "train.jsonl").exists()


# The folder as a whole


def fill(folder: Path, text: str) -> None:
    with replaced(folder) as fresh:
        (fresh / "a").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_folder_is_replaced_and_nothing_is_left_beside_it(
    exchanges: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanges:
        monkeypatch.setattr(folder_module, "_exchange", lambda one, two: False)
    fill(tmp_path / "d", "old")
    fill(tmp_path / "d", "new")
    assert (tmp_path / "d" / "a").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_what_fails_leaves_the_old_folder(tmp_path: Path) -> None:
    fill(tmp_path / "d", "old")
    with pytest.raises(KeyboardInterrupt), replaced(tmp_path / "d") as fresh:
        (fresh / "a").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt
    assert (tmp_path / "d" / "a").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_a_full_disk_is_a_storage_error(tmp_path: Path) -> None:
    fill(tmp_path / "d", "old")
    with pytest.raises(StorageError), replaced(tmp_path / "d"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (tmp_path / "d" / "a").read_text(encoding="utf-8") == "old"


def die(*args: Any) -> None:
    """Stands for the process being killed here: nothing after it is cleaned up."""
    os._exit(9)


@pytest.mark.parametrize("where", ["_sync", "_swap"])
def test_a_kill_leaves_the_old_folder_and_the_next_export_cleans_up(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "d", "old")
    child = os.fork()
    if child == 0:
        setattr(folder_module, where, die)
        fill(tmp_path / "d", "half")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert (tmp_path / "d" / "a").read_text(encoding="utf-8") == "old"
    assert (tmp_path / ".d.agentsim-new").exists()
    fill(tmp_path / "d", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_a_kill_between_the_two_renames_is_mended(tmp_path: Path) -> None:
    (tmp_path / ".d.agentsim-old").mkdir()
    (tmp_path / ".d.agentsim-old" / "a").write_text("old", encoding="utf-8")
    (tmp_path / ".d.agentsim-new").mkdir()
    with pytest.raises(RuntimeError), replaced(tmp_path / "d"):
        raise RuntimeError
    assert (tmp_path / "d" / "a").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_a_refused_second_rename_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "d", "old")
    monkeypatch.setattr(folder_module, "_exchange", lambda one, two: False)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == ".d.agentsim-new":
            raise OSError(errno.EIO, "no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StorageError):
        fill(tmp_path / "d", "new")
    assert (tmp_path / "d" / "a").read_text(encoding="utf-8") == "old"


def test_the_tally_is_that_of_the_records() -> None:
    assert tally(run(3)).planned == 6
