"""The verdict on a state: one result per expectation. Light; a table is asked only for what states cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from headway.contract.checks import Check, checks
from headway.contract.expectations import TABLES
from headway.contract.figures import NOT_MERGEABLE, native
from headway.contract.personal import without_personal
from headway.contract.report import Report, Result
from headway.contract.state import State, key_name
from headway.contract.words import as_json, listed, show
from headway.core.clock import SystemClock
from headway.facts.evidence import Outcome
from headway.spec.contract import Contract
from headway.spec.quantities import duration_text

_ROW_COUNT = "expect_table_row_count_to_be_between"
FRESHNESS = "freshness"
"""What the result on the age of the newest row is called."""
_UNSOUND = "a column that is missing or of another type"

Whole = Callable[[tuple[str, ...]], State]
"""Takes the keys of checks that a state cannot tell, and gives the state of the whole table."""


def judge(
    contract: Contract, state: State, *, now: datetime | None = None, whole: Whole | None = None
) -> Report:
    """Every expectation of a contract, from what a pass found.

    Args:
        contract: What was asked.
        state: What was found, in one pass or merged.
        now: The present, for freshness; the system's clock where it is left out.
        whole: Gives a state of the whole table, taken in one pass; called at most once, and only where
            some expectations need it. Without it they are `not run`, and the report does not pass.
    """
    results = without_personal(_results(contract, state, now, whole), contract)
    return Report(results=tuple(results), rows=state.rows)


def is_row_count(result: Result) -> bool:
    """Whether a result is that of the contract's `rows:`, which is about a table and not about a part of it."""
    return not result.key and result.expectation == _ROW_COUNT


def unsettled(contract: Contract, state: State) -> tuple[str, ...]:
    """Names of the checks that a state cannot settle, so that the whole table has to be looked at.

    Exact medians and quantiles, value counts that became too many to keep, and a uniqueness that only
    hashes of text, or of several columns, speak against; and where a table is refused for values that are
    in several files, which rows those are.
    """
    asked = checks(contract)
    refuses = [item for item in asked if item.batch == "reject" and item.mostly == 1]
    unknown = [item.key for item in asked if _is_unsettled(item, state)]
    return tuple(dict.fromkeys([*unknown, *_unplaced(refuses, state)]))


def _unplaced(asked: Sequence[Check], state: State) -> tuple[str, ...]:
    """Checks of uniqueness that values in several parts break: how many is known, and not in which rows."""
    found = []
    for item in asked:
        if item.rule is None or item.rule.neighbours != "unique" or item.key not in state.tallies:
            continue
        keys = state.keys.get(key_name(item)) if state.is_mergeable else None
        if keys is not None and keys.unexpected > state.tallies[item.key].unexpected:
            found.append(item.key)
    return tuple(found)


def _is_unsettled(item: Check, state: State) -> bool:
    if not set(item.columns) <= set(state.sound) or not state.is_mergeable:
        return False
    if item.rule is not None:
        keys = state.keys.get(key_name(item)) if item.rule.neighbours == "unique" else None
        return keys is not None and not keys.is_exact and keys.unexpected > state.tallies[item.key].unexpected
    for need in item.needs:
        name = need.split(" ", 1)[0]
        if (
            name in (*NOT_MERGEABLE, "counts")
            and state.figures.get(need) is None
            and _has_values(item, state)
        ):
            return True
    return False


def _has_values(item: Check, state: State) -> bool:
    return state.rows > state.nulls[item.columns[0]]


def _results(contract: Contract, state: State, now: datetime | None, whole: Whole | None) -> Iterator[Result]:
    asked = checks(contract)
    unknown = [item.key for item in asked if _is_unsettled(item, state)]
    wanted = (*unknown, *_unplaced(asked, state))
    full = whole(wanted) if wanted and whole is not None else None
    yield from (result for result in state.schema if "of_type" not in result.expectation)
    yield _row_count(contract, state)
    if contract.freshness is not None:
        name = contract.freshness.column
        newest = native(contract.columns[name].type, state.figures.get(f"max {name}"))
        yield freshness(contract, newest, now or SystemClock().now(), is_sound=name in state.sound)
    yield from (result for result in state.schema if "of_type" in result.expectation)
    later = []
    for item in asked:
        if item.type == "expect_column_to_exist":
            yield _blank(item, _verdict(item, fits=item.columns[0] in state.columns))
        elif not set(item.columns) <= set(state.sound):
            later.append(_not_run(item, _UNSOUND))
        elif item.key in unknown and full is None:
            later.append(_not_run(item, "parts of the table, and only the whole can tell"))
        else:
            found = _result(item, full if full is not None and item.key in wanted else state)
            yield replace(found, mapped=_stand_in(item, contract)) if item.is_mapped else found
    yield from later


def _stand_in(item: Check, contract: Contract) -> str:
    policy: Any = contract.columns[item.columns[0]].unknown_category
    return show(policy.map_to)


def _result(item: Check, state: State) -> Result:
    if item.rule is not None:
        return _of_rows(item, state)
    if item.whole is not None:
        return _of_column(item, state)
    return _of_table(item, state)


def _blank(item: Check, outcome: Outcome, **found: Any) -> Result:
    return Result(
        expectation=item.type,
        columns=item.columns,
        outcome=outcome,
        wanted=item.words,
        settings=dict(item.settings),
        severity=item.severity,
        action=item.batch,
        id=item.about[0],
        key=item.key,
        **found,
    )


