"""What reading a source tells a user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headway.errors.families import BugError, ContractError, EngineError, SpecError, UsageError

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
    """DA002: A folder stands where a file was a moment ago.

    A folder of files is a source of its own (`load: data/incoming` with `options: {format: csv}`).
    This one appeared while the file was being read.
    """
    return EngineError(
        code="DA002",
        what=f"`{_brief(load)}` is a folder, not a file",
        where=f"source `{source}`",
        mend="run `headway apply` again",
        retryable=True,
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
    is_csv = load.removesuffix(".gz").rpartition(".")[2].lower() in ("csv", "tsv", "txt")
    header = "; a table without rows still needs its header" if is_csv else ""
    return ContractError(
        code="DA004",
        what=f"file `{_brief(load)}` is empty",
        where=f"source `{source}`",
        mend=f"fetch the file again{header}",
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

    A row has more cells than the header, a quotation is not closed, or the bytes are not UTF-8. The first data
    row is row 1.
    """
    return ContractError(
        code="DA007",
        what=f"file `{_brief(load)}` is not a whole CSV file: {_reason(reason)}",
        where=f"source `{source}`",
        mend="export it as UTF-8 with one cell per column, or set `options: {separator: ..., quote: ...}`",
    )


def csv_separator_differs(source: str, load: str, header: str, separator: str) -> SpecError:
    """DA048: A CSV file has another separator than the declared one.

    Read with the declared separator (a comma, where none is declared) the header is one single name,
    and that name holds a semicolon, a tab or a bar, while the contract lists several columns. Declare the
    separator in the source's options.
    """
    shown = {"\t": '"\\t"'}.get(separator, f'"{separator}"')
    return SpecError(
        code="DA048",
        what=f"the header of `{_brief(load)}` is one name, `{_brief(header)}`: its columns are separated otherwise",
        where=f"source `{source}`",
        mend=f"declare `options: {{separator: {shown}}}` for the source",
    )


def csv_rows_are_short(source: str, load: str, count: int, of: int, rows: Sequence[int]) -> ContractError:
    """DA008: Rows of a CSV file have fewer cells than the header.

    Such rows come from a cut-off file or from a wrong separator. The missing cells are not taken
    for nulls, because that would be a silent change of the data.
    """
    shown = ", ".join(str(row) for row in rows[:_SHOWN])
    return ContractError(
        code="DA008",
        what=f"{count} of {of} rows {'has' if count == 1 else 'have'} fewer cells than the header (first: row {shown})",
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
    source: str,
    load: str,
    faults: Mapping[str, tuple[str, int, Sequence[tuple[int, str]]]],
    of: int,
    *,
    is_csv: bool = True,
) -> ContractError:
    """DA011: Cells of a CSV file are not written in their column's type.

    Accepted are: integers (`-12`), numbers (`1.5e3`), booleans (`true`, `false`, `1`, `0`), dates
    (`2013-02-28`) and times in ISO 8601 (`2013-02-28T17:30:00Z`; without an offset they are UTC). A
    cell that is written otherwise is a fault, never a silent null. Tell apart what means *missing*
    with `options: {null_values: [NA]}`.
    """
    columns = "1 column" if len(faults) == 1 else f"{len(faults)} columns"
    lines = [
        f"column `{column}` ({kind}): {count} of {of} cells, such as "
        + ", ".join(f"`{_brief(cell)}` in row {row}" for row, cell in examples[:3])
        for column, (kind, count, examples) in faults.items()
    ]
    return ContractError(
        code="DA011",
        what=f"cells in {columns} of `{_brief(load)}` do not parse",
        where=f"source `{source}`",
        mend="write them in the declared type, or mend the contract's type"
        + ("; list what means *missing* in `options: {null_values: [...]}`" if is_csv else ""),
        evidence=_bounded(lines),
    )


def format_is_unknown(source: str, load: str) -> SpecError:
    """DA012: Nobody can read what `load:` names.

    A source is a file, a folder or a pattern of files (Parquet, CSV, JSON lines, JSON, Delta), a
    URL, or a function of the product (`module:function`). The format is told by the name
    (`.parquet`, `.csv`, `.jsonl`, `.json`, each but the first also with `.gz`) or by
    `options: {format: ...}`.
    """
    return SpecError(
        code="DA012",
        what=f"nothing says how `{_brief(load)}` is written",
        where=f"source `{source}`",
        mend="add `options: {format: ...}`, name the files by a pattern (`data/*.csv`), "
        "or load it with a function of the product",
    )


