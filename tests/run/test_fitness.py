"""A critic decides in a run only where it has passed its examination; a run says by what its dialogues were decided."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agentsim.cli.main import main
from agentsim.errors import UserError
from agentsim.events import Event, Notice
from agentsim.prompts.render import Prompts
from agentsim.run.exporting import export_run
from agentsim.run.fitness import critic_fingerprint, critic_side, kept_file, read_examination, write_examination
from agentsim.run.reader import RunReader
from agentsim.run.settings import RunSettings
from agentsim.schema import Examination, Fitness, Record
from tests.run.world import dataset, library, made, passed_examination, played

MODEL = "openai/anything"
DECIDES: Mapping[str, Any] = {"critic": {"decides": True}}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing is known of any critic."""
    monkeypatch.setenv("AGENTSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def found(tmp_path: Path, verdict: Fitness) -> Examination:
    fit = read_examination(passed_examination(tmp_path, MODEL))
    return fit.model_copy(update={"verdict": verdict})


def keep(tmp_path: Path, verdict: Fitness) -> Examination:
    """Leave an examination where `agentsim critic check` would."""
    examination = found(tmp_path, verdict)
    write_examination(examination, kept_file(examination.fingerprint))
    return examination


async def run(folder: Path, **options: Any) -> tuple[list[Record], list[str], str]:
    """Play a run; return its records, what was noted, and its card."""
    events: list[Event] = []
    outcome = await played(folder, watchers=[events.append], **options)
    assert outcome.finished.stopped == "done"
    export_run(folder, ("messages",))
    with closing(RunReader(folder)) as reader:
        records = list(reader.records())
    card = (folder / "exports" / "messages" / "README.md").read_text()
    return records, [event.text for event in events if isinstance(event, Notice)], card


async def test_without_an_examination_evidence_decides_and_everybody_is_told(tmp_path: Path) -> None:
    records, notes, card = await run(await made(tmp_path / "run", **DECIDES))
    accepted = [record for record in records if record.verdict.outcome == "accepted"]
    assert accepted
    assert {record.verdict.by for record in records} <= {"evidence", "detectors"}
    assert any(record.grading is not None for record in records)
    for record in accepted:
        assert [reason.code for reason in record.verdict.reasons] == ["evidence", "not_examined"]
    assert notes == [
        "evidence and detectors decide, not the critic, openai/anything with plain: it has passed no examination; "
        "examine it and start anew: agentsim critic check --model openai/anything --rubric plain"
    ]
    assert "| plain |  | not examined | evidence and detectors did |" in card


async def test_what_is_kept_in_a_form_that_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    kept_file(keep(tmp_path, "fit").fingerprint).write_text("{}")
    records, notes, _ = await run(await made(tmp_path / "run", **DECIDES))
    assert {record.verdict.by for record in records} <= {"evidence", "detectors"}
    assert "has passed no examination" in notes[0]


@pytest.mark.parametrize("verdict", ["fit", "fit only for grading"])
async def test_an_examination_that_was_kept_is_found_and_lets_the_critic_decide(
    tmp_path: Path, verdict: Fitness
) -> None:
    keep(tmp_path, verdict)
    records, notes, card = await run(await made(tmp_path / "run", **DECIDES))
    assert "critic" in {record.verdict.by for record in records}
    assert {record.verdict.outcome for record in records} >= {"accepted", "rejected"}
    assert {record.verdict.by for record in records if record.verdict.outcome == "accepted"} == {"critic"}
    told = f"openai/anything with the rubric plain was examined and is {verdict}"
    assert all(record.verdict.reasons[-1].detail == told for record in records if record.verdict.by == "critic")
    assert notes == []
    assert f"| plain | openai/anything | {verdict} | it did |" in card


@pytest.mark.parametrize("verdict", ["unfit", "fit only for comparing"])
async def test_a_critic_that_did_not_pass_decides_nothing(tmp_path: Path, verdict: Fitness) -> None:
    keep(tmp_path, verdict)
    records, notes, card = await run(await made(tmp_path / "run", **DECIDES))
    assert {record.verdict.by for record in records} <= {"evidence", "detectors"}
    accepted = next(record for record in records if record.verdict.outcome == "accepted")
    assert accepted.verdict.reasons[-1].code == "not_fit"
    assert f"is {verdict}" in accepted.verdict.reasons[-1].detail
    assert len(notes) == 1 and f"with plain: it was examined and is {verdict}" in notes[0]
    assert f"| plain | openai/anything | {verdict} | evidence and detectors did |" in card


async def test_where_the_critic_was_not_to_decide_nothing_depends_on_what_the_machine_knows(tmp_path: Path) -> None:
    first = await made(tmp_path / "one", critic={"decides": False})
    records, notes, card = await run(first)
    keep(tmp_path, "fit")
    second = await made(tmp_path / "two", critic={"decides": False})
    await run(second)
    assert dataset(first) == dataset(second)
    assert notes == []
    assert "The critic's grade was not to decide." in card
    assert all(len(record.verdict.reasons) == 1 for record in records)


async def test_what_is_learned_of_a_critic_later_changes_no_run_that_was_made_before(tmp_path: Path) -> None:
    folder = await made(tmp_path / "run", **DECIDES)
    keep(tmp_path, "fit")
    records, _, _ = await run(folder)
    assert {record.verdict.by for record in records} <= {"evidence", "detectors"}


@pytest.mark.parametrize(("then", "now"), [("fit", None), (None, "fit"), ("fit", "unfit")])
async def test_a_replay_is_decided_as_the_run_it_replays(
    tmp_path: Path, then: Fitness | None, now: Fitness | None
) -> None:
    if then:
        keep(tmp_path, then)
    first = await made(tmp_path / "one", **DECIDES)
    before, _, _ = await run(first)
    kept_file(found(tmp_path, "fit").fingerprint).unlink(missing_ok=True)
    if now:
        keep(tmp_path, now)
    second = await made(tmp_path / "two", **DECIDES)
    after, _, _ = await run(second, replay=first, model=None)
    assert [record.verdict for record in after] == [record.verdict for record in before]
    assert dataset(first) == dataset(second)


async def test_the_file_that_the_settings_name_counts_and_must_be_of_this_critic(tmp_path: Path) -> None:
    fit = passed_examination(tmp_path, MODEL)
    records, _, _ = await run(await made(tmp_path / "run", critic={"decides": True, "examination": fit}))
    assert "critic" in {record.verdict.by for record in records}
    with pytest.raises(UserError, match=r"of another critic: openai/anything with the rubric 'plain'") as caught:
        await made(tmp_path / "other", model="openai/else", critic={"decides": True, "examination": fit})
    assert caught.value.fix == "agentsim critic check --model openai/else --rubric plain"
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("text", [None, "", "{}", "fit", '{"verdict": "fit"}'])
async def test_a_file_that_is_no_examination_is_refused_before_anything_is_made(
    tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "file.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=r"file\.json"):
        await made(tmp_path / "run", critic={"decides": True, "examination": path})
    assert not (tmp_path / "run").exists()


def test_another_critic_is_whoever_may_answer_otherwise(tmp_path: Path) -> None:
    (tmp_path / "grade.j2").write_text("Be kind to {{ task }}.")
    rubric = library().rubrics["plain"]
    plain = RunSettings(model=MODEL)

    def of(settings: RunSettings, prompts: Prompts, by: Any = rubric) -> str:
        return critic_fingerprint(critic_side(settings), prompts, by)

    prints = [
        of(plain, Prompts()),
        of(RunSettings(model="openai/else"), Prompts()),
        of(RunSettings.model_validate({"model": MODEL, "critic": {"sampling": {"temperature": 0.7}}}), Prompts()),
        of(plain, Prompts(tmp_path)),
        of(plain, Prompts(), rubric.model_copy(update={"criteria": rubric.criteria[::-1]})),
    ]
    assert len(set(prints)) == len(prints)
    assert of(RunSettings(model="openai/else", critic={"model": MODEL}), Prompts()) == prints[0]  # type: ignore[arg-type]


def test_a_path_in_run_yaml_is_taken_from_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "run.yaml").write_text("critic: {decides: true, examination: gone.json}\n")
    with pytest.raises(SystemExit) as stop:
        main(["run", str(tmp_path / "p")])
    assert stop.value.code == 2
    assert f"cannot read {tmp_path / 'p' / 'gone.json'}" in capsys.readouterr().err
