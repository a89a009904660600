"""What predictions in batches, and the comparison of logged features with recomputed ones, tell a user."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from headway.errors.families import ContractError, EngineError, SpecError, UsageError, UserCodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5
_LONGEST = 200


def _cut(text: object) -> str:
    said = str(text)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{_cut(name)}`" for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


def batch_is_unknown(name: str, declared: Sequence[str]) -> UsageError:
    """BA001: There is no batch of this name in the product file.

    Batches are declared under `batches:`; `headway predict` without a name lists them.
    """
    near = difflib.get_close_matches(name, declared, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "declare it under `batches:`"
    return UsageError(
        code="BA001",
        what=f"there is no batch `{_cut(name)}`"
        + (f"; declared are {_listed(declared)}" if declared else ""),
        mend=hint,
    )


def rows_break_contract(where: str, broken: int, rows: int, lines: Sequence[str]) -> ContractError:
    """BA002: Rows of a batch break the contract of a request.

    A batch keeps the same contract as a single request. Nothing was predicted, logged or written; an
    earlier output is untouched. Mend the rows, or let such rows be set aside with `on_bad_rows: skip`:
    then they are written to a second file, each with its reason.
    """
    return ContractError(
        code="BA002",
        what=f"{broken:,} of {rows:,} rows break the contract of a request",
        where=where,
        evidence=tuple(_cut(line) for line in lines[:_SHOWN]),
        mend="mend the rows, or set such rows aside with `on_bad_rows: skip`",
    )


def no_row_is_left(where: str, rows: int, lines: Sequence[str]) -> ContractError:
    """BA003: No row of a batch can be answered.

    There are no rows at all, or every one of them breaks the contract of a request, or that of what is computed of
    it. An output without
    rows would look like a success; an earlier output is untouched.
    """
    what = f"every one of {rows:,} rows breaks a contract" if rows else "there are no rows"
    return ContractError(
        code="BA003",
        what=what,
        where=where,
        evidence=tuple(_cut(line) for line in lines[:_SHOWN]),
        mend="look at what wrote the rows",
    )


def rows_lack_columns(where: str, missing: Sequence[str], found: Sequence[str]) -> ContractError:
    """BA004: The rows of a batch lack columns that the model is asked with.

    A release is asked with the columns of `request:` in its dataset. The rows need all of them, under the
    same names; further columns are carried along.
    """
    return ContractError(
        code="BA004",
        what=f"the rows have no column {_listed(missing)}; they have {_listed(found)}",
        where=where,
        mend="give the rows the columns that the model is asked with, under the same names",
    )


def column_is_taken(where: str, column: str) -> SpecError:
    """BA005: A column of the rows has the name of a column that is added to them.

    The output has the columns of the rows, and `prediction_id`, `model_version`, `predicted_at` with
    `probability` and `label`, or `value`; rejected rows have `rejected_row` and `rejected_reason`. Rename the column, or list under `columns:` those of the rows
    that are to be written, without it.
    """
    return SpecError(
        code="BA005",
        what=f"the rows have a column `{_cut(column)}`, which is the name of a column that is added",
        where=where,
        mend="rename it, or list the columns that are to be written under `columns:`, without it",
    )


def output_is_not_written(path: str, reason: str) -> EngineError:
    """BA006: The output of a batch cannot be written.

    The disk is full, or the folder is not writable. An earlier output is untouched. The predictions are
    in the prediction log; nobody has seen them.
    """
    return EngineError(
        code="BA006",
        what=f"`{_cut(path)}` cannot be written: {_cut(reason)}",
        where=_cut(path),
        mend="make room, or make the folder writable, and predict again",
        retryable=True,
    )


def predictions_are_not_logged(reason: str) -> EngineError:
    """BA007: The predictions of a batch cannot be logged.

    A prediction that is not in the log cannot be traced, so no output is written. An earlier output is
    untouched.
    """
    return EngineError(
        code="BA007",
        what=f"the prediction log cannot be written: {_cut(reason)}",
        mend="make room on the disk, and predict again",
        retryable=True,
    )


def rows_depend_on_each_other(endpoint: str, what: str, together: object, alone: object) -> UserCodeError:
    """BA008: The answer to a row depends on the rows beside it.

    Some rows of every batch are answered alone too, as a request would ask. A feature function that looks
    at the other rows (a mean over its column, a rank, a difference to the row before) gives another answer
    in a batch than to a request, and gave other values in training than it ever gives in serving. Such a
    value belongs into a feature group, or into the model's own preprocessing.
    """
    return UserCodeError(
        code="BA008",
        what=f"{what} of a row is {_cut(together)} among other rows and {_cut(alone)} alone",
        where=f"endpoint `{_cut(endpoint)}`",
        mend="let every feature function, and the model, work on each row by itself",
    )


def endpoint_is_not_published(environment: str, endpoint: str, published: Sequence[str]) -> UsageError:
    """BA009: The environment serves no such endpoint.

    The product file declares it, and nothing was released there under this name. `headway apply` makes its
    release and moves the environment's pointer to it.
    """
    there = f"; it has {_listed(published)}" if published else ""
    return UsageError(
        code="BA009",
        what=f"environment `{_cut(environment)}` has no endpoint `{_cut(endpoint)}`{there}",
        mend=f"run `headway apply --env {_cut(environment)}`",
    )


def output_has_no_form(path: str) -> UsageError:
    """BA010: The name of an output does not say how it is to be written.

    Parquet and CSV are written; the name's ending says which.
    """
    return UsageError(
        code="BA010", what=f"`{_cut(path)}` is no table", mend="end it with `.parquet` or `.csv`"
    )


def output_is_the_input(path: str) -> UsageError:
    """BA011: The output of a batch would take the place of its rows.

    The rows are read, and never changed. Name another file.
    """
    return UsageError(code="BA011", what=f"`{_cut(path)}` holds the rows", mend="write the output elsewhere")


def options_do_not_fit(reason: str) -> UsageError:
    """BA012: Options of `headway predict` do not go together.

    Either a declared batch is named, or `--bundle`, `--rows` and `--to` say everything.
    """
    return UsageError(
        code="BA012",
        what=_cut(reason),
        mend="name a batch of the product file, or give `--bundle DIR --rows FILE --to FILE`",
    )


def computed_features_break_contract(
    where: str, broken: int, rows: int, lines: Sequence[str]
) -> ContractError:
    """BA013: What on-demand functions make of a batch's rows breaks the contract of the features.

    The rows keep the request contract, but of some of them a feature is computed that the contract of the
    dataset refuses, so that the model would be asked what it has never seen. Nothing is written. Mend the rows
    or the function, or widen the contract; or let such rows be set aside with `on_bad_rows: skip`. A rule whose
    policy for requests is `warn` lets them pass, and is counted.
    """
    return ContractError(
        code="BA013",
        what=f"what is computed of {broken:,} of {rows:,} rows breaks the contract of the features",
        where=where,
        evidence=tuple(_cut(line) for line in lines[:_SHOWN]),
        mend="mend the rows or the on-demand functions, widen the contract of the dataset, or set such rows aside "
        "with `on_bad_rows: skip`",
    )


# -- parity --------------------------------------------------------------------------------------


def parity_is_not_asked() -> UsageError:
    """BA101: `headway test` was not told what to test.

    `--parity` computes the features of logged predictions again and compares them with what was logged. There
    is nothing else that it tests.
    """
    return UsageError(
        code="BA101", what="`headway test` was not told what to test", mend="run `headway test --parity`"
    )


def release_is_not_kept(digest: str) -> EngineError:
    """BA102: The release behind logged predictions is not kept any more.

    The ledger does not know it, so its contract and its code cannot be asked. Predictions of a bundle that was
    made elsewhere are such.
    """
    return EngineError(
        code="BA102",
        what=f"release `{_cut(digest[:12])}` is not in the ledger",
        mend="test the predictions of releases that were applied here",
    )


def group_is_gone(group: str, reason: str) -> EngineError:
    """BA103: The rows of a feature group cannot be had again.

    Features that come from it are *not run*: they neither pass nor fail. `headway gc` removes tables that
    no release refers to any more; a restored commit was not computed, and `--stored` takes its rows as they
    are.
    """
    return EngineError(
        code="BA103",
        what=f"the rows of group `{_cut(group)}` cannot be had again: {_cut(reason)}",
        mend="compare with the rows as they are stored: `headway test --parity --stored`",
    )
