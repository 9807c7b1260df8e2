"""`critic check` against a real server on the loopback address."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentsim.critic.examination_cases import make_cases
from agentsim.critic.examination_material import shipped_material
from agentsim.dialogue.transcript import transcript_lines
from agentsim.llm.model import Request
from agentsim.run.fitness import kept_file, read_examination
from tests.cli.conftest import Agentsim
from tests.cli.test_hostile_text import HARMFUL
from tests.critic import judges
from tests.loopback import BAD_KEY, LoopbackServer
from tests.run.command import Command, until

CASES = make_cases(shipped_material(), 24, 0)
KNOWN = judges.knower(CASES)


def by(judge: Callable[[Request], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The judge behind a server."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        request = Request(body["model"], body["messages"], {"response_format": body["response_format"]})
        return {"content": judge(request), "usage": {"prompt_tokens": 50, "completion_tokens": 10}}

    return reply


@pytest.fixture
def server(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    with LoopbackServer.in_thread(by(judges.perfect(KNOWN))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield server


CHECK = ("critic", "check", "-m", "openai/any", "--rubric", "quick", "--sample", "8")


def test_a_fit_critic_is_told_figure_by_figure_and_kept(agentsim: Agentsim, server: LoopbackServer) -> None:
    said = agentsim(*CHECK, "--out", "critic.json")
    assert said.status == 0, said.err
    head, *rows, verdict = (line.split("\t") for line in said.out.splitlines())
    assert head == ["skill", "examination", "share", "95 % interval", "asked for", "of", "result"]
    assert ["grading", "padding", "1.00", "0.68 to 1.00", "0.55", "8", "passed"] in rows
    assert ["comparing", "usable", "1.00", "0.94 to 1.00", "0.90", "56", "passed"] in rows
    assert ["grading", "blatant", "1.00", "0.68 to 1.00", "0.60", "8", "passed"] in rows
    assert verdict == ["verdict", "fit"]
    assert said.err.splitlines() == [
        "examining openai/any with the rubric quick",
        "50 questions answered, at most 70 to go",
        "100 questions answered, at most 20 to go",
        "its grades may decide in a run, and its choices between dialogues may count",
        "176 calls, 8,800 + 1,760 tokens, $0.0000",
    ]
    found = read_examination(Path("critic.json"))
    assert read_examination(kept_file(found.fingerprint)) == found


def test_an_unfit_critic_is_told_why_and_the_status_says_so(agentsim: Agentsim, server: LoopbackServer) -> None:
    server.reply = by(judges.perfect(judges.obedient(KNOWN)))
    said = agentsim(*CHECK, "--sample", "24")
    assert said.status == 3
    assert said.out.splitlines()[-1] == "verdict\tunfit"
    assert (
        "failed, grading orders: it can be told what to say"
        " (a fit critic: orders in the transcript do not raise the grade)" in said.err
    )
    assert "given up after 6 of 24 dialogues: it could no longer pass" in said.err
    assert "its word decides nothing: in a run, evidence and detectors do" in said.err


def test_one_that_can_only_grade_is_well_enough(agentsim: Agentsim, server: LoopbackServer) -> None:
    server.reply = by(judges.position_biased(KNOWN))
    said = agentsim(*CHECK)
    assert said.status == 0
    assert said.out.splitlines()[-1] == "verdict\tfit only for grading"


def test_what_came_near_is_told_to_be_near(agentsim: Agentsim, server: LoopbackServer) -> None:
    """It does once what it is told: too much to pass with eight dialogues, too little to be found out."""
    once = "\n".join(transcript_lines(CASES[0].versions["orders"].turns))

    def once_wrong(transcript: str) -> float:
        return 6 if transcript == once else min(4, KNOWN(transcript))

    server.reply = by(judges.perfect(once_wrong))
    said = agentsim(*CHECK)
    assert said.status == 3
    assert said.out.splitlines()[-1] == "verdict\tunfit"
    assert "not passed, grading orders: it can be told what to say" in said.err
    assert "too little was asked to tell: grading usable, " in said.err
    assert "failed, " not in said.err
    assert "more dialogues (--sample 24) might let it pass" in said.err


def test_machines_are_told_the_same(agentsim: Agentsim, server: LoopbackServer) -> None:
    told = agentsim(*CHECK, "--json").json
    assert (told["verdict"], told["model"], told["rubric"], told["sample"]) == ("fit", "openai/any", "quick", 8)
    figure = next(one for one in told["figures"] if (one["skill"], one["name"]) == ("comparing", "place"))
    assert (figure["value"], figure["least"], figure["most"], figure["outcome"]) == (0.0, -0.15, 0.15, "passed")
    assert told["usage"]["calls"] == 176


def test_settings_and_rubrics_of_ones_own_count(agentsim: Agentsim, server: LoopbackServer) -> None:
    Path("mine/rubrics").mkdir(parents=True)
    levels = "levels: {1: no, 3: half, 5: yes}"
    text = f"id: mine\ntitle: Mine\ncriteria:\n  - id: good\n    question: Is it good?\n    {levels}\n"
    Path("mine/rubrics/mine.yaml").write_text(text)
    Path("run.yaml").write_text("critic: {model: openai/critic, rubric: mine}\nlibrary: [mine]\n")
    said = agentsim("critic", "check", "--sample", "6")
    assert "examining openai/critic with the rubric mine" in said.err
    assert "Is it good?" in server.bodies[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--sample", "5"), "with 6 to 24 dialogues"),
        (("--sample", "25"), "with 6 to 24 dialogues"),
        (("--rubric", "nonesuch"), "no rubric called 'nonesuch'"),
        (("--out", "nowhere/x.json"), "cannot write nowhere/x.json"),
        (("--out", "."), "cannot write ."),
        (("-m", "nosuchprovider/x"), "nosuchprovider"),
        (("--library", "nowhere"), "nowhere"),
        (("--prompts", "nowhere"), "no such prompt folder"),
    ],
)
def test_wrong_calls_ask_nothing(agentsim: Agentsim, server: LoopbackServer, args: tuple[str, ...], said: str) -> None:
    heard = agentsim(*CHECK, *args)
    assert heard.status == 2
    assert said in heard.err
    assert "Traceback" not in heard.err
    assert server.requests == []


def test_a_wrong_key_and_a_cap_are_told_as_such(agentsim: Agentsim, server: LoopbackServer) -> None:
    server.script.extend([BAD_KEY] * 99)
    assert agentsim(*CHECK).status == 2
    server.script.clear()
    capped = agentsim(*CHECK, "--max-tokens-total", "5000")
    assert capped.status == 4
    assert "what was answered is kept" in capped.err
    assert agentsim(*CHECK).status == 0


def test_what_the_critic_says_does_no_harm_on_the_screen(agentsim: Agentsim, server: LoopbackServer) -> None:
    server.reply = lambda body: "\x1b[31mhigh\x07 [bold]5[/bold]\n\tverdict\tfit"
    said = agentsim(*CHECK)
    assert said.status == 3
    for text in (said.out, said.err):
        assert not HARMFUL.search(text.replace("\n", "").replace("\t", ""))


def test_with_ctrl_c_it_is_kept_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with LoopbackServer.in_thread(by(judges.perfect(KNOWN))) as server:
        environment = {
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-test",
            "XDG_CONFIG_HOME": str(tmp_path),
            "AGENTSIM_CACHE": str(tmp_path / "cache"),
        }
        fair = server.reply

        def slow(body: dict[str, Any]) -> Any:
            if len(server.requests) > 30:
                server.latency = 60
            return fair(body)  # type: ignore[operator]

        server.reply = slow
        command = Command.start(*CHECK, "-j", 1, cwd=tmp_path, environment=environment)
        until(lambda: len(server.requests) > 31)
        os.kill(command.pid, signal.SIGINT)
        assert command.wait(20) == 130
        assert "the same command goes on" in command.told
        assert "Traceback" not in command.told
        asked = len(server.requests)
        server.reply, server.latency = fair, 0
        again = Command.start(*CHECK, cwd=tmp_path, environment=environment)
        assert again.wait(60) == 0
        assert len(server.requests) < 176 + (asked - 30) + 1
