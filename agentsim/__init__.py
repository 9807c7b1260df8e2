"""agentsim: role-play conversations between language-model agents, made into graded chat datasets.

The public names are listed in ``__all__``; each is imported when it is first used, so importing the package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from agentsim.dataset.linting import lint
    from agentsim.dialogue.speakers import AgentSpeaker, FunctionSpeaker, ModelSpeaker
    from agentsim.errors import AgentsimError, ModelError, StorageError, UserError
    from agentsim.library import Library, load_persona, load_rubric, load_scenario
    from agentsim.run.growing import Grown, grow
    from agentsim.run.settings import RunSettings
    from agentsim.run.simulate import Simulation, asimulate, open_run, simulate
    from agentsim.schema import (
        Assignment,
        Criterion,
        Dialogue,
        Difficulty,
        Ending,
        Finding,
        Grade,
        Persona,
        Personality,
        PersonaSelector,
        Record,
        Role,
        Rubric,
        Scenario,
        TaskTemplate,
        Topic,
        Turn,
        Ungraded,
        Verdict,
    )

_PLACES = {
    "agentsim.dataset.linting": ("lint",),
    "agentsim.dialogue.speakers": ("AgentSpeaker", "FunctionSpeaker", "ModelSpeaker"),
    "agentsim.errors": ("AgentsimError", "ModelError", "StorageError", "UserError"),
    "agentsim.library": ("Library", "load_persona", "load_rubric", "load_scenario"),
    "agentsim.run.growing": ("Grown", "grow"),
    "agentsim.run.settings": ("RunSettings",),
    "agentsim.run.simulate": ("Simulation", "asimulate", "open_run", "simulate"),
    "agentsim.schema": (
        "Assignment",
        "Criterion",
        "Dialogue",
        "Difficulty",
        "Ending",
        "Finding",
        "Grade",
        "Persona",
        "PersonaSelector",
        "Personality",
        "Record",
        "Role",
        "Rubric",
        "Scenario",
        "TaskTemplate",
        "Topic",
        "Turn",
        "Ungraded",
        "Verdict",
    ),
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [  # noqa: RUF022 (by kind, as a reader looks for them)
    "simulate",
    "asimulate",
    "open_run",
    "lint",
    "grow",
    "Simulation",
    "Grown",
    "RunSettings",
    "Library",
    "load_persona",
    "load_rubric",
    "load_scenario",
    "ModelSpeaker",
    "FunctionSpeaker",
    "AgentSpeaker",
    "Assignment",
    "Criterion",
    "Dialogue",
    "Difficulty",
    "Ending",
    "Finding",
    "Grade",
    "Persona",
    "PersonaSelector",
    "Personality",
    "Record",
    "Role",
    "Rubric",
    "Scenario",
    "TaskTemplate",
    "Topic",
    "Turn",
    "Ungraded",
    "Verdict",
    "AgentsimError",
    "ModelError",
    "StorageError",
    "UserError",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        raise AttributeError(f"module 'agentsim' has no attribute {name!r}")
    value = getattr(import_module(_PLACE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
