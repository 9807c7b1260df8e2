"""What the types of a noun say about a place in its file: which keys may stand there, and which values."""

import math
import re
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agentsim.library.faults import Place
from agentsim.library.strict_yaml import Plain, Tree

Types: TypeAlias = tuple[Any, ...]
"""The types a value may have; more than one where the noun says ``A | B``."""

# YAML's core schema, less infinity and NaN, which JSON does not have.
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LONGEST_INT = 4300  # digits; Python refuses to read more


def alternatives(annotation: Any) -> Types:
    """Return the types that an annotation allows."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return alternatives(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return tuple(kind for member in get_args(annotation) for kind in alternatives(member))
    return (annotation,)


def step(kinds: Types, key: str | int) -> Types:
    """Return the types that the value below ``key`` may have; none where no such key is known."""
    below: list[Any] = []
    for kind in kinds:
        origin: Any = get_origin(kind)
        args = get_args(kind)
        if kind is Any:
            below.append(Any)
        elif is_model(kind):
            if key in kind.model_fields:
                below.extend(alternatives(kind.model_fields[str(key)].annotation))
        elif origin is dict and isinstance(key, str):
            below.extend(alternatives(args[1]))
        elif origin in {tuple, list} and isinstance(key, int):
            below.extend(alternatives(args[0]))
    return tuple(below)


def with_json_values(tree: Tree, kinds: Types) -> Any:
    """Return the tree with plain numbers, booleans and nulls read as such where any JSON value may stand."""
    if Any in kinds:
        return json_value(tree)
    if isinstance(tree, dict):
        return {key: with_json_values(value, step(kinds, key)) for key, value in tree.items()}
    if isinstance(tree, list):
        return [with_json_values(value, step(kinds, index)) for index, value in enumerate(tree)]
    return tree


def json_value(tree: Tree) -> Any:
    """Read a whole tree by YAML's core schema: what is written plain may be a number, a boolean or null."""
    if isinstance(tree, dict):
        return {key: json_value(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [json_value(value) for value in tree]
    return _scalar(tree) if isinstance(tree, Plain) else tree


def _scalar(text: Plain) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) < _LONGEST_INT:
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, base=0)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return str(text)


class Spot(NamedTuple):
    """Where a location of pydantic lies in the file, and what the noun says about it."""

    place: Place
    """The place as written."""

    beside: dict[str, FieldInfo]
    """The fields that may stand beside it, itself included."""

    kinds: Types
    """The types its value may have."""


def locate(noun: type[BaseModel], loc: Place) -> Spot:
    """Find the spot that a location of pydantic means.

    Pydantic puts the tag of a union's member into its locations (``checks.0.regex.pattern``), and ``[key]``
    behind a key that is wrong itself; neither is written in the file.
    """
    kinds: Types = (noun,)
    place: list[str | int] = []
    beside: dict[str, FieldInfo] = {}
    for key in loc:
        tagged = tuple(kind for kind in kinds if key in tags((kind,)))
        if len(kinds) > 1 and tagged:
            kinds = tagged
            continue
        if key == "[key]":
            break
        beside = {name: field for kind in kinds if is_model(kind) for name, field in kind.model_fields.items()}
        place.append(key)
        kinds = step(kinds, key)
    return Spot(tuple(place), beside, kinds)


def tags(kinds: Types) -> tuple[str, ...]:
    """Return the words that tell the members of a union apart: the only values of their literal fields."""
    literals = (
        get_args(field.annotation)
        for kind in kinds
        if is_model(kind)
        for field in kind.model_fields.values()
        if get_origin(field.annotation) is Literal and field.is_required()
    )
    return tuple(values[0] for values in literals if len(values) == 1)


def is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    """Say whether a type is a pydantic model."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)
