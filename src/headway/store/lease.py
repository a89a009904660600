"""Leases as locked files: the kernel lets go of a dead holder's lock, however it died."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Generator
from pathlib import Path

from headway.core.clock import SystemClock, to_text
from headway.errors import store as errors


@contextlib.contextmanager
def lease(path: Path, name: str, holder: str) -> Generator[None]:
    """Hold the lock file at `path` alone while the block runs.

    Args:
        path: The lock file; made when missing, never removed (removing it would race).
        name: What is held, for the error.
        holder: Who holds it, for the error that another one gets.

    Raises:
        ConflictError: Somebody else holds it; names them.
        EngineError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise errors.not_written(str(path), error.strerror or str(error)) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held_by = os.pread(handle, 500, 0).decode(errors="replace").strip()
            raise errors.lease_is_held(name, held_by or "another process") from error
        since = to_text(SystemClock().now())
        text = f"{holder}, process {os.getpid()} on {os.uname().nodename}, since {since}"
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, text.encode(errors="replace"), 0)
        except OSError as error:
            raise errors.not_written(str(path), error.strerror or str(error)) from error
        yield
    finally:
        os.close(handle)  # closing lets go of the lock
