"""Rows from outside: read, put into the contract's types, checked. Keeps nothing."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from headway.contract import columns as contracts
from headway.contract.admission import ROW, Admitted, admit
from headway.contract.appending import Piece, admit_files
from headway.contract.casting import hold, logical_type
from headway.contract.kept_states import Shelf, States, name_of
from headway.contract.measuring import asked_of
from headway.contract.personal import personal_columns
from headway.core import digest
from headway.data.calls import Resolve
from headway.data.differences import difference
from headway.data.loaders.asked import Asked, Batch, Origin, Since
from headway.data.loaders.find import loader_for
from headway.data.personal import mask_of
from headway.data.retry import Pause, again
from headway.data.secrets import filled
from headway.errors import ContractError
from headway.errors import sources as errors
from headway.errors.masking import PERSONAL, conceal
from headway.spec.contract import Column, ColumnType, Contract
from headway.spec.loading import Loading, loading
from headway.spec.product import Source

_BY_FILE = ("parquet", "csv")
_FEW_FILES, _MANY_ROWS = 256, 2_000
"""To judge a file costs as much as to judge thousands of rows; so of many files each must have as many."""


class Loaded(NamedTuple):
    """A source's rows, typed and judged.

    Attributes:
        frame: The rows that the contract lets in: its columns, in its order and types where the report
            passes; in the order in which they were read.
        report: What the contract says of them; the caller decides whether to refuse. Rows are numbered as
            they stand in their files.
        contract: The contract that was used; `inferred` where none is declared.
        origins: Files that the rows came from, in the order of their rows, and those that were
            known and not read.
        attempts: How often it was tried.
        quarantined: The rows that the contract sets aside, with their reasons.
        rejected: Reason -> how many those are.
        came: Files that were read, with all of their rows.
        judged: Files that there are, and how many of them were looked at for the report, which is about
            all; None where it is about what was read.
        is_anew: Whether everything was read, known or not, since the report could not be had otherwise.
    """

    frame: pl.DataFrame
    report: contracts.Report
    contract: Contract
    origins: tuple[Origin, ...] = ()
    attempts: int = 1
    quarantined: pl.DataFrame = pl.DataFrame()
    rejected: Mapping[str, int] = {}
    came: tuple[Origin, ...] = ()
    judged: tuple[int, int] | None = None
    is_anew: bool = False


def load(
    source: Source,
    name: str,
    contract: Contract | None,
    root: Path,
    resolve: Resolve,
    *,
    since: Since | None = None,
    known: Mapping[str, int] | None = None,
    digest_of: Callable[[Path], str] = digest.of_file,
    pause: Pause = time.sleep,
    now: datetime | None = None,
    shelf: Shelf | None = None,
) -> Loaded:
    """Read a source, check it by its contract, and hold what that lets in in the contract's types.

    What fails for the moment is tried three times, each time from the beginning.

    Args:
        source: What is declared.
        name: The source's name, for errors.
        contract: What the rows must be; None takes the types as they come (not for CSV).
        root: The product's directory, to which paths are relative.
        resolve: Finds the function of `load: module:function`, which is called with the options.
        since: Only rows whose column is not below this are wanted; no others are given.
        known: Digest of a file -> how many of that content need not be read again.
        digest_of: Digest of a file's content.
        pause: Waits between attempts.
        now: The present, for the contract's freshness; the system's clock where it is left out.
        shelf: What is known of files that were judged before, and is afterwards: with it, only files that
            are new are looked at, and the report is about all of them.

    Raises:
        SpecError: The format is unknown, an option does not fit, or CSV has no contract.
        ContractError: A file is damaged, cells do not parse, or columns differ between files.
        EngineError: The source cannot be read.
        UsageError: A secret is not set.
        UserCodeError: The product's function failed, or returned no table.
    """
    said = loading(source)
    contract = _tagged(contract, source) if contract is not None else None
    by_watermark = source.incremental is not None and source.incremental.by == "watermark"
    marks = {"since": since.mark if since is not None else None}
    asked = Asked(
        name=name,
        load=source.load,
        loading=said,
        options=filled(source.options, name),
        contract=contract,
        root=root,
        resolve=resolve,
        since=since,
        marks=marks if by_watermark and said.place == "function" else {},
        known=known or {},
        digest_of=digest_of,
    )
    _refuse_options(asked, said)
    batches, attempts = _batches(asked, pause)
    frame = _joined(batches, asked)
    if shelf is not None and _is_by_file(asked, source, batches):
        return _by_file(asked, shelf, batches, frame, attempts, pause, now)
    agreed = contract if contract is not None else _tagged(inferred(frame, name), source)
    _conceal(frame, agreed)
    if since is None:
        return _loaded(admit(frame, agreed, now=now), batches, agreed, attempts)
    asked_for = _from_mark(contracts.cast(frame, agreed), since, name)
    admitted = admit(frame.filter(asked_for), agreed, now=now)
    # Of a Parquet file the loader gives only rows that are asked for: which ones in the file is not known.
    numbers = None if said.format == "parquet" else asked_for.arg_true().cast(pl.Int64) + 1
    return _loaded(_as_read(admitted, numbers), batches, agreed, attempts)


def _batches(asked: Asked, pause: Pause) -> tuple[list[Batch], int]:
    loader = loader_for(asked)
    return again(lambda: list(loader(asked)), pause)


def _as_read(admitted: Admitted, numbers: pl.Series | None) -> Admitted:
    """With the numbers that rows have among all that were read; with none where those are not known."""
    results = tuple(
        replace(item, rows=() if numbers is None else tuple(numbers[row - 1] for row in item.rows))
        for item in admitted.report.results
    )
    if numbers is None:
        return admitted._replace(report=replace(admitted.report, results=results))
    aside = admitted.quarantined.with_columns(numbers.gather(admitted.quarantined[ROW] - 1).alias(ROW))
    return admitted._replace(quarantined=aside, report=replace(admitted.report, results=results))


def _loaded(
    admitted: Admitted,
    batches: Sequence[Batch],
    contract: Contract,
    attempts: int,
    files: Sequence[tuple[str, int]] | None = None,
) -> Loaded:
    read = [origin for batch in batches for origin in batch.origins]
    origins = _let_in(read, admitted.quarantined)
    files = files_of(read) if files is None else named_shortly(files)
    return Loaded(
        admitted.frame,
        admitted.report.in_files(files),
        contract,
        origins,
        attempts,
        admitted.quarantined,
        admitted.rejected,
        tuple(origin for origin in read if origin.rows is not None),
    )


# -- file by file ----------------------------------------------------------------------------------


def _is_by_file(asked: Asked, source: Source, batches: Sequence[Batch]) -> bool:
    """Whether each file is judged for itself, and the verdict is merged.

    How JSON is read depends on the files beside; and where thousands of files hold a few rows each, one pass
    over all of them is quicker.
    """
    if asked.contract is None or asked.since is not None or asked.loading.format not in _BY_FILE:
        return False
    origins = [origin for batch in batches for origin in batch.origins]
    if source.incremental is not None:
        return source.incremental.by == "content"
    rows = sum(batch.frame.height for batch in batches)
    if not origins or origins[0].name == asked.load:  # one file, which nothing is appended to
        return False
    return len(origins) <= _FEW_FILES or rows >= _MANY_ROWS * len(origins)


def _by_file(
    asked: Asked,
    shelf: Shelf,
    batches: Sequence[Batch],
    frame: pl.DataFrame,
    attempts: int,
    pause: Pause,
    now: datetime | None,
) -> Loaded:
    contract = asked.contract
    assert contract is not None
    states = States(shelf, asked_of(contract), contract)
    _conceal(frame, contract)
    pieces = _pieces(batches, asked)
    judged = admit_files([piece for _, piece in pieces], frame, contract, states, now=now)
    is_anew = judged is None
    if judged is None:  # some rows of files that are known are needed after all
        asked = asked._replace(known={})
        batches, attempts = _batches(asked, pause)
        frame = _joined(batches, asked)
        _conceal(frame, contract)
        pieces = _pieces(batches, asked)
        judged = admit_files([piece for _, piece in pieces], frame, contract, states, now=now)
    assert judged is not None, "every file was read"
    files = list(zip([name for name, _ in pieces], judged.spans, strict=False))
    loaded = _loaded(judged.admitted, batches, contract, attempts, files)
    return loaded._replace(judged=(judged.files, judged.measured), is_anew=is_anew)


def _pieces(batches: Sequence[Batch], asked: Asked) -> list[tuple[str, Piece]]:
    """Every file with its name, in the order of the names; of those that were read the rows as they came."""
    assert asked.contract is not None
    options = {name: value for name, value in asked.options.items() if name != "storage"}
    read = digest.of_value([asked.loading.format, asked.loading.gzipped, options])
    asks = asked_of(asked.contract)
    found: list[tuple[str, Piece]] = []
    for batch in batches:
        start = 0
        for origin in batch.origins:
            name = name_of(asks, read, origin.digest)
            if origin.rows is None:
                found.append((origin.name, Piece(name, None)))
                continue
            found.append((origin.name, Piece(name, batch.frame.slice(start, origin.rows))))
            start += origin.rows
    return sorted(found, key=itemgetter(0))


def files_of(origins: Sequence[Origin]) -> list[tuple[str, int]]:
    """Name and rows of the files that were read, in the order of their rows; names as `named_shortly` has them."""
    return named_shortly([(origin.name, origin.rows) for origin in origins if origin.rows is not None])


def named_shortly(files: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Files under their names in the folder that they share."""
    folders = {posixpath.dirname(name) for name, _ in files}
    shared = posixpath.commonpath(folders) if len({name[:1] == "/" for name in folders}) == 1 else ""
    return [(name.removeprefix(shared).lstrip("/"), rows) for name, rows in files]


