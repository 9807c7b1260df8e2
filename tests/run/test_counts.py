"""Whatever becomes of the dialogues, the counts add up, and no grade is not a low grade."""

import asyncio
import json
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agentsim.errors import ModelError, OutOfQuota, Refused
from agentsim.events import Event, RunFinished
from agentsim.llm.model import Request
from agentsim.run.exporting import export_run
from agentsim.run.progress import Progress
from agentsim.run.reader import RunReader
from agentsim.schema import Tally
from tests.run.world import by_request, dataset, made, played
from tests.scripted import ScriptedModel

Fate = Literal["good", "low", "no grade", "refused", "bug", "quota"]
FATES: tuple[Fate, ...] = ("good", "low", "no grade", "refused", "bug", "quota")


def _add_up(tally: Tally) -> None:
    assert tally.planned == tally.accepted + sum(tally.rejected.values()) + sum(tally.failed.values())
    assert all(count > 0 for count in (*tally.rejected.values(), *tally.failed.values()))


class Fated(ScriptedModel):
    """Lets each dialogue come to the end that the test chose, in the order their critics are asked."""

    def __init__(self, fates: list[Fate]) -> None:
        super().__init__(self._say)
        self._fates = iter(fates)
        self._of: dict[str, Fate] = {}

    def _say(self, request: Request) -> str | Exception:
        wanted = request.params.get("response_format")
        if wanted is None or "reached" in wanted["json_schema"]["schema"]["properties"]:
            return by_request(request)
        asked = str(request.messages[0]["content"]).partition("\nAn earlier answer")[0]
        if asked not in self._of:
            self._of[asked] = next(self._fates, "good")
        fate = self._of[asked]
        names = wanted["json_schema"]["schema"]["required"]
        score = 5 if fate == "good" else 2
        match fate:
            case "no grade":
                return "What a lovely chat."
            case "refused":
                return Refused("no", model="m")
            case "quota":
                return OutOfQuota("no credit", model="m")
            case "bug":
                return ZeroDivisionError("a fault")
            case _:
                return json.dumps({name: {"reason": "so", "turns": [0], "score": score} for name in names})


@example(fates=["good", "low", "no grade", "refused", "bug", "no grade"], concurrency=1)
@example(fates=["low", "low", "quota", "good"], concurrency=2)
@given(fates=st.lists(st.sampled_from(FATES), max_size=7), concurrency=st.integers(1, 6))
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counts_add_up(tmp_path_factory: pytest.TempPathFactory, fates: list[Fate], concurrency: int) -> None:
    asyncio.run(_play(tmp_path_factory.mktemp("run"), fates, concurrency))


async def _play(folder: Path, fates: list[Fate], concurrency: int) -> None:
    await made(folder / "it", dialogues=6, concurrency=concurrency)
    told: list[Event] = []
    progress = Progress()
    try:
        await played(folder / "it", Fated(fates), watchers=[told.append, progress.take])
    except ModelError as error:
        assert isinstance(error, OutOfQuota)
    finished = told[-1]
    assert isinstance(finished, RunFinished)
    _add_up(finished.tally)
    with closing(RunReader(folder / "it")) as reader:
        assert reader.tally() == finished.tally
        assert len(list(reader.records())) == progress.accepted + progress.rejected + progress.undecided
    assert progress.accepted == finished.tally.accepted
    assert progress.rejected == sum(finished.tally.rejected.values())
    assert progress.undecided == finished.tally.failed.get("ungraded", 0)
    if "quota" not in fates:
        assert finished.stopped == "done"
        assert finished.tally.failed.get("ungraded", 0) == fates[:6].count("no grade")
        assert finished.tally.failed.get("error:Refused", 0) == fates[:6].count("refused")
        assert finished.tally.failed.get("error:ZeroDivisionError", 0) == fates[:6].count("bug")
        assert "ungraded" not in finished.tally.rejected
    export_run(folder / "it", ("messages",))
    assert dataset(folder / "it")["messages/train.jsonl"].count(b"\n") <= 2 * finished.tally.accepted

    # Resumed with a model that does its part, nothing is left over but what no critic could grade.
    resumed = Progress()
    again = await played(folder / "it", Fated([]), watchers=[resumed.take])
    _add_up(again.finished.tally)
    assert set(again.finished.tally.failed) <= {"ungraded"}
    assert resumed.before + resumed.finished == 6
    assert not resumed.live


async def test_dialogues_nobody_came_to_are_counted_too(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=30, concurrency=2)
    with closing(RunReader(folder)) as reader:
        assert reader.tally() == Tally(planned=30, accepted=0, failed={"not_run": 30})
        assert list(reader.records()) == []
    outcome = await played(folder, on_engine=lambda engine: engine.drain())
    assert outcome.finished.stopped == "interrupted"
    _add_up(outcome.finished.tally)
    assert outcome.finished.tally.failed == {"not_run": 30}


async def test_nothing_is_left_running(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=10, concurrency=5)
    before = asyncio.all_tasks()
    model = ScriptedModel(by_request, latency=0.001)
    await played(folder, model, stream=True, watchers=[lambda _: None])
    assert model.closed
    assert asyncio.all_tasks() == before
    going = asyncio.create_task(played(folder, ScriptedModel(by_request, latency=1)))
    other = await made(tmp_path / "other", dialogues=10, concurrency=5)
    slow = ScriptedModel(by_request, latency=5)
    cut = asyncio.create_task(played(other, slow))
    await asyncio.wait_for(going, 5)
    await asyncio.sleep(0.3)
    assert slow.requests
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    assert slow.closed
    assert asyncio.all_tasks() == before
    assert (await played(other)).finished.stopped == "done"
