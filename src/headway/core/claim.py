"""Files and folders on their way: claimed while their process lives, swept once it is dead.

A claim is the kernel's lock on the file or folder itself. It ends with its process, however that died,
and no process id can be mistaken for another's. Where a file system knows no such locks nothing is swept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Generator, Iterable
from io import FileIO
from pathlib import Path

from headway.core.ids import uuid7


@contextlib.contextmanager
def new_file(name: Callable[[], Path]) -> Generator[tuple[Path, FileIO]]:
    """A new file, open for writing and claimed while the block runs; the caller removes or renames it.

    Args:
        name: Gives a name that nobody has; asked again when a sweeper was faster.

    Raises:
        OSError: The disk refuses.
    """
    while True:
        path = name()
        file = FileIO(path, "xb")
        if _hold(file.fileno(), path, fcntl.LOCK_EX):
            break
        file.close()
    with file:
        yield path, file


@contextlib.contextmanager
def new_folder(name: Callable[[], Path]) -> Generator[Path]:
    """A new folder, claimed while the block runs; the caller removes or renames it.

    Args:
        name: Gives a name that nobody has; asked again when a sweeper was faster.

    Raises:
        OSError: The disk refuses.
    """
    while True:
        path = name()
        path.mkdir(parents=True)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        if _hold(handle, path, fcntl.LOCK_EX):
            break
        os.close(handle)
    try:
        yield path
    finally:
        os.close(handle)


@contextlib.contextmanager
def scratch(place: Path) -> Generator[Path]:
    """An empty folder of this process below `place`, removed afterwards; a later `sweep` finds what a kill leaves.

    Raises:
        OSError: The disk refuses.
    """
    with new_folder(lambda: place / uuid7()) as folder:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def shared(path: Path) -> Generator[None]:
    """Make an empty file where there is none, and claim it together with others while the block runs.

    Raises:
        OSError: The disk refuses.
    """
    while True:
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        if _hold(handle, path, fcntl.LOCK_SH):
            break
        os.close(handle)
    try:
        yield
    finally:
        os.close(handle)


def sweep(paths: Iterable[Path]) -> int:
    """Remove those of our own files and folders that no live process claims, and say how many those were.

    Another user's, symbolic links, and what the disk will not let go of stay where they are.
    """
    return sum(_is_swept(path) for path in paths)


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, in no order; nothing where there is none, or only a link to one."""
    try:
        return [] if folder.is_symlink() else list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _hold(handle: int, path: Path, how: int) -> bool:
    """Lock what was just made; False when a sweeper has it, or has removed it."""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: there nobody sweeps
    return _is_at(handle, path)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _is_swept(path: Path) -> bool:
    try:
        found = path.lstat()
        is_ours = found.st_uid == os.geteuid() and (
            stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
        )
        if not is_ours:
            return False
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(handle, path):
            return False
        if stat.S_ISDIR(found.st_mode):
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