def _let_in(origins: Sequence[Origin], quarantined: pl.DataFrame) -> tuple[Origin, ...]:
    """Files with the rows that they still have once broken ones were set aside."""
    if quarantined.is_empty():
        return tuple(origins)
    found, seen = [], 0
    for origin in origins:
        if origin.rows is None:
            found.append(origin)
            continue
        aside = int(quarantined[ROW].is_between(seen + 1, seen + origin.rows).sum())
        found.append(origin._replace(rows=origin.rows - aside))
        seen += origin.rows
    return tuple(found)


def _tagged(contract: Contract, source: Source) -> Contract:
    """The contract with every column tagged as the whole source is, where that holds personal data."""
    if PERSONAL not in source.tags:
        return contract
    columns = {
        name: replace(column, tags=(*column.tags, PERSONAL)) for name, column in contract.columns.items()
    }
    return replace(contract, columns=columns)


def _conceal(frame: pl.DataFrame, contract: Contract) -> None:
    """Keep personal values out of what is said of the rows from here on."""
    personal = personal_columns(contract)
    if personal:
        columns = [frame[name] for name in frame.columns if name in personal]
        conceal(mask_of(lambda: columns))


def inferred(frame: pl.DataFrame, name: str) -> Contract:
    """The contract that a frame's own types make: every column may be null, at least one row.

    Raises:
        ContractError: A column has a type that tables do not hold (lists, structs, bytes).
    """
    return Contract(
        columns={
            column: Column(type=_logical(name, column, dtype), nulls=True)
            for column, dtype in frame.schema.items()
        }
    )


