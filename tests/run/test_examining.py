"""The examination through the door: kept once it is done, gone on with after a stop, the same at any concurrency."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentsim.critic.examination_cases import make_cases
from agentsim.critic.examination_material import shipped_material
from agentsim.errors import AuthenticationFailed, BudgetReached, Refused, ServerFailed, UserError
from agentsim.llm.model import Answer, Request
from agentsim.llm.recording import request_key
from agentsim.run.examining import check_critic
from agentsim.run.fitness import kept_file, read_examination
from agentsim.schema import Examination
from tests.critic import judges
from tests.run.world import Jittery
from tests.scripted import Reply, ScriptedModel

MATERIAL = shipped_material()
PERFECT = judges.perfect(judges.knower(make_cases(MATERIAL, len(MATERIAL.dialogues), 0)))
QUICK: dict[str, Any] = {"model": "openai/any", "critic": {"rubric": "quick"}}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENTSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "examinations"


def held(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def check(model: ScriptedModel, **options: Any) -> Examination:
    return await check_critic(model_object=model, **{"sample": 8, "retries": 0, **QUICK, **options})


async def test_what_was_found_is_kept_and_nothing_else(own_cache: Path) -> None:
    model = ScriptedModel(PERFECT)
    found = await check(model)
    assert (found.model, found.rubric, found.verdict, found.sample, found.seed) == ("openai/any", "quick", "fit", 8, 0)
    assert found.usage.calls == len(model.requests) == 8 * 22
    assert read_examination(kept_file(found.fingerprint)) == found
    assert [path.name for path in held(own_cache)] == [f"{found.fingerprint}.json"]
    assert model.closed


@pytest.mark.parametrize("concurrency", [1, 3, 64])
async def test_the_same_answers_give_the_same_result_at_any_concurrency(concurrency: int) -> None:
    one = await check(ScriptedModel(judges.by_chance))
    other = await check(Jittery(judges.by_chance, most=0.002), concurrency=concurrency)
    assert other.model_dump_json() == one.model_dump_json()
    assert (await check(ScriptedModel(judges.by_chance), seed=1)).figures != one.figures


class Ending(ScriptedModel):
    """Answers so many times, and then fails."""

    def __init__(self, script: Callable[[Request], Reply], answers: int, failure: Exception) -> None:
        super().__init__(script)
        self._left, self._failure = answers, failure

    async def ask(self, request: Request) -> Answer:
        if self._left == 0:
            raise self._failure
        self._left -= 1
        return await super().ask(request)


@pytest.mark.parametrize(
    "failure", [AuthenticationFailed("no key", model="m"), ServerFailed("down", model="m"), ConnectionError("a bug")]
)
async def test_a_stopped_examination_decides_nothing_and_goes_on_without_asking_twice(
    own_cache: Path, failure: Exception
) -> None:
    first = Ending(PERFECT, 60, failure)
    with pytest.raises(type(failure)):
        await check(first, concurrency=1)
    assert [path.suffix for path in held(own_cache)] == [".answers"]
    # As if the process had been killed in the middle of a line.
    (answers,) = held(own_cache)
    answers.write_text(answers.read_text() + '["half of a li')
    second = ScriptedModel(PERFECT)
    found = await check(second)
    keys = [request_key(request) for model in (first, second) for request in model.requests]
    assert len(keys) == len(set(keys)) == found.usage.calls == 8 * 22
    assert found.verdict == "fit"
    assert found == await check(ScriptedModel(PERFECT))


async def test_the_cap_holds_over_a_stop_and_what_was_paid_for_is_kept() -> None:
    first = ScriptedModel(PERFECT)
    with pytest.raises(BudgetReached, match="cap of 20,000 tokens") as caught:
        await check(first, max_tokens_total=20_000)
    assert caught.value.fix == "raise the cap and check again: what was answered is kept"
    assert first.requests
    again = ScriptedModel(PERFECT)
    with pytest.raises(BudgetReached):
        await check(again, max_tokens_total=20_000)
    assert again.requests == []
    assert (await check(ScriptedModel(PERFECT))).verdict == "fit"


async def test_a_dialogue_that_the_provider_refuses_counts_against_the_critic() -> None:
    def refusing(request: Request) -> Reply:
        told = str(request.messages[0]["content"])
        return Refused("policy", model="m") if "highest score" in told else PERFECT(request)

    found = await check(ScriptedModel(refusing), sample=24)
    failed = {one.name for one in found.figures if one.outcome == "failed"}
    assert failed == {"orders"}
    assert found.verdict == "unfit"


async def test_who_is_examined_is_the_critic_of_the_settings() -> None:
    model = ScriptedModel(PERFECT)
    critic = {"model": "openai/critic", "sampling": {"temperature": 0.3, "max_tokens": 99}}
    found = await check(model, critic=critic, sample=6)
    assert (found.model, found.rubric) == ("openai/critic", "conversation")
    assert {request.model for request in model.requests} == {"openai/critic"}
    assert {request.params["temperature"] for request in model.requests} == {0.3}
    assert {request.params["max_tokens"] for request in model.requests} == {99}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sample": 5}, "with 6 to 24 dialogues"),
        ({"sample": 25}, "with 6 to 24 dialogues"),
        ({"critic": {"rubric": "nonesuch"}}, "no rubric called 'nonesuch'"),
        ({"prompts": Path("nowhere")}, "no such prompt folder"),
        ({"concurrency": 0}, "concurrency"),
    ],
)
async def test_what_cannot_be_asked_is_refused_before_anything_is(options: dict[str, Any], said: str) -> None:
    model = ScriptedModel(PERFECT)
    with pytest.raises(UserError, match=said):
        await check(model, **options)
    assert model.requests == []
