"""Where a thing came from: enough to find its parents and to make it again."""

from typing import Literal

from agentsim.schema.noun import Noun

Method = Literal["handwritten", "simulated", "generated", "evolved", "forked", "imported"]


class Lineage(Noun):
    """Provenance that travels with the data."""

    method: Method
    """How it came to be: written by hand, simulated, generated or evolved by a model, forked from a dialogue,
    imported."""

    parents: tuple[str, ...] = ()
    """Ids of the things it was made from, nearest first."""

    seed: int | None = None
    """Seed that shaped it, where one did."""

    models: dict[str, str] = {}
    """Model that played each part (role name, ``critic``, ``task``), by its full name."""

    hashes: dict[str, str] = {}
    """blake2b fingerprint of each input (``scenario``, ``persona:<role>``, ``prompt:<role>``, ``rubric``)."""

    version: str | None = None
    """agentsim version that made it."""
