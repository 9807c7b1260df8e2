"""Pydantic's errors over a noun, told as faults in a file."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from agentsim.library.faults import Fault, Place, field_name, line_of, nearest, shown
from agentsim.library.shape import Spot, locate, tags
from agentsim.library.strict_yaml import Tree
from agentsim.schema.noun import Id, RoleName

_ID = Id.__metadata__[0].pattern  # type: ignore[attr-defined]
_ROLE_NAME = RoleName.__metadata__[0].pattern  # type: ignore[attr-defined]
# A file with more errors than this is not the file its author meant; the rest would only scroll by.
MAX_ERRORS = 200

# The schema's rules join their sentences by semicolons; what they quote may hold some of its own.
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_SENTENCE = re.compile(rf"(?:{_QUOTED.pattern}|[^;'\"]|;(?! )|['\"])+")
_TAG_FAULTS = {"union_tag_invalid", "union_tag_not_found"}
_BOUNDS = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}


def explain(
    error: ValidationError, noun: type[BaseModel], tree: Tree, lines: Mapping[Place, int], file: str
) -> list[Fault]:
    """Return one fault for each thing that is wrong with the noun, at the line where it is written."""
    errors = error.errors(include_url=False)[:MAX_ERRORS]
    details = [(detail, locate(noun, detail["loc"])) for detail in errors]
    slips = {_meant(spot) for detail, spot in details if detail["type"] == "extra_forbidden"}
    found: list[tuple[Place, str, str]] = []
    for detail, spot in details:
        if _follows_from_another(detail) or (detail["type"] == "missing" and spot.place in slips):
            continue
        if detail["type"] == "value_error":
            found.extend(_sentences(str(detail["ctx"]["error"]), spot.place, tree))
            continue
        place = spot.place
        if detail["type"] in _TAG_FAULTS and isinstance(detail["input"], dict):
            place = (*place, "kind")
            message, fix = _tag(detail["input"], tags(spot.kinds))
        else:
            message, fix = _words(detail, spot)
        if detail["loc"][-1:] == ("[key]",):
            message = f"the key {message}"
        found.append((place, message, fix))
    return [Fault(file, line_of(place, lines), field_name(place), message, fix) for place, message, fix in found]


def _follows_from_another(detail: ErrorDetails) -> bool:
    """A list whose items are faulty is also called too short, though enough items are written."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _meant(spot: Spot) -> Place | None:
    """Return the place of the key that an unknown one is a slip for, if any: that one is not missing."""
    close = nearest(str(spot.place[-1]), spot.beside)
    return None if close is None else (*spot.place[:-1], close)


def _words(detail: ErrorDetails, spot: Spot) -> tuple[str, str]:
    """Return what is wrong and what to do, for one error of pydantic."""
    kind, value, ctx = detail["type"], detail["input"], detail.get("ctx", {})
    name = str(spot.place[-1]) if spot.place else ""
    field = spot.beside.get(name)
    if kind == "missing":
        return f"{name!r} is missing", f"add `{name}:`{_meaning(field)}"
    if kind == "extra_forbidden":
        close = nearest(name, spot.beside)
        fix = f"did you mean {close!r}?" if close else f"remove it; the keys here are {', '.join(spot.beside)}"
        return f"unknown key {shown(name)}", fix
    if value is None:
        drop = ", or remove the key" if field is not None and not field.is_required() else ""
        return "has no value", f"write one{drop}{_meaning(field)}"
    match kind:
        case "string_type":
            return (
                f"must be text, not {shown(value)}",
                "write one text; put it into quotes if it starts with [, { or -",
            )
        case "string_too_short":
            return "must not be empty", f"write a text{_meaning(field)}"
        case "string_pattern_mismatch":
            return _pattern(str(value), ctx["pattern"])
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return f"must be a whole number, not {shown(value)}", "write digits only"
        case "float_parsing" | "float_type" | "finite_number":
            return f"must be a number, not {shown(value)}", "write a number such as 3 or 0.5"
        case "bool_parsing" | "bool_type":
            return f"must be true or false, not {shown(value)}", "write true or false"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            bound = f"{_BOUNDS[kind]} {next(iter(ctx.values())):g}"
            return f"must be {bound}, not {shown(value)}", f"write a number that is {bound}"
        case "literal_error":
            return _choice(value, _quoted(ctx["expected"]))
        case "tuple_type" | "list_type":
            return f"must be a list, not {shown(value)}", "write each item on its own line after '- '"
        case "dict_type" | "model_type" | "model_attributes_type" | "union_tag_not_found":
            return f"must be a mapping, not {shown(value)}", "write 'key: value' lines below it, indented"
        case "too_short":
            return f"has {len(value)} items, needs at least {ctx['min_length']}", f"add more{_meaning(field)}"
        case "too_long":
            return f"has {len(value)} items, may have at most {ctx['max_length']}", "remove some"
        case _:
            return detail["msg"][:1].lower() + detail["msg"][1:], f"change it{_meaning(field)}"