def _not_run(item: Check, why: str) -> Result:
    return _blank(item, Outcome.NOT_RUN, observed=why)


# -- rows ------------------------------------------------------------------------------------


def _of_rows(item: Check, state: State) -> Result:
    tally = state.tallies[item.key]
    unexpected = tally.unexpected
    rows, examples = tally.rows, tally.examples
    keys = (
        state.keys.get(key_name(item)) if item.rule is not None and item.rule.neighbours == "unique" else None
    )
    if keys is not None and keys.is_exact:
        unexpected = keys.unexpected
    judged = state.rows - tally.skipped
    enough = not unexpected or (judged - unexpected) / judged >= item.mostly
    return _blank(
        item,
        _outcome(item, unexpected, judged, enough=enough),
        unexpected_count=unexpected,
        element_count=state.rows,
        missing_count=tally.skipped,
        rows=rows if unexpected else (),
        examples=examples if unexpected else (),
        mostly=item.mostly,
        success=enough,
    )


def _outcome(item: Check, unexpected: int, judged: int, *, enough: bool) -> Outcome:
    if not judged:
        return Outcome.NOT_APPLICABLE
    if item.batch == "quarantine" and unexpected and (enough or item.mostly == 1):
        return Outcome.WARN
    if enough:
        return Outcome.PASS
    return Outcome.WARN if item.batch == "warn" else Outcome.FAIL


# -- columns and the table -------------------------------------------------------------------


def _of_column(item: Check, state: State) -> Result:
    assert item.whole is not None
    figures = [_native(need, item, state.figures.get(need), state) for need in item.needs]
    has_values = _has_values(item, state)
    seen = item.whole.observed(item.arguments, *figures) if has_values else None
    if seen is None:
        return _blank(item, Outcome.NOT_APPLICABLE, element_count=state.rows, missing_count=state.rows)
    fits = item.whole.fits(seen, item.arguments)
    return _blank(
        item,
        _verdict(item, fits=fits),
        observed=_said(seen),
        observed_value=as_json(seen),
        element_count=state.rows,
        missing_count=state.nulls[item.columns[0]],
        success=fits,
    )


def _verdict(item: Check, *, fits: bool) -> Outcome:
    if fits:
        return Outcome.PASS
    return Outcome.FAIL if item.batch == "reject" else Outcome.WARN


def _said(seen: Any) -> str:
    if isinstance(seen, list):
        return listed(seen)
    return f"{seen:.6g}" if isinstance(seen, float) else show(seen)


def _native(need: str, item: Check, value: Any, state: State) -> Any:
    """A figure in the type of its column."""
    name, kind = need.split(" ", 1)[0], item.types[0]
    if name == "distinct" and state.keys:
        return state.keys[key_name(item)].distinct
    if name in ("min", "max"):
        return native(kind, value)
    if name == "counts":
        return [(native(kind, one), count) for one, count in value or ()]
    return value


def _of_table(item: Check, state: State) -> Result:
    rule = TABLES.get(item.type)
    if rule is None:  # a type that was judged with the columns
        return _blank(item, Outcome.PASS)
    fits = rule.fits(state.columns, state.rows, item.arguments)
    seen = rule.observed(state.columns, state.rows, item.arguments)
    return _blank(
        item,
        _verdict(item, fits=fits),
        observed=seen,
        observed_value=_figure_of(item.type, state),
        success=fits,
    )


def _figure_of(type_: str, state: State) -> Any:
    """What Great Expectations shows of a table."""
    if "row_count" in type_:
        return state.rows
    return len(state.columns) if "column_count" in type_ else list(state.columns)


def _row_count(contract: Contract, state: State) -> Result:
    arguments = {"min_value": contract.rows.min, "max_value": contract.rows.max}
    rule = TABLES[_ROW_COUNT]
    fits = rule.fits(state.columns, state.rows, arguments)
    return Result(
        expectation=_ROW_COUNT,
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        wanted=rule.words(arguments),
        observed=rule.observed(state.columns, state.rows, arguments),
        observed_value=state.rows,
        settings=arguments,
        success=fits,
    )


def freshness(contract: Contract, newest: date | None, now: datetime, *, is_sound: bool = True) -> Result:
    """Whether the newest row of a table is young enough.

    Args:
        contract: One that declares it.
        newest: The newest time, or date; None where there is none.
        now: The present.
        is_sound: Whether the column is there, and of its type.
    """
    assert contract.freshness is not None
    name, longest = contract.freshness.column, contract.freshness.max_age
    bound = oldest(contract, now)
    blank = Result(
        expectation="expect_column_max_to_be_between",
        columns=(name,),
        id=FRESHNESS,
        outcome=Outcome.NOT_APPLICABLE,
        wanted=f"its newest value to be at most {duration_text(longest)} old",
        settings={"min_value": bound.isoformat()},
    )
    if not is_sound:
        return replace(blank, outcome=Outcome.NOT_RUN, observed=_UNSOUND)
    if newest is None:
        return blank
    fits, seen = newest >= bound, newest.isoformat()
    return replace(
        blank,
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        observed=seen,
        observed_value=seen,
        success=fits,
    )


def oldest(contract: Contract, now: datetime) -> date:
    """How old the newest row may be: a time, or for a column of dates a date."""
    assert contract.freshness is not None
    bound = now - contract.freshness.max_age
    return bound if contract.columns[contract.freshness.column].type == "time" else bound.date()
