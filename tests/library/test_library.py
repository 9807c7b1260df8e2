"""A library is read from folders, later ones over earlier ones, and its nouns must fit together."""

import dataclasses
import os
import pickle
from pathlib import Path

import pytest

from agentsim.library import (
    Fault,
    Library,
    LibraryError,
    fingerprint,
    folders,
    parse_persona,
    parse_rubric,
    parse_scenario,
)
from agentsim.schema import Lineage, PersonaSelector, Role
from tests.library.conftest import persona
from tests.library.samples import PERSONA, RUBRIC, SCENARIO

ANA, BEA = parse_persona(PERSONA), parse_persona(persona("bea", tags="[retired]"))
FLOUR, PLAIN = parse_scenario(SCENARIO), parse_rubric(RUBRIC)


def faults_of(*folders: Path, shipped: bool = False) -> list[Fault]:
    with pytest.raises(LibraryError) as raised:
        Library.load(*folders, shipped=shipped)
    return list(raised.value.faults)


def role(**conditions: object) -> Role:
    return Role(
        name="buyer",
        title="a buyer",
        part="leads",
        goal="Buy.",
        persona=PersonaSelector.model_validate(conditions),
    )


def test_a_folder_is_read_into_nouns_sorted_by_id(folder: Path) -> None:
    library = Library.load(folder, shipped=False)
    assert list(library.personas) == ["ana", "bea"]
    assert library == Library.of(personas=[BEA, ANA], scenarios=[FLOUR], rubrics=[PLAIN])


def test_a_folder_may_be_named_by_text_and_hold_folders(folder: Path) -> None:
    below = folder / "personas/north/coast"
    below.mkdir(parents=True)
    (below / "cyd.YML").write_text(persona("cyd"))
    assert "cyd" in Library.load(str(folder), shipped=False).personas


@pytest.mark.parametrize(
    "name", [".cyd.yaml", "cyd.yaml~", "#cyd.yaml", "#cyd.yaml#", ".#cyd.yaml", "cyd~.yaml", "notes.md"]
)
def test_hidden_files_backups_and_other_files_are_left_out(folder: Path, name: str) -> None:
    (folder / "personas" / name).write_text("not: [a persona")
    (folder / "personas/.git").mkdir()
    (folder / "personas/.git/x.yaml").write_text("not: [a persona")
    assert len(Library.load(folder, shipped=False).personas) == 2


def test_a_users_noun_wins_over_a_shipped_one_and_a_later_folder_over_an_earlier_one(tmp_path: Path) -> None:
    shipped = next(iter(Library.load().personas))
    for name in ("first", "second"):
        (tmp_path / name / "personas").mkdir(parents=True)
        (tmp_path / name / "personas" / f"{shipped}.yaml").write_text(persona(shipped, region=name))
    first, second = tmp_path / "first", tmp_path / "second"
    base = Library.load()
    assert base.personas[shipped].region not in {"first", "second"}
    assert Library.load(first).personas[shipped].region == "first"
    assert Library.load(first, second).personas[shipped].region == "second"
    assert Library.load(second, first).personas[shipped].region == "first"
    assert Library.load(first).personas.keys() == base.personas.keys()


def test_nouns_made_in_python_go_on_top_of_a_library(folder: Path) -> None:
    base = Library.load(folder, shipped=False)
    other = ANA.model_copy(update={"region": "Porto"})
    library = Library.of(personas=[other], base=base)
    assert library.personas["ana"].region == "Porto"
    assert library.scenarios == base.scenarios
    assert base.personas["ana"].region == "Braga"


def test_the_same_id_twice_in_one_folder_names_both_files(folder: Path) -> None:
    (folder / "personas/more").mkdir()
    (folder / "personas/more/ana.yml").write_text(PERSONA)
    (fault,) = faults_of(folder)
    assert (fault.file, fault.line, fault.field) == (str(folder / "personas/more/ana.yml"), 1, "id")
    assert str(folder / "personas/ana.yaml") in fault.message


