"""A conversation as the detectors see it: who said what, and what is known about the situation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Said:
    """One turn."""

    index: int
    """Place among all messages of the dialogue, from 0; a system message counts but is no turn."""

    speaker: str
    """Role or message role that spoke."""

    text: str
    """What was said."""


@dataclass(frozen=True)
class Talk:
    """A conversation and its situation. Everything but the turns may be unknown."""

    turns: Sequence[Said]
    """The turns, oldest first."""

    leader: str | None = None
    """Speaker who brings the task and drives; where ``None``, the ``user``, or else the first speaker."""

    setting: str = ""
    """A word (``tutoring``, ``interview``, ...) or sentences that describe the situation."""

    task: str = ""
    """What the conversation is about."""

    instructions: Mapping[str, str] = field(default_factory=dict)
    """What a speaker was told, e.g. the system message, by speaker."""

    private: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Texts that only that speaker was given: goals, limits, facts."""

    goals: Mapping[str, str] = field(default_factory=dict)
    """What each speaker is openly there to do."""

    language: str | None = None
    """Language it should be held in (BCP-47); taken from the turns where ``None``."""

    over: bool = True
    """Whether nothing follows; while it goes on, nothing can have ended too early."""

    decided: bool = False
    """Whether it is known why it ended: at a limit, which none of its speakers chose, or with its goal reached, by the
    account of whoever keeps count of that. How its last turns read says little then."""

    @property
    def leads(self) -> str:
        """The speaker who leads; empty where nobody spoke."""
        if self.leader is not None:
            return self.leader
        speakers = self.speakers
        return "user" if "user" in speakers else next(iter(speakers), "")

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, in the order of their first turns."""
        return tuple(dict.fromkeys(said.speaker for said in self.turns))
