"""The types of the columns, told once, for Parquet's schema and for the features on the card.

They are written down rather than inferred: a run in which every grade is missing, or every list is empty,
must load with the same types as any other.
"""

from typing import Any

Column = str | list[Any]
"""A leaf type, ``[leaf]`` for a list, ``[{name: column}]`` for a list of records."""

COLUMNS: dict[str, Column] = {
    "id": "string",
    "role": "string",
    "scenario": "string",
    "domain": "string",
    "language": "string",
    "topic": ["string"],
    "task": "string",
    "cast": [{"role": "string", "persona": "string"}],
    "messages": [{"role": "string", "content": "string"}],
    "train_on": ["bool"],
    "turns": "int64",
    "tokens": "int64",
    "trained_tokens": "int64",
    "end": "string",
    "accepted_by": "string",
    "grade": "float64",
    "rubric": "string",
    "grades": [{"criterion": "string", "score": "int64", "reason": "string", "turns": ["int64"]}],
    "graded_by": "string",
    "ungraded": "string",
    "checks": [{"check": "string", "outcome": "string"}],
    "findings": [{"turn": "int64", "kind": "string", "confidence": "float64"}],
    "repairs": "int64",
    "models": [{"part": "string", "model": "string"}],
    "seed": "int64",
    "lineage": [{"name": "string", "hash": "string"}],
    "version": "string",
    "licence": "string",
    "source": "string",
}
"""Type of each column, in the order of the files."""


def features() -> list[dict[str, Any]]:
    """Return the columns as the ``dataset_info.features`` block of a card, as ``datasets`` reads it."""
    return [{"name": name, **_feature(column)} for name, column in COLUMNS.items()]


def _feature(column: Column) -> dict[str, Any]:
    if isinstance(column, str):
        return {"dtype": column}
    item = column[0]
    if isinstance(item, str):
        return {"list": item}
    return {"list": [{"name": name, **_feature(field)} for name, field in item.items()]}


def arrow_schema() -> Any:
    """Return the columns as a ``pyarrow.Schema``."""
    import pyarrow as pa  # lazily: the import takes longer than everything else here

    leaves = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}

    def arrow(column: Column) -> Any:
        if isinstance(column, str):
            return leaves[column]
        item = column[0]
        if isinstance(item, str):
            return pa.list_(leaves[item])
        return pa.list_(pa.struct([pa.field(name, arrow(field)) for name, field in item.items()]))

    return pa.schema([pa.field(name, arrow(column)) for name, column in COLUMNS.items()])
