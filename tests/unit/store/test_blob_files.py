"""Blobs as files: full disks, killed writers, files that do not belong."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headway.errors import EngineError
from headway.store.blobs import LocalBlobs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """The kernel refuses to let any file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def left_over(blobs: LocalBlobs) -> list[Path]:
    return [path for path in blobs.root.rglob("*") if path.is_file() and path.stat().st_size]


def test_a_write_that_fails_halfway_leaves_nothing(blobs: LocalBlobs, tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    source.write_bytes(os.urandom(200_000))
    for data in (source, source.read_bytes()):
        with no_file_over(100_000), pytest.raises(EngineError) as caught:
            blobs.put(data, "a")
        assert caught.value.code == "ST001"
        assert left_over(blobs) == []
    assert blobs.put(source, "a").size == 200_000


def test_a_source_that_cannot_be_read_is_told_apart_from_a_full_disk(
    blobs: LocalBlobs, tmp_path: Path
) -> None:
    for source in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(EngineError) as caught:
            blobs.put(source, "a")
        assert (caught.value.code, caught.value.where) == ("ST002", str(source))


def test_sync_covers_what_another_process_put(blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promotion syncs through a store of its own, and a killed apply never synced."""
    stored = blobs.put(b"x", "a")
    synced: list[str] = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    LocalBlobs(blobs.root).sync()
    path = blobs.path(stored.digest)
    assert {str(path), str(path.parent), str(blobs.root)} <= set(synced)


def test_two_writers_of_the_same_bytes_do_not_meet(blobs: LocalBlobs) -> None:
    other = LocalBlobs(blobs.root)
    assert blobs.put(b"same", "a") == other.put(b"same", "a")
    assert len(left_over(blobs)) == 1


def test_a_truncated_blob_is_made_whole_by_the_next_put(blobs: LocalBlobs) -> None:
    stored = blobs.put(b"0123456789", "a")
    os.truncate(blobs.path(stored.digest), 4)
    blobs.put(b"0123456789", "a")
    assert blobs.read(stored.digest) == b"0123456789"


def test_what_a_killed_writer_left_is_harmless_and_swept(blobs: LocalBlobs, tmp_path: Path) -> None:
    kept = blobs.put(b"kept", "a")
    source = tmp_path / "endless"
    os.mkfifo(source)
    child = os.fork()
    if child == 0:
        blobs.put(source, "b")
    with source.open("wb") as pipe:
        pipe.write(bytes(6_000_000))  # one chunk and a half: the first is written, the second waited for
        pipe.flush()
        while not left_over(LocalBlobs(blobs.root / "incoming")):
            pass
        assert blobs.sweep() == 0, "somebody is writing it"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert list(blobs.digests()) == [kept.digest]
    assert blobs.sweep() == 1
    assert blobs.read(kept.digest) == b"kept"


def test_a_file_that_is_no_blob_is_not_listed(blobs: LocalBlobs) -> None:
    stored = blobs.put(b"x", "a")
    blobs.path(stored.digest).with_name(".nfs0001").write_bytes(b"left by the file system")
    assert list(blobs.digests()) == [stored.digest]
