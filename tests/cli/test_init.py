"""`init`: the folder works as it is."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from agentsim.planning.plan import Plan
from agentsim.run.setup import load_library
from agentsim.run.sources import resolve
from tests.cli.conftest import Agentsim

FILES = [
    ".agentsim/persona.schema.json",
    ".agentsim/rubric.schema.json",
    ".agentsim/run.schema.json",
    ".agentsim/scenario.schema.json",
    "README.md",
    "personas/marta-lindqvist.yaml",
    "run.yaml",
    "scenarios/bicycle-workshop.yaml",
]


def test_it_makes_a_folder_that_can_be_run(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    said = agentsim("init", "mine")
    assert said.status == 0
    assert "cd mine && agentsim run" in said.err
    folder = Path("mine")
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == FILES
    monkeypatch.chdir(folder)
    assert agentsim("personas", "check").status == 0
    settings = resolve().settings
    assert (settings.dialogues, settings.max_turns) == (3, 6)
    plan = Plan(load_library(settings), settings.seed, scenarios=settings.scenarios)
    assert {plan[index].cast["customer"] for index in range(3)} == {"marta-lindqvist"}


def test_editors_find_the_schemas_and_the_files_meet_them(agentsim: Agentsim) -> None:
    agentsim("init")
    for file in Path("my-agentsim").rglob("*.yaml"):
        text = file.read_text()
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert named is not None
        schema = json.loads((file.parent / named[1]).read_text())
        jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))


def test_nothing_is_overwritten(agentsim: Agentsim) -> None:
    Path("mine/personas").mkdir(parents=True)
    Path("mine/run.yaml").write_text("seed: 1\n")
    said = agentsim("init", "mine")
    assert said.status == 2
    assert "mine/run.yaml" in said.err
    assert [p.name for p in Path("mine").rglob("*")] == ["run.yaml", "personas"] or not list(
        Path("mine/personas").iterdir()
    )
    assert Path("mine/run.yaml").read_text() == "seed: 1\n"


def test_a_folder_with_other_things_in_it_is_fine(agentsim: Agentsim) -> None:
    Path("notes.txt").write_text("mine")
    assert agentsim("init", ".").status == 0
    assert Path("notes.txt").read_text() == "mine"
