"""No test in here sees the developer's own keys, settings or runs."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def nobody_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder and settings folder; no keys, addresses, proxies and settings in the environment."""
    for name in list(os.environ):
        told = name.upper()
        if told.startswith("AGENTSIM_") or "OPENAI" in told or told.endswith(("_API_KEY", "_PROXY", "_BASE_URL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here
