"""What reading a source tells a user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headway.errors.families import ContractError, EngineError, SpecError

_SHOWN = 5
_LONGEST = 60
_LONGEST_REASON = 200


def _brief(value: Any, longest: int = _LONGEST) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= longest else f"{text[:longest]}..."


def _reason(value: Any) -> str:
    return _brief(value, _LONGEST_REASON).rstrip(".")


def _listed(names: Iterable[str]) -> str:
    all_names = list(names)
    more = f" and {len(all_names) - _SHOWN} more" if len(all_names) > _SHOWN else ""
    return ", ".join(f"`{_brief(name)}`" for name in all_names[:_SHOWN]) + more


def _nearest(name: str, known: Sequence[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else otherwise


def _bounded(lines: Sequence[str]) -> tuple[str, ...]:
    more = (f"... and {len(lines) - _SHOWN} more",) if len(lines) > _SHOWN else ()
    return (*lines[:_SHOWN], *more)


def file_is_missing(source: str, load: str, folder: Sequence[str]) -> EngineError:
    """DA001: A source's file does not exist.

    The path in `load:` is relative to the product's directory. Either the file was not fetched
    yet, or the path has a typing mistake.
    """
    return EngineError(
        code="DA001",
        what=f"file `{_brief(load)}` does not exist",
        where=f"source `{source}`",
        mend=_nearest(load.rsplit("/", 1)[-1], folder, "put the file there, or mend `load:`"),
    )


def file_is_a_folder(source: str, load: str) -> EngineError:
    """DA002: A source names a folder where one file is read.

    This version reads one Parquet or CSV file per source. Name the file, or write a callable
    (`load: module:function`) that reads the folder and returns one frame.
    """
    return EngineError(
        code="DA002",
        what=f"`{_brief(load)}` is a folder, not a file",
        where=f"source `{source}`",
        mend="name one file in `load:`, or load with `module:function`",
    )


def file_cannot_be_read(source: str, load: str, reason: str) -> EngineError:
    """DA003: The system refuses to read a source's file.

    Most often the permissions of the file or of a folder above it; the reason is the system's own.
    """
    return EngineError(
        code="DA003",
        what=f"file `{_brief(load)}` cannot be read: {_reason(reason)}",
        where=f"source `{source}`",
        mend="let the user that runs headway read the file",
    )


def file_is_empty(source: str, load: str) -> ContractError:
    """DA004: A source's file has no bytes, or no header.

    An empty file is what an interrupted download or a failed export leaves behind, so it is never
    taken for a table without rows.
    """
    return ContractError(
        code="DA004",
        what=f"file `{_brief(load)}` is empty",
        where=f"source `{source}`",
        mend="fetch the file again; a table without rows still needs its header",
    )


def file_is_a_page(source: str, load: str) -> ContractError:
    """DA005: A source's file is an HTML page, not data.

    A web address that answers an error or a log-in page with status 200 leaves this behind. The
    data were not taken.
    """
    return ContractError(
        code="DA005",
        what=f"file `{_brief(load)}` is an HTML page, not data",
        where=f"source `{source}`",
        mend="open the file to see what the server said, and fetch it again",
    )


def parquet_is_broken(source: str, load: str, reason: str) -> ContractError:
    """DA006: A Parquet file is cut off or damaged.

    The footer is at the end of a Parquet file, so a file that was copied in part cannot be read at
    all. Nothing was taken from it.
    """
    return ContractError(
        code="DA006",
        what=f"file `{_brief(load)}` is not a whole Parquet file: {_reason(reason)}",
        where=f"source `{source}`",
        mend="copy or export the file again",
    )


def csv_is_broken(source: str, load: str, reason: str) -> ContractError:
    """DA007: A CSV file cannot be read as rows of equal width in UTF-8.

    A row has more cells than the header, a quotation is not closed, or the bytes are not UTF-8.
    """
    return ContractError(
        code="DA007",
        what=f"file `{_brief(load)}` is not a whole CSV file: {_reason(reason)}",
        where=f"source `{source}`",
        mend="export it as UTF-8 with one cell per column, or set `options: {separator: ..., quote: ...}`",
    )


def csv_rows_are_short(source: str, load: str, count: int, of: int, rows: Sequence[int]) -> ContractError:
    """DA008: Rows of a CSV file have fewer cells than the header.

    Such rows come from a cut-off file or from a wrong separator. The missing cells are not taken
    for nulls, because that would be a silent change of the data.
    """
    shown = ", ".join(str(row) for row in rows[:_SHOWN])
    return ContractError(
        code="DA008",
        what=f"{count} of {of} rows have fewer cells than the header (first: row {shown})",
        where=f"source `{source}`, file `{_brief(load)}`",
        mend="export the file again; an empty cell still needs its separator",
    )


def csv_names_repeat(source: str, load: str, names: Sequence[str]) -> ContractError:
    """DA009: A CSV header names a column twice.

    Nobody could say which of the two is meant.
    """
    return ContractError(
        code="DA009",
        what=f"the header repeats {_listed(names)}",
        where=f"source `{source}`, file `{_brief(load)}`",
        mend="give every column its own name",
    )


def csv_needs_a_contract(source: str, load: str) -> SpecError:
    """DA010: A CSV source has no contract.

    Text cells have no types of their own, and guessing them is how `00123` becomes 123. Declare the
    columns' types in a contract.
    """
    return SpecError(
        code="DA010",
        what=f"CSV file `{_brief(load)}` has no contract that says its columns' types",
        where=f"source `{source}`",
        mend=f"add `contract: contracts/{source}.yaml`",
    )


def cells_do_not_parse(
    source: str, load: str, faults: Mapping[str, tuple[str, int, Sequence[tuple[int, str]]]], of: int
) -> ContractError:
    """DA011: Cells of a CSV file are not written in their column's type.

    Accepted are: integers (`-12`), numbers (`1.5e3`), booleans (`true`, `false`, `1`, `0`), dates
    (`2013-02-28`) and times in ISO 8601 (`2013-02-28T17:30:00Z`; without an offset they are UTC). A
    cell that is written otherwise is a fault, never a silent null. Tell apart what means *missing*
    with `options: {null_values: [NA]}`.
    """
    lines = [
        f"column `{column}` ({kind}): {count} of {of} cells, such as "
        + ", ".join(f"`{_brief(cell)}` in row {row}" for row, cell in examples[:3])
        for column, (kind, count, examples) in faults.items()
    ]
    return ContractError(
        code="DA011",
        what=f"cells in {len(faults)} columns of `{_brief(load)}` do not parse",
        where=f"source `{source}`",
        mend="write them in the declared type, mend the contract's type, or list them in `null_values`",
        evidence=_bounded(lines),
    )


def format_is_unknown(source: str, load: str) -> SpecError:
    """DA012: Nobody can read what `load:` names.

    A source is a `.parquet` file, a `.csv` file, or a function of the product
    (`module:function`).
    """
    return SpecError(
        code="DA012",
        what=f"`load: {_brief(load)}` is neither a .parquet nor a .csv file nor `module:function`",
        where=f"source `{source}`",
        mend="convert the file, or load it with a function of the product",
    )


def option_is_wrong(source: str, option: str, known: Mapping[str, str]) -> SpecError:
    """DA013: A loader does not know an option, or not with that value.

    CSV knows `separator`, `quote` and `null_values`; Parquet knows none; a callable gets its
    options as keyword arguments. An option that is not used would be a silent mistake.
    """
    allowed = "; ".join(f"`{name}`: {what}" for name, what in known.items()) or "none"
    return SpecError(
        code="DA013",
        what=f"option `{_brief(option)}` does not fit",
        where=f"source `{source}`",
        mend=f"options here are: {allowed}",
    )


def type_is_not_held(source: str, column: str, dtype: str) -> ContractError:
    """DA019: A column has a type that Headway's tables do not hold.

    Tables hold integers, numbers, text, booleans, times and dates. Lists, structs, binary values
    and durations must be turned into columns of these first.
    """
    return ContractError(
        code="DA019",
        what=f"column `{_brief(column)}` has type `{_brief(dtype)}`",
        where=f"source `{source}`",
        mend="turn it into integer, number, text, boolean, time or date columns",
    )
