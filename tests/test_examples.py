"""Every example runs as it stands, on the embedded model, outside the repository."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.py"))


def run(path: Path, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.weights
@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.stem != "three_roles"], ids=lambda path: path.stem)
def test_the_example_runs(path: Path, tmp_path: Path) -> None:
    assert run(path, tmp_path).strip()
    runs = list(tmp_path.glob("runs/*/run.db"))
    assert len(runs) == 1


@pytest.mark.weights
def test_the_three_roles_each_spoke_and_gave_rows(tmp_path: Path) -> None:
    path = next(path for path in EXAMPLES if path.stem == "three_roles")
    out = run(path, tmp_path)
    assert {line.split(":")[0] for line in out.splitlines()} >= {"client", "architect", "builder"}
    rows = [json.loads(line) for line in (tmp_path / "three-roles-dataset/train.jsonl").open(encoding="utf-8")]
    for row in rows:
        roles = [message["role"] for message in row["messages"] if message["role"] != "system"]
        assert all(a != b for a, b in pairwise(roles))
