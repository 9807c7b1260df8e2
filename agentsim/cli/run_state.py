"""Whether a run is done, stopped, or being written by somebody now."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from agentsim.run.reader import RunReader
    from agentsim.schema import Tally

State = Literal["done", "stopped", "being_written", "damaged"]


def facts(reader: "RunReader") -> dict[str, Any]:
    """Return what a listing says of a run, as JSON."""
    tally, usage = reader.tally(), reader.usage()
    to_do = left_to_do(tally)
    if not to_do and reader.stops_itself:
        to_do = _lacking(reader, tally)
    state: State = "being_written" if being_written(reader.folder) else "stopped" if to_do else "done"
    return {
        "run": str(reader.folder),
        "name": reader.settings.name,
        "model": reader.settings.model,
        "state": state,
        "to_do": to_do,
        "tally": tally.model_dump(),
        "usage": usage.model_dump(),
    }


def _lacking(reader: "RunReader", tally: "Tally") -> int:
    """Return how many dialogues, at least, a run still wants that goes on until enough is accepted."""
    settings = reader.settings
    if reader.planned >= settings.most:
        return 0
    if settings.per_topic is None and settings.accepted is not None:
        return max(0, settings.accepted - tally.accepted)
    return 0 if reader.stopped() == "done" else 1


def in_words(state: State, to_do: int) -> str:
    """Return the state for a person."""
    if state == "stopped":
        return f"stopped: {to_do} to do"
    return f"being written: {to_do} to do" if state == "being_written" else state


def left_to_do(tally: "Tally") -> int:
    """Return how many dialogues a resume would play; one that only lacks its grade has its verdict."""
    return sum(tally.failed.values()) - tally.failed.get("ungraded", 0)


def given_up(tally: "Tally") -> int:
    """Return how many dialogues were tried and failed, or could not be decided."""
    return sum(tally.failed.values()) - tally.failed.get("not_run", 0) - tally.failed.get("incomplete", 0)


def being_written(folder: Path) -> bool:
    """Return whether another process holds the run's lock. The lock is tried and let go at once."""
    path = folder / "run.lock"
    if not path.is_file():
        return False
    try:
        import fcntl
    except ImportError:
        return _held(path)
    try:
        with path.open("rb") as file:
            # Shared: two who look at the same time do not take each other for the writer.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _held(path: Path) -> bool:
    """Say the same on Windows."""
    import filelock

    try:
        with filelock.FileLock(path, timeout=0):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False
