"""What a blob store must do. Subclass it, and give the fixture `make_blobs`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from headway.core import digest
from headway.errors import EngineError
from headway.store.ports import BlobStore

if TYPE_CHECKING:
    from pathlib import Path

MakeBlobs = Callable[[], BlobStore]
"""Opens a store; each call within one test opens the same one, as another process would."""


class BlobConformance:
    """The suite; a subclass needs a fixture `make_blobs` that returns a `MakeBlobs`."""

    @pytest.mark.parametrize("data", [b"", b"x", b"\x00\xff" * 70_000])
    def test_what_was_put_is_read_again(self, make_blobs: MakeBlobs, data: bytes) -> None:
        """Bytes come back, under their blake3 digest, with sha256 and size beside."""
        stored = make_blobs().put(data, "part/model.bin")
        assert stored.name == "part/model.bin"
        assert stored.digest == digest.of_bytes(data)
        assert stored.sha256 == hashlib.sha256(data).hexdigest()
        assert stored.size == len(data)
        assert make_blobs().read(stored.digest) == data

    def test_a_file_is_kept_as_its_bytes_are(self, make_blobs: MakeBlobs, tmp_path: Path) -> None:
        """A path and its bytes are the same blob; the source is left alone."""
        data = bytes(range(256)) * 40_000
        source = tmp_path / "source.bin"
        source.write_bytes(data)
        blobs = make_blobs()
        assert blobs.put(source, "a") == blobs.put(data, "a")
        source.write_bytes(b"changed later")
        assert blobs.read(digest.of_bytes(data)) == data

    def test_the_same_bytes_are_one_blob(self, make_blobs: MakeBlobs) -> None:
        """The name belongs to the artifact, not to the blob."""
        blobs = make_blobs()
        assert blobs.put(b"same", "a").digest == blobs.put(b"same", "b").digest
        assert list(blobs.digests()) == [digest.of_bytes(b"same")]

    def test_every_blob_is_listed_and_an_empty_store_has_none(self, make_blobs: MakeBlobs) -> None:
        """Listing needs no blob to have been put."""
        blobs = make_blobs()
        assert list(blobs.digests()) == []
        wanted = {blobs.put(str(number).encode(), "n").digest for number in range(20)}
        assert set(make_blobs().digests()) == wanted

    def test_a_missing_blob_is_named(self, make_blobs: MakeBlobs) -> None:
        """Neither reading nor verifying makes anything up."""
        for call in (make_blobs().read, make_blobs().verify):
            with pytest.raises(EngineError) as caught:
                call("ab" * 32)
            assert caught.value.code == "ST003"

    def test_a_changed_blob_is_never_read_and_the_next_put_heals_it(self, make_blobs: MakeBlobs) -> None:
        """One flipped byte is found although size and name are the same."""
        blobs = make_blobs()
        stored = blobs.put(b"as it was made", "a")
        blobs.path(stored.digest).write_bytes(b"as it was Made")
        for call in (blobs.read, blobs.verify):
            with pytest.raises(EngineError) as caught:
                call(stored.digest)
            assert caught.value.code == "ST004"
        blobs.put(b"as it was made", "a")
        blobs.verify(stored.digest)

    def test_a_source_that_is_missing_is_named_as_unreadable(
        self, make_blobs: MakeBlobs, tmp_path: Path
    ) -> None:
        """And leaves the store as it was."""
        blobs = make_blobs()
        with pytest.raises(EngineError):
            blobs.put(tmp_path / "nowhere", "a")
        assert list(blobs.digests()) == []

    def test_sync_can_be_called_at_any_time(self, make_blobs: MakeBlobs) -> None:
        """With nothing put, after a put, and again."""
        blobs = make_blobs()
        blobs.sync()
        stored = blobs.put(b"x", "a")
        blobs.sync()
        blobs.sync()
        assert blobs.read(stored.digest) == b"x"
