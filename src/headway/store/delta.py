"""Tables as Delta Lake below one directory, each data file named by the digest of its bytes.

    flight-delay.weather_hourly/v1/_delta_log/     what any Delta reader follows
    flight-delay.weather_hourly/v1/<digest>.parquet

A reader of ours does not need the log: a snapshot names its files, and every read verifies them.
Writers hold a lease of the caller's; the log's own check catches one that does not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from headway.core import digest as digests
from headway.core.ids import uuid7
from headway.errors import store as store_errors
from headway.errors import tables as errors
from headway.facts.artifacts import StoredFile
from headway.facts.commits import Snapshot
from headway.store import parquet, runs
from headway.store.rows import Changes, differences, patched
from headway.store.runs import Bounds

if TYPE_CHECKING:
    from deltalake import DeltaTable

NOTE = "headway."
"""Before every name of a note in the table's log."""
COMPACT_AT = 32
"""More files than this are merged with the commit that makes them; large ones that follow each other are one."""
FILE_BYTES = 32 << 20
"""About the size of a large file: a change rewrites those that it touches, not the table."""
CHECKPOINT_EVERY = 32
"""Versions between two checkpoints of the log."""
_MUCH_LARGER = 4
_MUCH_SMALLER = 16
"""Files smaller than the largest by this factor are sorted together; every other one is merged as it lies."""
_FILE = "__file__"
_FOR_EVER = "interval 36500 days"
_TYPES = {
    pl.String(): "string",
    pl.Float64(): "double",
    pl.Int64(): "long",
    pl.Boolean(): "boolean",
    pl.Date(): "date",
    pl.Datetime("us", "UTC"): "timestamp",
}


class TableVersion(NamedTuple):
    """One version in a table's own log, with the note that was left beside it."""

    version: int
    at: datetime
    note: dict[str, str]


class Swept(NamedTuple):
    """Files that were removed, or would be, and their bytes."""

    files: int
    size: int


