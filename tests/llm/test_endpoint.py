"""What is known about a model before it is asked."""

import pytest

from agentsim.errors import AuthenticationFailed
from agentsim.llm.endpoint import Overrides, Prices
from agentsim.llm.resolving import resolve


def test_a_well_known_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    endpoint = resolve("gpt-4o-mini")
    assert (endpoint.provider, endpoint.model) == ("openai", "gpt-4o-mini")
    assert endpoint.url == "https://api.openai.com/v1/chat/completions"
    assert endpoint.lean
    assert endpoint.max_input_tokens == 128_000
    assert endpoint.prices.known
    assert endpoint.prices.cached == endpoint.prices.input / 2
    assert endpoint.capabilities.json_schema
    assert endpoint.capabilities.tools
    assert endpoint.capabilities.vision
    assert endpoint.full_name("gpt-4o-mini-2024-07-18") == "openai/gpt-4o-mini-2024-07-18"
    assert not endpoint.similar


def test_reasoning_models_and_other_protocols_go_through_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in ("OPENAI", "ANTHROPIC", "GEMINI", "GROQ"):
        monkeypatch.setenv(f"{provider}_API_KEY", "k")
    for name in (
        "openai/gpt-5-mini",
        "openai/o3-mini",
        "anthropic/claude-x",
        "gemini/gemini-x",
        "ollama/llama3",
    ):
        assert not resolve(name).lean, name


def test_an_address_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8080/v1/")
    endpoint = resolve("openai/my-model")
    assert endpoint.url == "http://localhost:8080/v1/chat/completions"
    assert endpoint.headers["Authorization"] == "Bearer no-key"
    assert not endpoint.prices.known
    assert endpoint.capabilities.tools, "what is not known counts as able"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai/gpt-4o-mini", "OPENAI_API_KEY"),
        ("anthropic/claude-3-5-haiku-20241022", "ANTHROPIC_API_KEY"),
        ("openrouter/meta-llama/llama-3", "OPENROUTER_API_KEY"),
        ("groq/llama-3", "GROQ_API_KEY"),
    ],
)
def test_a_missing_key_is_named(name: str, variable: str) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        resolve(name)
    assert variable in caught.value.message
    assert variable in str(caught.value.fix)


def test_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    overrides = Overrides("http://h/v1", "MY_KEY", input_price=1e-6, output_price=2e-6, max_input_tokens=99)
    with pytest.raises(AuthenticationFailed, match="MY_KEY"):
        resolve("openai/gpt-4o", overrides)
    monkeypatch.setenv("MY_KEY", "secret-secret")
    endpoint = resolve("openai/gpt-4o", overrides)
    assert endpoint.url == "http://h/v1/chat/completions"
    assert endpoint.headers["Authorization"] == "Bearer secret-secret"
    assert "secret" not in repr(endpoint)
    assert (endpoint.key_env, endpoint.max_input_tokens) == ("MY_KEY", 99)
    assert endpoint.prices == Prices(1e-6, 2e-6, known=True)


def test_a_name_close_to_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert "openai/gpt-4o-mini" in resolve("openai/gpt-4o-minni").similar


def test_the_price_of_a_call() -> None:
    assert Prices(input=2, output=10).cost(3, 1) == 16
    assert Prices(input=2, output=10, cached=1, cache_write=3).cost(10, 1, cached=4, written=2) == 4 * 2 + 4 + 6 + 10
