"""The library: YAML files read into personas, scenarios and rubrics, with every fault told at its line."""

from agentsim.library.editor_schemas import editor_schemas, write_schemas
from agentsim.library.faults import Fault, LibraryError
from agentsim.library.fingerprint import fingerprint
from agentsim.library.library import Library
from agentsim.library.load import (
    load_persona,
    load_rubric,
    load_scenario,
    parse_persona,
    parse_rubric,
    parse_scenario,
)

__all__ = [
    "Fault",
    "Library",
    "LibraryError",
    "editor_schemas",
    "fingerprint",
    "load_persona",
    "load_rubric",
    "load_scenario",
    "parse_persona",
    "parse_rubric",
    "parse_scenario",
    "write_schemas",
]
