"""Where settings come from: command line over environment over project file over user file over defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ValidationError

from agentsim.errors import UserError
from agentsim.library.explain import explain
from agentsim.library.faults import Fault, LibraryError
from agentsim.library.shape import with_json_values
from agentsim.library.strict_yaml import parse
from agentsim.run.settings import RunSettings

PROJECT_FILE = "run.yaml"
PREFIX = "AGENTSIM_"
_SCALARS = tuple(
    name
    for name, field in RunSettings.model_fields.items()
    if not isinstance(field.get_default(), (tuple, dict, BaseModel))
)


@dataclass(frozen=True)
class Resolved:
    """Settings and where each came from."""

    settings: RunSettings
    origins: Mapping[str, str]
    """For each field that is not at its default, dotted where it lies deeper, what set it."""


def user_file() -> Path:
    """Return the path of the user's own settings file, whether or not it exists."""
    return platformdirs.user_config_path("agentsim") / "config.yaml"


def environment_names() -> tuple[str, ...]:
    """Return the environment variables that set a field: ``AGENTSIM_`` and the field's name."""
    return tuple(PREFIX + name.upper() for name in _SCALARS)


def resolve(
    flags: Mapping[str, Any] | None = None,
    *,
    project: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Resolved:
    """Return the settings of a run.

    Args:
        flags: from the command line, nested as the settings are; they win over all else.
        project: a run file, or a folder with ``run.yaml``; where left out, ``run.yaml`` of the working
            directory if there is one.
        environment: environment variables; the process's own where left out.

    Raises:
        UserError: where a file or value is wrong; all faults of a file at once, with file and line.
    """
    environment = os.environ if environment is None else environment
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if user_file().is_file():
        layers.append((str(user_file()), read_settings_file(user_file())))
    found = _project_file(project)
    if found is not None:
        layers.append((str(found), read_settings_file(found)))
    layers += [
        (f"environment variable {variable}", _checked({name: environment[variable]}, variable))
        for name in _SCALARS
        if environment.get(variable := PREFIX + name.upper())
    ]
    layers.append(("command line", flags or {}))
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, values in layers:
        _merge(merged, values, origin, origins)
    return Resolved(validated(merged), origins)


def read_settings_file(path: Path) -> dict[str, Any]:
    """Return what a settings file sets; paths in it are taken from its own folder.

    Raises:
        LibraryError: with every fault of the file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}", fix="check the path and its rights") from None
    if all(not line or line.startswith(b"#") for line in map(bytes.strip, data.splitlines())):
        return {}
    document = parse(data, str(path))
    faults: list[Fault] = list(document.faults)
    if document.tree is not None and not faults:
        try:
            settings = RunSettings.model_validate(with_json_values(document.tree, (RunSettings,)))
        except ValidationError as error:
            faults += explain(error, RunSettings, document.tree, document.lines, str(path))
        else:
            values = settings.model_dump(exclude_unset=True)
            return _placed(values, path.resolve().parent)
    raise LibraryError(faults)


def _placed(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the values with their paths taken from ``folder``."""
    if values.get("library"):
        values["library"] = tuple(folder / item for item in values["library"])
    for name in ("outline", "prompts"):
        if values.get(name):
            values[name] = folder / values[name]
    critic = values.get("critic") or {}
    if critic.get("examination"):
        critic["examination"] = folder / critic["examination"]
    return values


def _project_file(project: Path | None) -> Path | None:
    if project is None:
        here = Path(PROJECT_FILE)
        return here if here.is_file() else None
    path = project / PROJECT_FILE if project.is_dir() else project
    if not path.is_file():
        raise UserError(f"no such run file: {path}", fix="`agentsim init DIR` makes one")
    return path


def _checked(values: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    try:
        return _placed(RunSettings.model_validate(values).model_dump(exclude_unset=True), Path.cwd())
    except ValidationError as error:
        raise UserError(f"{source}: {error.errors()[0]['msg']}", fix="correct or unset it") from None


def validated(values: Mapping[str, Any]) -> RunSettings:
    """Return the settings that ``values`` make; raise ``UserError`` that names every wrong one."""
    try:
        return RunSettings.model_validate(values)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise UserError("; ".join(told), fix="`agentsim run --help` lists what each option takes") from None


def _merge(
    into: dict[str, Any], values: Mapping[str, Any], origin: str, origins: dict[str, str], above: str = ""
) -> None:
    for name, value in values.items():
        place = f"{above}{name}"
        if isinstance(value, Mapping) and value:
            deeper = into.setdefault(name, {})
            if isinstance(deeper, dict):
                _merge(deeper, value, origin, origins, f"{place}.")
                continue
        into[name] = value
        origins[place] = origin
