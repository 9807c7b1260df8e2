"""A cap holds over kills: all that the server ever handed out stays below it."""

import random
from pathlib import Path
from typing import Any

import pytest

from agentsim.errors import TimedOut
from agentsim.events import RunFinished
from tests.run.command import Command, until
from tests.run.served import DeterministicServer, environment, write_project
from tests.run.world import by_body, dataset, made, played
from tests.scripted import ScriptedModel

INPUT, OUTPUT = 3.0, 15.0
PRICES = {"openai/anything": {"input_price": INPUT, "output_price": OUTPUT}}


class Meter:
    """Answers as `by_body` does, but bills as much as a tokenizer could ever count, and keeps the sum."""

    def __init__(self) -> None:
        self.tokens = 0
        self.dollars = 0.0

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        read = sum(4 + len(message["content"].encode()) for message in body["messages"])
        wrote = int(body["max_tokens"])
        self.tokens += read + wrote
        self.dollars += (read * INPUT + wrote * OUTPUT) / 1e6
        return {**by_body(body), "usage": {"prompt_tokens": read, "completion_tokens": wrote}}


@pytest.mark.parametrize(("flag", "cap"), [("--max-tokens-total", 120_000), ("--max-cost", 0.6)])
def test_a_cap_holds_over_kills(tmp_path: Path, flag: str, cap: float) -> None:
    draw = random.Random()
    here = write_project(tmp_path / "project", dialogues=20, concurrency=6, models=PRICES)
    meter = Meter()

    def spent() -> float:
        return meter.tokens if flag == "--max-tokens-total" else meter.dollars

    with DeterministicServer.going(meter, most=0.02) as server:
        whole = Command.start("run", "-o", "whole", cwd=here, environment=environment(server))
        assert whole.wait() in (0, 3)
        assert spent() > cap, "the cap is below what the run takes"
        meter.tokens, meter.dollars = 0, 0.0

        args: tuple[object, ...] = ("run", "-o", "it", flag, cap)
        for _ in range(3):
            asked = len(server.requests)
            command = Command.start(*args, cwd=here, environment=environment(server))
            wanted = asked + draw.randint(1, 25)
            _until(server, wanted, command)
            command.kill()
            assert spent() <= cap
            args = ("resume", "it")
        command = Command.start(*args, cwd=here, environment=environment(server))
        assert command.wait() == 4
        assert spent() <= cap
        assert "failed budget" in command.told
        assert "Traceback" not in command.told
        # Nothing more is sent under the same cap than it allows.
        assert Command.start("resume", "it", cwd=here, environment=environment(server)).wait() == 4
        assert spent() <= cap

        more = Command.start("resume", "it", flag, 100 * cap, cwd=here, environment=environment(server))
        assert more.wait() in (0, 3), more.told
    assert dataset(here / "it") == dataset(here / "whole")


async def test_the_budget_is_told_as_the_reason(tmp_path: Path) -> None:
    folder = await made(tmp_path / "it", dialogues=10, concurrency=3, max_tokens_total=4000)
    told: list[object] = []
    outcome = await played(folder, watchers=[told.append])
    assert outcome.finished.stopped == "budget"
    assert outcome.bug is None
    tally = outcome.finished.tally
    assert tally.failed["budget"] >= 1
    assert tally.planned == tally.accepted + sum(tally.rejected.values()) + sum(tally.failed.values())
    assert isinstance(told[-1], RunFinished)
    usage = outcome.finished.usage
    assert 0 < usage.prompt_tokens + usage.completion_tokens <= 4000


async def test_a_call_without_an_answer_counts_as_spent(tmp_path: Path) -> None:
    """The provider may have billed a call that timed out on our side; a resume must not forget it."""
    folder = await made(tmp_path / "it", dialogues=1, concurrency=1, max_tokens_total=3000, retries=0)
    lost = ScriptedModel(lambda request: TimedOut("no answer", model=request.model))
    starts = 0
    while (await played(folder, lost)).finished.stopped != "budget":
        starts += 1
        assert starts < 10
    assert len(lost.requests) == starts
    assert 2 <= starts <= 3000 // 256
    nothing = ScriptedModel(())
    assert (await played(folder, nothing)).finished.stopped == "budget"


def _until(server: DeterministicServer, requests: int, command: Command) -> None:
    until(lambda: len(server.requests) >= requests or command.process.exitcode is not None)
