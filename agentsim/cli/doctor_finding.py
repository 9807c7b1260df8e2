"""One thing that the doctor looked at."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's."""

    status: Literal["ok", "warn", "fail"]
    """``fail`` where a run would not work, ``warn`` where somebody may be surprised."""

    area: str
    """What kind of thing: ``machine``, ``package``, ``model``, ``folder``, ``terminal``, ``setting``, ..."""

    what: str
    """The thing."""

    found: str
    """What was found."""

    fix: str | None = None
    """What to do about it, where something is to be done."""
