"""Whether stored artifacts are still whole: one stat each, and a hash only when the stat differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headway.store.ports import BlobStore, LedgerReader
    from headway.survey.files import StatCache


class Conditions:
    """Answers for artifact digests; remembers the stat signature of every file that it looked at."""

    def __init__(self, reader: LedgerReader, blobs: BlobStore, cache: StatCache, tables: Path) -> None:
        self._reader = reader
        self._blobs = blobs
        self._cache = cache
        self._tables = tables
        self.watched: dict[str, tuple[int, ...] | None] = {}

    def __call__(self, digest: str) -> str:
        """Empty when the artifact is whole, else `missing` or `changed`, with the file's name."""
        artifact = self._reader.artifact(digest)
        if artifact is None:
            return "missing from the ledger"
        if artifact.kind == "feature_group" and not artifact.table:
            return "missing its table: an earlier Headway kept it in another way"
        for file in artifact.files:
            path = (
                self._tables / artifact.table / file.name if artifact.table else self._blobs.path(file.digest)
            )
            found = self._cache.digest(path)
            self.watched[str(path)] = self._cache.signature(path)
            if found is None:
                return f"missing its file {file.name}"
            if found != file.digest:
                return f"changed in its file {file.name}"
        return ""
