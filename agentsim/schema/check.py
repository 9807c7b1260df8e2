"""Checks that decide by evidence whether a dialogue did its task, before anyone's opinion."""

import ast
import keyword
import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from agentsim.schema.noun import Id, Noun, RoleName, Text


class _Check(Noun):
    id: Id
    """Name of the check, unique in its scenario; it appears in verdicts."""

    role: RoleName | None = None
    """Role whose turns are examined; the follower's when left out."""

    where: Literal["last", "any"] = "any"
    """Whether the last turn of that role must satisfy it, or any one of them."""

    when: dict[str, str] = {}
    """Slot values under which the check applies; empty means always."""

    required: bool = True
    """Whether a failure rejects the dialogue. A sign of quality that a good dialogue may lack is only recorded."""


class RegexCheck(_Check):
    """A pattern that must be found (or must not)."""

    kind: Literal["regex"]
    pattern: Text
    """Python regular expression, searched, case-insensitive."""

    absent: bool = False
    """Whether the pattern must not occur in any examined turn."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from None
        return pattern


class ExactCheck(_Check):
    """A string that must occur, ignoring case, white space and punctuation at its edges."""

    kind: Literal["exact"]
    answer: Text
    """The answer as it must appear."""


class NumericCheck(_Check):
    """A number that must be stated."""

    kind: Literal["numeric"]
    answer: float
    """The value."""

    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """Largest absolute difference that still counts."""


class JsonSchemaCheck(_Check):
    """A JSON value (fenced or bare) that must satisfy a schema."""

    kind: Literal["json_schema"]
    document: dict[str, Any]
    """JSON Schema, draft 2020-12."""

    @field_validator("document")
    @classmethod
    def _is_schema(cls, document: dict[str, Any]) -> dict[str, Any]:
        import jsonschema  # slow to import, and few scenarios need it

        try:
            jsonschema.Draft202012Validator.check_schema(document)
        except jsonschema.SchemaError as error:
            raise ValueError(f"document is no JSON Schema: {error.message}") from None
        return document


class PythonCheck(_Check):
    """Tests for Python code written in the dialogue. They are executed in a sandbox only; without one the
    dialogue stays unverified.

    Code and tests run apart, so that code cannot say by itself that it passed. Plain values (numbers, texts, dates,
    lists, dictionaries, ...) cross between them by copy, changes to what was handed over included; of anything else a
    reference does, by which it is called or asked.
    """

    kind: Literal["python"]
    tests: Text
    """Python source with ``assert`` statements, run after the dialogue's last fenced code block that defines
    ``entry``. All functions and classes of that block are there by name; modules are not, and have to be
    imported."""

    entry: Text
    """Function or class that the code must define. A name that begins with a capital is a class, whose objects may be
    compared with plain values; the objects of other classes equal only objects."""

    @field_validator("entry")
    @classmethod
    def _is_name(cls, entry: str) -> str:
        if not entry.isidentifier() or keyword.iskeyword(entry):
            raise ValueError("entry is no name that Python code could define")
        return entry

    @field_validator("tests")
    @classmethod
    def _parses(cls, tests: str) -> str:
        try:
            ast.parse(tests)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise ValueError(f"tests are no Python source: {error}") from None
        return tests

    seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Longest run allowed, in seconds; starting takes about 0.05 of them."""


Check = Annotated[RegexCheck | ExactCheck | NumericCheck | JsonSchemaCheck | PythonCheck, Field(discriminator="kind")]
