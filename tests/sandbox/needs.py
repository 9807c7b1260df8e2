"""What tests of executed code need of the machine."""

import pytest

from agentsim.sandbox.probing import probe
from agentsim.sandbox.tools import Unavailable

needs_sandbox = pytest.mark.skipif(isinstance(probe(), Unavailable), reason=f"no code can be executed here: {probe()}")
"""Skips, with the reason, where no code can be executed."""
