"""A nested record as rows of a page."""

from collections.abc import Mapping
from typing import Any


def flattened(values: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Return each value with its dotted name, each item of a list by itself; what is empty is left out."""
    rows: list[tuple[str, Any]] = []
    for name, value in values.items():
        place = f"{above}{name}"
        if isinstance(value, Mapping):
            rows += flattened(value, f"{place}.")
        elif isinstance(value, (list, tuple)):
            rows += flattened({f"{place}[{number}]": item for number, item in enumerate(value)})
        elif value is not None:
            rows.append((place, value))
    return rows
