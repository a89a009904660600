"""What an online store tells a user."""

from __future__ import annotations

from collections.abc import Sequence

from headway.errors.families import ConflictError, EngineError

MOST = 200


def store_is_not_reached(place: str, reason: str) -> EngineError:
    """ON001: The online store cannot be reached, or does not answer in time.

    The server goes on with what the endpoint declares as `fallback`. Start the store, or look at its
    disk and its connections; the next request asks it again.
    """
    return EngineError(
        code="ON001",
        what=f"the online store `{place}` cannot be used: {reason[:MOST]}",
        mend="look at the store; `headway apply` writes what it lacks",
        retryable=True,
    )


def table_is_not_there(place: str, table: str, tables: Sequence[str]) -> EngineError:
    """ON002: The online store has no such table.

    A feature group is written to the online store of an environment when `headway apply` moves it there.
    """
    listed = ", ".join(f"`{name}`" for name in sorted(tables)[:5])
    return EngineError(
        code="ON002",
        what=f"the online store `{place}` has no table `{table}`; it {f'has {listed}' if listed else 'is empty'}",
        mend="run `headway apply` for the environment",
    )


def table_is_another(place: str, table: str, reason: str) -> ConflictError:
    """ON003: The online store has a table of this name with other keys or features.

    Versions of a group stand side by side under their own names, so this is the work of something else
    that writes there, or of a store that two workspaces share.
    """
    return ConflictError(
        code="ON003",
        what=f"table `{table}` of the online store `{place}` is another one: {reason[:MOST]}",
        mend="give each workspace an online store of its own",
    )


def feature_is_not_there(place: str, table: str, feature: str) -> EngineError:
    """ON004: A table of the online store lacks a feature that a release looks up.

    The release was built on another version of the feature group than the one that stands there.
    """
    return EngineError(
        code="ON004",
        what=f"table `{table}` of the online store `{place}` has no feature `{feature}`",
        mend="run `headway apply` for the environment",
    )


def address_is_not_set(name: str) -> EngineError:
    """ON005: The variable with the online store's address is not set.

    The product file names it (`online: {secret: NAME}`); whoever writes the store or serves from it needs
    it in the environment.
    """
    return EngineError(
        code="ON005",
        what=f"the environment variable `{name}` with the online store's address is not set",
        mend=f"set `{name}` to a `postgresql://` address",
    )


def driver_is_missing(reason: str) -> EngineError:
    """ON006: PostgreSQL's driver is not installed.

    An online store in PostgreSQL needs psycopg; SQLite, the default, needs nothing.
    """
    return EngineError(
        code="ON006",
        what=f"the online store is in PostgreSQL, and its driver cannot be loaded: {reason[:MOST]}",
        mend="pip install 'headway[sql]'",
    )


def table_has_moved(place: str, table: str, wanted: str, found: str) -> ConflictError:
    """ON007: Another commit of the group stands in the online store than the one that changes were taken from.

    Two commands wrote the table at once. These changes were not written; Headway then writes all rows of the
    commit instead, so only another program that writes to the store sees this.
    """
    return ConflictError(
        code="ON007",
        what=f"table `{table}` of the online store `{place}` holds commit `{found[:12] or 'none'}`, "
        f"no longer `{wanted[:12]}`",
        mend="run `headway apply` again",
    )


def store_is_damaged(place: str, reason: str) -> EngineError:
    """ON008: The online store's file or rows were damaged, or it is no online store at all.

    Servers go on with what the endpoint declares as `fallback`. Everything in the store can be made again:
    remove the file (with its `-wal` and `-shm`), or drop the tables, and apply.
    """
    return EngineError(
        code="ON008",
        what=f"the online store `{place}` is damaged: {reason[:MOST]}",
        mend="remove it; `headway apply` writes it anew",
    )


def store_is_not_written(place: str, reason: str) -> EngineError:
    """ON009: The online store takes no more rows: its disk is full, or it may only be read.

    Nothing was written, and servers look up what stood there before. Make room, or give the right to write.
    """
    return EngineError(
        code="ON009",
        what=f"the online store `{place}` cannot be written: {reason[:MOST]}",
        mend="make room on its disk, or allow writing to it; then run `headway apply`",
        retryable=True,
    )
