"""The way to every model: admission, shutter, budget, and behind them the models themselves."""

import asyncio
from collections.abc import Callable, Iterable

from agentsim.errors import (
    AuthenticationFailed,
    ModelNotFound,
    NotRecorded,
    OutOfQuota,
    StorageError,
    UserError,
)
from agentsim.llm.admission import Admission
from agentsim.llm.budget import Budget, Reservations
from agentsim.llm.endpoint import EMBEDDED, Endpoint, Overrides
from agentsim.llm.model import Model
from agentsim.llm.recording import Recorded, Recording
from agentsim.llm.ways import Ways
from agentsim.run.settings import RunSettings
from agentsim.run.shutter import Shutter
from agentsim.run.store import Store
from agentsim.schema import Usage

MILLION = 1_000_000

FATAL = (AuthenticationFailed, ModelNotFound, OutOfQuota, NotRecorded, UserError, StorageError)
"""Failures that every further call would meet too."""


def make_door(
    settings: RunSettings,
    store: Store,
    *,
    replay: Recorded | None,
    notice: Callable[[str], None],
    closed: Callable[[], bool],
    inner: Model | None = None,
) -> Model:
    """Return a run's way to every model: what `live_door` returns, recorded.

    ``inner`` stands in for the models, e.g. one that answers by script. With ``replay`` nothing is ever sent, and
    nothing more is while ``closed``.
    """
    if replay is not None:
        return Recording(None, store, replay=replay)
    door = live_door(
        settings,
        store,
        spent=store.spent(),
        notice=notice,
        closed=closed,
        in_flight=lambda model: places(settings, model),
        inner=inner,
    )
    return Recording(door, store)


def live_door(
    settings: RunSettings,
    reservations: Reservations,
    *,
    spent: Usage,
    notice: Callable[[str], None],
    closed: Callable[[], bool],
    in_flight: Callable[[str], int | None],
    inner: Model | None = None,
) -> Model:
    """Return the way to every model without a recording.

    Args:
        settings: how models are reached, how often a call is tried again, and the caps.
        reservations: where the budget keeps what is set aside.
        spent: what was used before.
        notice: told, in words, about every wait.
        closed: says whether nothing more is sent.
        in_flight: most calls at once for a model, by its name; ``None`` for no limit.
        inner: stands in for the models.
    """
    if inner is None:
        ways = Ways(way=settings.way, timeout=settings.timeout, overrides=overrides(settings))
        inner, prices = ways, ways.prices
    else:
        prices = _free
    door = inner
    if settings.max_cost is not None or settings.max_tokens_total is not None:
        door = Budget(
            door,
            reservations,
            prices=prices,
            spent=spent,
            max_cost=settings.max_cost,
            max_tokens=settings.max_tokens_total,
        )
    door = Shutter(door, closed)
    # Around the budget, so that every attempt is reserved: a provider may bill a call that timed out.
    return Admission(door, retries=settings.retries, in_flight=in_flight, notice=notice)


class Unkept:
    """Keeps no reservations, for work beside runs: what a killed process had in flight is not counted later."""

    async def reserve(self, cost: float, tokens: int) -> int:
        return 0

    def settle(self, number: int) -> None:
        """Nothing was kept."""


def places(settings: RunSettings, model: str) -> int | None:
    """Return how many calls a model gets at once by the settings; ``None`` where they set no limit."""
    known = settings.models.get(model)
    return known.in_flight if known else None


async def check_endpoints(
    settings: RunSettings, names: Iterable[str], *, progress: Callable[[int, int], None] | None = None
) -> list[Endpoint]:
    """Resolve every model without sending anything, and fetch an embedded model's weights where they are missing.

    Returns where each name leads.

    ``progress`` is told the bytes fetched and the bytes in all. Raises what `Ways.endpoint` and `weights_path` raise.
    """
    ways = Ways(way=settings.way, timeout=settings.timeout, overrides=overrides(settings))
    endpoints = []
    try:
        for name in names:
            endpoints.append(await ways.endpoint(name))
            if name.startswith(EMBEDDED):
                from agentsim.llm.embedded.weights import weights_path

                await asyncio.to_thread(weights_path, name, progress=progress)
    finally:
        await ways.close()
    return endpoints


def overrides(settings: RunSettings) -> dict[str, Overrides]:
    """Return what the settings say of single models against litellm's knowledge, by model name."""
    return {
        name: Overrides(
            api_base=model.api_base,
            api_key_env=model.api_key_env,
            input_price=None if model.input_price is None else model.input_price / MILLION,
            output_price=None if model.output_price is None else model.output_price / MILLION,
        )
        for name, model in settings.models.items()
    }


async def _free(_: str) -> tuple[float, float]:
    return 0.0, 0.0
