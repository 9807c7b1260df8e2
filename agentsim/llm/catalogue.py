"""Which models there are: litellm's price list, and the keys in the environment. Nobody is asked anything."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentsim.errors import AuthenticationFailed
from agentsim.llm.endpoint import Endpoint, Overrides
from agentsim.llm.litellm_door import litellm

KEY = re.compile(r"[A-Z][A-Z0-9_]*_(API_KEY|API_TOKEN|AUTH_TOKEN)|AWS_ACCESS_KEY_ID|AWS_PROFILE")
"""What the variables are called that hold providers' keys, as far as litellm reads them."""

_ODD = {
    "ANTHROPIC_AUTH_TOKEN": "anthropic",
    "AWS_ACCESS_KEY_ID": "bedrock",
    "AWS_PROFILE": "bedrock",
    "GOOGLE_API_KEY": "gemini",
    "OR_API_KEY": "openrouter",
    "PERPLEXITYAI_API_KEY": "perplexity",
    "TOGETHERAI_API_KEY": "together_ai",
}
"""Provider of a variable that does not follow the pattern ``<PROVIDER>_API_KEY``."""

_MODES = frozenset({"chat", "responses"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A model in the price list."""

    name: str
    """Full name."""

    provider: str
    input: float | None
    """US dollars a prompt token; None where not listed."""

    output: float | None
    context: int | None
    """Most prompt tokens."""


def key_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the names of the variables that look like a provider's key and are set; never what they hold."""
    environment = os.environ if environment is None else environment
    return sorted(name for name, value in environment.items() if value.strip() and KEY.fullmatch(name))


def providers_with_key() -> dict[str, str]:
    """Return the providers whose key is set, each with its variable. May import litellm (seconds)."""
    found = key_variables()
    if not found:
        return {}
    known = {str(getattr(provider, "value", provider)) for provider in litellm().provider_list}
    named = {variable: _ODD.get(variable) or variable.rsplit("_API_", 1)[0].lower() for variable in found}
    return {provider: variable for variable, provider in named.items() if provider in known}


def listed() -> Iterator[Listed]:
    """Yield every chat model of the price list by full name, sorted. Imports litellm (seconds)."""
    module = litellm()
    known = {str(getattr(provider, "value", provider)) for provider in module.provider_list}
    found: dict[str, Listed] = {}
    for key, entry in module.model_cost.items():
        if entry.get("mode") not in _MODES or "litellm_provider" not in entry:
            continue
        provider = key.split("/", 1)[0] if "/" in key else ""
        name = key
        if provider not in known:
            provider = _provider(str(entry["litellm_provider"]), known)
            name = key if key.startswith(f"{provider}/") else f"{provider}/{key}"
        # What litellm lists but has no provider for cannot be reached under any name.
        if provider in known:
            found.setdefault(name, _listed(name, provider, entry))
    yield from (found[name] for name in sorted(found))


def resolve_without_key(name: str, overrides: Overrides) -> tuple[Endpoint, tuple[str, ...]]:
    """Return where a name leads even without its key, and the variables the key is missed in; for display.

    Raises:
        ModelNotFound: litellm knows no such provider.
    """
    from agentsim.llm.resolving import resolve

    try:
        return resolve(name, overrides), ()
    except AuthenticationFailed:
        missing = [overrides.api_key_env] if overrides.api_key_env else []
        missing = missing or list(litellm().validate_environment(name)["missing_keys"])
    # litellm tells prices and addresses only to who has a key; it is given a placeholder while it is asked.
    os.environ.update(dict.fromkeys(missing, "missing"))
    try:
        return resolve(name, overrides), tuple(missing)
    finally:
        for variable in missing:
            del os.environ[variable]


def _provider(written: str, known: set[str]) -> str:
    """Return the provider's own name: the price list writes kinds of its models behind some."""
    while written not in known and re.search("[-_]", written):
        written = re.split("[-_](?=[^-_]*$)", written)[0]
    return "bedrock" if written == "bedrock_converse" else written


def _listed(name: str, provider: str, entry: Mapping[str, Any]) -> Listed:
    return Listed(
        name=name,
        provider=provider,
        input=entry.get("input_cost_per_token"),
        output=entry.get("output_cost_per_token"),
        context=entry.get("max_input_tokens") or entry.get("max_tokens"),
    )
