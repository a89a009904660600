"""Commits of feature groups: which rows came, changed and went, by whom, and where the rows lie."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from headway.facts.artifacts import StoredFile


class Snapshot(Struct, frozen=True, kw_only=True):
    """The rows of a table at one version: exactly those of its files.

    Attributes:
        table: Its place below `tables/` (`flight-delay.weather_hourly/v1`).
        key: Columns that no two rows share the values of.
        version: The version in the table's own log.
        files: Data files, each named by the digest of its bytes (`<digest>.parquet`).
        rows: How many rows they hold.
    """

    table: str
    key: tuple[str, ...]
    version: int
    files: tuple[StoredFile, ...]
    rows: int


class Committed(Struct, frozen=True, kw_only=True, tag="commit"):
    """A feature group's rows changed; beside every version of its table stands one of these.

    Attributes:
        node: The group (`feature_group.weather_hourly`).
        number: Its how-many-eth commit, from 1, over all versions of the group.
        commit: Its id: the digest of `identity`, and of the artifact.
        parent: Id of the commit that the changes are counted against; None for the first of a table.
        version: The version that the product file declares.
        table: The physical table; a changed meaning makes another one.
        added: Rows whose key was not there before.
        updated: Rows with other values than before.
        deleted: Rows whose key is no longer there.
        rows: Rows afterwards.
        digests: `added`, `updated`, `deleted` -> digest of those rows; part of the identity.
        content: Digest of all rows afterwards, in the order of their key.
        who: Author.
        run: Id of the apply, or of the restore.
        code: Digest of the feature code's fingerprint.
        contract: What its own contract and those of its sources said: pass, warn, not applicable.
        mode: `first`, `backfill` (a changed meaning), `full`, `incremental`, or `restore`.
        restored: Number of the commit whose rows came back; 0 otherwise.
        why: What the author said.
    """

    node: str
    number: int
    commit: str
    parent: str | None
    version: int
    table: str
    added: int
    updated: int
    deleted: int
    rows: int
    digests: dict[str, str]
    content: str
    who: str
    run: str
    code: str
    contract: str
    mode: str
    at: datetime
    restored: int = 0
    why: str = ""


class Expired(Struct, frozen=True, kw_only=True):
    """Rows that were removed because they had been kept for as long as they may.

    Attributes:
        node: The dataset, or the prediction log with its environment, in words.
        name: The dataset's digest, or the file of the log.
        rows: Rows, or predictions.
        oldest: Time of the oldest, RFC 3339.
        newest: Time of the newest; empty where nobody counted.
        rule: The rule in words, with its place.
    """

    node: str
    name: str
    rows: int
    oldest: str
    newest: str
    rule: str


class Collected(Struct, frozen=True, kw_only=True, tag="collected"):
    """What nothing refers to, or what a retention let go, was removed from the disk.

    Attributes:
        commits: Ids of the commits whose rows are gone; the commits themselves stay in the history.
        files: Files removed: blobs, data files of tables.
        size: Their bytes.
        expired: What a retention let go; all else nothing referred to.
    """

    who: str
    commits: tuple[str, ...]
    files: int
    size: int
    expired: tuple[Expired, ...] = ()
