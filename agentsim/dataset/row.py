"""One example of the dataset: the columns that people train on, and where each value comes from."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from agentsim.dataset.utf8 import replace_surrogates
from agentsim.schema.noun import Noun

Utf8 = Annotated[str, AfterValidator(replace_surrogates)]
"""Text that any writer can encode."""

Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""Whole number that fits the 64-bit columns of the files."""

MessageRole = Literal["system", "user", "assistant"]


class CastMember(Noun):
    """Who played a role."""

    role: Utf8
    """Name of the role in its scenario."""

    persona: Utf8
    """Id of the persona."""


class Message(Noun):
    """One message of a chat."""

    role: MessageRole
    """Who speaks, as chat templates know it."""

    content: Utf8
    """What is said; never empty."""


class CriterionGrade(Noun):
    """The critic's mark for one criterion."""

    criterion: Utf8
    """Id of the criterion in the rubric."""

    score: Int64
    """1 (worst) to 5 (best)."""

    reason: Utf8
    """Why this mark."""

    turns: tuple[Int64, ...]
    """Turns of the dialogue, counted from 0, that the reason refers to; not positions in ``messages``."""


class CheckOutcome(Noun):
    """What one check of the scenario found."""

    check: Utf8
    """Id of the check."""

    outcome: Utf8
    """``passed``, ``failed`` or ``not_run``."""


class FoundFailure(Noun):
    """A failure of role-play that stands in the dialogue."""

    turn: Int64
    """Turn of the dialogue, counted from 0; not a position in ``messages``."""

    kind: Utf8
    """What is wrong, e.g. ``role_flip``."""

    confidence: float
    """How sure the detector is, from 0 to 1."""


class ModelUse(Noun):
    """A model and the part it had in the making."""

    part: Utf8
    """A role's name, ``critic`` or ``task``."""

    model: Utf8
    """Full name of the model."""


class Origin(Noun):
    """Fingerprint of one input of the dialogue."""

    name: Utf8
    """Which input, e.g. ``scenario`` or ``prompt:<role>``."""

    hash: Utf8
    """Its blake2b fingerprint."""


class Row(Noun):
    """A dialogue seen from one trained role. The order of the fields is the order of the columns."""

    id: Utf8
    """Id of the dialogue; a row is unique by ``id`` and ``role`` together."""

    role: Utf8
    """The trained role, whose turns are the assistant's."""

    scenario: Utf8
    """Id of the scenario."""

    domain: Utf8
    """Field of life of the scenario."""

    language: Utf8
    """Language of the dialogue, BCP-47."""

    topic: tuple[Utf8, ...]
    """Path in the scenario's topic tree, broadest first."""

    task: Utf8
    """The task as played."""

    cast: tuple[CastMember, ...]
    """Roles that have a persona, in the scenario's order."""

    messages: tuple[Message, ...]
    """The chat: an optional system message, then user and assistant in strict alternation, assistant last."""

    train_on: tuple[bool, ...]
    """Aligned with ``messages``: true exactly on the trained role's turns."""

    turns: Int64
    """Turns of the dialogue that ``messages`` holds."""

    tokens: Int64
    """Tokens of all contents, without any chat template."""

    trained_tokens: Int64
    """Tokens of the contents that are trained on."""

    end: Utf8
    """Why the dialogue ended."""

    accepted_by: Utf8
    """What decided: ``evidence``, ``critic`` or ``human``; detectors only turn down."""

    grade: float | None
    """Overall grade, 1 to 5; ``None`` where there is none."""

    rubric: Utf8 | None
    """Id of the rubric the critic was asked by; ``None`` where no critic was asked."""

    grades: tuple[CriterionGrade, ...]
    """Grade for each criterion; empty where there is none."""

    graded_by: Utf8 | None
    """Model that was asked for the grade."""

    ungraded: Utf8 | None
    """Why there is no grade; ``None`` where there is one. An ungraded dialogue is not a bad one."""

    checks: tuple[CheckOutcome, ...]
    """What the scenario's checks found."""

    findings: tuple[FoundFailure, ...]
    """Failures of role-play that detectors saw and that stand; empty where none does, or nobody looked."""

    repairs: Int64
    """How often a guard acted while the dialogue was played."""

    models: tuple[ModelUse, ...]
    """Models that had a part, sorted."""

    seed: Int64
    """Seed of the dialogue."""

    lineage: tuple[Origin, ...]
    """Fingerprints of the inputs, sorted by name."""

    version: Utf8 | None
    """agentsim version that made the dialogue."""

    licence: Utf8
    """SPDX expression derived from the licences of the scenario and of every persona cast."""

    source: Utf8
    """Who wrote the scenario and the personas, sorted and joined with ``; ``."""
