"""One contribution of one role."""

from typing import Annotated, Literal

from pydantic import Field

from agentsim.schema.noun import Noun, RoleName, Words
from agentsim.schema.usage import Usage

Speaker = Literal["model", "callable", "agent", "human", "endpoint"]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "unknown"]


class Turn(Noun):
    """What one role said at one point of a dialogue."""

    index: Annotated[int, Field(ge=0)]
    """Position in the dialogue, from 0."""

    role: RoleName
    """Role that spoke."""

    text: Words
    """What was said, without surrounding white space and without the model's reasoning."""

    speaker: Speaker = "model"
    """What spoke for the role: a model, a Python callable, an AutoGen agent, a human, a chatbot under
    test."""

    model: str | None = None
    """Full name of the model that answered, where one did."""

    finish: FinishReason = "unknown"
    """Why the answer stopped."""

    reasoning: Words | None = None
    """What the model thought before it spoke, where the provider gives it; other roles never see it."""

    usage: Usage = Usage()
    """Tokens and cost, retries with empty answers included."""
