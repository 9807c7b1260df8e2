"""Editors complete and check the files by JSON Schemas that say the same as the loader."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agentsim.library import editor_schemas, strict_yaml, write_schemas
from agentsim.library.folders import shipped_folder, yaml_files
from agentsim.library.shape import json_value
from tests.library.samples import PERSONA, RUBRIC, SCENARIO

SAMPLES = {"persona": PERSONA, "scenario": SCENARIO, "rubric": RUBRIC}


def as_an_editor_reads(text: str) -> Any:
    return json_value(strict_yaml.parse(text.encode(), "x.yaml").tree)


def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(editor_schemas()[f"{kind}.schema.json"])


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_schema_is_one_and_accepts_what_the_loader_accepts(kind: str) -> None:
    Draft202012Validator.check_schema(validator(kind).schema)
    assert not list(validator(kind).iter_errors(as_an_editor_reads(SAMPLES[kind])))


@pytest.mark.parametrize("written", ["NO", "true", "007", "1e5"])
def test_text_without_quotes_is_not_underlined(written: str) -> None:
    text = PERSONA.replace("region: Braga", f"region: {written}")
    assert not list(validator("persona").iter_errors(as_an_editor_reads(text)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("occupation:", "job:", "'job' was unexpected"),
        ("age: 41", "age: 400", "greater than the maximum"),
        ("age: 41", "age: old", "not of type 'integer'"),
        ("    - impatient", "    - rude", "is not one of"),
        ("id: ana", "id: Ana Sousa", "does not match"),
    ],
)
def test_mistakes_are_underlined(old: str, new: str, words: str) -> None:
    errors = validator("persona").iter_errors(as_an_editor_reads(PERSONA.replace(old, new)))
    assert any(words in error.message for error in errors)


def test_every_field_says_what_it_means() -> None:
    for schema in editor_schemas().values():
        for noun in [schema, *schema["$defs"].values()]:
            bare = [name for name, field in noun["properties"].items() if "description" not in field]
            assert noun["description"]
            assert set(bare) <= {"kind"}, noun["title"]


def test_schemas_are_written_as_files_and_name_their_dialect(tmp_path: Path) -> None:
    paths = write_schemas(tmp_path / "schemas")
    assert [path.name for path in paths] == [
        "persona.schema.json",
        "rubric.schema.json",
        "scenario.schema.json",
    ]
    for path in paths:
        schema = json.loads(path.read_text(encoding="utf-8"))
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema == editor_schemas()[path.name]


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_shipped_files_satisfy_their_schema(kind: str) -> None:
    folder, _ = shipped_folder()
    files, _ = yaml_files(folder, f"{kind}s")
    check = validator(kind)
    errors = {
        path.name: [error.message for error in check.iter_errors(as_an_editor_reads(path.read_text("utf-8")))]
        for path in files
    }
    assert errors
    assert not {name: messages for name, messages in errors.items() if messages}
