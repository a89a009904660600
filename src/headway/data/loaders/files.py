"""Files of this machine: one, a folder of them, or all that match a pattern; small ones in packs."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import polars as pl

from headway.core import digest
from headway.core.listing import below, is_pattern, matching
from headway.data.loaders import csv_text, formats, json_lines, parquet
from headway.data.loaders.asked import Asked, Batch, Origin
from headway.errors import ContractError
from headway.errors import sources as errors

_PACK = 1_000
_HEAD = 64
_SMALL = 1 << 20
"""Bytes up to which a file is read in a pack with others."""
_YOUNG = 2_000_000_000
"""Nanoseconds in which a file may change again under the same times, on the coarsest file systems in use."""


def load(asked: Asked) -> Iterator[Batch]:
    """The file, or the files in the order of their names; hidden ones do not count.

    Raises:
        EngineError: A file is missing, or cannot be read.
        ContractError: A file is no whole file of its format.
        SpecError: The format is unknown, or an option does not fit.
    """
    path = asked.root / asked.load
    with readable(path, asked.name, asked.load):
        if path.is_file() or not (is_pattern(asked.load) or path.is_dir()):
            file = _File(path, asked.load, path, asked.digest_of(path), _seen(path))
            frame = formats.read(path, asked, asked.load)
            _require_same(file, asked)
            yield Batch(frame, (Origin(asked.load, file.digest, frame.height),))
            return
    files = listed(asked)
    if not files:
        raise errors.nothing_matches(asked.name, asked.load)
    left = Counter(asked.known)
    for first in range(0, len(files), _PACK):
        yield from _pack(files[first : first + _PACK], asked, left)


def listed(asked: Asked) -> list[Path]:
    """The files of a folder or a pattern, sorted by name.

    Raises:
        EngineError: A link among them leads nowhere: its rows would be missing in silence.
    """
    lost: list[str] = []
    if is_pattern(asked.load):
        found = matching(asked.root, asked.load, lost=lost.append)
        lost = [name.removeprefix(f"{asked.root}/") for name in lost]
    else:
        folder = asked.root / asked.load
        found = [folder / name for name in below(folder, lost=lost.append)]
        lost = [f"{asked.load.rstrip('/')}/{name}" for name in lost]
    if lost:
        raise errors.link_leads_nowhere(asked.name, sorted(lost))
    return found


_Seen = tuple[int, int, int, int]
"""Size, times of the last changes (ns), and inode."""


class _File(NamedTuple):
    """A file that is not known yet; a large one is not held in memory."""

    path: Path
    name: str
    content: Path | bytes
    digest: str
    seen: _Seen | None


def _pack(paths: Sequence[Path], asked: Asked, left: Counter[str]) -> Iterator[Batch]:
    """Read what is not known yet, together where that gives the same rows."""
    known, new, root = [], [], f"{asked.root}/"
    for path in paths:
        name = str(path).removeprefix(root)
        with readable(path, asked.name, name):
            found = asked.digest_of(path) if left else ""
            if left[found] > 0:
                left[found] -= 1
                known.append(Origin(name, found, None))
            else:
                new.append(_opened(path, name))
    if known:
        yield Batch(pl.DataFrame(), tuple(known))
    for is_small, run in groupby(new, key=lambda file: isinstance(file.content, bytes)):
        files = list(run)
        together = _together(files, asked) if is_small and len(files) > 1 else None
        yield from [_alone(file, asked) for file in files] if together is None else [together]


def _opened(path: Path, name: str) -> _File:
    seen = _seen(path)
    with path.open("rb", buffering=0) as file:
        content = file.read(_SMALL + 1)
        if len(content) < _SMALL:  # unless the system gave less than there is
            content += file.read()
    if len(content) > _SMALL:
        return _File(path, name, path, digest.of_file(path), seen)
    return _File(path, name, content, digest.of_bytes(content), seen)


def _alone(file: _File, asked: Asked) -> Batch:
    with readable(file.path, asked.name, file.name):
        frame = formats.read(file.content, asked, file.name)
        if isinstance(file.content, Path):
            _require_same(file, asked)
    return Batch(frame, (Origin(file.name, file.digest, frame.height),))


def _together(files: Sequence[_File], asked: Asked) -> Batch | None:
    """Many files as one frame; None when one is not like the others, so that it can be named."""
    contents = [file.content for file in files if isinstance(file.content, bytes)]
    if asked.since is not None or any(formats.is_page(content[:_HEAD]) for content in contents):
        return None
    try:
        read = _read_many(files, contents, asked)
    except ContractError:
        return None
    if read is None:
        return None
    frame, counts = read
    found = zip(files, counts, strict=True)
    return Batch(frame, tuple(Origin(file.name, file.digest, rows) for file, rows in found))


def _read_many(
    files: Sequence[_File], contents: Sequence[bytes], asked: Asked
) -> tuple[pl.DataFrame, list[int]] | None:
    if asked.loading.format == "parquet":
        together = parquet.read_many([file.path for file in files], asked)
        for file in files:
            with readable(file.path, asked.name, file.name):
                _require_same(file, asked)
        return together
    if asked.loading.gzipped:
        pairs = zip(contents, files, strict=True)
        contents = [formats.unpacked(content, asked, file.name) for content, file in pairs]
    match asked.loading.format:
        case "csv":
            return csv_text.read_many(contents, asked)
        case "json_lines":
            return json_lines.read_many(contents, asked)
    return None


def _require_same(file: _File, asked: Asked) -> None:
    """Refuse rows that may be of other content than the digest, by which they are known from now on.

    Raises:
        EngineError: The file was written, or replaced, meanwhile.
    """
    now = _seen(file.path)
    is_young = now is not None and time.time_ns() - max(now[1], now[2]) < _YOUNG
    # A write right before may not show in the times of the file.
    if now != file.seen or (is_young and digest.of_file(file.path) != file.digest):
        raise errors.file_changes(asked.name, file.name)


def _seen(path: Path) -> _Seen | None:
    found = _stat(path)
    return None if found is None else (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


@contextmanager
def readable(path: Path, name: str, load: str) -> Generator[None]:
    """Say by name what keeps a file from being read.

    Raises:
        EngineError: It is missing, a device, or the system refuses.
        ContractError: It has no bytes.
    """
    try:
        found = _stat(path)
        if found is not None and stat.S_ISREG(found.st_mode) and found.st_size == 0:
            raise errors.file_is_empty(name, load)
        if found is not None and not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise errors.file_cannot_be_read(name, load, "it is a pipe or a device")
        yield
    except FileNotFoundError as error:
        folder = path.parent
        beside = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
        raise errors.file_is_missing(name, load, beside) from error
    except IsADirectoryError as error:
        raise errors.file_is_a_folder(name, load) from error
    except OSError as error:
        raise errors.file_cannot_be_read(name, load, error.strerror or str(error)) from error


def _stat(path: Path) -> os.stat_result | None:
    """One stat for all that is asked of a file: there may be a hundred thousand of them."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return path.stat()
    return None
