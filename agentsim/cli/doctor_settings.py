"""What the doctor finds out about settings, the library they name, environment variables and keys."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentsim.cli.doctor_finding import Finding
from agentsim.errors import UserError
from agentsim.library.faults import LibraryError, nearest
from agentsim.llm.catalogue import key_variables
from agentsim.run.setup import load_library
from agentsim.run.sources import PREFIX, environment_names, resolve, user_file

EMBEDDED = (
    "CACHE",
    "WEIGHTS",
    "EMBEDDED_CONTEXT",
    "EMBEDDED_KEPT_PROMPTS_MIB",
    "EMBEDDED_SLOTS",
    "EMBEDDED_THREADS",
)
"""Ends of the variables that say where the embedded model's file is and how it uses the machine."""

OTHERS = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONUTF8", "HTTPS_PROXY", "SSL_CERT_FILE")
"""Variables of other people's that change what agentsim does."""


def findings(config: Path | None) -> Iterator[Finding]:
    """Yield the settings that are not defaults, each with its origin, then variables and keys."""
    user = user_file()
    yield Finding("ok", "setting", "user's file", str(user) if user.is_file() else f"none ({user})")
    try:
        resolved = resolve(project=config)
    except UserError as error:
        yield from _faults("setting", error)
    else:
        settings = resolved.settings
        values = settings.model_dump(mode="json")
        for place, origin in sorted(resolved.origins.items()):
            value = _at(values, place)
            told = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield Finding("ok", "setting", place, f"{told} (from {origin})")
        if not resolved.origins:
            yield Finding("ok", "setting", "all", "defaults")
        yield from _library(settings)
    yield from _environment()


def _library(settings: Any) -> Iterator[Finding]:
    try:
        library = load_library(settings)
    except UserError as error:
        yield from _faults("library", error)
        return
    counts = {name: len(getattr(library, name)) for name in ("personas", "scenarios", "rubrics")}
    yield Finding("ok", "library", "library", ", ".join(f"{count} {name}" for name, count in counts.items()))


def _faults(area: str, error: UserError) -> Iterator[Finding]:
    if isinstance(error, LibraryError):
        for fault in error.faults:
            place = fault.file if fault.line is None else f"{fault.file}:{fault.line}"
            told = f"{fault.field}: {fault.message}" if fault.field else fault.message
            yield Finding("fail", area, place, told, fault.fix or None)
    else:
        yield Finding("fail", area, area, error.message, error.fix)


def _at(values: Mapping[str, Any], place: str) -> Any:
    """Return the value at a dotted place. Models' names have dots of their own: the longest name wins."""
    for name in sorted(values, key=len, reverse=True):
        if place == name:
            return values[name]
        value = values[name]
        if place.startswith(f"{name}.") and isinstance(value, Mapping):
            return _at(value, place[len(name) + 1 :])
    return "?"


def _environment() -> Iterator[Finding]:
    known = {*environment_names(), *(PREFIX + end for end in EMBEDDED)}
    for name in sorted(os.environ):
        if name in known:
            yield Finding("ok", "environment", name, os.environ[name])
        elif name in OTHERS and os.environ[name]:
            # Not shown: the address of a proxy may have a password in it.
            yield Finding("ok", "environment", name, "set")
        elif name.startswith(PREFIX):
            close = nearest(name, (variable.lower() for variable in known))
            fix = f"did you mean {close.upper()}?" if close else "unset it"
            yield Finding("warn", "environment", name, "nothing reads it", fix)
    keys = key_variables()
    for name in keys:
        yield Finding("ok", "key", name, "set")
    if not keys:
        yield Finding("ok", "key", "providers' keys", "none in the environment; the embedded model needs none")
