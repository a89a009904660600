"""Artifacts: immutable results, named by the digest of their meaning."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class StoredFile(Struct, frozen=True, kw_only=True):
    """One file of an artifact, kept as a blob.

    Attributes:
        name: Path inside the artifact (`model.onnx`).
        digest: blake3 of its bytes; the blob's name.
        sha256: For manifests and attestations that others read.
        size: Bytes.
    """

    name: str
    digest: str
    sha256: str
    size: int


class Artifact(Struct, frozen=True, kw_only=True):
    """An immutable result.

    Attributes:
        digest: Digest of the canonical form that its kind declares; its name for ever.
        kind: source, feature_group, dataset, model, baseline, evaluation, release.
        files: Its files, sorted by name.
        table: The table whose data files they are; empty for blobs.
        meta: Small facts about it (row counts, columns, runtime), JSON values only.
    """

    digest: str
    kind: str
    files: tuple[StoredFile, ...]
    meta: dict[str, Any] = field(default_factory=dict)
    table: str = ""

    def file(self, name: str) -> StoredFile:
        """The file called `name`.

        Raises:
            KeyError: The artifact has no such file.
        """
        for stored in self.files:
            if stored.name == name:
                return stored
        raise KeyError(name)
