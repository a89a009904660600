"""What is kept of a source, in parts: an append costs the new rows, and gives what a full load would.

A part is one immutable Parquet file. Rows that leave (replaced by their key, gone from the source)
leave by rewriting the parts that hold them; every other part stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from headway.data import tables
from headway.data.differences import difference
from headway.data.loaders.asked import Mark, Origin, Since
from headway.data.row_counts import RowCounts
from headway.data.times import INSTANT
from headway.errors import sources as errors

COMMITTED = "headway_committed"
"""Column of a part: when its rows reached us; only with `known: commit`."""
FILE = "headway_file"
"""Column of a part: which file its rows came from; only with `incremental: {by: content}`."""
HIDDEN = (COMMITTED, FILE)
MOST = 32
"""Parts beyond which the youngest are joined into one."""

_NUMBER, _ROW = "headway_number", "headway_row"
BEFORE, REPLACED, GONE = "kept before", "replaced by their key", "gone from the source"


class Part(NamedTuple):
    """One file of rows.

    Attributes:
        path: Where it lies.
        digest: Of its bytes.
        high: Its newest watermark; None where there is none.
    """

    path: Path
    digest: str
    rows: int
    high: Mark | None = None

    def read(self) -> pl.DataFrame:
        """Its rows with the hidden columns."""
        return tables.read(self.path)


class Merged(NamedTuple):
    """Parts that stay, and frames that are to be written, in order."""

    parts: tuple[Part | pl.DataFrame, ...]
    counts: RowCounts


class Added(NamedTuple):
    """Rows that a reading brings.

    Attributes:
        rows: As the contract has them.
        since: What was asked for; None when everything was.
        keys: Sets of columns that name a row, as the contract says.
        committed: Stands beside each row that is new; None keeps no such time.
    """

    rows: pl.DataFrame
    since: Since | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    committed: datetime | None = None


def merged(kept: Sequence[Part], added: Added, *, source: str) -> Merged:
    """Kept rows with a reading's: what is there already is not kept twice.

    A row of equal content counts as the same row, as often as it occurs; a row with the key of a kept
    one replaces it. Rows that a full reading does not give any more leave; a reading since a
    watermark says nothing of what is gone.

    Args:
        kept: Parts, oldest first; none for a first reading.
        added: What was read.
        source: Its name, for errors.

    Raises:
        ContractError: The columns differ from those that are kept.
        BugError: The rows do not balance.
    """
    before = sum(part.rows for part in kept)
    new, gone = _compared(kept, added, source)
    replaced = _with_key_of(kept, new, added.keys) if before else {}
    leaving: dict[int, set[int]] = {}
    for found in (gone, replaced):
        for part, rows in found.items():
            leaving.setdefault(part, set()).update(rows)
    if added.committed is not None:
        new = new.with_columns(pl.lit(added.committed, INSTANT).alias(COMMITTED))
    parts = _without(kept, leaving) + ([new] if new.height or not kept else [])
    left = {
        GONE: sum(len(rows) for rows in gone.values()),
        REPLACED: sum(len(rows - gone.get(part, set())) for part, rows in replaced.items()),
    }
    counts = RowCounts(
        read=added.rows.height,
        kept=new.height,
        rejected={BEFORE: added.rows.height - new.height},
        before=before,
        left=left,
        rows=sum(_rows(part) for part in parts),
    )
    counts.require_balance(source)
    return Merged(_joined(parts), counts)


_Places = dict[int, set[int]]
"""Part -> rows of it."""


def _compared(kept: Sequence[Part], added: Added, source: str) -> tuple[pl.DataFrame, _Places]:
    """The rows that are new, and the places of the kept ones that are gone."""
    rows, since = added.rows, added.since
    again = [index for index, part in enumerate(kept) if _may_hold(part, since)]
    if not again:
        return rows, {}
    window = pl.concat([_placed(kept[index], index) for index in again])
    columns = rows.columns
    _require_columns(rows, window, source)
    if since is not None:
        window = window.filter(pl.col(since.column) >= since.mark)
    number = pl.int_range(pl.len()).over(columns).alias(_NUMBER)
    window, numbered = window.with_columns(number), rows.with_columns(number)
    by = [*columns, _NUMBER]
    new = numbered.join(window, on=by, how="anti", nulls_equal=True, maintain_order="left").select(columns)
    gone: _Places = {}
    if since is None:
        missing = window.join(numbered, on=by, how="anti", nulls_equal=True)
        gone = _places(missing)
    return new, gone


def _may_hold(part: Part, since: Since | None) -> bool:
    high: Any = part.high
    return since is None or high is None or bool(high >= since.mark)


def _placed(part: Part, index: int) -> pl.DataFrame:
    frame = part.read().drop(HIDDEN, strict=False)
    return frame.with_row_index(_ROW).with_columns(pl.lit(index).alias("headway_part"))


def _places(found: pl.DataFrame) -> _Places:
    groups = found.group_by("headway_part").agg(_ROW)
    return {part: set(rows) for part, rows in groups.iter_rows()}


def _with_key_of(kept: Sequence[Part], new: pl.DataFrame, keys: Sequence[tuple[str, ...]]) -> _Places:
    """Places of kept rows whose key one of the new rows has; a key that is null in part names no row."""
    found: _Places = {}
    for key in keys:
        names = list(key)
        wanted = new.select(names).drop_nulls().unique()
        for index, part in enumerate(kept):
            there = pl.scan_parquet(part.path, glob=False).select(names).with_row_index(_ROW).collect()
            hits = there.join(wanted, on=names, how="semi")[_ROW]
            if len(hits):
                found.setdefault(index, set()).update(hits.to_list())
    return found


def _without(kept: Sequence[Part], leaving: Mapping[int, set[int]]) -> list[Part | pl.DataFrame]:
    """The parts, those written again that lose rows; a part that loses all is not there any more."""
    parts: list[Part | pl.DataFrame] = []
    for index, part in enumerate(kept):
        rows = leaving.get(index, set())
        if not rows:
            parts.append(part)
        elif len(rows) < part.rows:
            frame = part.read().with_row_index(_ROW)
            gone = pl.Series(sorted(rows), dtype=pl.UInt32)
            parts.append(frame.filter(~pl.col(_ROW).is_in(gone.implode())).drop(_ROW))
    return parts


def _require_columns(rows: pl.DataFrame, kept: pl.DataFrame, source: str) -> None:
    internal = (_ROW, "headway_part")
    before = {name: dtype for name, dtype in kept.schema.items() if name not in internal}
    found, hint = difference(before, rows.schema)
    if found:
        raise errors.files_differ(source, "", "the rows that are kept", found, hint)


def _rows(part: Part | pl.DataFrame) -> int:
    return part.rows if isinstance(part, Part) else part.height


def _joined(parts: Sequence[Part | pl.DataFrame]) -> tuple[Part | pl.DataFrame, ...]:
    """The parts, when they are many the youngest as one: none that is larger than those after it together.

    So a row is written again only a few times (the logarithm of the number of rows), whatever comes.
    """
    if len(parts) <= MOST:
        return tuple(parts)
    first, total = len(parts) - 1, _rows(parts[-1])
    while first > 0 and (_rows(parts[first - 1]) <= total or first == len(parts) - 1):
        first -= 1
        total += _rows(parts[first])
    frames = [part.read() if isinstance(part, Part) else part for part in parts[first:]]
    return (*parts[:first], pl.concat(frames))


# -- by content ------------------------------------------------------------------------------------


def known_files(kept: Sequence[Part]) -> dict[str, int]:
    """Digest of a file that is kept -> how many of that content there are."""
    marks = {mark for part in kept for mark in _files_of(part)}
    return dict(Counter(mark.partition("#")[0] for mark in marks))


def _files_of(part: Part) -> list[str]:
    found = pl.scan_parquet(part.path, glob=False).select(pl.col(FILE).unique()).collect()
    return [str(mark) for mark in found[FILE]]


def of_files(
    kept: Sequence[Part],
    rows: pl.DataFrame,
    origins: Sequence[Origin],
    *,
    source: str,
    committed: datetime | None = None,
    former: Sequence[Part] = (),
) -> Merged:
    """Kept rows of the files that are still there, with those of the new ones.

    A row that was there before in a file that is gone or changed keeps when it reached us.

    Args:
        kept: Parts, oldest first.
        rows: Rows of the new files, in the order of `origins`.
        origins: Every file that is there.
        source: Its name, for errors.
        committed: Stands beside each new row; None keeps no such time.
        former: Parts that are read anew; their rows, too, keep when they reached us.

    Raises:
        ContractError: The columns differ from those that are kept.
        BugError: The rows do not balance.
    """
    there = Counter(origin.digest for origin in origins)
    before = sum(part.rows for part in kept)
    held = [_files_of(part) for part in kept]
    stay = {mark for marks in held for mark in marks if _copy(mark) < there[mark.partition("#")[0]]}
    parts: list[Part | pl.DataFrame] = []
    left = [part.read() for part in former]
    for part, marks in zip(kept, held, strict=True):
        if stay.issuperset(marks):
            parts.append(part)
            continue
        frame, stays = part.read(), pl.col(FILE).is_in(list(stay))
        left.append(frame.filter(~stays))
        frame = frame.filter(stays)
        parts += [frame] if frame.height else []
    new = _marked(rows, origins, stay)
    if (kept or former) and new.height:
        schema = pl.scan_parquet((*kept, *former)[0].path, glob=False).collect_schema()
        _require_columns(rows, pl.DataFrame(schema=schema).drop(HIDDEN, strict=False), source)
    if committed is not None:
        new = new.with_columns(_arrivals(new, left, committed))
    stayed = sum(_rows(part) for part in parts)
    parts += [new] if new.height or not parts else []
    counts = RowCounts(
        read=rows.height,
        kept=new.height,
        before=before,
        left={GONE: before - stayed},
        rows=stayed + new.height,
    )
    counts.require_balance(source)
    return Merged(_joined(parts), counts)


def _arrivals(new: pl.DataFrame, left: Sequence[pl.DataFrame], committed: datetime) -> pl.Series:
    """When each row reached us: when a row of equal content did that leaves, as often as it occurs, else now."""
    columns = [name for name in new.columns if name not in HIDDEN]
    if not new.height:  # of files that are all known not even the columns were read
        return pl.Series(COMMITTED, [], dtype=INSTANT)
    number = pl.int_range(pl.len()).over(columns).alias(_NUMBER)
    before = pl.concat(
        [new.clear().select(*columns, pl.lit(committed, INSTANT).alias(COMMITTED))]
        + [frame.select(*columns, COMMITTED) for frame in left]
    )
    numbered = before.sort(COMMITTED).with_columns(number)
    found = (
        new.select(columns)
        .with_columns(number)
        .join(numbered, on=[*columns, _NUMBER], how="left", nulls_equal=True, maintain_order="left")
    )
    return found[COMMITTED].fill_null(committed)


class Repeated(NamedTuple):
    """A key that several rows have.

    Attributes:
        key: The columns.
        rows: How many rows have one that others have too.
        values: One such key.
        contents: Digests of files that its rows are in, in order.
    """

    key: tuple[str, ...]
    rows: int
    values: tuple[Any, ...]
    contents: tuple[str, ...]


def repeated_key(merged: Merged, keys: Sequence[tuple[str, ...]]) -> Repeated | None:
    """A key that names several rows of the whole, which is in parts by content; None when each is unique.

    As in a contract, rows whose key is null throughout do not count.
    """
    for key in keys:
        names = list(key)
        frames = [
            pl.scan_parquet(part.path, glob=False).select(*names, FILE).collect()
            if isinstance(part, Part)
            else part.select(*names, FILE)
            for part in merged.parts
        ]
        known = pl.concat(frames).filter(~pl.all_horizontal(pl.col(names).is_null()))
        repeated = known.filter(pl.struct(names).is_duplicated())
        if repeated.height:
            first = repeated.head(1).select(names)
            alike = repeated.join(first, on=names, how="semi", nulls_equal=True, maintain_order="left")
            marks = alike[FILE].unique(maintain_order=True)
            contents = tuple(dict.fromkeys(str(mark).partition("#")[0] for mark in marks))
            return Repeated(key, repeated.height, first.row(0), contents)
    return None


def newest(merged: Merged, column: str) -> Any:
    """The largest value of a column of the whole; None where there is none."""
    frames = [
        pl.scan_parquet(part.path, glob=False).select(column) if isinstance(part, Part) else part.lazy()
        for part in merged.parts
    ]
    found = (frame.select(pl.col(column).max()).collect().item() for frame in frames)
    return max((value for value in found if value is not None), default=None)


def _copy(mark: str) -> int:
    return int(mark.partition("#")[2])


def _marked(rows: pl.DataFrame, origins: Sequence[Origin], stay: set[str]) -> pl.DataFrame:
    """The rows with the file of each, told apart from its copies."""
    used = Counter(mark.partition("#")[0] for mark in stay)
    marks: list[str] = []
    counts: list[int] = []
    for origin in origins:
        if origin.rows is not None:
            marks.append(f"{origin.digest}#{used[origin.digest]}")
            counts.append(origin.rows)
            used[origin.digest] += 1
    column = pl.DataFrame({FILE: pl.Series(marks, dtype=pl.String), "n": pl.Series(counts, dtype=pl.Int64)})
    return rows.with_columns(column.select(pl.col(FILE).repeat_by("n").explode()).drop_nulls()[FILE])
