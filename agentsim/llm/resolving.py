"""From a model name to its endpoint, by litellm's knowledge and the environment."""

import difflib
import os
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from agentsim.errors import AuthenticationFailed, ModelNotFound
from agentsim.llm.endpoint import Capabilities, Endpoint, Overrides, Prices
from agentsim.llm.litellm_door import litellm

LEAN_PROVIDERS = frozenset(
    {
        "cerebras",
        "deepinfra",
        "hosted_vllm",
        "hyperbolic",
        "litellm_proxy",
        "llamafile",
        "lm_studio",
        "nebius",
        "nvidia_nim",
        "openai",
        "openrouter",
    }
)
"""Providers to which litellm sends a plain OpenAI chat request and whose answer it reads back without
translation; the parity test walks through them. Ollama is not among them: litellm speaks Ollama's own
protocol to it."""

_THROUGH_SDK = LEAN_PROVIDERS - {"hosted_vllm", "openrouter"}
"""Those that litellm reaches through the openai SDK, which adds organisation headers."""

_SIGNS_IN = frozenset({"chatgpt", "github_copilot"})
"""Providers for which asking litellm about the provider already opens a sign-in dialogue."""

_OPENAI_BASE = "https://api.openai.com/v1"
_NO_KEY = "no-key"
"""Sent to an address that is not the provider's own where no key is set: litellm's clients insist on one."""


def resolve(name: str, overrides: Overrides = Overrides()) -> Endpoint:  # noqa: B008 (frozen)
    """Return the endpoint of a model name; blocks for seconds the first time, so call it in a thread.

    Raises:
        ModelNotFound: litellm knows no such provider.
        AuthenticationFailed: the provider needs a key and the environment holds none.
    """
    module = litellm()
    given_key = os.environ.get(overrides.api_key_env) if overrides.api_key_env else None
    if overrides.api_key_env and not given_key:
        raise _no_key(name, [overrides.api_key_env])
    model, provider, key, base = _provider(module, name, overrides.api_base, given_key)
    key_env = overrides.api_key_env or _variable(provider, "API_KEY")
    key = given_key or key
    if provider == "openai":
        base = base or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE") or _OPENAI_BASE
        key = key or os.environ.get("OPENAI_API_KEY")
    if provider == "openrouter":
        base = base or os.environ.get("OPENROUTER_API_BASE") or "https://openrouter.ai/api/v1"
        key = key or os.environ.get("OPENROUTER_API_KEY") or os.environ.get("OR_API_KEY")
    base = base.removesuffix("/").removesuffix("/chat/completions") if base else None
    if provider in LEAN_PROVIDERS and base is None:
        variable = _variable(provider, "API_BASE")
        message = f"{name} needs an address and the environment variable {variable} is not set"
        raise ModelNotFound(message, model=name, fix=f"set {variable} to the server's address, ending in /v1")
    if not key:
        key = _default_key(module, name, provider, base, overrides)
    info = _info(module, provider, model)
    params = frozenset(module.get_supported_openai_params(model=model, custom_llm_provider=provider) or ())
    lean = provider in LEAN_PROVIDERS and _plain_chat(model, info)
    return Endpoint(
        name=name,
        provider=provider,
        model=model,
        url=f"{base}/chat/completions" if lean else None,
        base=base,
        headers=_headers(provider, key) if lean else {},
        key=key,
        key_env=key_env,
        prices=_prices(info, overrides),
        max_input_tokens=overrides.max_input_tokens or info.get("max_input_tokens") or info.get("max_tokens"),
        max_output_tokens=info.get("max_output_tokens"),
        capabilities=_capabilities(info, params),
        params=params,
        listed=bool(info),
        lean=lean,
        similar=() if info else _similar(name, _known_names(module, provider)),
    )


def _provider(module: Any, name: str, base: str | None, key: str | None) -> tuple[str, str, str | None, str | None]:
    """Return the bare model name, the provider, the key and the base address."""
    prefix, _, rest = name.partition("/")
    if prefix in _SIGNS_IN and rest:
        return rest, prefix, key, base
    try:
        _, provider, found_key, found_base = module.get_llm_provider(name, api_base=base, api_key=key)
        # litellm asks itself twice on every call, and the second time it may answer otherwise
        # (openrouter/auto).
        model = module.get_llm_provider(name, custom_llm_provider=provider, api_base=base, api_key=key)[0]
    except module.exceptions.BadRequestError:
        raise _unknown(module, name) from None
    return str(model), str(provider), found_key, found_base


def _unknown(module: Any, name: str) -> ModelNotFound:
    prefix, slash, rest = name.partition("/")
    if slash:
        providers = [str(getattr(provider, "value", provider)) for provider in module.provider_list]
        close = tuple(f"{provider}/{rest}" for provider in _similar(prefix, providers))
        message = f"no provider is known by the name {prefix!r}, asked for in {name!r}"
    else:
        close = _similar(name, module.model_cost)
        message = f"the model name {name!r} does not say which provider it belongs to"
    fix = f"did you mean {' or '.join(close)}?" if close else "write it as provider/model, e.g. openai/gpt-4o-mini"
    return ModelNotFound(message, model=name, fix=fix)


