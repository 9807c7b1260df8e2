"""How the embedded model uses the machine."""

import os
from dataclasses import dataclass, field

from agentsim.errors import UserError

MOST_THREADS = 4
"""Past four threads a 135M-parameter model waits for its threads to meet more than it gains."""


def usable_cpus() -> int:
    """Return how many CPUs this process may use; a container or ``taskset`` may allow fewer than exist."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def _from_environment(variable: str, default: int, least: int) -> int:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise UserError(
            f"environment variable {variable}={text!r} is not a whole number of at least {least}",
            fix=f"unset {variable} (the default is {default}) or give a number",
        )
    return value


@dataclass(frozen=True, slots=True)
class Settings:
    """Size of one loaded model. Defaults come from the environment where it speaks, read when constructed."""

    slots: int = field(default_factory=lambda: _from_environment("AGENTSIM_EMBEDDED_SLOTS", 4, 1))
    """Answers generated at the same time; further requests wait their turn. ``AGENTSIM_EMBEDDED_SLOTS``."""

    context: int = field(default_factory=lambda: _from_environment("AGENTSIM_EMBEDDED_CONTEXT", 4096, 256))
    """Tokens a slot holds, prompt and answer together. ``AGENTSIM_EMBEDDED_CONTEXT``."""

    threads: int = field(
        default_factory=lambda: _from_environment(
            "AGENTSIM_EMBEDDED_THREADS", max(1, min(MOST_THREADS, usable_cpus() - 1)), 1
        )
    )
    """Compute threads. ``AGENTSIM_EMBEDDED_THREADS``.

    One CPU is left to everything else by default: the threads wait for each other by spinning, several
    hundred times a token, so with as many threads as CPUs one busy neighbour makes answers many times slower.
    """

    kept_prompts_mib: int = field(
        default_factory=lambda: _from_environment("AGENTSIM_EMBEDDED_KEPT_PROMPTS_MIB", 512, 0)
    )
    """Most memory, in MiB, for the states of conversations that lost their slot to another.

    A conversation that comes back is read from there instead of being computed again.
    """

    reuse_prompts: bool = True
    """Whether a prompt that begins like an earlier one is computed only from where they differ.

    On: a role-play dialogue computes a quarter of its prompts, but a text may then depend, by the last bits
    of its arithmetic, on what was asked before. Off, and one request at a time: equal seeds and parameters
    give equal texts. With several at once they need not, either way; runs are repeated from recorded answers.
    """

    batch: int = 64
    """Most prompt tokens computed in one step. Cancelling, and other slots' next tokens, wait for its end.

    Larger steps are hardly cheaper: a core computes 157 tokens a second in steps of 64, 165 in steps of 256.
    """
