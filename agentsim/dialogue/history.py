"""What a dialogue already had when it is taken up again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentsim.schema import End, Lineage, Turn


@dataclass
class History:
    """What a dialogue already had when it is taken up again."""

    task: str | None = None
    """The task as played; ``None`` before the dialogue started."""

    lineage: Lineage | None = None
    turns: list[Turn] = field(default_factory=list)
    agent_states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Last saved state of the user's own agents, by role."""

    end: End | None = None
