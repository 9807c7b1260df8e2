"""The page on a run's coverage: one file, nothing fetched, texts shown as texts, and it works in a browser."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agentsim.topics.forms import from_graphml, from_json
from agentsim.topics.graph import leaves
from tests.cli.conftest import HOSTILE, Agentsim
from tests.cli.folders import EVIL, make_run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def data(page: str) -> dict[str, object]:
    (told,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    found: dict[str, object] = json.loads(told)
    return found


def test_the_page_holds_what_the_command_tells(agentsim: Agentsim, runs: Path) -> None:
    make_run(Path("runs/one"), dialogues=3)
    facts = agentsim("coverage", "one", "--json").json
    said = agentsim("coverage", "one", "--html", "page.html")
    assert said.err.startswith("written: page.html")
    told = data(Path("page.html").read_text(encoding="utf-8"))
    assert (told["covered"], told["leaves"], told["nowhere"]) == (facts["covered"], facts["leaves"], facts["nowhere"])
    assert [topic["accepted"] for topic in told["topics"]] == [topic["accepted"] for topic in facts["topics"]]  # type: ignore[attr-defined]
    assert len(told["dialogues"]) == 3  # type: ignore[arg-type]
    assert told["pairs"] == facts["pairs"] and told["pairs"]["scenario and person"]["met"] >= 2  # type: ignore[index]
    assert told["beyond"]["candidates"] == facts["beyond"]["candidates"] != []  # type: ignore[index]


def test_nothing_is_fetched_and_no_text_is_markup(agentsim: Agentsim, runs: Path) -> None:
    agentsim("coverage", HOSTILE, "--html", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "the name of a form, nothing is fetched from it"
    assert page.count("</script>") == 2
    turns = [text for dialogue in data(page)["dialogues"] for _, text in dialogue["turns"]]  # type: ignore[attr-defined]
    assert any(EVIL.split("\n")[0] in text for text in turns)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_it_works_in_a_browser(agentsim: Agentsim, runs: Path, tmp_path: Path) -> None:
    agentsim("coverage", HOSTILE, "--html", "page.html")
    seen = subprocess.run(
        [
            str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom", Path("page.html").resolve().as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in seen.stderr, seen.stderr
    body = seen.stdout.partition("<main>")[2].partition('<script type="application/json"')[0]
    assert body.count('class="row"') >= 1 and "<article>" in body and "<polyline" in body
    assert "new subject, " in body and '<section id="beyond">' in body


@pytest.mark.parametrize("name", ["graph.json", "graph.graphml"])
def test_the_graph_can_be_taken_away(agentsim: Agentsim, runs: Path, name: str) -> None:
    make_run(Path("runs/one"), dialogues=3)
    leaves_told = agentsim("coverage", "one", "--graph", name, "--json").json["leaves"]
    text = Path(name).read_text(encoding="utf-8")
    graph = from_graphml(text) if name.endswith("ml") else from_json(json.loads(text))
    assert len(leaves(graph)) == leaves_told


def test_where_it_cannot_be_written(agentsim: Agentsim, runs: Path) -> None:
    make_run(Path("runs/one"), dialogues=1)
    said = agentsim("coverage", "one", "--html", "nowhere/page.html")
    assert said.status == 5 and "cannot write nowhere/page.html" in said.err
    said = agentsim("coverage", "one", "--graph", "graph.txt")
    assert said.status == 2 and ".graphml" in said.err


@pytest.mark.parametrize("run", ["one", HOSTILE])
def test_the_picture_is_drawn_and_the_same_each_time(agentsim: Agentsim, runs: Path, run: str) -> None:
    make_run(Path("runs/one"), dialogues=5)
    for name in ("a", "b"):
        said = agentsim("coverage", run, "--png", f"{name}.png", "--svg", f"{name}.svg")
        assert said.status == 0 and f"written: {name}.svg" in said.err
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()
    assert "<svg" in Path("a.svg").read_text(encoding="utf-8")


def test_without_matplotlib_it_is_said_what_to_do(
    agentsim: Agentsim, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(Path("runs/one"), dialogues=2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = agentsim("coverage", "one", "--png", "a.png")
    assert said.status == 2 and "agentsim[plot]" in said.err and "Traceback" not in said.err
