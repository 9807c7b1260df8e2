"""Prompts are text files. Rendering is strict: a variable that is missing is an error that names it."""

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agentsim.errors import UserError
from agentsim.schema.noun import Noun

NAMES = (
    "conversation",
    "brief",
    "instruction",
    "opening",
    "task",
    "goal",
    "end",
    "order",
    "agenda",
    "afresh",
    "grade",
    "prefer",
    "grow",
    "tag",
)
"""The templates there are; a folder of the user's may replace any of them by ``<name>.j2``."""

SHIPPED = Path(__file__).parent


class Prompts:
    """The templates of a run: the shipped ones, each replaced by the user's file of the same name where there
    is one.

    Values are inserted as they are and never parsed as templates, so text written by models stays text.

    Raises:
        UserError: where the folder is missing, holds an unknown template, or a template has a syntax error.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            _check_folder(folder)
        self._paths = {name: _path(name, folder) for name in NAMES}
        self._templates: dict[str, jinja2.Template] = {}
        self._hashes: dict[str, str] = {}
        for name, path in self._paths.items():
            try:
                source = path.read_text(encoding="utf-8-sig")
                self._templates[name] = _environment(path.parent == SHIPPED).from_string(source)
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"cannot read the prompt {path}: {error}", fix="check the file") from None
            except jinja2.TemplateSyntaxError as error:
                raise UserError(f"{path}:{error.lineno}: {error.message}", fix="correct the template") from None
            self._hashes[name] = blake2b(source.encode(), digest_size=16).hexdigest()

    def hash(self, name: str) -> str:
        """Return the fingerprint of a template's text."""
        return self._hashes[name]

    def render(self, name: str, **values: Any) -> str:
        """Return the filled template.

        Raises:
            UserError: where the template uses a variable that is not given, or fails in another way.
        """
        try:
            return self._templates[name].render(values).strip()
        except Exception as error:  # a template is a program of the user's: it may fail in any way
            raise UserError(
                f"{self._paths[name]}: {error}",
                fix=f"this template may use: {', '.join(sorted(values))}",
            ) from None


class _Sandbox(ImmutableSandboxedEnvironment):
    """Keeps templates, which may come from a stranger's folder, from reaching Python.

    Of a noun they see its fields and nothing else: pydantic's own methods read files and unpickle.
    """

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, Noun):
            return attr in type(obj).model_fields
        return super().is_safe_attribute(obj, attr, value)


@cache
def _environment(shipped: bool) -> jinja2.Environment:
    """Return where templates are compiled: our own need no guard, and a run renders three of them a dialogue."""
    kind = jinja2.Environment if shipped else _Sandbox
    return kind(undefined=jinja2.StrictUndefined, trim_blocks=False, lstrip_blocks=False, autoescape=False)


def _path(name: str, folder: Path | None) -> Path:
    own = folder / f"{name}.j2" if folder else None
    return own if own and own.is_file() else SHIPPED / f"{name}.j2"


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UserError(f"no such prompt folder: {folder}", fix="give a folder that holds *.j2 files")
    unknown = sorted(path.name for path in folder.glob("*.j2") if path.stem not in NAMES)
    if unknown:
        raise UserError(
            f"{folder} holds prompts that nothing uses: {', '.join(unknown)}",
            fix=f"the names are {', '.join(f'{name}.j2' for name in NAMES)}",
        )
