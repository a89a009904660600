"""Reads the prediction log: every segment of a directory, and every gap in it.

`<utc>-<pid>-<n>.open` is being written, `.seg` is closed. A writer holds a lock on its open segment, so
an open one that nobody holds was left by a crash.
"""

from __future__ import annotations

import fcntl
from datetime import UTC, datetime
from heapq import heappush, heappushpop
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID

from headway.predictions.frame import HEADER, REFUSED, Lost, records
from headway.predictions.record import Prediction, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OPEN = ".open"
CLOSED = ".seg"
STAMP = "%Y%m%dT%H%M%S.%fZ"
SLACK_SECONDS = 60.0
"""How far a prediction's own time may lie outside its segment's (queueing, a clock set right)."""


_Kind = TypeVar("_Kind", Prediction, Refused)


class Segment(NamedTuple):
    """One file of the log: from when on, and by which process, it was written."""

    path: Path
    began: float


def segments(directory: Path) -> list[Segment]:
    """The segments of a log, oldest first; none when the directory is missing."""
    try:
        names = sorted(path.name for path in directory.iterdir())
    except FileNotFoundError:
        return []
    found = [(name, _began(name)) for name in names if name.endswith((OPEN, CLOSED))]
    return [Segment(directory / name, began) for name, began in found if began is not None]


def read(directory: Path) -> Iterator[Prediction | Lost]:
    """All predictions, segment by segment, oldest first, with a `Lost` for every gap.

    The unfinished last record of a segment that is being written is not a gap: it comes later.

    Raises:
        OSError: A segment cannot be read.
    """
    for segment in segments(directory):
        yield from read_segment(segment.path)


def read_segment(path: Path) -> Iterator[Prediction | Lost]:
    """The predictions of one segment, and its gaps; nothing when it was removed meanwhile.

    Raises:
        OSError: It cannot be read.
    """
    for record in _records(path, *_content(path)):
        if not isinstance(record, Refused):
            yield record


def read_refused(directory: Path) -> Iterator[Refused | Lost]:
    """All that was refused, segment by segment, oldest first, and the gaps of segments that tell of it.

    Raises:
        OSError: A segment cannot be read.
    """
    for segment in segments(directory):
        yield from _refused(segment.path)


def newest(directory: Path, last: int) -> tuple[list[Prediction], int]:
    """The newest predictions of a log, oldest first, whichever process wrote them, and how many are lost near them.

    Segments that ended before the oldest of them are not read, so neither they nor their gaps count.

    Args:
        directory: The log.
        last: At most how many, from 1.

    Raises:
        OSError: A segment cannot be read.
    """
    found, lost = _newest(directory, last, read_segment, lambda item: (item.at,))
    return found, sum(item.count for item in lost)


def newest_refused(directory: Path, last: int) -> tuple[list[Refused], int]:
    """The newest kinds of refusals, as `newest` has predictions; without predictions that a writer dropped.

    Raises:
        OSError: A segment cannot be read.
    """
    found, lost = _newest(directory, last, _refused, lambda item: (item.last, item.first))
    return found, sum(item.count for item in lost if item.cause != "dropped")


def _newest(
    directory: Path,
    last: int,
    read_one: Callable[[Path], Iterator[_Kind | Lost]],
    moment: Callable[[_Kind], tuple[int, ...]],
) -> tuple[list[_Kind], list[Lost]]:
    """Segments from the one that was written last on, as long as one may hold what is newer than what is kept."""
    kept: list[
        tuple[tuple[int, ...], str, int, _Kind]
    ] = []  # a heap; name and place tell equal moments apart
    lost: list[Lost] = []
    ended = {segment.path: _ended(segment.path) for segment in segments(directory)}
    for path in sorted(ended, key=lambda path: ended[path], reverse=True):
        if len(kept) == last and (ended[path] + SLACK_SECONDS) * 1e6 < kept[0][0][0]:
            break
        for place, item in enumerate(read_one(path)):
            if isinstance(item, Lost):
                lost.append(item)
                continue
            entry = (moment(item), path.name, place, item)
            if len(kept) < last:
                heappush(kept, entry)
            else:
                heappushpop(kept, entry)
    return [item for *_, item in sorted(kept)], lost


def _ended(path: Path) -> float:
    """When a segment was written last; the end of time for one that was renamed or removed meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _refused(path: Path) -> Iterator[Refused | Lost]:
    data, is_written = _content(path)
    for record in _records(path, data, is_written) if REFUSED in data else ():
        if not isinstance(record, Prediction):
            yield record


def _records(path: Path, data: bytes, is_written: bool) -> Iterator[Prediction | Refused | Lost]:  # noqa: FBT001
    for record in records(data):
        if not isinstance(record, Lost):
            yield record
        elif not (is_written and record.cause == "torn"):
            yield record._replace(file=path.name)


def find(directory: Path, prediction: str) -> Prediction | None:
    """The prediction of an id; None when the log does not have it.

    The time within the id says which segments to look into first; those are searched as bytes,
    newest first, and only one that has the id is decoded. An unknown id costs one pass over the log.

    Raises:
        OSError: A segment cannot be read.
    """
    for path in _likeliest_first(segments(directory), _seconds(prediction)):
        data, _ = _content(path)
        if prediction.encode() not in data:
            continue
        for record in records(data):
            if isinstance(record, Prediction) and record.id == prediction:
                return record
    return None


def is_held(handle: int) -> bool:
    """Whether a living writer holds the segment open."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _likeliest_first(found: list[Segment], at: float | None) -> list[Path]:
    newest_first = found[::-1]
    if at is None:
        return [segment.path for segment in newest_first]
    return [segment.path for segment in sorted(newest_first, key=lambda segment: not _may_hold(segment, at))]


def _may_hold(segment: Segment, at: float) -> bool:
    try:
        ended = segment.path.stat().st_mtime
    except FileNotFoundError:
        return False
    return segment.began - SLACK_SECONDS <= at <= ended + SLACK_SECONDS


def _seconds(prediction: str) -> float | None:
    """The time within a UUIDv7, seconds since the epoch."""
    try:
        value = UUID(prediction)
    except ValueError:
        return None
    return (value.int >> 80) / 1000 if value.version == 7 else None  # noqa: PLR2004 -- the version is 7


def _began(name: str) -> float | None:
    try:
        return datetime.strptime(name.partition("-")[0], STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _content(path: Path) -> tuple[bytes, bool]:
    """The bytes of a segment, and whether a living writer holds it."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        if path.suffix == OPEN:  # closed between the listing and now
            return _content(path.with_suffix(CLOSED))
        return HEADER, False
    with file:
        held = path.suffix == OPEN and is_held(file.fileno())
        return file.read(), held
