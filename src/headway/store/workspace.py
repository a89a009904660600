"""A workspace: the product's directory, and what Headway keeps below `.headway/` in it."""

from __future__ import annotations

import contextlib
import os
import secrets
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from headway.core import claim
from headway.core.ids import uuid7
from headway.errors import store as errors
from headway.store.blobs import LocalBlobs
from headway.store.ledger import SqliteReader, SqliteWriter

if TYPE_CHECKING:
    from headway.store.ports import TableStore

_KEY_BYTES = 32


class Workspace:
    """Paths and doors of one workspace; makes nothing until something is written.

    Args:
        root: The product's directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / ".headway"
        self.ledger = self.state / "ledger.db"
        self.cache = self.state / "cache.db"
        self.states = self.state / "states.db"

    def serve(self, environment: str) -> Path:
        """What the servers of one environment live on."""
        return self.state / "serve" / environment

    def blobs(self) -> LocalBlobs:
        """The blob store."""
        return LocalBlobs(self.state / "blobs")

    def tables(self) -> TableStore:
        """The tables of feature groups; loads the data libraries when it is asked for."""
        from headway.store.delta import DeltaTables

        return DeltaTables(self.state / "tables")

    def open_reader(self) -> SqliteReader:
        """The ledger, read only; an absent one is empty."""
        return SqliteReader(self.ledger)

    def open_writer(self) -> SqliteWriter:
        """The ledger, for writing.

        Raises:
            EngineError: The workspace is not writable.
        """
        self.make()
        return SqliteWriter(self.ledger, self.state / "leases")

    def scratch(self) -> AbstractContextManager[Path]:
        """An empty folder for files on their way, removed when the block ends; after a kill, by `sweep`.

        Raises:
            OSError: The workspace is not writable.
        """
        return claim.scratch(self.state / "tmp")

    def sweep(self) -> int:
        """Remove what killed processes left on its way to here, and say how many things that was."""
        keys = [path for path in claim.entries(self.state) if path.name.startswith(".key.")]
        return claim.sweep((*claim.entries(self.state / "tmp"), *keys)) + self.blobs().sweep()

    def make(self) -> None:
        """Make `.headway/`, which keeps itself out of version control.

        Raises:
            EngineError: The workspace is not writable.
        """
        try:
            self.state.mkdir(exist_ok=True)
            ignore = self.state / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
        except OSError as error:
            raise errors.not_written(str(self.state), error.strerror or str(error)) from error

    def key(self) -> bytes:
        """The key that signs bundles and routes; made once, readable by its owner only.

        Raises:
            EngineError: It cannot be read or made.
        """
        path = self.state / "key"
        try:
            if not path.exists():
                self.make()
                self._make_key(path)
            key = bytes.fromhex(path.read_text().strip())
            if len(key) != _KEY_BYTES:
                raise errors.key_fails(str(path), f"it holds {len(key)} bytes, not {_KEY_BYTES}")
        except (OSError, ValueError) as error:
            raise errors.key_fails(str(path), str(error)) from error
        return key

    def _make_key(self, path: Path) -> None:
        """Write a new key beside and link it into place: the first of two processes wins."""

        def name() -> Path:
            return path.with_name(f".key.{uuid7()}")

        with claim.new_file(name) as (partial, file):
            try:
                partial.chmod(0o600)
                file.write(secrets.token_hex(_KEY_BYTES).encode())
                os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(partial, path)
            finally:
                partial.unlink()