def test_the_same_id_twice_among_nouns_made_in_python() -> None:
    with pytest.raises(LibraryError, match="id 'ana' is taken by persona 'ana'"):
        Library.of(personas=[ANA, ANA])


def test_the_id_must_be_the_name_of_the_file(folder: Path) -> None:
    (folder / "personas/bea.yaml").rename(folder / "personas/beatriz.yaml")
    (fault,) = faults_of(folder)
    assert (fault.line, fault.field) == (1, "id")
    assert fault.fix == "rename the file to bea.yaml, or write `id: beatriz`"


def test_all_faults_of_all_files_are_told_at_once_by_file_and_line(folder: Path, tmp_path: Path) -> None:
    (folder / "personas/ana.yaml").write_text(PERSONA.replace("age: 41", "age: old").replace("name:", "nmae:"))
    (folder / "personas/bea.yaml").write_text("id: [bea")
    (folder / "rubrics/plain.yaml").write_text(RUBRIC.replace("threshold: 3.5", "threshold: 9"))
    (folder / "scenarios/late-flour.yaml").write_text(SCENARIO.replace("rubric: plain", "rubric: fancy"))
    told = [(Path(fault.file).name, fault.line) for fault in faults_of(folder, tmp_path / "nowhere")]
    assert told == [
        ("ana.yaml", 2),
        ("ana.yaml", 6),
        ("bea.yaml", 1),
        ("plain.yaml", 11),
        ("late-flour.yaml", 41),
        ("nowhere", None),
    ]


def test_what_depends_on_a_broken_file_is_not_called_missing(folder: Path) -> None:
    (folder / "personas/ana.yaml").write_text(PERSONA.replace("age: 41", "age: old"))
    (folder / "rubrics/plain.yaml").write_text("id: plain\n")
    assert {Path(fault.file).name for fault in faults_of(folder)} == {"ana.yaml", "plain.yaml"}


# What is wrong with the folder as a whole -> a piece of the fault's text.
FOLDERS = {
    "does not exist": ("nowhere", "the folder does not exist; name a folder that holds personas/"),
    "is a file": ("mine/personas/ana.yaml", "this is not a folder"),
    "is a shelf itself": ("mine/personas", "name the folder that holds personas/ instead"),
    "has no shelf": ("empty", "has none of personas/, scenarios/, rubrics/; put the YAML files into"),
}


