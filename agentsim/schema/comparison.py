"""What a critic said when it was asked which of two dialogues is better, in both orders."""

from typing import Literal

from agentsim.schema.noun import Noun, Words
from agentsim.schema.usage import Usage


class Preference(Noun):
    """One answer: a reason, then which of the two that were shown is better."""

    reason: Words
    """Why, written before the choice."""

    better: Literal["first", "second", "same"]
    """Which one, by the order in which they were shown."""


class Comparison(Noun):
    """Both answers about one dialogue and another; what they come to is `outcome`."""

    rubric: str
    """Id of the rubric."""

    model: str
    """Model that was asked."""

    forth: Preference | None
    """Its answer when the one was shown first; ``None`` where no usable one came."""

    back: Preference | None
    """Its answer when the other was shown first; ``None`` where no usable one came."""

    unusable: Words | None = None
    """Why an answer is missing."""

    usage: Usage = Usage()
    """What asking took."""

    @property
    def outcome(self) -> Literal["one", "other", "tie", "unusable"]:
        """Which is better: answers that disagree are a tie, and a missing one makes it unusable."""
        if self.forth is None or self.back is None:
            return "unusable"
        if not self.agrees or self.forth.better == "same":
            return "tie"
        return "one" if self.forth.better == "first" else "other"

    @property
    def agrees(self) -> bool:
        """Whether both answers are there and say the same of the two."""
        turned = {"first": "second", "second": "first", "same": "same"}
        return self.forth is not None and self.back is not None and turned[self.forth.better] == self.back.better