def _pattern(value: str, pattern: str) -> tuple[str, str]:
    """Say what a name may be made of, and offer the nearest name that is allowed."""
    bare = re.sub(r"[^a-z0-9_-]+", "-", value.lower()).strip("-")[:64]
    if pattern == _ID:
        offer = f"write {bare!r}, for example" if bare else "choose another name"
        return f"{shown(value)} is no id: 1 to 64 characters of a-z, 0-9, _ and -", offer
    if pattern == _ROLE_NAME:
        bare = bare.replace("-", "_").lstrip("_0123456789")[:32]
        offer = f"write {bare!r}, for example" if bare else "choose another name"
        return f"{shown(value)} is no role name: a-z, then up to 31 characters of a-z, 0-9 and _", offer
    return f"{shown(value)} does not match {pattern}", "write a text that matches"


def _tag(entry: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    if "kind" not in entry:
        return "'kind' is missing", f"add `kind:` with one of {', '.join(known)}"
    return _choice(entry["kind"], known)


def _choice(value: Any, allowed: Sequence[str]) -> tuple[str, str]:
    close = nearest(value, allowed) if isinstance(value, str) else None
    fix = f"did you mean {close!r}? " if close else ""
    return f"must not be {shown(value)}", f"{fix}write one of {', '.join(allowed)}"


def _meaning(field: FieldInfo | None) -> str:
    """Return the first sentence of the field's docstring in brackets, or nothing."""
    if field is None or not field.description:
        return ""
    # A full stop before a small letter belongs to an abbreviation.
    sentence = re.split(r"\.\s+(?=[A-Z])", field.description)[0]
    return f" ({' '.join(sentence.split()).rstrip('.').replace('``', '`')})"


def _sentences(text: str, place: Place, tree: Tree) -> list[tuple[Place, str, str]]:
    """Split what a rule of the schema says into its sentences, each with its place.

    A sentence that speaks of no place goes on with the one before it and says what to do.
    """
    for step in place:
        tree = _below(tree, step)
    told: list[tuple[Place, str, str]] = []
    for said in _SENTENCE.findall(text):
        sentence = _QUOTED.sub(_cut, said).strip()
        spoken_of = _spoken_of(sentence, tree)
        if told and not spoken_of:
            where, message, fix = told[-1]
            told[-1] = (where, message, f"{fix}; {sentence}" if fix else sentence)
        else:
            told.append(((*place, *spoken_of), sentence, ""))
    return told


def _spoken_of(sentence: str, tree: Tree) -> Place:
    """Find the place below ``tree`` that a sentence speaks of: it names keys in words and items in quotes."""
    for word in re.findall(r"[a-z_]+(?:\.[a-z_]+)*", sentence):
        for path in (tuple(word.split(".")), (f"{word}s",)):
            here = tree
            for step in path:
                here = _below(here, step)
            if here is not None:
                items = (_item(here, name) for name in _quoted(sentence))
                item = next((item for item in items if item is not None), None)
                return path if item is None else (*path, item)
    return ()


def _cut(quoted: re.Match[str]) -> str:
    return quoted[0] if len(quoted[0]) <= 60 else f"{quoted[0][:56]}...{quoted[0][0]}"


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _below(tree: Tree, step: str | int) -> Tree:
    if isinstance(tree, dict):
        return tree.get(str(step))
    if isinstance(tree, list) and isinstance(step, int):
        return tree[step]
    return None


def _item(tree: Tree, name: str) -> str | int | None:
    """Return the key or position of what is called ``name`` in a mapping or list."""
    if isinstance(tree, dict):
        return name if name in tree else None
    for index, item in enumerate(tree if isinstance(tree, list) else []):
        if isinstance(item, dict) and name in {item.get("id"), item.get("name")}:
            return index
    return None
