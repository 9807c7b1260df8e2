"""JSON Schemas of the library's files, by which an editor completes keys and underlines mistakes.

The first line of a YAML file names its schema: ``# yaml-language-server: $schema=persona.schema.json``.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agentsim.schema import Persona, Rubric, Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def editor_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of each kind of file, by its file name."""
    kinds: dict[str, type[BaseModel]] = {"persona": Persona, "rubric": Rubric, "scenario": Scenario}
    return {f"{name}.schema.json": _schema(kind) for name, kind in kinds.items()}


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write the schemas into a folder, made where missing, and return their paths; raise ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, schema in editor_schemas().items():
        path = folder / name
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        paths.append(path)
    return tuple(paths)


def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    schema = _as_written(kind.model_json_schema())
    return {"$schema": DIALECT, **schema}


def _as_written(node: Any) -> Any:
    """Let text be written without quotes: the library takes ``007`` or ``no`` as text, where an editor sees a
    number or a boolean."""
    if isinstance(node, list):
        return [_as_written(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _as_written(value) for key, value in node.items()}
    if node.get("type") == "string" and not {"enum", "const"} & node.keys():
        changed["type"] = ["string", "number", "boolean"]
    return changed
