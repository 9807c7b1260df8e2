"""The one place where litellm is imported: lazily, offline and quiet.

Its import takes seconds, fetches a price list and reads ``./.env`` unless told otherwise; so nothing of
agentsim imports it at its top, and whoever needs it calls `litellm` here. Its cache, retries and callbacks
are never used.
"""

import asyncio
import gc
import importlib
import logging
import os
import sys
import threading
from typing import Any

_lock = threading.Lock()
_loaded: Any = None


def litellm() -> Any:
    """Return the litellm module; the first call imports it, which takes seconds: not in the event loop."""
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _load()
        return _loaded


async def hang_up() -> None:
    """Close the connections that litellm keeps for the running event loop, and forget them.

    It keeps them for the process, under the loop's ``id``, which a later loop may have again.
    """
    cache = litellm().in_memory_llm_clients_cache.cache_dict
    ending = f"-{id(asyncio.get_running_loop())}"
    for key in [key for key in cache if key.endswith(ending)]:
        handler = cache.pop(key)
        client: Any = getattr(handler, "_client", None) or getattr(handler, "client", None)
        if hasattr(client, "aclose"):
            await client.aclose()


def _load() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import goes to the network
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # else the import reads ./.env
    module: Any = importlib.import_module("litellm")
    module.telemetry = False
    module.suppress_debug_info = True  # else it prints advice on every error
    module.disable_hf_tokenizer_download = True  # else counting tokens for Llama names blocks on a download
    # litellm gives up a stream when one chunk comes 100 times; loops are the guards' business.
    module.REPEATED_STREAMING_CHUNK_LIMIT = sys.maxsize
    if not os.environ.get("LITELLM_LOG"):
        # Its loggers write to stderr by themselves; every failure is raised, so nothing is lost.
        for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    # What the import leaves lives as long as the process, and there is a lot of it: a full collection over it stops
    # the event loop for a tenth of a second, again and again. The collector need not look at it any more.
    gc.freeze()
    return module
