"""Names of embedded models."""

from agentsim.errors import UserError

PREFIX = "embedded/"
"""What an embedded model's full name begins with."""

DEFAULT_MODEL = "embedded/smollm2-135m"
"""The model that is used when nothing else is configured."""


def short_name(model: str) -> str:
    """Return what follows ``embedded/``: a known model's name or the path of a GGUF file.

    Raises:
        UserError: the name does not begin with ``embedded/`` or ends there.
    """
    short = model.removeprefix(PREFIX)
    if short == model or not short:
        raise UserError(
            f"{model!r} is not the name of an embedded model",
            fix=f"use {DEFAULT_MODEL}, or embedded/path/to/file.gguf",
        )
    return short
