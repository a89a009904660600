"""What storage tells a user: ledger, blobs, leases, the workspace."""

from __future__ import annotations

from collections.abc import Sequence

from headway.errors.families import ConflictError, EngineError, GateError, UsageError

_SHOWN = 5


def not_written(path: str, reason: str) -> EngineError:
    """ST001: Something under the workspace cannot be written.

    The disk is full, the workspace is read-only, or belongs to somebody else. Nothing was moved, and
    what was written before is whole.
    """
    return EngineError(
        code="ST001",
        what=f"cannot write: {reason[:200]}",
        where=path,
        mend="free space on the disk, or make the workspace writable, then run the command again",
        retryable=True,
    )


def not_read(path: str, reason: str) -> EngineError:
    """ST002: Something under the workspace cannot be read.

    It, or a folder on the way to it, belongs to somebody else, or the disk fails. Nothing was changed.
    """
    return EngineError(
        code="ST002", what=f"cannot read: {reason[:200]}", where=path, mend="check the file's owner and mode"
    )


def blob_is_missing(digest: str) -> EngineError:
    """ST003: A stored file is gone.

    Somebody removed it from `.headway/blobs`. `headway plan` shows what it belonged to as tainted, and
    `headway apply` makes it again.
    """
    return EngineError(
        code="ST003",
        what=f"blob `{digest[:12]}` is missing",
        where=".headway/blobs",
        mend="`headway apply` makes it again",
    )


def blob_is_changed(digest: str) -> EngineError:
    """ST004: A stored file is not what its name says.

    Its bytes were changed behind Headway's back, or the disk is failing. It is never used; `headway
    apply` makes it again.
    """
    return EngineError(
        code="ST004",
        what=f"the bytes of blob `{digest[:12]}` are not those of its name",
        where=".headway/blobs",
        mend="`headway apply` makes it again; if it happens twice, check the disk",
    )


def ledger_fails(path: str, error: Exception) -> EngineError:
    """ST005: The ledger's database fails.

    It is locked by another process for longer than ten seconds, or the disk fails under it. Servers go
    on: they live on the route file.
    """
    return EngineError(
        code="ST005",
        what=f"the ledger fails: {str(error)[:200]}",
        where=path,
        mend="if another process holds it, wait and run the command again; else check the disk",
        retryable="locked" in str(error),
    )


def ledger_is_newer(path: str, found: int, known: int) -> EngineError:
    """ST006: A newer Headway wrote this ledger.

    Its schema has more steps than this version knows.
    """
    return EngineError(
        code="ST006",
        what=f"the ledger has schema {found}, this Headway knows {known}",
        where=path,
        mend="install the newer Headway",
    )


def ambiguous_prefix(prefix: str, found: Sequence[str] = ()) -> UsageError:
    """ST007: Several artifacts begin with these digits.

    Give more of the digest.
    """
    more = ("and more",) if len(found) > _SHOWN else ()
    return UsageError(
        code="ST007",
        what=f"several artifacts begin with `{prefix}`",
        mend="give more digits of the digest",
        evidence=(*found[:_SHOWN], *more),
    )


def environment_moved(environment: str, expected: int, present: int) -> ConflictError:
    """ST008: Somebody else moved the environment first.

    Nothing was moved by this command. Plan again.
    """
    return ConflictError(
        code="ST008",
        what=f"`{environment}` is at revision {present}, not {expected}: somebody else moved it",
        where=f"environment `{environment}`",
        mend="run `headway plan` again",
    )


def pointer_moved(environment: str, node: str) -> ConflictError:
    """ST009: A pointer is not where this move expects it.

    Nothing was moved by this command. Plan again.
    """
    return ConflictError(
        code="ST009",
        what=f"`{node}` does not point in `{environment}` where this move expects it",
        where=f"environment `{environment}`",
        mend="run `headway plan` again",
    )


def lease_is_held(name: str, holder: str) -> ConflictError:
    """ST010: Somebody else is at work on the same thing.

    One apply at a time moves an environment. The lease ends with the process that holds it, however
    it ends.
    """
    return ConflictError(
        code="ST010",
        what=f"`{name}` is held by {holder[:200]}",
        mend="wait until it is done, then plan again",
    )


def journal_is_broken(seq: int, why: str) -> GateError:
    """ST011: The journal's hash chain does not hold.

    A row was changed, added or taken away behind Headway's back. Compare with a backup, and find out
    who could write the file.
    """
    return GateError(
        code="ST011",
        what=f"the journal is broken at fact {seq}: {why}",
        where=".headway/ledger.db",
        mend="compare the ledger with a backup",
    )


def pointers_differ(environment: str) -> GateError:
    """ST012: An environment does not point where its journal leads.

    The pointer table was changed behind Headway's back.
    """
    return GateError(
        code="ST012",
        what=f"the pointers of `{environment}` are not what the journal adds up to",
        where=".headway/ledger.db",
        mend="compare the ledger with a backup",
    )


def key_fails(path: str, reason: str) -> EngineError:
    """ST013: The workspace's key cannot be read or made.

    It signs bundles and routes; without it nothing is published and nothing native is loaded.
    """
    return EngineError(
        code="ST013",
        what=f"the workspace's key fails: {reason[:200]}",
        where=path,
        mend="make the file readable for the user who runs this; if it is lost, remove it and apply again",
    )


def fact_is_unreadable(seq: int) -> EngineError:
    """ST014: A fact says nothing that this Headway understands.

    A newer Headway wrote it, or its row was changed behind Headway's back: `headway log --verify` tells.
    """
    return EngineError(
        code="ST014",
        what=f"fact {seq} of the ledger cannot be understood",
        where=".headway/ledger.db",
        mend="run `headway log --verify`; if that finds nothing, install the newer Headway that wrote it",
    )


def ledger_is_damaged(path: str) -> EngineError:
    """ST015: The ledger's file is not a whole database.

    It was cut, overwritten, or the disk is failing. Servers go on: they live on the route file, and the
    blobs are whole. Move the file aside with its `-wal`, then restore a copy, or save what can be read:
    `sqlite3 damaged.db .recover | sqlite3 ledger.db`.
    """
    return EngineError(
        code="ST015",
        what="the ledger is damaged",
        where=path,
        mend="move it aside with its `-wal`, then restore a copy, or `sqlite3 damaged.db .recover`",
    )


def ledger_lost_its_end(said: int, present: int) -> GateError:
    """ST016: The newest facts of the ledger are gone, or others stand in their place.

    `.headway/ledger.head` says where the chain ended, and the ledger does not reach that end. Somebody cut
    the ledger or put an older copy in its place; or the machine lost power, which may take the facts of the
    last moments (never a move). Restore the newest copy; after a power loss, remove `ledger.head`, and the
    next commit writes it again.
    """
    return GateError(
        code="ST016",
        what=f"the ledger once ended at fact {said}, which it has not any more: it ends at {present}",
        where=".headway/ledger.db",
        mend="restore the newest copy of the ledger; if the machine lost power, remove `.headway/ledger.head`",
    )
