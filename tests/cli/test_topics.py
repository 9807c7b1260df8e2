"""`topics show` and `topics grow`, the latter against a real server on the loopback address."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentsim.cli.output import console
from agentsim.library.outline import load_outline
from agentsim.schema import Topic
from tests.cli.conftest import Agentsim
from tests.cli.test_hostile_text import HARMFUL, OWN
from tests.loopback import BAD_KEY, QUOTA, LoopbackServer
from tests.run.command import Command, until

OUTLINE = "- Dogs\n  - Training\n    what they learn\n  - Food\n- Tides\n"


def asked_about(body: dict[str, Any]) -> str:
    """The last name of the path that a request is about."""
    found = re.search(r"from the broadest subject down: (.*)", body["messages"][0]["content"])
    assert found
    return found[1].split(" > ")[-1]


def named(body: dict[str, Any]) -> dict[str, Any]:
    """Names two topics for each, but three for one of them, two of which mean the same, and none for another."""
    topic = asked_about(body)
    names = {"Training": ["dog training", "training a dog", "Recall"], "Tides": []}
    text = json.dumps({"topics": names.get(topic, [f"{topic} by day", f"{topic} at sea"])})
    return {"content": text, "usage": {"prompt_tokens": 50, "completion_tokens": 10}}


@pytest.fixture
def server(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    with LoopbackServer.in_thread(named) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        Path("topics.md").write_text(OUTLINE)
        yield server


GROW = ("topics", "grow", "topics.md", "-m", "openai/any")


def test_show_tells_paths_counts_and_what_means_the_same(agentsim: Agentsim) -> None:
    text = "topics:\n  - name: Dogs\n    topics: [dog training, training a dog]\n  - name: Tea\n    also: [Char]\n"
    Path("a.yaml").write_text(text)
    said = agentsim("topics", "show", "a.yaml")
    assert said.status == 0
    assert [row.split("\t") for row in said.out.splitlines()] == [
        ["topic", "about", "also"],
        ["Dogs", "", ""],
        ["Dogs / dog training", "", ""],
        ["Dogs / training a dog", "", ""],
        ["Tea", "", "Char"],
    ]
    assert said.err.splitlines() == [
        "one topic: Dogs / dog training, and training a dog",
        "4 topics, 3 of them leaves, 2 levels",
    ]
    told = agentsim("topics", "show", "a.yaml", "--json").json
    assert told["merged"] == [{"path": ["Dogs", "dog training"], "also": ["training a dog"]}]
    assert (told["topics"], told["leaves"], told["levels"]) == (4, 3, 2)
    assert tuple(map(Topic.model_validate, told["outline"])) == load_outline(Path("a.yaml"))


def test_show_prints_a_tree_of_harmless_text_on_a_terminal(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.yaml").write_text('topics:\n  - name: Dogs\n    topics:\n      - "[red]Food\\e[31m\\nforged\\tline"\n')
    assert not HARMFUL.search(agentsim("topics", "show", "a.yaml").out.replace("\n", "").replace("\t", ""))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    console.cache_clear()
    try:
        said = agentsim("topics", "show", "a.yaml")
    finally:
        console.cache_clear()
    assert "  [red]Food" in said.out
    assert len(said.out.splitlines()) == 2
    assert not HARMFUL.search(OWN.sub("", said.out).replace("\n", ""))


@pytest.mark.parametrize("kind", [".md", ".yaml"])
def test_grow_writes_an_outline_and_tells_what_became_of_it(
    agentsim: Agentsim, server: LoopbackServer, kind: str
) -> None:
    said = agentsim(*GROW, "-o", f"out{kind}", "--each", "3")
    assert said.status == 0, said.err
    assert said.out == f"out{kind}\n"
    training = Topic(
        name="Training",
        about="what they learn",
        topics=(Topic(name="dog training", also=("training a dog",)), Topic(name="Recall")),
    )
    food = Topic(name="Food", topics=(Topic(name="Food by day"), Topic(name="Food at sea")))
    assert load_outline(Path(f"out{kind}")) == (Topic(name="Dogs", topics=(training, food)), Topic(name="Tides"))
    assert said.err.splitlines() == [
        "level 1 of 1: 5 names for 3 topics",
        "one topic: Dogs / Training / dog training, and training a dog",
        "nothing below Tides: no usable name in 2 answers",
        "4 topics more: 8 topics, 5 of them leaves, 3 levels",
        "4 calls, 200 + 40 tokens, $0.0000",
        f"look at it with: agentsim topics show out{kind}",
    ]
    assert not list(Path().glob(".*part"))


def test_grow_tells_machines_the_same(agentsim: Agentsim, server: LoopbackServer) -> None:
    told = agentsim(*GROW, "-o", "out.md", "--json").json
    assert told["file"] == "out.md"
    assert told["stopped"] == "done"
    assert (told["topics"], told["leaves"], told["levels"], told["added"]) == (8, 5, 3, 4)
    assert told["merged"] == [{"path": ["Dogs", "Training", "dog training"], "also": ["training a dog"]}]
    assert told["barren"] == [{"path": ["Tides"], "why": "no usable name in 2 answers"}]
    assert told["usage"] == {"calls": 4, "prompt_tokens": 200, "completion_tokens": 40, "cost": 0.0}


def test_grow_takes_a_subject_in_words_and_settings_from_run_yaml(agentsim: Agentsim, server: LoopbackServer) -> None:
    Path("run.yaml").write_text("model: openai/any\nseed: 5\n")
    assert agentsim("topics", "grow", "--subject", "sea  life", "-o", "sea.md", "--depth", "2").status == 0
    assert load_outline(Path("sea.md"))[0].leaves()[0] == ("sea life", "sea life by day", "sea life by day by day")
    assert [body["model"] for body in server.bodies] == ["any"] * 3
    seeds = [body["seed"] for body in server.bodies]
    server.requests.clear()
    agentsim("topics", "grow", "--subject", "sea life", "-o", "sea.md", "--depth", "2", "--force", "--seed", "6")
    assert not set(seeds) & {body["seed"] for body in server.bodies}


def test_what_is_there_is_not_written_over_unasked(agentsim: Agentsim, server: LoopbackServer) -> None:
    said = agentsim(*GROW, "-o", "topics.md")
    assert said.status == 2
    assert "--force" in said.err
    assert Path("topics.md").read_text() == OUTLINE
    assert server.requests == []
    assert agentsim(*GROW, "-o", "topics.md", "--force").status == 0
    assert Path("topics.md").read_text() != OUTLINE


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("topics.md", "-o", "out.csv"), "'out.csv' ends in none of .md, .markdown, .yaml, .yml"),
        (("topics.md", "-o", "nowhere/out.md"), "cannot write nowhere/out.md"),
        (("topics.md", "--subject", "x", "-o", "out.md"), "either FILE or --subject"),
        (("-o", "out.md"), "either FILE or --subject"),
        (("--subject", " ", "-o", "out.md"), "a subject needs a name"),
        (("none.md", "-o", "out.md"), "cannot read it"),
        (("topics.md", "-o", "out.md", "--depth", "7"), "has 2 levels and may have 8: it cannot grow by 7"),
        (("topics.md", "-o", "out.md", "--most", "3"), "has 3 leaves already"),
        (("topics.md", "-o", "out.md", "-m", "nosuchprovider/x"), "nosuchprovider"),
        (("topics.md", "-o", "out.md", "--prompts", "nowhere"), "no such prompt folder"),
        (("lines.yaml", "-o", "out.md"), "such as line breaks in names"),
    ],
)
def test_wrong_calls_ask_nothing(agentsim: Agentsim, server: LoopbackServer, args: tuple[str, ...], said: str) -> None:
    Path("lines.yaml").write_text('topics: ["two\\nlines"]\n')
    heard = agentsim("topics", "grow", "-m", "openai/any", *args)
    assert heard.status == 2
    assert said in heard.err
    assert "Traceback" not in heard.err
    assert server.requests == []
    assert not Path("out.md").exists()


def test_nothing_grown_is_an_error_and_writes_nothing(agentsim: Agentsim, server: LoopbackServer) -> None:
    server.reply = lambda _: "I would rather not."
    said = agentsim(*GROW, "-o", "out.md")
    assert said.status == 3
    assert "no narrower topic came: no usable name in 2 answers" in said.err
    assert not Path("out.md").exists()
    server.script.extend([BAD_KEY] * 9)
    assert agentsim(*GROW, "-o", "out.md").status == 2


def test_what_came_before_a_failure_is_written_and_the_failure_told(agentsim: Agentsim, server: LoopbackServer) -> None:
    server.script.extend([None, None, None, None, *[QUOTA] * 9])
    said = agentsim(*GROW, "-o", "out.md", "--depth", "2", "-j", "1", "--json")
    assert said.status == 2
    assert said.json["stopped"] == "error"
    assert said.json["added"] == 4
    assert "quota" in said.err
    assert max(map(len, load_outline(Path("out.md"))[0].leaves())) == 3


def test_a_cap_holds_and_what_came_is_written(agentsim: Agentsim, server: LoopbackServer) -> None:
    price = "models:\n  openai/any: {input_price: 1000, output_price: 1000}\nsend_seed: false\n"
    Path("run.yaml").write_text(price)
    server.reply = lambda body: {**named(body), "usage": {"prompt_tokens": 50, "completion_tokens": 500}}
    said = agentsim(*GROW, "-o", "out.md", "-j", "1", "--max-cost", "2.5")
    assert said.status == 4
    assert "cap of $2.5" in said.err
    assert len(server.requests) == 2
    assert load_outline(Path("out.md"))
    assert all("seed" not in body for body in server.bodies)


def test_hostile_names_reach_no_screen_and_no_other_line(agentsim: Agentsim, server: LoopbackServer) -> None:
    evil = "a\x1b[31m\n- forged\t[bold]x[/bold] \u202egnp"
    server.reply = lambda body: json.dumps({"topics": [evil, f"{asked_about(body)} & <b>more</b>", "x" * 500]})
    said = agentsim(*GROW, "-o", "out.md")
    assert said.status == 0
    shown = agentsim("topics", "show", "out.md")
    for text in (said.err, shown.out, Path("out.md").read_text()):
        assert not HARMFUL.search(text.replace("\n", "").replace("\t", ""))
    assert [path[-1] for path in load_outline(Path("out.md"))[1].leaves()] == [
        "a\u241b[31m - forged [bold]x[/bold] \ufffdgnp",
        "Tides & <b>more</b>",
    ]


def test_with_ctrl_c_the_whole_levels_are_written(tmp_path: Path) -> None:
    (tmp_path / "topics.md").write_text(OUTLINE)
    with LoopbackServer.in_thread(named) as server:
        environment = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test", "XDG_CONFIG_HOME": str(tmp_path)}

        def stopped(at: int, *args: object) -> Command:
            server.requests.clear()
            command = Command.start(*GROW, *args, cwd=tmp_path, environment=environment)

            def slow(body: dict[str, Any]) -> dict[str, Any]:
                if len(server.requests) > at:
                    server.latency = 60
                return named(body)

            server.reply, server.latency = slow, 0
            until(lambda: len(server.requests) > at + 1)
            os.kill(command.pid, signal.SIGINT)
            assert command.wait(20) == 130
            assert "Traceback" not in command.told
            return command

        command = stopped(4, "-o", "out.md", "--depth", 2, "-j", 1)
        assert "4 topics more: 8 topics" in command.told
        assert command.said == "out.md\n"
        assert max(map(len, load_outline(tmp_path / "out.md")[0].leaves())) == 3

        command = stopped(0, "-o", "none.md", "-j", 1)
        assert "nothing was written: no level was whole" in command.told
        assert command.said == ""
        assert not (tmp_path / "none.md").exists()
