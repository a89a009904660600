"""What tables of feature groups tell a user: files, logs, commits, versions."""

from __future__ import annotations

from collections.abc import Sequence

from headway.errors.families import ConflictError, EngineError


def table_file_is_missing(table: str, name: str) -> EngineError:
    """ST101: A data file of a table is gone.

    Somebody removed it from `.headway/tables`, or `headway gc` did because nothing refers to the commit.
    `headway plan` shows a group that is still wanted as tainted, and `headway apply` makes it again.
    """
    return EngineError(
        code="ST101",
        what=f"data file `{name[:12]}` of table `{table}` is missing",
        where=f".headway/tables/{table}",
        mend="`headway apply` makes it again where the group is still wanted",
    )


def table_file_is_changed(table: str, name: str) -> EngineError:
    """ST102: A data file of a table is not what its name says.

    Its bytes were changed behind Headway's back, or the disk is failing. It is never used; `headway
    apply` makes it again.
    """
    return EngineError(
        code="ST102",
        what=f"the bytes of data file `{name[:12]}` of table `{table}` are not those of its name",
        where=f".headway/tables/{table}",
        mend="`headway apply` makes it again; if it happens twice, check the disk",
    )


def table_moved(table: str) -> ConflictError:
    """ST103: Somebody else wrote the table at the same moment.

    Nothing was written by this command. Only Headway should write below `.headway/tables`.
    """
    return ConflictError(
        code="ST103",
        what=f"table `{table}` was written by somebody else at the same moment",
        where=f".headway/tables/{table}",
        mend="run `headway plan` again",
    )


def table_fails(path: str, reason: str) -> EngineError:
    """ST104: A table cannot be read or written.

    Its log or a data file is damaged, or the disk refuses. The data files are named by their digests,
    so the log can be made again: remove the folder `_delta_log` of the table, and the next commit
    writes a new one. The history that `headway history` shows is in the ledger, and stays.
    """
    return EngineError(
        code="ST104",
        what=f"the table fails: {reason[:200]}",
        where=path,
        mend="check the disk; if the log is damaged, remove `_delta_log` there and apply with `--refresh`",
    )


def rows_do_not_fit(table: str, there: Sequence[str], given: Sequence[str]) -> EngineError:
    """ST105: Rows have other columns, or other types, than their table.

    A feature group of another shape gets a table of its own, so only another program that wrote below
    `.headway/tables` brings this about.
    """
    names = ", ".join(list(given)[:10])
    return EngineError(
        code="ST105",
        what=f"rows with the columns {names} do not fit table `{table}` ({', '.join(list(there)[:10])})",
        where=f".headway/tables/{table}",
        mend="apply with `--refresh feature_group.NAME`; only Headway should write below `.headway/tables`",
    )