def option_is_wrong(source: str, option: str, known: Mapping[str, str]) -> SpecError:
    """DA013: A loader does not know an option, or not with that value.

    CSV knows `separator`, `quote` and `null_values`, HTTP `headers`, `timeout` and `max_size`,
    databases `query` or `table`, `chunk`, `password` and `timeout`; a callable gets its options as
    keyword arguments. An option that is not used would be a silent mistake.
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


def gzip_is_broken(source: str, load: str, reason: str) -> ContractError:
    """DA201: A file that should be in gzip is cut off, or is none.

    A copy that was interrupted ends early, and gzip notices that at the end. Nothing was taken.
    """
    return ContractError(
        code="DA201",
        what=f"file `{_brief(load)}` is not a whole gzip file: {_reason(reason)}",
        where=f"source `{source}`",
        mend="copy or export the file again",
    )


GZIP_IS_BROKEN = "DA201"


def json_is_broken(source: str, load: str, row: int, reason: str) -> ContractError:
    """DA202: A JSON file is not one object per row.

    JSON lines hold an object on each line, a JSON file holds an array of objects. A column holds
    values of one type: `1` beside `"x"` is a fault, not text. An object that has a name twice is refused, since
    a reader would keep the last value and say nothing.
    """
    place = f", row {row}" if row else ""
    return ContractError(
        code="DA202",
        what=f"file `{_brief(load)}` does not hold rows{place}: {_reason(reason)}",
        where=f"source `{source}`",
        mend="write one JSON object per row, each column in one type",
    )


def nothing_matches(source: str, load: str) -> EngineError:
    """DA203: A folder or a pattern has no files.

    An empty folder is what a drive that is not mounted, or a job that did not run, leaves behind. It
    is never taken for a table without rows.
    """
    return EngineError(
        code="DA203",
        what=f"`{_brief(load)}` has no files",
        where=f"source `{source}`",
        mend="put the files there, or mend `load:`",
    )


def link_leads_nowhere(source: str, links: Sequence[str]) -> EngineError:
    """DA225: A link in a source's folder leads nowhere.

    Its target was moved or removed, is on a drive that is not mounted, or the link leads to itself. Its rows would be
    missing in silence, so the folder is not read without them.
    """
    return EngineError(
        code="DA225",
        what=f"{_listed(links)} {'leads' if len(links) == 1 else 'lead'} nowhere: the files linked to are not there",
        where=f"source `{source}`",
        mend="put the files back, or remove the links if their rows shall leave the source",
    )


def files_differ(source: str, file: str, other: str, difference: str, hint: str = "") -> ContractError:
    """DA204: The files, or the batches, of one source do not have the same columns.

    Filling in what one of them lacks would be a silent change of the data. Declare a contract, which
    says what every one of them must have; a file is compared with the first one that was read.
    """
    this = f"`{_brief(file)}`" if file else "what was read"
    mend = "give all files the same columns and types, or put the others into a source of their own"
    return ContractError(
        code="DA204",
        what=f"{this} differs from {_of(other)}: {_reason(difference)}",
        where=f"source `{source}`",
        mend=f"{_brief(hint, _LONGEST_REASON)}: {mend}" if hint else mend,
    )


def _of(other: str) -> str:
    return other if other.startswith("the rows") else f"`{_brief(other)}`"


def column_is_mixed(source: str, reason: str) -> ContractError:
    """DA205: A column of a query holds values of several types.

    SQLite keeps whatever is inserted, so `1` and `"x"` may stand in one column. Say in the query
    which is meant, with `CAST`.
    """
    return ContractError(
        code="DA205",
        what=f"a column holds values of several types: {_reason(reason)}",
        where=f"source `{source}`",
        mend="convert the column in the query with `CAST`",
    )


# -- places that cannot be read --------------------------------------------------------------------


def source_is_not_found(source: str, load: str, found: str) -> EngineError:
    """DA206: What a source reads is not there.

    The server answers 404 or 410, the object store has no such key, or there is no table. It was
    moved or withdrawn, or the address has a typing mistake.
    """
    return EngineError(
        code="DA206",
        what=f"`{_brief(load)}` is not there: {_reason(found)}",
        where=f"source `{source}`",
        mend="mend `load:`; `last_good: {max_age: ...}` keeps the last version in use for a while",
    )


def access_is_refused(source: str, load: str, found: str) -> EngineError:
    """DA207: What a source reads is refused to us.

    The server answers 401 or 403, or the database does not accept the password. A secret is named in
    `options` (`{secret: NAME}`) and taken from the environment of the process.
    """
    return EngineError(
        code="DA207",
        what=f"`{_brief(load)}` refuses access: {_reason(found)}",
        where=f"source `{source}`",
        mend="check the secret that `options` names, and its rights",
    )


def source_is_too_slow(source: str, load: str, seconds: float | None) -> EngineError:
    """DA208: A source does not answer in time.

    It is tried again a few times. `options: {timeout: 5m}` gives it longer.
    """
    within = f" within {seconds:g} s" if seconds is not None else " in time"
    return EngineError(
        code="DA208",
        what=f"`{_brief(load)}` does not answer{within}",
        where=f"source `{source}`",
        mend="try again later, or set `options: {timeout: ...}`",
        retryable=True,
    )


def server_fails(source: str, load: str, found: str, *, retryable: bool) -> EngineError:
    """DA209: A server answers a source's request with an error.

    Errors of the server (500 and above) and *too many requests* (429) are tried again a few times.
    """
    return EngineError(
        code="DA209",
        what=f"`{_brief(load)}` answers with an error: {_reason(found)}",
        where=f"source `{source}`",
        mend="try again later, or ask who runs the server",
        retryable=retryable,
    )


def source_is_unreachable(source: str, load: str, reason: str) -> EngineError:
    """DA210: A source cannot be reached.

    The name is not known, nothing listens there, the connection broke, or a file is locked. It is
    tried again a few times. A function of the product says the same by raising `ConnectionError` or
    `TimeoutError`.
    """
    return EngineError(
        code="DA210",
        what=f"`{_brief(load)}` cannot be reached: {_reason(reason)}",
        where=f"source `{source}`",
        mend="check the network and the address, then run `headway apply` again",
        retryable=True,
    )


def answer_is_empty(source: str, load: str) -> EngineError:
    """DA211: A server answers *all is well* with no rows.

    A web service whose own source broke often answers 200 with an empty list. It is not taken for
    data. Where no rows are an answer, say so in the contract: `rows: {min: 0}`.
    """
    return EngineError(
        code="DA211",
        what=f"`{_brief(load)}` answers with no rows",
        where=f"source `{source}`",
        mend="ask who runs the server; where that is right, declare `rows: {min: 0}` in the contract",
    )


def answer_is_a_page(source: str, load: str) -> EngineError:
    """DA212: A server answers with an HTML page instead of data.

    An error page or a log-in page under status 200. The data were not taken.
    """
    return EngineError(
        code="DA212",
        what=f"`{_brief(load)}` answers with an HTML page, not data",
        where=f"source `{source}`",
        mend="open the address in a browser to see what the server says",
    )


def answer_is_cut_off(source: str, load: str, size: int, of: int | None) -> EngineError:
    """DA213: An answer ends before it is whole.

    The connection broke, and what arrived is shorter than was announced. It is asked for again a few
    times, from the beginning; no part of it is kept.
    """
    announced = f" of {of:,}" if of is not None else ""
    return EngineError(
        code="DA213",
        what=f"`{_brief(load)}` ends after {size:,}{announced} bytes, before it is whole",
        where=f"source `{source}`",
        mend="run `headway apply` again",
        retryable=True,
    )


def answer_is_too_large(source: str, load: str, most: int) -> EngineError:
    """DA214: An answer is larger than a source may be.

    The bound keeps a wrong address from filling the memory. `options: {max_size: 10 GiB}` moves it.
    """
    return EngineError(
        code="DA214",
        what=f"`{_brief(load)}` is larger than {most:,} bytes",
        where=f"source `{source}`",
        mend="set `options: {max_size: ...}`, or read it from a file",
    )


def content_type_is_wrong(source: str, load: str, found: str, wanted: str) -> EngineError:
    """DA215: A server says that its answer is something else than the source's format.

    The declared media type contradicts the format, as `application/json` does for CSV: often an
    error message under status 200.
    """
    return EngineError(
        code="DA215",
        what=f"`{_brief(load)}` is declared as `{_brief(found)}`, not as {wanted}",
        where=f"source `{source}`",
        mend="mend `load:`, or say `options: {format: ...}`",
    )


def query_fails(source: str, reason: str) -> SpecError:
    """DA216: A database does not accept a source's query.

    A table or a column is not there, or the text is no SQL; the reason is the database's own.
    """
    return SpecError(
        code="DA216",
        what=f"the query fails: {_reason(reason)}",
        where=f"source `{source}`",
        mend="mend `query` or `table` in `options`",
    )


def scheme_is_unknown(source: str, scheme: str) -> SpecError:
    """DA217: Nobody knows how to read URLs of this kind.

    Built in are `http`, `https`, `postgresql`, `sqlite`, and what fsspec knows (`file`, `memory`,
    `s3`, `gs`, `abfs`), each with the library that it needs.
    """
    return SpecError(
        code="DA217",
        what=f"URLs that begin with `{_brief(scheme)}://` are not known",
        where=f"source `{source}`",
        mend="mend `load:`, or load with a function of the product (`module:function`)",
    )


def secret_is_missing(source: str, name: str) -> UsageError:
    """DA218: A secret that a source names is not in the environment.

    `{secret: NAME}` stands for the environment variable NAME of the process that reads the source.
    """
    return UsageError(
        code="DA218",
        what=f"secret `{_brief(name)}` is not set",
        where=f"source `{source}`",
        mend=f"set the environment variable `{_brief(name)}` for headway",
    )


# -- reading again ---------------------------------------------------------------------------------


def watermark_is_null(source: str, column: str, count: int, of: int) -> ContractError:
    """DA219: Rows of an incremental source have no watermark.

    A row without it would be read every time, or never again. Mend the rows, or choose a column that
    is always there.
    """
    return ContractError(
        code="DA219",
        what=f"`{_brief(column)}` is null in {count} of {of} rows",
        where=f"source `{source}`",
        mend="choose a column without nulls as `incremental: {column: ...}`",
    )


def watermark_does_not_fit(source: str, column: str, dtype: str) -> SpecError:
    """DA220: A watermark's column is missing, or is neither a time, a date nor an integer.

    An incremental source asks only for rows whose watermark is beyond the greatest that it has seen, so
    the column must be there in every reading, and must have an order in which new rows come last.
    """
    return SpecError(
        code="DA220",
        what=f"column `{_brief(column)}` is `{_brief(dtype)}`, which is no watermark",
        where=f"source `{source}`",
        mend="name a time, a date or an integer in `incremental: {column: ...}`",
    )


def last_good_is_too_old(source: str, age: str, most: str, why: str) -> EngineError:
    """DA221: A source cannot be read, and what was read last is older than it may be.

    `last_good: {max_age: ...}` keeps the last version in use for so long, and no longer.
    """
    return EngineError(
        code="DA221",
        what=f"the source cannot be read, and its last good version is {age} old (at most {most})",
        where=f"source `{source}`",
        mend="bring the source back, or allow an older version in `last_good`",
        evidence=(_reason(why),),
        retryable=True,
    )


def file_changes(source: str, file: str) -> EngineError:
    """DA224: A file is written, or replaced, while it is read.

    Its rows might be of another content than the one that they would be known by. It is read again a few
    times. Write files under another name first, and rename them when they are whole.
    """
    return EngineError(
        code="DA224",
        what=f"`{_brief(file)}` changes while it is read",
        where=f"source `{source}`",
        mend="run `headway apply` again when nobody writes it; write files elsewhere and rename them",
        retryable=True,
    )


def source_rows_do_not_balance(source: str, said: str) -> BugError:
    """DA222: Rows were lost or doubled on the way into a source's table.

    Every row that was read is kept, or rejected for a reason. This is a mistake in Headway; nothing
    was stored.
    """
    return BugError(
        code="DA222",
        what=f"the rows do not balance: {_reason(said)}",
        where=f"source `{source}`",
        mend="report this with the product file and the row counts",
    )


def content_is_repeated(source: str, file: str, earlier: str) -> ContractError:
    """DA223: The same content comes under another name.

    Yesterday's file under today's name is the commonest form of a stale source: everything looks
    new, and nothing is. The contract's `repeated_content: reject` refuses it.
    """
    return ContractError(
        code="DA223",
        what=f"`{_brief(file)}` has the same content as `{_brief(earlier)}`",
        where=f"source `{source}`",
        mend="ask whoever delivers it for the new file; take the copy away",
    )
