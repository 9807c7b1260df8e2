"""Where agentsim keeps what it fetched or found out and could have again."""

import os
from pathlib import Path

import platformdirs


def cache_base() -> Path:
    """Return ``$AGENTSIM_CACHE``, else agentsim's folder in the user's cache; it may not be there yet."""
    chosen = os.environ.get("AGENTSIM_CACHE", "").strip()
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("agentsim", appauthor=False)
