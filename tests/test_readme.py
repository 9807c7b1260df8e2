"""What the README shows is run as it stands, in its order, in one empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


def environment(home: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(home / "hf"),
    }


def test_there_is_something_to_run() -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("bash") >= 4
    assert kinds.count("python") >= 2


@pytest.mark.weights
@pytest.mark.parametrize(
    ("kind", "code"),
    BLOCKS,
    ids=[f"{n}-{code.split()[0]}-{code.split()[1]}" for n, (_, code) in enumerate(BLOCKS)],
)
def test_the_readme_holds(kind: str, code: str, folder: Path) -> None:
    command = ["bash", "-euo", "pipefail", "-c", code] if kind == "bash" else [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=240)
    # A weak model's dialogue may fail its checks; what fails the run is another status than 0.
    assert done.returncode == 0, f"{code}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"


def test_its_counts_are_the_library_s() -> None:
    from agentsim import Library

    library = Library.load()
    topics = {path for scenario in library.scenarios.values() for path in scenario.topic_paths()}
    assert (
        f"{len(library.personas)} personas and {len(library.scenarios)}\nscenarios with {len(topics)} topics" in README
    )


def test_every_command_of_its_table_of_claims_selects_tests() -> None:
    for path, word in re.findall(r"`pytest (tests/\w+) -k (\w+)`", README):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", path, "-k", word],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{path} -k {word}: {done.stdout[-500:]}"
