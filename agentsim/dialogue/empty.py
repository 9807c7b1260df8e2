"""A role that says nothing."""

from agentsim.errors import ModelError


class EmptyAnswer(ModelError):
    """A role answered with nothing, again and again. This dialogue must end; others may go on."""
