"""What every noun shares: it is frozen, strict about its keys, and documented field by field."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]
"""Name of a thing inside a library: 1 to 64 of ``a-z 0-9 _ -``."""

RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""Name of a role inside a scenario; also a valid Python identifier, as AutoGen asks of agents."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""Text that says something: never empty, no surrounding white space."""


def well_formed(text: str) -> str:
    """Join surrogate pairs and replace lone surrogates, which JSON from a server may carry and no UTF-8 file
    can hold."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


Words = Annotated[str, AfterValidator(well_formed)]
"""Text that someone else wrote, a model above all; it may be empty, and can always be stored."""


class Noun(BaseModel):
    """A frozen record that refuses unknown keys; the docstring under a field is its meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
