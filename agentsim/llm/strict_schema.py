"""JSON schemas in the strict form that providers with guaranteed structure ask for."""

from typing import Any

from pydantic import BaseModel


def response_format(kind: type[BaseModel]) -> dict[str, Any]:
    """Return OpenAI's ``response_format`` for answers of one pydantic type."""
    schema = strict(kind.model_json_schema())
    return {"type": "json_schema", "json_schema": {"name": kind.__name__, "schema": schema, "strict": True}}


def strict(schema: Any) -> Any:
    """Return a copy without defaults in which every object requires all its properties and allows no
    others."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs") and isinstance(value, dict):
            # The keys in here are names, not words of the schema language: one may be called "default".
            made[key] = {name: strict(part) for name, part in value.items()}
        elif key != "default":
            made[key] = value if key in ("enum", "const", "examples", "required") else strict(value)
    if schema.get("type") == "object" and "properties" in schema:
        made["required"] = list(schema["properties"])
        made["additionalProperties"] = False
    return made
