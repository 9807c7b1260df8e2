"""`agentsim models`: which models there are, and how one is reached, priced and fit."""

from typing import TYPE_CHECKING, Any

import click

from agentsim.cli.output import json_option, part, print_json, say, table

if TYPE_CHECKING:
    from agentsim.llm.catalogue import Listed

MILLION = 1_000_000


@click.command()
@click.argument("name", required=False)
@click.option("--search", metavar="TEXT", help="Names of the catalogue with all these words in them.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Most names of the catalogue.")
@click.option("--fetch", is_flag=True, help="Fetch the embedded model's weights now, ahead of their first use.")
@json_option
def command(name: str | None, search: str | None, limit: int, fetch: bool, as_json: bool) -> None:
    """List models, or show how the model NAME is reached, what it costs and what it can do.

    Without NAME: the embedded model, the providers whose key is in the environment, and some of their models.
    Nothing is sent to anyone, except by --fetch.
    """
    if sum((name is not None, search is not None, fetch)) > 1:
        raise click.UsageError("NAME, --search and --fetch do different things: give one of them")
    if fetch:
        from agentsim.cli.embedded_weights import fetch_weights

        path = fetch_weights()
        if as_json:
            print_json({"path": str(path), "bytes": path.stat().st_size})
        else:
            part("weights", "Weights", [(str(path),)])
    elif name is not None:
        _show(name, as_json)
    else:
        _list(search, limit, as_json)


def _list(search: str | None, limit: int, as_json: bool) -> None:
    from agentsim.cli.embedded_weights import weights

    told: dict[str, Any] = {"embedded": weights()} if search is None else {}
    with _waiting():
        from agentsim.llm.catalogue import listed, providers_with_key

        keys = providers_with_key()
        if search is not None:
            words = search.lower().split()
            found = [model for model in listed() if all(word in model.name.lower() for word in words)]
        else:
            found = [model for model in listed() if model.provider in keys] if keys else []
        # Those that can be used at once first, then plain names before those of regions and versions.
        found.sort(key=lambda model: (model.provider not in keys, len(model.name), model.name))
    told |= {"keys": keys, "found": len(found), "models": [_entry(m, keys) for m in found[:limit]]}
    if as_json:
        print_json(told)
        return
    if search is None:
        embedded = told["embedded"]
        state = f"{embedded['bytes']:,} bytes in {embedded['path']}" if embedded["there"] else embedded["note"]
        part("embedded", "Embedded: needs no key and no server", [(embedded["name"], state)])
        part("key", "Providers with a key in the environment", sorted(keys.items()))
    if search is not None or found:
        headings = ("model", "in $/M", "out $/M", "context", "key")
        table(
            headings,
            (
                (
                    m["name"],
                    _price(m["input_per_million"]),
                    _price(m["output_per_million"]),
                    m["context"] or "?",
                    m["key"],
                )
                for m in told["models"]
            ),
        )
    if len(found) > limit:
        say(f"{limit} of {len(found)} shown; --limit shows more, --search finds some")
    elif not found:
        none = "no name in the catalogue has that" if search else "no provider's key is in the environment"
        say(f"{none}; `agentsim models --search mini` looks through all, any other name works too")


def _show(name: str, as_json: bool) -> None:
    from agentsim.llm.endpoint import EMBEDDED, Endpoint
    from agentsim.run.small_models import SMALL
    from agentsim.run.sources import resolve

    settings = resolve().settings
    missing: tuple[str, ...] = ()
    if name.startswith(EMBEDDED):
        from agentsim.cli.embedded_weights import check_name

        check_name(name)
        endpoint = Endpoint.embedded(name)
    else:
        with _waiting():
            from agentsim.llm.catalogue import resolve_without_key
            from agentsim.llm.endpoint import Overrides
            from agentsim.run.door import overrides

            endpoint, missing = resolve_without_key(name, overrides(settings).get(name, Overrides()))
    prices, able = endpoint.prices, endpoint.capabilities
    ways = {True: "embedded", False: "lean" if endpoint.lean and settings.way != "general" else "general"}
    told = {
        "name": name,
        "provider": endpoint.provider,
        "model": endpoint.model,
        "way": ways[endpoint.provider == "embedded"],
        "url": endpoint.url or endpoint.base,
        "key": _key(endpoint, missing),
        "prices": {
            "known": prices.known,
            "input_per_million": prices.input * MILLION,
            "output_per_million": prices.output * MILLION,
            "cached_per_million": None if prices.cached is None else prices.cached * MILLION,
        },
        "context": endpoint.max_input_tokens,
        "max_output": endpoint.max_output_tokens,
        "capabilities": {field: getattr(able, field) for field in able.__slots__},
        "judge": name not in SMALL,
        "similar": list(endpoint.similar),
    }
    if as_json:
        print_json(told)
        return
    part("model", name, list(_facts(told)))


def _facts(told: dict[str, Any]) -> Any:
    yield "provider", told["provider"]
    yield "sent as", told["model"]
    yield "way", _WAYS[told["way"]]
    yield "address", told["url"] or ("none" if told["way"] == "embedded" else "litellm knows it")
    key = told["key"]
    state = {None: "not needed", True: "set", False: "MISSING: set it to use the model"}[key["set"]]
    yield "key", f"{' and '.join(key['variables'])}: {state}" if key["variables"] else state
    prices = told["prices"]
    price = f"${prices['input_per_million']:g} in, ${prices['output_per_million']:g} out per million tokens"
    yield "price", price if prices["known"] else "not known; `models:` in run.yaml can say it"
    yield "context", f"{told['context']:,} tokens" if told["context"] else "not known"
    yield "can", ", ".join(name for name, able in told["capabilities"].items() if able)
    yield "cannot", ", ".join(name for name, able in told["capabilities"].items() if not able) or "-"
    yield (
        "as a judge",
        "not measured to be unfit" if told["judge"] else "NO: measured to prefer whatever comes first",
    )
    if told["similar"]:
        yield "note", f"the catalogue does not know this name; it knows {', '.join(told['similar'])}"


_WAYS = {
    "embedded": "in this process, by llama.cpp",
    "lean": "lean: the request goes out directly, in OpenAI's protocol",
    "general": "general: through litellm",
}


def _key(endpoint: Any, missing: tuple[str, ...]) -> dict[str, Any]:
    """Say which variables hold the key and whether they do; never what they hold."""
    import os

    if missing:
        return {"variables": list(missing), "set": False}
    variable = endpoint.key_env
    if variable and os.environ.get(variable):
        return {"variables": [variable], "set": True}
    # Found elsewhere (a profile, another variable that litellm reads), or none is needed.
    return {"variables": [], "set": None}


def _entry(model: "Listed", keys: dict[str, str]) -> dict[str, Any]:
    return {
        "name": model.name,
        "provider": model.provider,
        "input_per_million": None if model.input is None else round(model.input * MILLION, 6),
        "output_per_million": None if model.output is None else round(model.output * MILLION, 6),
        "context": model.context,
        "key": "set" if model.provider in keys else "-",
    }


def _price(price: float | None) -> str:
    return "?" if price is None else f"{price:g}"


def _waiting() -> Any:
    """Show that something goes on: the first look at litellm's catalogue takes seconds."""
    from agentsim.cli.output import console

    return console(stderr=True).status("reading the catalogue of models ...")
