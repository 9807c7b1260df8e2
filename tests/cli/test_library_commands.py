"""`personas` and `scenarios`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Agentsim
from tests.library.samples import PERSONA, RUBRIC, SCENARIO


@pytest.fixture
def mine(agentsim: Agentsim) -> Path:
    """A small library in the current folder's ``mine``."""
    folder = Path("mine")
    for shelf, name, text in (
        ("personas", "ana", PERSONA),
        ("scenarios", "late-flour", SCENARIO),
        ("rubrics", "plain", RUBRIC),
    ):
        (folder / shelf).mkdir(parents=True)
        (folder / shelf / f"{name}.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("command", [("personas",), ("personas", "list"), ("personas", "--search", "")])
def test_a_bare_call_lists(agentsim: Agentsim, command: tuple[str, ...]) -> None:
    said = agentsim(*command)
    assert said.status == 0
    assert said.out.splitlines()[0].split("\t") == ["id", "name", "age", "region", "occupation", "tags"]
    assert len(said.out.splitlines()) == len(agentsim("personas", "--json").json["personas"]) + 1


def test_filters(agentsim: Agentsim, mine: Path) -> None:
    def ids(*args: str) -> list[str]:
        shelf = args[0]
        return [noun["id"] for noun in agentsim(*args, "--json").json[shelf]]

    assert ids("personas", "-l", "mine", "--no-shipped") == ["ana"]
    assert ids("personas", "-l", "mine", "--tag", "trade", "--tag", "early-riser") == ["ana"]
    assert ids("personas", "-l", "mine", "--tag", "trade", "--tag", "tutor") == []
    assert ids("personas", "-l", "mine", "--search", "FOUR opens baker") == ["ana"]
    assert "ana" in ids("personas", "-l", "mine", "--domain", "bread")
    assert ids("scenarios", "-l", "mine", "--domain", "trade", "--search", "flour") == ["late-flour"]
    assert "late-flour" not in ids("scenarios")


def test_run_yaml_names_the_library_of_a_project(agentsim: Agentsim, mine: Path) -> None:
    Path("run.yaml").write_text("library: [mine]\nshipped_library: false\n")
    assert [noun["id"] for noun in agentsim("personas", "--json").json["personas"]] == ["ana"]


def test_show_tells_every_field_and_the_file(agentsim: Agentsim, mine: Path) -> None:
    said = agentsim("personas", "show", "ana", "-l", "mine")
    assert ["personality.openness", "0.4"] in said.lines("persona")
    assert said.out.splitlines()[0].split("\t")[1].endswith("mine/personas/ana.yaml")
    told = agentsim("scenarios", "show", "late-flour", "-l", "mine", "--json").json
    assert told["scenario"]["roles"][1]["name"] == "clerk"
    assert told["file"].endswith("mine/scenarios/late-flour.yaml")
    assert agentsim("personas", "show", "ansel-duhaney").status == 0


def test_a_folder_of_ones_own_wins(agentsim: Agentsim, mine: Path) -> None:
    text = PERSONA.replace("id: ana", "id: ansel-duhaney")
    (mine / "personas/ansel-duhaney.yaml").write_text(text)
    told = agentsim("personas", "show", "ansel-duhaney", "-l", "mine", "--json").json
    assert told["persona"]["name"] == "Ana Sousa"
    assert "mine" in told["file"]


def test_check_counts_where_all_is_well(agentsim: Agentsim, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agentsim("personas", "check", "mine").err.strip() == "0 faults in 1 persona, 1 scenario, 1 rubric"
    assert agentsim("personas", "check", "-l", "mine").status == 0
    monkeypatch.chdir("mine")
    assert agentsim("scenarios", "check").status == 0


def test_check_tells_every_fault_at_its_line(agentsim: Agentsim, mine: Path) -> None:
    (mine / "personas/ana.yaml").write_text(PERSONA.replace("age: 41", "age: old"))
    (mine / "scenarios/late-flour.yaml").write_text(SCENARIO.replace("part: leads", "part: leeds"))
    said = agentsim("personas", "check", "mine")
    assert said.status == 2
    assert "mine/personas/ana.yaml:6: age" in said.out
    assert "mine/scenarios/late-flour.yaml:8: roles[0].part" in said.out
    told = agentsim("scenarios", "check", "mine", "--json")
    assert told.status == 2
    assert {fault["line"] for fault in told.json["faults"]} >= {6, 8}
    assert all(fault["fix"] for fault in told.json["faults"])


def test_schema_writes_for_editors(agentsim: Agentsim) -> None:
    files = agentsim("scenarios", "schema", "schemas", "--json").json["files"]
    assert [Path(file).name for file in files] == [
        "persona.schema.json",
        "rubric.schema.json",
        "scenario.schema.json",
    ]
    assert "roles" in json.loads(Path("schemas/scenario.schema.json").read_text())["properties"]
