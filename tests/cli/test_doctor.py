"""`doctor`."""

from pathlib import Path
from typing import Any

import pytest

from agentsim.sandbox.probing import probe
from tests.cli.conftest import Agentsim
from tests.sandbox.needs import needs_sandbox


def found(told: dict[str, Any], what: str) -> dict[str, Any]:
    return next(finding for finding in told["findings"] if finding["what"] == what)


def test_a_sound_installation(agentsim: Agentsim) -> None:
    said = agentsim("doctor", "--json")
    assert said.status == 0
    assert said.json["ok"] is True
    assert found(said.json, "SQLite")["status"] == "ok"
    assert found(said.json, "litellm")["status"] == "ok"
    assert found(said.json, "embedded/smollm2-135m")["status"] == "warn"
    assert {finding["status"] for finding in said.json["findings"]} <= {"ok", "warn"}
    assert not list(Path().iterdir())  # it leaves nothing behind


def test_plain_lines(agentsim: Agentsim) -> None:
    said = agentsim("doctor")
    assert all(line.split("\t")[0] in ("ok", "warn") for line in said.out.splitlines())
    assert all(line.count("\t") == 4 for line in said.out.splitlines())
    assert "0 failed" in said.err


def test_settings_with_their_origins(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("run.yaml").write_text(
        "dialogues: 4\nsampling: {temperature: 0.5}\nmodels:\n  openai/a.b-c: {input_price: 1}\n"
    )
    monkeypatch.setenv("AGENTSIM_SEED", "5")
    told = agentsim("doctor", "--json").json
    assert found(told, "dialogues")["found"] == "4 (from run.yaml)"
    assert found(told, "sampling.temperature")["found"] == "0.5 (from run.yaml)"
    assert found(told, "seed")["found"] == "5 (from environment variable AGENTSIM_SEED)"
    assert found(told, "models.openai/a.b-c.input_price")["found"] == "1.0 (from run.yaml)"


def test_variables_and_keys(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSIM_MODLE", "x")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@127.0.0.1:1")
    said = agentsim("doctor", "--json")
    assert found(said.json, "AGENTSIM_MODLE")["status"] == "warn"
    assert "AGENTSIM_MODEL" in found(said.json, "AGENTSIM_MODLE")["fix"]
    assert found(said.json, "OPENAI_API_KEY")["found"] == "set"
    assert "sk-hidden" not in said.out
    assert "secret" not in said.out


def test_every_fault_of_a_run_file_is_a_failure(agentsim: Agentsim) -> None:
    Path("run.yaml").write_text("dialogues: many\nsead: 4\n")
    said = agentsim("doctor", "--json")
    assert said.status == 2
    assert said.json["ok"] is False
    failures = [finding for finding in said.json["findings"] if finding["status"] == "fail"]
    assert [finding["what"] for finding in failures] == ["run.yaml:1", "run.yaml:2"]
    assert all(finding["fix"] for finding in failures)


def test_a_library_that_does_not_load(agentsim: Agentsim) -> None:
    Path("run.yaml").write_text("library: [nowhere]\n")
    said = agentsim("doctor")
    assert said.status == 2
    assert "the folder does not exist" in said.out


def test_weights_that_are_none(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.gguf").write_text("no weights")
    monkeypatch.setenv("AGENTSIM_WEIGHTS", "own.gguf")
    said = agentsim("doctor", "--json")
    assert said.status == 2
    assert found(said.json, "AGENTSIM_WEIGHTS")["status"] == "fail"


def test_whether_code_can_be_executed_is_told(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    probe.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    missing = found(agentsim("doctor", "--json").json, "code in dialogues")
    probe.cache_clear()
    assert (missing["status"], missing["fix"]) == ("warn", "apt install bubblewrap")
    assert missing["found"] == "not executed, its checks are not run: bubblewrap is not installed"


@needs_sandbox
def test_what_executes_code_is_told(agentsim: Agentsim) -> None:
    there = found(agentsim("doctor", "--json").json, "code in dialogues")
    assert there["status"] == "ok"
    assert "/bwrap" in there["found"]


def test_deep_asks_for_a_token(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.gguf").write_text("no weights")
    monkeypatch.setenv("AGENTSIM_WEIGHTS", "own.gguf")
    told = agentsim("doctor", "--deep", "--json").json
    assert found(told, "embedded/smollm2-135m, asked")["status"] == "fail"
