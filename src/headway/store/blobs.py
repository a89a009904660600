"""Blobs in a local directory: immutable files named by the digest of their bytes.

    ab/cdef...         a blob
    incoming/          what is being written, claimed by its writer; renamed into place when it is whole
    unsynced/DIGEST    an empty mark: this blob may not survive a power loss yet

The marks outlive their process, so that `sync` covers what a killed one put.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from blake3 import blake3

from headway.core import claim
from headway.core import digest as digests
from headway.core.ids import uuid7
from headway.errors import store as errors
from headway.facts.artifacts import StoredFile

_CHUNK = 1 << 22
_DIGEST = re.compile("[0-9a-f]{64}")


class LocalBlobs:
    """A blob store below one directory, sharded by the first two digits.

    Args:
        root: The directory; made with the first blob.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"
        self._unsynced = root / "unsynced"
        self._is_made = False

    def path(self, digest: str) -> Path:
        """Where the blob lies, or would lie."""
        return self.root / digest[:2] / digest[2:]

    def put(self, source: bytes | Path, name: str) -> StoredFile:
        """Keep bytes or a file's content as `name` of an artifact; durable only after `sync`.

        Raises:
            EngineError: The disk is full or not writable, or the source cannot be read.
        """
        if isinstance(source, bytes):
            stored = _described(source, name)
            if self._is_whole(stored.digest):
                return stored
        try:
            self._make_folders()
            with claim.new_file(lambda: self._incoming / uuid7()) as (partial, file):
                try:
                    stored = _write(source, file, name)
                    if not self._is_whole(stored.digest):
                        self._place(partial, stored.digest)
                finally:
                    with contextlib.suppress(OSError):  # what cannot be removed now is swept later
                        partial.unlink(missing_ok=True)
        except OSError as error:
            raise errors.not_written(str(self.root), error.strerror or str(error)) from error
        return stored

    def exists(self, digest: str) -> bool:
        """Whether there is such a blob; its bytes are not looked at."""
        return self.path(digest).is_file()

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
        if not self.exists(digest):
            raise errors.blob_is_missing(digest)
        if not self._is_whole(digest):
            raise errors.blob_is_changed(digest)

    def sync(self) -> None:
        """Make every blob that anybody put since the last call survive a power loss.

        Raises:
            EngineError: The disk refuses.
        """
        try:
            marks = [mark for mark in claim.entries(self._unsynced) if self.exists(mark.name)]
            paths = [self.path(mark.name) for mark in marks]
            for path in (*paths, *{path.parent for path in paths}, *([self.root] if paths else [])):
                _sync(path)
            for mark in marks:
                mark.unlink(missing_ok=True)
        except OSError as error:
            raise errors.not_written(str(self.root), error.strerror or str(error)) from error

    def digests(self) -> Iterator[str]:
        """Every blob there is, in no order."""
        for folder in self.root.glob("[0-9a-f][0-9a-f]"):
            for path in folder.iterdir():
                if _DIGEST.fullmatch(folder.name + path.name):
                    yield folder.name + path.name

    def sweep(self) -> int:
        """Remove what killed processes left half-written, and say how many files that was."""
        marks = [mark for mark in claim.entries(self._unsynced) if not self.exists(mark.name)]
        return claim.sweep((*claim.entries(self._incoming), *marks))

    def _place(self, partial: Path, digest: str) -> None:
        """Rename a whole file to its name; marked first, so that none is ever unmarked and unsynced."""
        target = self.path(digest)
        with claim.shared(self._unsynced / digest):
            try:
                partial.replace(target)
            except FileNotFoundError:  # the first blob of its shard
                target.parent.mkdir(exist_ok=True)
                partial.replace(target)

    def _make_folders(self) -> None:
        """Make what every blob needs, once a store: each call for nothing costs more than the bytes do."""
        if not self._is_made:
            for folder in (self._incoming, self._unsynced):
                folder.mkdir(parents=True, exist_ok=True)
            self._is_made = True

    def _is_whole(self, digest: str) -> bool:
        try:
            return digests.of_file(self.path(digest)) == digest
        except OSError:
            return False


def _described(data: bytes, name: str) -> StoredFile:
    sha256 = hashlib.sha256(data).hexdigest()
    return StoredFile(name=name, digest=digests.of_bytes(data), sha256=sha256, size=len(data))


def _write(source: bytes | Path, target: FileIO, name: str) -> StoredFile:
    """Write once while both digests are taken in the same pass."""
    inner, outer, size = blake3(), hashlib.sha256(), 0
    for chunk in _chunks(source):
        _write_all(target, chunk)
        inner.update(chunk)
        outer.update(chunk)
        size += len(chunk)
    return StoredFile(name=name, digest=inner.hexdigest(), sha256=outer.hexdigest(), size=size)


def _write_all(target: FileIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[target.write(rest) :]


def _chunks(source: bytes | Path) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    try:
        with source.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise errors.not_read(str(source), error.strerror or str(error)) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