def _logical(name: str, column: str, dtype: pl.DataType) -> ColumnType:
    found = (
        "integer" if dtype.is_integer() else logical_type(dtype)
    )  # whole numbers of any width, where they fit
    if found is None:
        raise errors.type_is_not_held(name, column, str(dtype))
    return found


def _refuse_options(asked: Asked, said: Loading) -> None:
    known = said.options
    for option in asked.options:
        if known is not None and option not in known:
            raise errors.option_is_wrong(asked.name, option, known)


def _joined(batches: Sequence[Batch], asked: Asked) -> pl.DataFrame:
    """All batches as one frame; each must have the same columns, of the same types."""
    frames = [batch.frame for batch in batches if batch.frame.width]
    if not frames:
        return pl.DataFrame()
    if len(frames) == 1:
        return frames[0]
    if asked.contract is not None:
        frames = [hold(frame, asked.contract) for frame in frames]
    names = frames[0].columns
    for index, frame in enumerate(frames):
        if set(names) != set(frame.columns):
            there = {name: frames[0].schema.get(name, dtype) for name, dtype in frame.schema.items()}
            raise _differ(asked, batches, (0, index), frames[0].schema, there)
    frames = [frame.select(names) for frame in frames]
    for name in names:
        kinds = [frame.schema[name] for frame in frames]
        found = set(kinds) - {pl.Null()}
        if len(found) > 1 and not all(dtype.is_numeric() for dtype in found):
            first = next(at for at, kind in enumerate(kinds) if kind != pl.Null())
            index = next(at for at, kind in enumerate(kinds) if kind not in (pl.Null(), kinds[first]))
            raise _differ(asked, batches, (first, index), {name: kinds[first]}, {name: kinds[index]})
    return pl.concat(frames, how="vertical_relaxed")


def _differ(
    asked: Asked,
    batches: Sequence[Batch],
    places: tuple[int, int],
    earlier: Mapping[str, pl.DataType],
    later: Mapping[str, pl.DataType],
) -> ContractError:
    first, other = (_nth(batches, index) for index in places)
    return errors.files_differ(asked.name, other, first, *difference(earlier, later))


def _nth(batches: Sequence[Batch], index: int) -> str:
    batch = [batch for batch in batches if batch.frame.width][index]
    return batch.origins[0].name if batch.origins else f"batch {index + 1}"


def _from_mark(frame: pl.DataFrame, since: Since, name: str) -> pl.Series:
    """Which rows were asked for: a loader may give more."""
    if since.column not in frame.columns:
        return pl.repeat(
            value=True, n=frame.height, dtype=pl.Boolean, eager=True
        )  # the contract says what is missing
    series = frame[since.column]
    if series.null_count():
        raise errors.watermark_is_null(name, since.column, series.null_count(), len(series))
    try:
        return series >= since.mark
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise errors.watermark_does_not_fit(name, since.column, str(series.dtype)) from error
