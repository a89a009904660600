"""What `headway init` tells a user about the table it was given."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from headway.errors.families import UsageError

_LONGEST = 200


def _cut(value: object) -> str:
    flat = " ".join(str(value).split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def no_table(path: str) -> UsageError:
    """US101: The table for a new product is not there.

    `headway init --data FILE` copies a table into the new product.
    """
    return UsageError(
        code="US101", what=f"`{path}` is not a file", where=path, mend="give a Parquet or CSV file"
    )


def unreadable_table(path: str, reason: str) -> UsageError:
    """US102: The table cannot be read.

    The file is damaged, or is not what its ending says.
    """
    return UsageError(
        code="US102",
        what=f"the table cannot be read: {_cut(reason.splitlines()[0])}",
        where=path,
        mend="open it with the tool that wrote it, and export it again",
    )


def unknown_format(path: str) -> UsageError:
    """US103: The table's format is not known by its ending.

    Parquet (`.parquet`), comma-separated (`.csv`) and tab-separated (`.tsv`) files are read.
    """
    return UsageError(
        code="US103",
        what="the file is neither .parquet nor .csv nor .tsv",
        where=path,
        mend="convert it to one of these",
    )


def no_such_column(column: str, columns: Sequence[str]) -> UsageError:
    """US104: The table has no column of that name.

    The label and the time are named as they stand in the table's header.
    """
    near = difflib.get_close_matches(column, columns, n=1, cutoff=0.5)
    listed = ", ".join(f"`{name}`" for name in columns[:8])
    return UsageError(
        code="US104",
        what=f"the table has no column `{column}`",
        mend=f"did you mean `{near[0]}`?" if near else f"columns are {listed}",
    )


def constant_label(column: str) -> UsageError:
    """US105: The label has one value only, so there is nothing to learn.

    Check that the right column was named, and that the table holds all cases.
    """
    return UsageError(
        code="US105",
        what=f"column `{column}` has only one value",
        mend="name the column to predict with --label",
    )


def no_such_class(value: str, column: str, values: Sequence[str]) -> UsageError:
    """US106: The label never has the value that is to be predicted.

    `--positive` names one of the label's values.
    """
    listed = ", ".join(f"`{item}`" for item in values[:8])
    return UsageError(
        code="US106", what=f"column `{column}` never is `{value}`", mend=f"its values are {listed}"
    )


def file_exists(folder: str, name: str) -> UsageError:
    """US107: A file of the new product is already there, and is not overwritten.

    `headway init` writes only into places that are free.
    """
    return UsageError(
        code="US107",
        what=f"`{name}` is already there",
        where=folder,
        mend="run `headway init` in an empty folder, or move the file away",
    )


def time_does_not_parse(column: str) -> UsageError:
    """US108: The time column does not hold times.

    Times are ISO 8601: `2026-03-01T12:00:00Z` or `2026-03-01 12:00:00` (taken as UTC).
    """
    return UsageError(
        code="US108",
        what=f"column `{column}` does not hold ISO 8601 times (a day alone is no time)",
        mend="write times as 2026-03-01T12:00:00Z",
    )


def label_is_missing(columns: Sequence[str]) -> UsageError:
    """US109: `headway init --data` does not say what is to be predicted.

    Name the column that the model should predict.
    """
    listed = ", ".join(f"`{name}`" for name in columns[:8])
    return UsageError(
        code="US109", what="no label is named", mend=f"add --label COLUMN; columns are {listed}"
    )
