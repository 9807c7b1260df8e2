"""Errors sorted by who must act. Each class carries the exit code of the command line."""

from typing import Any, ClassVar


class AgentsimError(Exception):
    """Base of every error that agentsim raises on purpose; its text is one clear message for a person."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors come home from worker processes; constructors with keywords alone would not pickle.
        return _revived, (type(self), self.__dict__)


def _revived(kind: type[AgentsimError], state: dict[str, Any]) -> AgentsimError:
    error = kind.__new__(kind, state["message"])
    error.__dict__.update(state)
    return error


class UserError(AgentsimError):
    """The user must act: a wrong flag, file, setting, key or model name."""

    exit_code = 2


class StorageError(AgentsimError):
    """The machine's owner must act: the disk is full, the run directory is locked or damaged. Stops the run."""

    exit_code = 5


class ModelError(AgentsimError):
    """A model call failed; subclasses say who must act."""

    exit_code = 3
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, model: str, fix: str | None = None, status: int | None = None) -> None:
        super().__init__(message, fix=fix)
        self.model = model
        self.status = status


class AuthenticationFailed(ModelError):
    """The key is missing, wrong or without rights. The user must act; every further call would fail too."""

    exit_code = 2


class ModelNotFound(ModelError):
    """The provider or server does not know the model. The user must act."""

    exit_code = 2


class BadRequest(ModelError):
    """The provider refuses the request's form. agentsim or the user's settings must change."""


class ContextTooLong(ModelError):
    """The conversation no longer fits the model. This dialogue must end; others may go on."""


class Refused(ModelError):
    """The provider's policy stopped the answer. This dialogue must end; others may go on."""


class OutOfQuota(ModelError):
    """The account has no credit left. The user must act; every further call would fail too."""

    exit_code = 2


class RateLimited(ModelError):
    """Too many requests at once; waiting helps. ``retry_after`` is the provider's wish in seconds."""

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        model: str,
        fix: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, model=model, fix=fix, status=status)
        self.retry_after = retry_after


class ServerFailed(ModelError):
    """The provider or server failed or gave an unreadable answer; trying again may help."""

    retryable = True


class Unreachable(ModelError):
    """No connection to the server could be made; trying again may help, else the user must act."""

    retryable = True


class TimedOut(ModelError):
    """No complete answer within the time limit; trying again may help."""

    retryable = True


class NotRecorded(ModelError):
    """An offline replay asked for an answer that the recording does not hold. The user must act."""

    exit_code = 2


class BudgetReached(AgentsimError):
    """The cap on cost or tokens does not allow the next call. Nothing was sent."""

    exit_code = 4
