"""Writes the prediction log off the hot path: a bounded queue, a thread, segment files.

Whatever happens to the disk, `add` returns at once; what is lost is counted, here and in the log.
A killed process loses at most the last quarter of a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from headway.errors import serve as errors
from headway.predictions import frame
from headway.predictions.refusals import GatheredRefusals
from headway.predictions.segments import CLOSED, OPEN, STAMP, is_held

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from headway.predictions.frame import FramedOrigin
    from headway.predictions.record import Answers


_BATCH = 1000
"""Requests written at once."""


class Written(NamedTuple):
    """What became of the predictions given to a log since it was opened.

    Attributes:
        written: Records on disk (in the operating system's hands).
        dropped: Records that will never be: the queue was full, or the log closed on a full disk.
        waiting: Records in the queue.
        failures: Times that the disk refused.
        failure: The last reason; empty when it works again.
    """

    written: int
    dropped: int
    waiting: int
    failures: int
    failure: str


class _Entry(NamedTuple):
    count: int
    size: int
    origin: FramedOrigin
    make: Callable[[], Answers]


class PredictionLog:
    """The log of one process.

    Args:
        directory: Where segments go; made when missing.
        capacity: Records that may wait; more are dropped and counted.
        capacity_bytes: Bytes of requests that may wait; likewise.
        segment_bytes: A segment that reaches this size is closed.
        segment_seconds: A segment that reaches this age is closed.
        flush_seconds: Time between two writes.

    Raises:
        EngineError: The directory cannot be written (SE303).
    """

    def __init__(
        self,
        directory: Path,
        *,
        capacity: int = 20_000,
        capacity_bytes: int = 64 * 1024 * 1024,
        segment_bytes: int = 64 * 1024 * 1024,
        segment_seconds: float = 900.0,
        flush_seconds: float = 0.25,
    ) -> None:
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._queue: deque[_Entry] = deque()
        self._refusals = GatheredRefusals()
        self._waiting = 0
        self._waiting_bytes = 0
        self._dropped = 0
        self._untold = 0
        self._batch: bytes = b""
        self._batch_count = 0
        self._batch_size = 0
        self._count = threading.Lock()
        self._write = threading.Lock()
        self._end = threading.Event()
        self._disk = _Segments(directory, segment_bytes, segment_seconds)
        self._thread = threading.Thread(
            target=self._run, args=(flush_seconds,), name="headway-prediction-log", daemon=True
        )
        self._thread.start()

    def add(self, count: int, size: int, origin: FramedOrigin, make: Callable[[], Answers]) -> None:
        """Log the answers to a request later; never waits, never raises.

        Args:
            count: How many predictions there are.
            size: About how many bytes they take, waiting.
            origin: What they have in common with others.
            make: Gives the answers; called once, in the log's own thread, so that the work is not
                done while a caller waits.
        """
        with self._count:
            is_full = (
                self._waiting + count > self._capacity or self._waiting_bytes + size > self._capacity_bytes
            )
            if is_full or self._end.is_set():
                self._dropped += count
                self._untold += count
                return
            self._waiting += count
            self._waiting_bytes += size
        self._queue.append(_Entry(count, size, origin, make))

    def refuse(
        self, origin: FramedOrigin, at: int, status: int, code: str, faults: tuple[tuple[str, str], ...]
    ) -> None:
        """Log a request that was refused, later and with its like; see `GatheredRefusals.add`."""
        self._refusals.add(origin, at, status, code, faults)

    def flush(self) -> None:
        """Write what waits, now, in the calling thread."""
        self._flush(None)

    def _flush(self, now: float | None) -> None:
        """Write all predictions that wait, and the refusals that are due by now; all of them by None."""
        with self._write:
            self._disk.turn()
            if self._batch and not self._put():  # the disk refused it before
                return
            refusals = self._refusals.take(now)  # once: they may come faster than they are written
            while self._fill(refusals) and self._put():
                refusals = b""

    def close(self) -> None:
        """Write what waits, close the segment, end the thread; a second call does nothing."""
        self._end.set()
        self._thread.join()
        self.flush()
        with self._write, self._count:
            self._dropped += self._waiting
            self._waiting = self._waiting_bytes = 0
            self._queue.clear()
            self._batch, self._batch_count, self._batch_size = b"", 0, 0
            self._disk.close()

    @property
    def counts(self) -> Written:
        """What became of the predictions so far."""
        with self._count:
            disk = self._disk
            return Written(disk.written, self._dropped, self._waiting, disk.failures, disk.failure)

    def _run(self, seconds: float) -> None:
        while not self._end.wait(seconds):
            self._flush(time.monotonic())

    def _fill(self, refusals: bytes) -> bool:
        """Encode the next batch, to which the refusals belong."""
        with self._count:
            untold, self._untold = self._untold, 0
        parts: list[bytes] = []
        origins: set[int] = set()
        for _ in range(min(len(self._queue), _BATCH)):
            entry = self._queue.popleft()
            try:
                answers = frame.answers_bytes(entry.make())
            except (TypeError, ValueError, OverflowError):  # a value that msgpack cannot hold
                untold += entry.count
                self._forget(entry)
                continue
            if entry.origin.key not in origins:
                origins.add(entry.origin.key)
                parts.append(entry.origin.record)
            parts.append(answers)
            self._batch_count += entry.count
            self._batch_size += entry.size
        if untold:
            parts.insert(0, frame.dropped_bytes(untold))
        parts.append(refusals)
        self._batch = b"".join(parts)
        return bool(self._batch)

    def _forget(self, entry: _Entry) -> None:
        with self._count:
            self._dropped += entry.count
            self._waiting -= entry.count
            self._waiting_bytes -= entry.size

    def _put(self) -> bool:
        """Write the batch; it stays where the disk refuses."""
        if not self._disk.append(self._batch, self._batch_count):
            return False
        with self._count:
            self._waiting -= self._batch_count
            self._waiting_bytes -= self._batch_size
        self._batch, self._batch_count, self._batch_size = b"", 0, 0
        return True


class _Segments:
    """The segment being written, and how it is closed and followed by the next."""

    def __init__(self, directory: Path, most_bytes: int, most_seconds: float) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        self._most_seconds = most_seconds
        self._number = 0
        self._handle: int | None = None
        self._path = directory
        self._size = 0
        self._began = 0.0
        self.written = 0
        self.failures = 0
        self.failure = ""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            _adopt(directory)
            self._open()
        except OSError as reason:
            raise errors.log_unwritable(str(directory), str(reason)) from reason

    def append(self, data: bytes, count: int) -> bool:
        """Write whole records; if the disk refuses, none of them is there, and False comes back."""
        try:
            handle = self._open()
            _write_all(handle, data)
        except OSError as reason:
            self.failures += 1
            self.failure = str(reason)
            self._cut_back()
            return False
        self.failure = ""
        self.written += count
        self._size += len(data)
        return True

    def turn(self) -> None:
        """Close the segment once it is large or old enough; an empty one stays."""
        old = time.monotonic() - self._began >= self._most_seconds
        if self._size >= self._most_bytes or (old and self._size > len(frame.HEADER)):
            self.close()

    def close(self) -> None:
        """Sync the segment and rename it from `.open` to `.seg`; an empty one is removed."""
        if self._handle is None:
            return
        try:
            os.fsync(self._handle)
            if self._size > len(frame.HEADER):
                self._path.rename(self._path.with_suffix(CLOSED))
            else:
                self._path.unlink()
        except OSError as reason:
            self.failures += 1
            self.failure = str(reason)
        os.close(self._handle)
        self._handle = None

    def _open(self) -> int:
        if self._handle is not None:
            return self._handle
        self._number += 1
        stamp = datetime.now(UTC).strftime(STAMP)
        self._path = self._directory / f"{stamp}-{os.getpid()}-{self._number}{OPEN}"
        hidden = self._path.with_suffix(".new")  # it shows only once it is locked and has its header
        handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _write_all(handle, frame.HEADER)
            hidden.rename(self._path)
        except OSError:
            os.close(handle)
            hidden.unlink(missing_ok=True)
            raise
        self._handle, self._size, self._began = handle, len(frame.HEADER), time.monotonic()
        return handle

    def _cut_back(self) -> None:
        """Take a half-written batch off the end, so that the next one follows a whole record."""
        if self._handle is None:
            return
        try:
            os.ftruncate(self._handle, self._size)
        except OSError:  # then nothing may follow here: readers count the torn end
            self.close()


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _adopt(directory: Path) -> None:
    """Close the segments that killed writers left open, so that nobody waits for their end."""
    for path in directory.glob(f"*{OPEN}"):
        try:
            handle = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            if not is_held(handle):
                with contextlib.suppress(FileNotFoundError):  # another new writer was quicker
                    path.rename(path.with_suffix(CLOSED))
        finally:
            os.close(handle)
