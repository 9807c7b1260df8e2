"""Tokens and money of model calls."""

from agentsim.schema.noun import Noun


class Usage(Noun):
    """What one or more model calls took."""

    prompt_tokens: int = 0
    """Tokens read by the model, as its provider reports them."""

    completion_tokens: int = 0
    """Tokens written by the model, as its provider reports them."""

    cost: float = 0.0
    """US dollars; 0 where the price is not known or the model is local."""

    calls: int = 0
    """Number of model calls."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=self.cost + other.cost,
            calls=self.calls + other.calls,
        )
