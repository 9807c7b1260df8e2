"""A folder replaced as a whole: a reader sees the old one or the new one, never half of either."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentsim.errors import StorageError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``folder``; when the block ends well it takes the place of ``folder``.

    When the block raises, or the process dies, ``folder`` stays as it was. What an earlier death left behind
    is cleaned up first. One writer at a time. Raise ``StorageError`` where the disk refuses.
    """
    fresh = folder.with_name(f".{folder.name}.agentsim-new")
    aside = folder.with_name(f".{folder.name}.agentsim-old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _recover(folder, fresh, aside)
        fresh.mkdir()
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        yield fresh
        _sync(fresh)
        _swap(fresh, folder, aside)
        _sync(folder.parent)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise _refused(folder, error) from error
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    # Only the old content is left here; the new one stands, so a failure to clean is no failure.
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)


def _recover(folder: Path, fresh: Path, aside: Path) -> None:
    """Put back the old folder if a process died between the two renames; remove what was never finished."""
    if aside.exists():
        if folder.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(folder)
    if fresh.exists():
        shutil.rmtree(fresh)


def _swap(fresh: Path, folder: Path, aside: Path) -> None:
    """Put ``fresh`` in the place of ``folder``; where there was one, it ends at ``fresh`` or ``aside``."""
    if not folder.exists():
        fresh.rename(folder)
    elif not _exchange(fresh, folder):
        folder.rename(aside)
        try:
            fresh.rename(folder)
        except OSError:
            aside.rename(folder)
            raise


def _exchange(one: Path, two: Path) -> bool:
    """Exchange two folders in one step; return ``False`` where the system cannot (only Linux offers it)."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    done = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(two), _RENAME_EXCHANGE)
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(two))


def _sync(folder: Path) -> None:
    """Make the entries of ``folder`` durable, where the system can open a folder (Windows cannot)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write {folder}: {error.strerror or error}", fix="free disk space or choose another folder"
    )
