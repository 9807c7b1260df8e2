"""Where settings come from, who wins, and what a wrong one says."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agentsim.errors import AgentsimError, UserError
from agentsim.run.reader import RunReader
from agentsim.run.runner import adjust
from agentsim.run.settings import RunSettings
from agentsim.run.sources import resolve, user_file
from tests.run.world import made


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_the_defaults_hold() -> None:
    found = resolve(environment={})
    assert found.settings == RunSettings()
    assert dict(found.origins) == {}


def test_each_source_wins_over_those_below_it(nobody_home: Path) -> None:
    _write(user_file(), "seed: 1\ndialogues: 11\nconcurrency: 21\nmodel: openai/user\nsampling: {top_p: 0.5}\n")
    _write(nobody_home / "run.yaml", "seed: 2\ndialogues: 12\nconcurrency: 22\nsampling: {max_tokens: 99}\n")
    found = resolve(
        {"seed": 4, "sampling": {"temperature": 0.1}},
        environment={"AGENTSIM_SEED": "3", "AGENTSIM_DIALOGUES": "13", "AGENTSIM_MODEL": ""},
    )
    settings = found.settings
    assert (settings.seed, settings.dialogues, settings.concurrency) == (4, 13, 22)
    assert settings.model == "openai/user"
    assert settings.sampling.params() == {"temperature": 0.1, "top_p": 0.5, "max_tokens": 99}
    assert found.origins == {
        "seed": "command line",
        "dialogues": "environment variable AGENTSIM_DIALOGUES",
        "concurrency": "run.yaml",
        "model": str(user_file()),
        "sampling.temperature": "command line",
        "sampling.top_p": str(user_file()),
        "sampling.max_tokens": "run.yaml",
    }


def test_a_named_file_stands_for_the_one_of_the_working_folder(nobody_home: Path, tmp_path: Path) -> None:
    _write(nobody_home / "run.yaml", "seed: 1\ndialogues: 3\n")
    other = _write(tmp_path / "other" / "run.yaml", "seed: 2\n")
    for named in (other, other.parent):
        settings = resolve(project=named, environment={}).settings
        assert (settings.seed, settings.most) == (2, 10)
    with pytest.raises(UserError, match="no such run file"):
        resolve(project=tmp_path / "missing", environment={})


def test_null_takes_back_what_a_lower_source_said(nobody_home: Path) -> None:
    _write(user_file(), "max_cost: 5\n")
    _write(nobody_home / "run.yaml", "max_cost: null\n")
    assert resolve(environment={}).settings.max_cost is None


def test_paths_are_taken_from_the_file_that_names_them(nobody_home: Path, tmp_path: Path) -> None:
    there = _write(tmp_path / "there" / "run.yaml", "library: [mine, /abs]\nprompts: words\n").parent
    settings = resolve(project=there, environment={}).settings
    assert settings.library == (there / "mine", Path("/abs"))
    assert settings.prompts == there / "words"
    by_environment = resolve(environment={"AGENTSIM_PROMPTS": "words"}).settings
    assert by_environment.prompts == nobody_home / "words"


def test_all_faults_of_a_file_are_told_at_once_with_their_lines(nobody_home: Path) -> None:
    _write(
        nobody_home / "run.yaml",
        "dialogs: 3\nseed: many\nsampling:\n  temprature: 0.2\n  max_tokens: 0\nmodel: openai/x\n",
    )
    with pytest.raises(AgentsimError) as told:
        resolve(environment={})
    text = str(told.value)
    assert told.value.exit_code == 2
    for line, words in ((1, "dialogues"), (2, "seed"), (4, "temperature"), (5, "max_tokens")):
        assert any(f"run.yaml:{line}" in row and words in row for row in text.splitlines()), (line, text)


@pytest.mark.parametrize(
    "text", ["a: &a [*a]\n", "seed: 1\nseed: 2\n", "- 1\n", "seed: {{{\n", "\x00", "seed: NO\n", "[" * 2000]
)
def test_a_file_that_is_no_settings_file(nobody_home: Path, text: str) -> None:
    _write(nobody_home / "run.yaml", text)
    with pytest.raises(AgentsimError) as told:
        resolve(environment={})
    assert told.value.exit_code == 2
    assert "run.yaml" in str(told.value)


def test_an_empty_file_is_a_valid_one(nobody_home: Path) -> None:
    for text in ("", "# nothing\n", "{}\n"):
        _write(nobody_home / "run.yaml", text)
        assert resolve(environment={}).settings == RunSettings()


def test_a_wrong_variable_names_itself() -> None:
    with pytest.raises(UserError, match="AGENTSIM_DIALOGUES") as told:
        resolve(environment={"AGENTSIM_DIALOGUES": "many"})
    assert told.value.exit_code == 2


def test_wrong_flags_are_all_told() -> None:
    with pytest.raises(UserError) as told:
        resolve({"dialogues": 0, "sampling": {"temperature": 9}}, environment={})
    assert "dialogues" in str(told.value)
    assert "sampling.temperature" in str(told.value)


def test_a_part_keeps_its_own_sampling_where_only_some_of_it_is_set() -> None:
    """A critic with another token limit still grades at temperature 0."""
    settings = resolve(
        {
            "critic": {"sampling": {"max_tokens": 1000}},
            "task_specifier": {"sampling": {"temperature": 0.2}},
            "goal_check": {"sampling": {"top_p": 0.9}},
        },
        environment={},
    ).settings
    assert settings.critic.sampling.params() == {"temperature": 0.0, "max_tokens": 1000}
    assert settings.task_specifier.sampling.params() == {"temperature": 0.2, "max_tokens": 160}
    assert settings.goal_check.sampling.params() == {"temperature": 0.0, "top_p": 0.9, "max_tokens": 120}
    assert RunSettings.model_validate_json(settings.model_dump_json()) == settings


async def test_what_a_run_wrote_down_makes_the_same_run(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", sampling={"top_p": 0.5}, models={"openai/x": {"input_price": 1.5}})
    with closing(RunReader(folder)) as reader:
        assert resolve(project=folder, environment={}).settings == reader.settings
    assert (folder / "run.yaml").read_text().startswith("# agentsim ")


async def test_what_may_change_between_two_starts(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=5)
    adjust(folder)
    adjust(folder, max_cost=None, concurrency=9, dialogues=7, max_tokens_total=100)
    with closing(RunReader(folder)) as reader:
        settings = reader.settings
    assert (settings.concurrency, settings.dialogues, settings.max_tokens_total) == (9, 7, 100)
    assert yaml.safe_load((folder / "run.yaml").read_text())["dialogues"] == 7
    for changes, words in (
        ({"dialogues": 6}, "cannot shrink"),
        ({"concurrency": 0}, "concurrency"),
        ({"dialogues": 7.5}, "dialogues"),
        ({"max_cost": -1.0}, "max_cost"),
        ({"seed": 3}, "seed cannot be changed"),
        ({"sedd": 3}, "sedd cannot be changed"),
    ):
        with pytest.raises(UserError, match=words):
            adjust(folder, **changes)
    with closing(RunReader(folder)) as reader:
        assert reader.settings == settings


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    st.builds(
        RunSettings,
        seed=st.integers(0, 2**63 - 1),
        model=st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip),
        max_cost=st.none() | st.floats(0, 1e9, allow_nan=False),
        personas=st.lists(st.from_regex(r"\A[a-z0-9_-]{1,64}\Z"), max_size=3).map(tuple),
    )
)
def test_any_settings_survive_the_file(tmp_path_factory: pytest.TempPathFactory, wanted: RunSettings) -> None:
    from agentsim.run.directory import write_run_yaml

    folder = tmp_path_factory.mktemp("run")
    write_run_yaml(folder, wanted)
    assert resolve(project=folder, environment={}).settings == wanted


def test_goals_say_how_many_are_tried_only_where_nobody_else_does(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    for text, environment, flags, most in (
        ("dialogues: 30\n", {"AGENTSIM_PER_TOPIC": "2"}, {}, 30),
        ("dialogues: 30\n", {"AGENTSIM_ACCEPTED": "5"}, {}, 30),
        ("accepted: 5\n", {}, {"accepted": 500}, 10_000),
        ("accepted: 5\n", {}, {"dialogues": 7}, 7),
        ("per_topic: 5\n", {}, {"accepted": 5}, 100),
        ("per_topic: 5\n", {}, {}, 10_000_000),
        ("accepted: '5'\n", {}, {}, 100),
        ("seed: 1\n", {}, {}, 10),
    ):
        file.write_text(text, encoding="utf-8")
        assert resolve(flags, project=file, environment=environment).settings.most == most, text


@pytest.mark.parametrize(
    "wanted",
    [
        {"accepted": 3, "planning": {"by": "rotation"}},
        {"per_topic": 3, "planning": {"by": "rotation"}},
        {"planning": {"by": "rotation", "topics": {"lamp": 0.5}}},
    ],
)
def test_rotation_sees_no_outcomes(wanted: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="rotation sees no outcomes"):
        resolve(wanted, environment={})
    assert not resolve({"planning": {"by": "rotation"}}, environment={}).settings.steered
    assert not resolve({}, environment={}).settings.steered
    assert resolve({"planning": {"window": 3}}, environment={}).settings.steered