@pytest.mark.parametrize(("path", "words"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_folder_that_is_no_library(folder: Path, path: str, words: str) -> None:
    (folder.parent / "empty").mkdir()
    (fault,) = faults_of(folder.parent / path)
    assert (fault.file, fault.line) == (str(folder.parent / path), None)
    assert words in str(fault)


def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(persona("secret"))
    (tmp_path / "outside").mkdir()
    (folder / "personas/secret.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "personas/outside").symlink_to(tmp_path / "outside")
    faults = faults_of(folder)
    assert [Path(fault.file).name for fault in faults] == ["outside", "secret.yaml"]
    assert all("leads out of the folder" in fault.message for fault in faults)


def test_a_shelf_that_is_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "rubrics").rename(tmp_path / "rubrics")
    (folder / "rubrics").symlink_to(tmp_path / "rubrics")
    assert "leads out of the folder" in str(faults_of(folder)[0])


def test_links_within_the_folder_are_followed_once(folder: Path) -> None:
    (folder / "people").mkdir()
    (folder / "people/cyd.yaml").write_text(persona("cyd"))
    (folder / "personas/cyd.yaml").symlink_to(folder / "people/cyd.yaml")
    (folder / "personas/again.yaml").symlink_to("cyd.yaml")
    (folder / "personas/round").symlink_to(folder / "personas")
    assert list(Library.load(folder, shipped=False).personas) == ["ana", "bea", "cyd"]


def test_a_folder_reached_by_a_link_is_a_folder_like_any_other(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert "ana" in Library.load(tmp_path / "link", shipped=False).personas


def test_links_to_nowhere_and_in_a_loop_are_faults(folder: Path) -> None:
    (folder / "personas/gone.yaml").symlink_to("nowhere.yaml")
    (folder / "personas/loop.yaml").symlink_to("loop.yaml")
    faults = faults_of(folder)
    assert [Path(fault.file).name for fault in faults] == ["gone.yaml", "loop.yaml"]
    assert all("cannot be read" in fault.message for fault in faults)


def test_a_pipe_is_a_fault_and_not_waited_on(folder: Path) -> None:
    os.mkfifo(folder / "personas/pipe.yaml")
    (fault,) = faults_of(folder)
    assert "not a regular file" in fault.message


def test_a_file_that_may_not_be_read_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    faults = faults_of(folder)
    assert len(faults) == 4
    assert "cannot be read (Permission denied)" in str(faults[0])


def test_an_installed_agentsim_has_its_files_beside_the_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "__file__", str(folder / "folders.py"))
    assert list(Library.load().personas) == ["ana", "bea"]


def test_a_source_checkout_has_personas_and_scenarios_at_its_top(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "agentsim/library").mkdir(parents=True)
    (folder / "rubrics").rename(folder / "agentsim/library/rubrics")
    monkeypatch.setattr(folders, "__file__", str(folder / "agentsim/library/folders.py"))
    assert list(Library.load().rubrics) == ["plain"]


def test_an_installer_may_link_every_shipped_file_to_its_own_store(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "personas/ana.yaml").rename(tmp_path / "0f3c")
    (folder / "personas/ana.yaml").symlink_to(tmp_path / "0f3c")
    monkeypatch.setattr(folders, "__file__", str(folder / "folders.py"))
    assert list(Library.load().personas) == ["ana", "bea"]


def test_a_damaged_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "__file__", str(tmp_path / "agentsim/library/folders.py"))
    with pytest.raises(LibraryError, match="the shipped personas are missing; install agentsim again"):
        Library.load()


def test_a_scenario_that_names_an_unknown_rubric(folder: Path) -> None:
    (folder / "scenarios/late-flour.yaml").write_text(SCENARIO.replace("rubric: plain", "rubric: plian"))
    (fault,) = faults_of(folder)
    assert (fault.line, fault.field) == (41, "rubric")
    assert str(fault).endswith("there is no rubric 'plian'; did you mean 'plain'?")


def test_a_scenario_that_leaves_out_a_rubric_which_is_not_there(folder: Path) -> None:
    (folder / "scenarios/late-flour.yaml").write_text(SCENARIO.replace("rubric: plain\n", ""))
    (fault,) = faults_of(folder)
    assert (fault.line, fault.fix) == (1, "add rubrics/conversation.yaml")


def test_a_role_that_asks_for_a_persona_who_is_not_there(folder: Path) -> None:
    text = SCENARIO.replace("      any_tags: [trade]\n", "      ids:\n        - ana\n        - bee\n")
    (folder / "scenarios/late-flour.yaml").write_text(text)
    (fault,) = faults_of(folder)
    assert (fault.line, fault.field) == (13, "roles[0].persona.ids[1]")
    assert str(fault).endswith("there is no persona 'bee'; did you mean 'bea'?")


def test_a_role_that_nobody_can_play_says_what_is_asked(folder: Path) -> None:
    asked = "any_tags: [trdae, retired]\n      all_tags: [trade]\n      no_tags: [minor]\n      max_age: 30"
    (folder / "scenarios/late-flour.yaml").write_text(SCENARIO.replace("any_tags: [trade]", asked))
    (fault,) = faults_of(folder)
    assert (fault.line, fault.field) == (10, "roles[0].persona")
    assert fault.message == (
        "no persona meets what is asked: any of the tags trdae, retired; all of the tags trade; "
        "none of the tags minor; age 18 or more; age 30 or less"
    )
    assert fault.fix.startswith("no persona has the tag 'trdae'; did you mean 'trade'?")


def test_nouns_made_in_python_must_fit_together_too() -> None:
    with pytest.raises(LibraryError) as raised:
        Library.of(scenarios=[FLOUR])
    assert [(fault.file, fault.line, fault.field) for fault in raised.value.faults] == [
        ("scenario 'late-flour'", None, "roles[0].persona"),
        ("scenario 'late-flour'", None, "rubric"),
    ]


def test_candidates_meet_every_condition_and_come_by_id() -> None:
    cyd = ANA.model_copy(update={"id": "cyd", "age": 70, "tags": ("trade", "retired")})
    library = Library.of(personas=[cyd, BEA, ANA])

    def cast(**conditions: object) -> list[str]:
        return [candidate.id for candidate in library.candidates(role(**conditions))]

    assert cast() == ["ana", "bea", "cyd"]
    assert cast(ids=["cyd", "ana"]) == ["ana", "cyd"]
    assert cast(any_tags=["retired", "early-riser"]) == ["ana", "bea", "cyd"]
    assert cast(all_tags=["trade", "retired"]) == ["cyd"]
    assert cast(no_tags=["retired"]) == ["ana"]
    assert cast(min_age=41, max_age=41) == ["ana", "bea"]
    assert cast(min_age=42) == ["cyd"]
    assert cast(any_tags=["trade"], max_age=40) == []


def test_a_role_without_a_selector_is_played_without_a_persona() -> None:
    library = Library.of(personas=[ANA])
    assert library.candidates(FLOUR.roles[1]) == ()


def test_fingerprints_depend_on_the_content_alone() -> None:
    one = Library.of(personas=[ANA, BEA], scenarios=[FLOUR], rubrics=[PLAIN])
    other = Library.of(personas=[BEA, ANA], scenarios=[FLOUR], rubrics=[PLAIN])
    older = Library.of(personas=[BEA], base=Library.of(personas=[ANA.model_copy(update={"age": 42})]))
    assert one.fingerprint() == other.fingerprint()
    assert len({one.fingerprint(), older.fingerprint(), Library.of(personas=[ANA]).fingerprint()}) == 3
    assert len(bytes.fromhex(fingerprint(ANA))) == 16


def test_a_fingerprint_sees_every_field_but_not_the_order_of_keys() -> None:
    turned = parse_persona(PERSONA.replace("  bread: expert\n  tax law: none\n", "  tax law: none\n  bread: expert\n"))
    assert fingerprint(turned) == fingerprint(ANA)
    changes: dict[str, object] = {
        "id": "eve",
        "age": 42,
        "languages": ("en", "pt"),
        "mood": "low",
        "tags": (),
        "licence": "CC0-1.0",
        "personality": ANA.personality.model_copy(update={"agreeableness": 0.6}),
        "lineage": Lineage(method="handwritten"),
    }
    changed = {fingerprint(ANA.model_copy(update={name: value})) for name, value in changes.items()}
    assert len(changed | {fingerprint(ANA)}) == len(changes) + 1


def test_a_fingerprint_stays_the_same_over_versions() -> None:
    # Fingerprints are stored in every dataset: when this one changes, say so in the changelog.
    assert fingerprint(PLAIN) == "7342cd01caff6451ad79cdc312d8787f"


def test_a_library_is_frozen_and_travels_to_worker_processes() -> None:
    library = Library.of(personas=[ANA])
    with pytest.raises(dataclasses.FrozenInstanceError):
        library.personas = {}  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(library)) == library


def test_a_library_error_travels_home_from_worker_processes() -> None:
    error = LibraryError([Fault("b.yaml", 2, "x", "wrong", "mend"), Fault("a.yaml", 9, "", "wrong", "")])
    home = pickle.loads(pickle.dumps(error))
    assert (str(home), home.faults, home.exit_code) == (str(error), error.faults, 2)
    assert str(error).splitlines() == [
        "2 faults:",
        "a.yaml:9: wrong",
        "b.yaml:2: x: wrong; mend",
    ]
