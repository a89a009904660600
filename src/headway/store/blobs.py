"""Blobs in a local directory: immutable files named by the digest of their bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from headway.core import digest as digests
from headway.core.ids import uuid7
from headway.errors import store as errors
from headway.facts.artifacts import StoredFile

_CHUNK = 1 << 22
_PARTIAL = ".partial"


class LocalBlobs:
    """A blob store below one directory, sharded by the first two digits.

    Args:
        root: The directory; made with the first blob.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._unsynced: list[Path] = []

    def path(self, digest: str) -> Path:
        """Where the blob lies, or would lie."""
        return self.root / digest[:2] / digest[2:]

    def put(self, source: bytes | Path, name: str) -> StoredFile:
        """Keep bytes or a file's content as `name` of an artifact; durable only after `sync`.

        Raises:
            EngineError: The disk is full or not writable, or the source cannot be read.
        """
        partial = self.root / f"{uuid7()}{_PARTIAL}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            stored = _write(source, partial, name)
            target = self.path(stored.digest)
            if target.exists() and target.stat().st_size == stored.size and self._is_whole(stored.digest):
                partial.unlink()
                return stored
            target.parent.mkdir(exist_ok=True)
            partial.rename(target)
            self._unsynced.append(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            raise errors.not_written(str(self.root), error.strerror or str(error)) from error
        return stored

    def read(self, digest: str) -> bytes:
        """The bytes, verified.

        Raises:
            EngineError: The blob is missing, or its bytes are not those of its name.
        """
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise errors.blob_is_missing(digest) from error
        except OSError as error:
            raise errors.not_read(str(self.path(digest)), error.strerror or str(error)) from error
        if digests.of_bytes(data) != digest:
            raise errors.blob_is_changed(digest)
        return data

    def verify(self, digest: str) -> None:
        """Check a blob's bytes against its name without holding them.

        Raises:
            EngineError: The blob is missing, or its bytes are not those of its name.
        """
        if not self.path(digest).exists():
            raise errors.blob_is_missing(digest)
        if not self._is_whole(digest):
            raise errors.blob_is_changed(digest)

    def sync(self) -> None:
        """Make every blob put since the last call survive a power loss.

        Raises:
            EngineError: The disk refuses.
        """
        try:
            for path in {*self._unsynced, *(path.parent for path in self._unsynced)}:
                _sync(path)
            if self._unsynced:
                _sync(self.root)
        except OSError as error:
            raise errors.not_written(str(self.root), error.strerror or str(error)) from error
        self._unsynced.clear()

    def digests(self) -> Iterator[str]:
        """Every blob there is, in no order."""
        for folder in self.root.glob("[0-9a-f][0-9a-f]"):
            for path in folder.iterdir():
                yield folder.name + path.name

    def _is_whole(self, digest: str) -> bool:
        return digests.of_file(self.path(digest)) == digest


def _write(source: bytes | Path, partial: Path, name: str) -> StoredFile:
    """Write once while both digests are taken in the same pass."""
    inner, outer, size = blake3(), hashlib.sha256(), 0
    with partial.open("xb") as target:
        for chunk in _chunks(source):
            target.write(chunk)
            inner.update(chunk)
            outer.update(chunk)
            size += len(chunk)
    return StoredFile(name=name, digest=inner.hexdigest(), sha256=outer.hexdigest(), size=size)


def _chunks(source: bytes | Path) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