def _similar(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(name, list(candidates), n=2, cutoff=0.7))


def _known_names(module: Any, provider: str) -> list[str]:
    models = module.models_by_provider.get(provider, ())
    return sorted(model if model.startswith(provider + "/") else f"{provider}/{model}" for model in models)


def _variable(provider: str, what: str) -> str:
    """Return a variable of a provider's settings; nearly all follow the one pattern."""
    return f"{provider.upper().replace('-', '_')}_{what}"


def _no_key(name: str, variables: list[str]) -> AuthenticationFailed:
    names = " or ".join(variables)
    return AuthenticationFailed(
        f"{name} needs a key and the environment variable {names} is not set",
        model=name,
        fix=f"set {names}, or choose a model that needs no key, e.g. embedded/smollm2-135m",
    )


def _default_key(module: Any, name: str, provider: str, base: str | None, overrides: Overrides) -> str | None:
    """Return a stand-in for a key where none is needed, None where litellm finds its own credentials."""
    if provider in LEAN_PROVIDERS and (overrides.api_base or (provider == "openai" and not _is_openai(base))):
        return _NO_KEY
    if provider in LEAN_PROVIDERS:
        # Never left to litellm: in want of a key it would send OpenAI's to another provider.
        raise _no_key(name, [_variable(provider, "API_KEY")])
    if provider in _SIGNS_IN:
        return None
    missing = module.validate_environment(name)["missing_keys"]
    # Clouds sign in in more ways than by variables (profiles, roles); only a plain missing key is certain.
    if missing and all(variable.endswith(("_KEY", "_TOKEN")) and "AWS" not in variable for variable in missing):
        raise _no_key(name, missing)
    return None


def _is_openai(base: str | None) -> bool:
    host = urlsplit(base or _OPENAI_BASE).hostname or ""
    return host == "openai.com" or host.endswith(".openai.com")


def _info(module: Any, provider: str, model: str) -> Mapping[str, Any]:
    """Return litellm's entry for a model, empty where it has none; its own look-up may ask servers."""
    for key in (f"{provider}/{model}", model):
        entry = module.model_cost.get(key)
        if entry is not None and (key != model or _same_provider(provider, entry.get("litellm_provider", ""))):
            return dict(entry)
    return {}


def _same_provider(provider: str, listed: str) -> bool:
    return listed == provider or listed.startswith((provider + "_", provider + "-"))


def _plain_chat(model: str, info: Mapping[str, Any]) -> bool:
    """Return whether litellm sends this model a plain chat request, whatever the parameters.

    For OpenAI's reasoning models it rewrites roles or, by the parameters, changes the protocol.
    """
    bare = model.rsplit("/", 1)[-1].lower()
    reasoning = bare.startswith(("gpt-5", "gpt-6", "o1", "o3", "o4"))
    return not reasoning and info.get("mode", "chat") == "chat" and not model.startswith("responses/")


def _headers(provider: str, key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    if provider == "openrouter":
        # litellm's own defaults: OpenRouter shows them to the account's owner.
        headers["HTTP-Referer"] = os.environ.get("OR_SITE_URL") or "https://litellm.ai"
        headers["X-Title"] = os.environ.get("OR_APP_NAME") or "liteLLM"
    if provider in _THROUGH_SDK:
        organization = os.environ.get("OPENAI_ORGANIZATION") or os.environ.get("OPENAI_ORG_ID")
        if organization:
            headers["OpenAI-Organization"] = organization
        if project := os.environ.get("OPENAI_PROJECT_ID"):
            headers["OpenAI-Project"] = project
    return headers


def _prices(info: Mapping[str, Any], overrides: Overrides) -> Prices:
    def price(own: float | None, listed: str) -> float | None:
        return own if own is not None else info.get(listed)

    given = price(overrides.input_price, "input_cost_per_token")
    made = price(overrides.output_price, "output_cost_per_token")
    # The user's price holds for all prompt tokens unless the user says otherwise.
    listed = overrides.input_price is None
    return Prices(
        input=given or 0.0,
        output=made or 0.0,
        cached=price(overrides.cached_price, "cache_read_input_token_cost") if listed else overrides.cached_price,
        cache_write=info.get("cache_creation_input_token_cost") if listed else None,
        known=given is not None or made is not None,
    )


def _capabilities(info: Mapping[str, Any], params: frozenset[str]) -> Capabilities:
    def able(listed: str, param: str | None = None) -> bool:
        # The price list leaves out what a model cannot do; a model it does not know counts as able.
        return (param is None or param in params) and (not info or bool(info.get(listed)))

    return Capabilities(
        tools=able("supports_function_calling", "tools"),
        json_mode="response_format" in params,
        json_schema=able("supports_response_schema", "response_format"),
        logprobs="logprobs" in params,
        vision=able("supports_vision"),
        seed="seed" in params,
    )
