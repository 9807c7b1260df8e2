"""`models`. Nothing is sent: litellm's catalogue is a file."""

from pathlib import Path

import pytest

from agentsim.llm.catalogue import key_variables
from tests.cli.conftest import Agentsim


def test_without_keys_it_tells_of_the_embedded_model(agentsim: Agentsim) -> None:
    told = agentsim("models", "--json").json
    assert told["embedded"]["name"] == "embedded/smollm2-135m"
    assert told["embedded"]["there"] is False
    assert told["keys"] == {}
    assert told["models"] == []
    assert agentsim("models").lines("embedded")[0][0] == "embedded/smollm2-135m"


def test_providers_with_a_key_and_some_of_their_models(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("NOBODYS_API_KEY", "x")
    said = agentsim("models", "--limit", "3", "--json")
    assert said.json["keys"] == {"openai": "OPENAI_API_KEY"}
    assert len(said.json["models"]) == 3
    assert all(model["name"].startswith("openai/") for model in said.json["models"])
    assert "sk-hidden" not in said.out + agentsim("models").out


def test_search_looks_through_the_catalogue(agentsim: Agentsim) -> None:
    names = [model["name"] for model in agentsim("models", "--search", "GPT-4o mini", "--json").json["models"]]
    assert "openai/gpt-4o-mini" in names
    said = agentsim("models", "--search", "no such thing")
    assert said.status == 0
    assert "no name" in said.err


def test_how_a_model_is_reached_when_its_key_is_missing(agentsim: Agentsim) -> None:
    told = agentsim("models", "openai/gpt-4o-mini", "--json").json
    assert told["way"] == "lean"
    assert told["url"].endswith("/chat/completions")
    assert told["key"] == {"variables": ["OPENAI_API_KEY"], "set": False}
    assert told["prices"]["known"]
    assert told["prices"]["input_per_million"] == pytest.approx(0.15)
    assert told["context"] == 128000
    assert told["capabilities"]["json_schema"] is True
    import os

    assert "OPENAI_API_KEY" not in os.environ


def test_the_key_is_never_shown(agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    for form in ((), ("--json",)):
        said = agentsim("models", "openai/gpt-4o-mini", *form)
        assert "sk-hidden" not in said.out + said.err
    assert agentsim("models", "openai/gpt-4o-mini", "--json").json["key"]["set"] is True


def test_the_embedded_model_is_no_judge(agentsim: Agentsim) -> None:
    told = agentsim("models", "embedded/smollm2-135m", "--json").json
    assert told["judge"] is False
    assert told["way"] == "embedded"
    assert told["key"]["set"] is None


def test_run_yaml_may_say_where_a_model_is(agentsim: Agentsim) -> None:
    Path("run.yaml").write_text(
        "models:\n  hosted_vllm/mine:\n    api_base: http://127.0.0.1:9/v1\n    input_price: 2\n"
    )
    told = agentsim("models", "hosted_vllm/mine", "--json").json
    assert told["url"] == "http://127.0.0.1:9/v1/chat/completions"
    assert told["prices"]["input_per_million"] == pytest.approx(2)


def test_weights_put_there_by_hand_are_not_fetched(
    agentsim: Agentsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "own.gguf"
    file.write_bytes(b"GGUF and more")
    monkeypatch.setenv("AGENTSIM_WEIGHTS", str(file))
    assert agentsim("models", "--fetch", "--json").json == {"path": str(file), "bytes": 13}
    assert agentsim("models", "--json").json["embedded"]["there"] is True


def test_what_counts_as_a_key() -> None:
    environment = {
        "OPENAI_API_KEY": "a",
        "AWS_PROFILE": "b",
        "GROQ_API_KEY": " ",
        "API_KEY": "c",
        "HOME": "/",
    }
    assert key_variables(environment) == ["AWS_PROFILE", "OPENAI_API_KEY"]