class DeltaTables:
    """Delta tables below one directory; see `headway.store.ports.TableStore`.

    Args:
        root: The directory; made with the first table.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._heights: dict[str, int] = {}
        self._bounds: dict[tuple[str, tuple[str, ...]], Bounds | None] = {}
        self._opened: dict[str, DeltaTable] = {}

    def replace(
        self, table: str, rows: pl.DataFrame, key: Sequence[str], note: Mapping[str, str]
    ) -> Snapshot:
        """Make a table hold exactly these rows, all written anew.

        Raises:
            ConflictError: Somebody else wrote the table at the same moment.
            EngineError: The disk is full or not writable, or the table's log cannot be read.
        """
        with _named(self.root / table):
            files = self._put_all(table, rows.sort(list(key)))
            version = self._commit(table, files, rows.schema, note)
        return Snapshot(table=table, key=tuple(key), version=version, files=tuple(files), rows=rows.height)

    def change(
        self, before: Snapshot, rows: pl.DataFrame, gone: pl.DataFrame | None, note: Mapping[str, str]
    ) -> tuple[Snapshot, Changes]:
        """Add, replace and delete rows by key, in one version.

        Rows that are there already count for nothing; without any change there is no version. Only
        files with a row that changes are read in full and written anew.

        Args:
            before: The rows as they are; what the log has besides is taken back.
            rows: Rows to add, or to put in the place of those with their key; sorted or not.
            gone: Keys to delete; those of no row are ignored.
            note: Kept beside the version in the table's log.

        Raises:
            ConflictError: Somebody else wrote the table at the same moment.
            EngineError: The rows have other columns than the table, a file that must be read is
                damaged, or the disk refuses.
        """
        key = list(before.key)
        with _named(self.root / before.table):
            keys = rows.select(key) if gone is None else pl.concat([rows.select(key), gone.select(key)])
            found = self._matching(before, keys)
            there = found.drop(_FILE)
            if dict(there.schema) != dict(rows.schema):
                raise errors.rows_do_not_fit(before.table, there.columns, rows.columns)
            rows = rows.select(there.columns)
            kept = there if gone is None else there.join(gone, on=key, how="anti", nulls_equal=True)
            dropped = (
                there.clear() if gone is None else there.join(gone, on=key, how="semi", nulls_equal=True)
            )
            changes = (
                differences(kept, rows, key)._replace(deleted=dropped.sort(key))
                if there.height
                else Changes(rows.sort(key), rows.clear(), there, there)
            )
            if not changes:
                return before, changes
            files = self._rewritten(before, found, changes)
            version = self._commit(before.table, files, rows.schema, note)
        counts = changes.counts
        count = before.rows + counts["added"] - counts["deleted"]
        return Snapshot(
            table=before.table, key=before.key, version=version, files=tuple(files), rows=count
        ), changes

    def read(self, snapshot: Snapshot) -> pl.LazyFrame:
        """The rows, sorted by key, from files that are verified now.

        Raises:
            EngineError: A file is missing, or its bytes are not those of its name.
        """
        return self._in_order(snapshot, snapshot.files)

    def differences(self, before: Snapshot, after: Snapshot) -> Changes:
        """What turns one snapshot into another of the same key; files that both have are not read.

        Raises:
            EngineError: A file is missing, or its bytes are not those of its name.
        """
        shared = {file.digest for file in before.files} & {file.digest for file in after.files}
        frames = [
            self._rows_of(side, [file for file in side.files if file.digest not in shared])
            for side in (before, after)
        ]
        return differences(frames[0], frames[1], after.key)

    def versions(self, table: str) -> list[TableVersion]:
        """What the table's log says, oldest first; empty where there is no table.

        Raises:
            EngineError: The log cannot be read.
        """
        with _named(self.root / table):
            found = self._open(table)
            entries = found.history() if found else []
        return [
            TableVersion(
                int(entry["version"]),
                datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
                {name[len(NOTE) :]: str(value) for name, value in entry.items() if name.startswith(NOTE)},
            )
            for entry in reversed(entries)
        ]

    def sweep(self, table: str, keep: Collection[str], *, dry_run: bool = False) -> Swept:
        """Remove data files that are neither named nor in the newest version.

        Args:
            table: The table; its writer's lease is held by the caller.
            keep: Names of files that stay.
            dry_run: Only count.

        Raises:
            EngineError: The disk refuses, or the log cannot be read.
        """
        folder = self.root / table
        with _named(folder):
            found = self._open(table)
            live = _live(found) if found else set()
            stays = live | set(keep)
            gone = [path for path in folder.glob("*.parquet") if path.name not in stays]
            gone += folder.glob(".*.part")  # of killed writers: the lease says that nobody writes now
            size = sum(path.stat().st_size for path in gone)
            if not dry_run:
                for path in gone:
                    path.unlink(missing_ok=True)
        return Swept(len(gone), size)

    # -- reading -------------------------------------------------------------------------------

    def _verified(self, table: str, file: StoredFile) -> Path:
        path = self.root / table / file.name
        try:
            found = digests.of_file(path)
        except FileNotFoundError as error:
            raise errors.table_file_is_missing(table, file.name) from error
        except OSError as error:
            raise store_errors.not_read(str(path), error.strerror or str(error)) from error
        if found != file.digest:
            raise errors.table_file_is_changed(table, file.name)
        return path

    def _rows_of(self, snapshot: Snapshot, files: Sequence[StoredFile]) -> pl.DataFrame:
        if not files:
            return pl.read_parquet(self._verified(snapshot.table, snapshot.files[0]), n_rows=0, glob=False)
        return pl.concat(
            [pl.read_parquet(self._verified(snapshot.table, file), glob=False) for file in files]
        )

    def _in_order(self, snapshot: Snapshot, files: Sequence[StoredFile]) -> pl.LazyFrame:
        """Rows of some of a snapshot's files, verified, sorted by key."""
        paths = {file: self._verified(snapshot.table, file) for file in files}
        largest = max(file.size for file in files)
        large = [file for file in files if file.size * _MUCH_SMALLER >= largest]
        small = [file for file in files if file.size * _MUCH_SMALLER < largest]
        frames = [
            (sum(file.size for file in run), runs.scan([paths[file] for file in run]))
            for run in self._runs(snapshot, large)
        ]
        if small:
            rows = runs.scan([paths[file] for file in small]).sort(list(snapshot.key))
            frames.append((sum(file.size for file in small), rows))
        return runs.merged(frames, snapshot.key)

    def _runs(self, snapshot: Snapshot, files: Sequence[StoredFile]) -> list[list[StoredFile]]:
        """Files in as few runs as may be, each sorted from its first file to its last."""
        if not files[1:]:
            return [[file] for file in files]
        key = tuple(snapshot.key)  # equal rows below two keys are files of one name
        for file in files:
            if (file.name, key) not in self._bounds:
                rows = runs.scan([self.root / snapshot.table / file.name])
                self._bounds[file.name, key] = runs.bounds_of(rows, key)
        return runs.chained({file: self._bounds[file.name, key] for file in files})

    def _matching(self, before: Snapshot, keys: pl.DataFrame) -> pl.DataFrame:
        """Rows with these keys, and the name of their file; statistics spare most files a read."""
        folder = self.root / before.table
        paths = [folder / file.name for file in before.files]
        missing = next((path for path in paths if not path.exists()), None)
        if missing is not None:
            raise errors.table_file_is_missing(before.table, missing.name)
        within = [
            pl.col(name).is_between(pl.lit(keys[name].min()), pl.lit(keys[name].max()))
            for name in before.key
            if keys.height and not keys[name].null_count() and not _has_nan(keys[name])
        ]
        rows = pl.scan_parquet(paths, include_file_paths=_FILE, glob=False)
        near = rows.filter(*within) if keys.height else rows.head(0)
        return near.join(keys.lazy(), on=list(before.key), how="semi", nulls_equal=True).collect()

    # -- writing -------------------------------------------------------------------------------

    def _rewritten(self, before: Snapshot, found: pl.DataFrame, changes: Changes) -> list[StoredFile]:
        """The files afterwards: untouched ones, touched ones with their rows as they are now, and new rows."""
        key = list(before.key)
        out = pl.concat([changes.updated.select(key), changes.deleted.select(key)])
        touched = {
            Path(path).name for path in found.join(out, on=key, how="semi", nulls_equal=True)[_FILE].unique()
        }
        files: list[StoredFile] = []
        for file in before.files:
            if file.name not in touched:
                files.append(file)
                continue
            rows = patched(self._rows_of(before, [file]), changes, key)
            if rows.height and file.size > 2 * FILE_BYTES:  # it grew, or is as old as files of any size
                files += self._put_all(before.table, rows)
            elif rows.height:
                files.append(self._put(before.table, rows))
        if changes.added.height or not files:
            files += self._put_all(before.table, changes.added)
        return self._compacted(before, files) if len(files) > COMPACT_AT else files

    def _compacted(self, before: Snapshot, files: list[StoredFile]) -> list[StoredFile]:
        """Merge what is small, as far as each is not much larger than all the smaller ones together."""
        large = [file for file in files if file.size >= FILE_BYTES // 2]
        units = [[file] for file in files if file.size < FILE_BYTES // 2] + self._runs(before, large)
        if len(units) <= COMPACT_AT:
            return files
        merging, size = list[StoredFile](), 0
        for unit in sorted(units, key=_bytes_of):
            if len(merging) > 1 and _bytes_of(unit) > _MUCH_LARGER * size:
                break
            merging += unit
            size += _bytes_of(unit)
        merged = self._put_all(before.table, self._in_order(before, merging).collect())
        gone = set(merging)
        return [*(file for file in files if file not in gone), *merged]

    def _put_all(self, table: str, rows: pl.DataFrame) -> list[StoredFile]:
        """Write sorted rows as files of about one size; equal rows make equal files."""
        files, done, each = list[StoredFile](), 0, _bytes_in_memory(rows) / max(rows.height, 1)
        while done < rows.height or not files:
            left = rows.height - done
            share = -(-left // max(round(left * each / FILE_BYTES), 1))
            files.append(self._put(table, rows.slice(done, share)))
            done += share
            each = files[-1].size / max(share, 1)
        return files

    def _put(self, table: str, rows: pl.DataFrame) -> StoredFile:
        """Write rows beside, then rename to the digest: a file is whole or not there."""
        folder = self.root / table
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{uuid7()}.part"
        try:
            parquet.write(rows, partial)
            digest = digests.of_file(partial)
            with partial.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            name = f"{digest}.parquet"
            size = partial.stat().st_size
            self._heights[name] = rows.height
            partial.replace(folder / name)
        finally:
            partial.unlink(missing_ok=True)
        return StoredFile(name=name, digest=digest, sha256=sha256, size=size)

    def _commit(
        self, table: str, files: Sequence[StoredFile], schema: Mapping[str, Any], note: Mapping[str, str]
    ) -> int:
        """Make the newest version hold exactly these files; a version that does already is taken as it is.

        So what a killed writer left without a fact is adopted when it is what is wanted now, and
        taken back in the same version when it is not.
        """
        from deltalake import CommitProperties, PostCommitHookProperties
        from deltalake.transaction import AddAction, RemoveAction

        found = self._open(table) or self._make(table, schema)
        live, now = _live(found), int(time.time() * 1000)
        wanted = {file.name: file for file in files}
        removed = [
            RemoveAction(name, True, now, partition_values={}) for name in sorted(live - wanted.keys())
        ]
        added = [
            AddAction(name, file.size, {}, now, True, json.dumps({"numRecords": self._height(table, name)}))
            for name, file in wanted.items()
            if name not in live
        ]
        if not added and not removed:
            return found.version()
        said = {f"{NOTE}{name}": value for name, value in note.items()}
        found.create_write_transaction(
            [*added, *removed],
            "append",
            found.schema(),
            commit_properties=CommitProperties(custom_metadata=said, max_commit_retries=0),
            post_commithook_properties=PostCommitHookProperties(
                create_checkpoint=False, cleanup_expired_logs=False
            ),
        )
        found.update_incremental()
        version = found.version()
        log = self.root / table / "_delta_log"
        for path in (log / f"{version:020d}.json", log, log.parent):
            _sync(path)
        if version % CHECKPOINT_EVERY == 0:
            found.create_checkpoint()
        return version

    def _height(self, table: str, name: str) -> int:
        if name not in self._heights:
            rows = pl.scan_parquet(self.root / table / name, glob=False).select(pl.len()).collect()
            self._heights[name] = int(rows.item())
        return self._heights[name]

    def _open(self, table: str) -> DeltaTable | None:
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        known = self._opened.pop(table, None)
        if not (self.root / table / "_delta_log").is_dir():
            return None
        try:
            if known is None:
                known = DeltaTable(self.root / table)
            else:
                known.update_incremental()
        except TableNotFoundError:
            return None
        self._opened[table] = known
        return known

    def _make(self, table: str, schema: Mapping[str, Any]) -> DeltaTable:
        from deltalake import DeltaTable, Field, Schema
        from deltalake.schema import PrimitiveType

        return DeltaTable.create(
            self.root / table,
            Schema([Field(name, PrimitiveType(_TYPES[dtype])) for name, dtype in schema.items()]),
            # Which versions stay is decided by what refers to them, not by their age.
            configuration={
                "delta.logRetentionDuration": _FOR_EVER,
                "delta.deletedFileRetentionDuration": _FOR_EVER,
            },
        )


def _bytes_of(files: Sequence[StoredFile]) -> int:
    return sum(file.size for file in files)


def _bytes_in_memory(rows: pl.DataFrame) -> int:
    """By values, not by how they happen to lie in memory."""
    texts = [series for series in rows.iter_columns() if series.dtype == pl.String]
    return 8 * rows.height * rows.width + sum(int(series.str.len_bytes().sum()) for series in texts)


def _has_nan(series: pl.Series) -> bool:
    """Whether least and greatest say too little: they pass over NaN."""
    return series.dtype.is_float() and series.is_nan().any()


def _live(found: DeltaTable) -> set[str]:
    return {Path(uri).name for uri in found.file_uris()}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _named(folder: Path) -> Generator[None]:
    """Give failures of Delta, Parquet and the disk their name.

    Raises:
        EngineError: The block failed.
        ConflictError: Another writer came first.
    """
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        yield
    except CommitFailedError as error:
        raise errors.table_moved(folder.name) from error
    except (DeltaError, pl.exceptions.PolarsError) as error:
        raise errors.table_fails(str(folder), str(error)) from error
    except OSError as error:
        raise store_errors.not_written(str(folder), error.strerror or str(error)) from error
