"""Same library, seed and answers: the same dataset, byte for byte, whatever the order of events."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentsim.run.exporting import export_run
from tests.run.world import Jittery, dataset, made, played

FORMATS = ("messages", "parquet")


async def _run(folder: Path, concurrency: int) -> dict[str, bytes]:
    await made(folder, dialogues=30, concurrency=concurrency)
    await played(folder, Jittery())
    export_run(folder, FORMATS)
    return dataset(folder)


async def test_concurrency_and_latency_do_not_show(tmp_path: Path) -> None:
    alone = await _run(tmp_path / "1", 1)
    assert {"messages/train.jsonl", "messages/README.md", "parquet/train.parquet"} <= alone.keys()
    assert alone["messages/train.jsonl"].count(b"\n") > 5
    for concurrency in (7, 50):
        assert await _run(tmp_path / str(concurrency), concurrency) == alone


@pytest.mark.parametrize("streamed", [True, False])
async def test_streaming_does_not_show(tmp_path: Path, streamed: bool) -> None:
    folder = await made(tmp_path / "a", dialogues=8)
    await played(folder, Jittery(), stream=streamed, watchers=[lambda _: None])
    export_run(folder, FORMATS)
    assert dataset(folder) == await _short(tmp_path / "b")


async def _short(folder: Path) -> dict[str, bytes]:
    await made(folder, dialogues=8)
    await played(folder)
    export_run(folder, FORMATS)
    return dataset(folder)


def test_the_hash_seed_does_not_show(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from tests.run.test_order_free import _run;"
        "asyncio.run(_run(Path(sys.argv[1]), 9))"
    )
    here = Path(__file__).parents[2]
    going = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(here)},
        )
        for seed in ("1", "4242")
    ]
    assert [process.wait() for process in going] == [0, 0]
    first = dataset(tmp_path / "1")
    assert first
    assert dataset(tmp_path / "4242") == first


async def test_a_longer_run_begins_with_the_shorter_one(tmp_path: Path) -> None:
    """What is added later changes nothing of what was there."""
    folder = await made(tmp_path / "a", dialogues=5)
    await played(folder, Jittery())
    from agentsim.run.runner import adjust

    adjust(folder, dialogues=8)
    await played(folder, Jittery())
    export_run(folder, FORMATS)
    assert dataset(folder) == await _short(tmp_path / "b")
