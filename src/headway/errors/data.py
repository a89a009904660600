"""What sources, feature groups and datasets tell a user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headway.errors.families import BugError, ContractError, EngineError, SpecError, UserCodeError

_SHOWN = 5
_LONGEST = 60
_LONGEST_REASON = 200


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _brief(value: Any, longest: int = _LONGEST) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _reason(value: Any) -> str:
    return _brief(str(value).rstrip(". \n"), _LONGEST_REASON)


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


# -- functions of the product ---------------------------------------------------------------------


def not_built_yet(what: str, where: str, mend: str) -> SpecError:
    """DA014: The product file asks for something that a later version will build.

    The file is right, and this version says so instead of passing over what it cannot do.
    """
    return SpecError(code="DA014", what=f"{what} is not built yet", where=where, mend=mend)


def function_returned_no_frame(reference: str, where: str, found: str) -> UserCodeError:
    """DA015: A function of the product returned something that is not a table.

    A source's function returns a Polars or pandas frame, an Arrow table, or a list of dictionaries;
    a group's frame function returns a Polars or pandas frame.
    """
    return UserCodeError(
        code="DA015",
        what=f"`{reference}` returned `{_brief(found)}`, not a table",
        where=where,
        mend="return a Polars or pandas frame",
    )


def index_would_be_lost(reference: str, where: str, names: Sequence[str]) -> UserCodeError:
    """DA016: A pandas frame keeps data in its index.

    Headway works on columns; dropping a named index would lose data without a word.
    """
    return UserCodeError(
        code="DA016",
        what=f"`{reference}` returned a pandas frame with the index {_listed(names)}",
        where=where,
        mend="return `frame.reset_index()`",
    )


def function_failed(reference: str, where: str, place: str, error: BaseException) -> UserCodeError:
    """DA017: A function of the product raised an exception.

    The exception is the product's own; its type, its message and the line that raised it are shown.
    """
    return UserCodeError(
        code="DA017",
        what=f"`{reference}` raised {type(error).__name__}: {_reason(error)}",
        where=f"{where}, {place}" if place else where,
        mend="mend the function; it can be imported and called without Headway",
    )


def library_is_missing(library: str, where: str, reason: str) -> EngineError:
    """DA018: A frame of another library needs a package that is not installed.

    Frames of pandas, Arrow and others are taken over through a package that converts them; so is a series
    that a function asks for by annotation. Install the package that is named, or return a Polars frame,
    which needs none.
    """
    return EngineError(
        code="DA018",
        what=f"`{library}` is needed and cannot be imported: {_reason(reason)}",
        where=where,
        mend=f"pip install {library}",
    )


def table_is_not_written(path: str, reason: str) -> EngineError:
    """DA020: A table cannot be written.

    The disk is full, or the folder is not writable; the reason is the system's own.
    """
    return EngineError(
        code="DA020",
        what=f"table `{_brief(path)}` cannot be written: {_reason(reason)}",
        mend="make room on the disk, or let the user that runs headway write there",
        retryable=True,
    )


def table_is_not_read(path: str, reason: str) -> EngineError:
    """DA021: A stored table cannot be read.

    Somebody changed or removed a file of the store. `headway plan` shows the artifact as tainted
    and `headway apply` makes it again.
    """
    return EngineError(
        code="DA021",
        what=f"stored table `{_brief(path)}` cannot be read: {_reason(reason)}",
        mend="run `headway plan`, then `headway apply`",
    )


# -- times -----------------------------------------------------------------------------------


def column_is_missing(column: str, where: str, known: Sequence[str]) -> SpecError:
    """DA022: A declaration names a column that the table does not have.

    The table lacks the column in this very batch: it was renamed or left out where the data come from, or the
    product file spells it otherwise. Names count letter by letter, upper and lower case too. With a
    contract `headway check` finds most of this before any data are read.
    """
    return SpecError(
        code="DA022",
        what=f"there is no column `{_brief(column)}`",
        where=where,
        mend=_nearest(column, known, f"columns are {_listed(known)}"),
    )


def column_is_not_time(column: str, where: str, dtype: str) -> SpecError:
    """DA023: A column that must say a time holds something else.

    Event times, known times and predict times are of the contract type `time` (or `date`, which
    counts as midnight in UTC).
    """
    return SpecError(
        code="DA023",
        what=f"column `{_brief(column)}` is `{_brief(dtype)}`, not a time",
        where=where,
        mend="declare it as `time` in the contract",
    )


def time_is_null(column: str, where: str, count: int, of: int) -> ContractError:
    """DA024: Rows do not say when they happened, or when they became known.

    Without both times nobody can tell whether a row may enter a prediction's features, so the
    table is refused.
    """
    return ContractError(
        code="DA024",
        what=f"`{_brief(column)}` is null in {count} of {of} rows",
        where=where,
        mend="mend or leave out those rows before they are loaded; the contract can refuse nulls there",
    )


def name_is_reserved(column: str, where: str) -> SpecError:
    """DA025: A column has a name that Headway gives to something else.

    `event_time` and `known_time` are added to every timed table. A column of that name is welcome
    when it is declared as just that.
    """
    return SpecError(
        code="DA025",
        what=f"column `{column}` has a reserved name and another meaning",
        where=where,
        mend=f"rename the column, or declare it as the source's `{column.replace('known_time', 'known')}`",
    )


def known_is_not_said(where: str, why: str) -> SpecError:
    """DA026: Nobody said when a row became known.

    A row may enter a prediction's features only if it was known by then, and that has no default: a
    wrong guess leaks the future into training. Declare `known:` on the source, as a column
    (`recorded_at`) or as a lag after the event (`10m`).
    """
    return SpecError(
        code="DA026",
        what=f"it is not said when a row became known: {why}",
        where=where,
        mend="declare `event_time:` and `known:` on the source, such as `known: 10m`",
    )


def commit_is_too_late(where: str, oldest: str, committed: str) -> SpecError:
    """DA027: Old events would count as known only from now on.

    With `known: commit` a row, or its label, is known from the moment in which it reached Headway. This
    load brings older events, which would then be unknown to every training row of their own time. If
    they were known earlier, say when.
    """
    return SpecError(
        code="DA027",
        what=f"`known: commit` would make events since {oldest} known only from {committed} on",
        where=where,
        mend="declare a lag, such as `known: 10m`, or a column that says when the row was recorded",
    )


# -- groups ----------------------------------------------------------------------------------


def group_reads_several(group: str, sources: Sequence[str]) -> SpecError:
    """DA028: A group of column functions reads several sources.

    Column functions see the columns of one table. A group of several sources takes whole frames:
    declare `frame: module:function` instead of `columns:`.
    """
    return SpecError(
        code="DA028",
        what=f"`columns:` reads one source, and `from:` names {_listed(sources)}",
        where=f"feature group `{group}`",
        mend="declare `frame: module:function`, which gets one frame per source",
    )


def name_is_taken(name: str, where: str, first: str, second: str) -> SpecError:
    """DA029: Two features have one name.

    A model's inputs are told apart by name. Give the features of a group a `prefix:`, or rename the
    function.
    """
    return SpecError(
        code="DA029",
        what=f"`{_brief(name)}` is {first} and {second}",
        where=where,
        mend="rename one, or put a `prefix:` before the group's features",
    )


def parameters_are_unknown(
    where: str, missing: Sequence[str], known: Sequence[str], why: str, asking: Sequence[str]
) -> SpecError:
    """DA030: A feature function asks for a column that it cannot get.

    A parameter names a column of the group's source; for an on-demand function, a column that the
    caller sends, a feature of a joined group, or another function of the module. Every function of
    the module whose name begins with no underscore is a feature: name one that only helps others `_so`.
    """
    otherwise = f"columns are {_listed(known)}; the name of a function that is no feature begins with `_`"
    return SpecError(
        code="DA030",
        what=f"no column is called {_listed(missing)}{why}",
        where=where,
        mend=_nearest(missing[0], known, otherwise),
        evidence=_bounded(asking),
    )


def rows_are_ambiguous(group: str, count: int, examples: Sequence[str]) -> ContractError:
    """DA031: Rows of a group say different things of the same entity, event and known time.

    A corrected row has a later known time than the row that it corrects. Two rows that became known
    at the same time and differ have no order, so that the newest cannot be chosen.
    """
    return ContractError(
        code="DA031",
        what=f"{_count(count, 'entity and time has', 'entities and times have')} several different rows, known at the same moment",
        where=f"feature group `{group}`",
        mend="keep one row of each, or give the correction its own, later known time",
        evidence=_bounded(examples),
    )


def frame_does_not_fit(group: str, reference: str, faults: Sequence[str]) -> UserCodeError:
    """DA032: A group's frame function returned a frame of the wrong shape.

    It returns the group's key columns, `event_time`, its features (numbers, integers, booleans or
    text) and, where it cannot be told from a lag of the sources, `known_time`; times are UTC and not
    null.
    """
    return UserCodeError(
        code="DA032",
        what=f"the frame that `{reference}` returned does not fit",
        where=f"feature group `{group}`",
        mend="return the key columns, `event_time`, the features, and `known_time` unless a lag says it",
        evidence=_bounded(faults),
    )


def values_are_infinite(where: str, faults: Mapping[str, int], of: int) -> ContractError:
    """DA033: Numbers are infinite.

    An infinite value is the result of a division by zero or of a wrong conversion; most models
    cannot take it, and means and scales break in silence.
    """
    lines = [f"column `{_brief(column)}`: {count} of {of} values" for column, count in faults.items()]
    return ContractError(
        code="DA033",
        what=f"{_count(len(faults), 'column holds', 'columns hold')} infinite values",
        where=where,
        mend="mend the division that makes them, or make them null",
        evidence=_bounded(lines),
    )


# -- datasets --------------------------------------------------------------------------------


def key_types_differ(where: str, key: str, table: str, column: str, rows: str) -> SpecError:
    """DA034: A group's key and the row's column have different types.

    Text `"12"` and the integer 12 never match, so that every looked-up feature would be missing.
    """
    return SpecError(
        code="DA034",
        what=f"key `{_brief(key)}` is `{table}`, and row column `{_brief(column)}` is `{rows}`",
        where=where,
        mend="declare the same type in both contracts",
    )


def column_is_not_sent(where: str, column: str, why: str) -> SpecError:
    """DA035: Something needs a column that the caller does not send.

    What is used in training must be there when a prediction is asked for. Add the column to the
    dataset's `request:`.
    """
    return SpecError(
        code="DA035",
        what=f"column `{_brief(column)}` {why}, and is not in `request:`",
        where=where,
        mend=f"add `{_brief(column)}` to `request:`",
    )


def feature_is_unknown(where: str, group: str, feature: str, known: Sequence[str]) -> SpecError:
    """DA036: A dataset picks a feature that its group does not have.

    `features: [GROUP.NAME]` names a public function of the group's module, or a column of the frame that
    its frame function returns; `GROUP.*` takes all of them. Keys and times of a group are no features.
    """
    return SpecError(
        code="DA036",
        what=f"group `{group}` has no feature `{_brief(feature)}`",
        where=where,
        mend=_nearest(feature, known, f"its features are {_listed(known)}"),
    )


def label_is_a_feature(where: str, label: str) -> SpecError:
    """DA037: The label is among what the caller sends.

    A model that sees its label in training is perfect there and useless afterwards.
    """
    return SpecError(
        code="DA037",
        what=f"label `{_brief(label)}` is in `request:`",
        where=where,
        mend=f"take `{_brief(label)}` out of `request:`",
    )


def label_does_not_fit(where: str, label: str, dtype: str) -> SpecError:
    """DA038: A label has a type that no model is trained on.

    A label is boolean, text or integer (classes), or a number.
    """
    return SpecError(
        code="DA038",
        what=f"label `{_brief(label)}` is `{_brief(dtype)}`",
        where=where,
        mend="declare a boolean, text, integer or number column as the label",
    )


def nothing_to_learn_from(where: str, rows: int, excluded: Mapping[str, int]) -> ContractError:
    """DA039: No row has a label that is known.

    Every row is without a label, or its label is not known yet, or there are no rows at all.
    """
    counts = ", ".join(f"{count} {reason}" for reason, count in excluded.items() if count)
    return ContractError(
        code="DA039",
        what=f"none of {_count(rows, 'row', 'rows')} has a known label" + (f" ({counts})" if counts else ""),
        where=where,
        mend="load rows with labels, or mend `label:` and its `known:`",
    )


def label_is_constant(where: str, label: str, value: Any, rows: int, part: str) -> ContractError:
    """DA040: The label has one value only.

    There is nothing to tell apart, so no model can learn. The data were filtered by the label, or a
    class is no longer delivered.
    """
    return ContractError(
        code="DA040",
        what=f"label `{_brief(label)}` is `{_brief(value)}` in {'the one row' if rows == 1 else f'all {rows:,} rows'} of {part}",
        where=where,
        mend="load rows of every class, or widen the training window",
    )


def part_is_empty(where: str, parts: Sequence[str], windows: Mapping[str, str]) -> ContractError:
    """DA041: A part of the split has no rows.

    The windows reach back from the newest known label; the data may be shorter than they are, or
    have a gap.
    """
    return ContractError(
        code="DA041",
        what=f"{_listed(parts)} {'has' if len(parts) == 1 else 'have'} no rows",
        where=where,
        mend="change `split:`, or load more rows",
        evidence=tuple(f"{part}: {window}" for part, window in windows.items()),
    )


def stratum_is_missing(where: str, column: str, value: Any, part: str, rows: int) -> ContractError:
    """DA042: A stratum has no rows in a part of the split.

    `stratify:` promises that every value is in every part. With so few rows it cannot be kept.
    """
    return ContractError(
        code="DA042",
        what=f"`{_brief(column)}` = `{_brief(value)}` has {_count(rows, 'row', 'rows')} and none in `{part}`",
        where=where,
        mend="load more rows of that value, enlarge the part, or leave out `stratify:`",
    )


def split_does_not_fit(where: str, why: str) -> SpecError:
    """DA043: A split cannot be made as declared.

    A split by time needs durations and rows with a time; a split by hash or group needs shares that
    are not negative and at most 1 together.
    """
    return SpecError(code="DA043", what=f"the split does not fit: {why}", where=where, mend="mend `split:`")


def rows_do_not_balance(where: str, rows: int, counted: int) -> BugError:
    """DA044: Rows were lost or doubled on the way into a dataset.

    Every row that goes in is in a part, unused, or excluded for a reason. This is a mistake in
    Headway; nothing was stored.
    """
    return BugError(
        code="DA044",
        what=f"{_count(rows, 'row', 'rows')} went in and {counted:,} are accounted for",
        where=where,
        mend="report this with the product file and the row counts",
    )


def feature_does_not_fit(where: str, feature: str, dtype: str) -> SpecError:
    """DA045: A feature is neither a number nor text.

    Models take numbers (booleans and integers count as such) and text. Turn a time into what
    matters of it, such as the hour, with a feature function.
    """
    return SpecError(
        code="DA045",
        what=f"feature `{_brief(feature)}` is `{_brief(dtype)}`",
        where=where,
        mend="return a number or text from its function",
    )


def no_inputs(where: str) -> SpecError:
    """DA046: A dataset has no inputs for a model.

    Times and dates that the caller sends are no inputs by themselves. Name other columns in
    `request:`, features of a group, or on-demand functions.
    """
    return SpecError(
        code="DA046",
        what="there is nothing that a model could learn from",
        where=where,
        mend="declare `request:` columns, `features:`, or `on_demand:`",
    )


def group_has_no_features(group: str, reference: str) -> SpecError:
    """DA047: A feature group has no features.

    Features of a `columns:` group are the functions that its module defines, but for those that start
    with `_`; features of a `frame:` group are the columns that its function returns besides the key
    and the times.
    """
    return SpecError(
        code="DA047",
        what=f"`{_brief(reference)}` gives no features",
        where=f"feature group `{group}`",
        mend="define a function per feature, or return feature columns",
    )
