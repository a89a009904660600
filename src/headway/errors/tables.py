"""What tables of feature groups tell a user: files, logs, commits, versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headway.errors.families import ConflictError, EngineError, SpecError, UsageError, UserCodeError


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


def window_is_too_short(
    group: str, features: Sequence[str], written: str, example: str, enough: str
) -> UserCodeError:
    """ST106: A feature group's code reads further back than its `window:` says.

    `window: 35d` promises that what is computed for a moment depends on no row more than 35 days away,
    so that late and corrected rows are worked in by computing only what is near them. The newest window
    was computed from the rows that it may depend on, and from all rows: the results differ, by more than
    rounding. A running total, a mean over everything, or the row before this one however long ago, have no window.

    Args:
        group: Its name.
        features: Those that differ.
        written: `window: 1d`.
        example: A row, a feature and its two values, in words.
        enough: A window under which the newest rows come out the same; empty where only all rows do.
    """
    named = ", ".join(f"`{name}`" for name in list(features)[:5])
    longer = f"set `window: {enough}`, with which the newest rows come out the same, or leave it out"
    none = "leave `window:` out; no shorter reach than all rows gives the same"
    return UserCodeError(
        code="ST106",
        what=f"{named} {'reads' if len(features) == 1 else 'read'} further back than `{written}` says",
        where=f"feature group `{group}`",
        mend=f"{longer if enough else none}: then every computation reads all rows",
        evidence=(example,),
    )


def group_needs_a_version(
    group: str, version: int, lost: Sequence[str], retyped: Sequence[str], readers: Sequence[str]
) -> SpecError:
    """ST107: A feature was dropped, or is of another type, under the same version.

    Whoever reads version 1 of a group may count on its features. A feature more, or other values, are
    taken under the same version; a feature less, or of another type, needs a new one. The rows of the
    old version stay as long as a release reads them.
    """
    faults = [f"`{name}` is gone" for name in lost] + [f"`{name}` is of another type" for name in retyped]
    read = f", which {', '.join(f'dataset `{name}`' for name in list(readers)[:5])} reads" if readers else ""
    return SpecError(
        code="ST107",
        what=f"{', '.join(faults[:5])} in version {version} of group `{group}`{read}",
        where=f"feature group `{group}`",
        mend=f"set `version: {version + 1}`, or bring the feature back",
    )


def group_has_no_commits(name: str, known: Sequence[str]) -> UsageError:
    """ST108: There is no feature group of this name, or it was never computed.

    `headway history` lists the commits of a group that `headway apply` computed at least once.
    """
    there = f"groups with commits: {', '.join(list(known)[:5])}" if known else "no group has a commit yet"
    return UsageError(
        code="ST108", what=f"group `{name}` has no commits", mend=f"{there}; `headway apply` makes one"
    )


def history_is_of_a_whole_group(name: str, which: str) -> UsageError:
    """ST114: The history of a group was asked for at a commit, or at a version.

    A history has all commits of a group, of every version of it. `headway show GROUP@N` shows one commit.

    Args:
        name: The group.
        which: What stands behind the `@`.
    """
    return UsageError(
        code="ST114",
        what=f"`headway history` takes a group, and `{name[:80]}@{which[:40]}` is one commit of it",
        mend=f"`headway history {name[:80]}` lists all; `headway show {name[:80]}@{which[:40]}` shows the one",
    )


def commit_is_unknown(reference: str, count: int, first: datetime) -> UsageError:
    """ST109: The group has no such commit.

    Commits are numbered from 1. A time stands for the newest commit that was there by then; an
    environment's name for the commit that it points at.
    """
    return UsageError(
        code="ST109",
        what=f"there is no commit `{reference}`",
        mend=f"the group has commits 1 to {count}, the first of {first:%Y-%m-%d %H:%M} UTC",
    )


def moment_is_to_come(reference: str, newest: int, at: datetime) -> UsageError:
    """ST113: A reference names a moment that has not come yet.

    A time stands for the newest commit that was there by then. Nobody can say what will be there by a
    moment to come, and the newest commit of today would pass for it in silence.
    """
    return UsageError(
        code="ST113",
        what=f"`{reference}` names a moment that has not come yet",
        mend=f"the newest commit is {newest}, of {at:%Y-%m-%d %H:%M} UTC: leave the time out, or give its number",
    )


def commits_do_not_compare(first: str, second: str) -> UsageError:
    """ST110: Two commits have no key in common to compare rows by.

    They are of two groups, or of versions with different keys.
    """
    return UsageError(
        code="ST110",
        what=f"the rows of `{first}` and `{second}` cannot be compared",
        mend="compare two commits of one group whose key is the same",
    )


def commit_is_of_another_version(reference: str, found: int, declared: int) -> UsageError:
    """ST111: A commit of another version cannot be brought back under this one.

    Rows of version 1 have another meaning than those that version 2 declares, and its readers expect
    the latter. Both stay side by side as long as something reads them.
    """
    return UsageError(
        code="ST111",
        what=f"`{reference}` is of version {found}, and the product file declares version {declared}",
        mend=f"set `version: {found}` in the product file, then restore",
    )


def group_is_behind(node: str) -> UsageError:
    """ST112: What a group is computed from is not up to date, so that a restore would not last.

    The commit that is brought back stands for the sources as they are; the next apply would compute
    the group again from newer ones.
    """
    return UsageError(
        code="ST112",
        what=f"the sources of `{node}` are not up to date",
        mend="run `headway apply`, then restore",
    )
