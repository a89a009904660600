"""What a table was found to be under a contract: one result per expectation, bounded in size. Pure values."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from headway.core.wording import count, few
from headway.facts.evidence import Outcome
from headway.spec.expectations import EXPECTATIONS

EXAMPLES = 5
"""Values and row numbers that a result keeps."""

_TOLD = 3
"""Warnings that are told on one line."""

Scalar = str | int | float | bool | None


class Result(Struct, frozen=True, kw_only=True):
    """One expectation, judged.

    Attributes:
        expectation: Great Expectations' name; `expect_column_values_to_be_finite`, which it lacks, is ours.
        columns: Columns that it is about; none for the table as a whole.
        outcome: `pass`, `fail`, `not applicable` (no value to judge), or `not run` (the column is
            missing or of another type, which has a failing result of its own).
        unexpected_count: Values (rows, for several columns) that break it.
        element_count: Rows.
        missing_count: Nulls, which are skipped; NaN counts as null.
        examples: The first values that break it, as JSON has them; texts are cut to 60 characters.
        rows: Their row numbers; the first row is 1. Rows that are set aside count too.
        files: The file of each of these rows, where a table comes in several; numbers are then those in it.
        wanted: What was asked for, in words (`between 0 and 5000`).
        observed: What was seen instead, in words; empty where the counts say it all.
        settings: Great Expectations' keyword arguments, without the columns.
        severity: How much it matters.
        action: What is done with what breaks it.
        id: What its author calls it.
        key: What the contract's check is called inside of Headway; empty for those on the schema.
        mostly: Share of the values that must fit.
        success: Whether the expectation is met, whatever is done where it is not; None where the
            outcome says it.
        observed_value: The figure that was seen, as JSON has it.
        mapped: The value that stands where others broke it; empty where none takes their place.
    """

    expectation: str
    outcome: Outcome
    wanted: str
    columns: tuple[str, ...] = ()
    unexpected_count: int = 0
    element_count: int = 0
    missing_count: int = 0
    examples: tuple[Scalar, ...] = ()
    rows: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    observed: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    severity: str = "critical"
    action: str = "reject"
    id: str = ""
    key: str = ""
    mostly: float = 1.0
    success: bool | None = None
    observed_value: Any = None
    mapped: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the expectation is met; what could not run is not."""
        return (
            self.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE) if self.success is None else self.success
        )

    @property
    def line(self) -> str:
        """One line for people: what is expected, how often it is not, and where."""
        about = f"column `{_brief(self.columns[0])}`" if len(self.columns) == 1 else "the table"
        if len(self.columns) > 1:
            about = f"columns {', '.join(f'`{_brief(name)}`' for name in self.columns[:EXAMPLES])}"
        about = f"{about} ({_brief(self.id)})" if self.id else about
        if self.observed:
            return f"{about}: expected {self.wanted}, found {self.observed}"
        share = f" in at least {100 * self.mostly:g} %" if self.mostly < 1 else ""
        found = f"{self.unexpected_count:,} of {self.element_count - self.missing_count:,} are not"
        return f"{about}: expected {self.wanted}{share}, {found}{self._where()}"

    @property
    def brief(self) -> str:
        """As `line`, with one example."""
        if self.mapped and self.unexpected_count and self.columns:
            values = list(dict.fromkeys(f"`{value}`" for value in self.examples)) or ["others"]
            became = f"{few(values, 2)} became {self.mapped} ({self.unexpected_count:,})"
            return f"`{_brief(self.columns[0])}`: {became}"
        one = replace(self, rows=self.rows[:1], files=self.files[:1], examples=self.examples[:1])
        return one.line.removeprefix("column ")

    def _where(self) -> str:
        values = ", ".join(f"`{value}`" for value in self.examples)
        if not self.rows:
            return f" ({values})" if values else ""
        more = ", …" if self.unexpected_count > len(self.rows) else ""
        rows = f"{places(self.rows, self.files)}{more}"
        return f" ({values} in {rows})" if values else f" ({rows})"


def places(rows: Sequence[int], files: Sequence[str] = ()) -> str:
    """Where rows are: `row 3`, `rows 3, 5`, `a.csv rows 3, 5; b.csv row 1`."""
    found = []
    for file, run in groupby(zip(files or ("",) * len(rows), rows, strict=True), key=itemgetter(0)):
        numbers = [str(row) for _, row in run]
        found.append(f"{file} row{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}".lstrip())
    return "; ".join(found)


class Report(Struct, frozen=True, kw_only=True):
    """Every expectation of a contract on one table.

    Attributes:
        rows: Rows of the table.
    """

    results: tuple[Result, ...]
    rows: int

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results that fail; `not run` ones follow from them."""
        return tuple(result for result in self.results if result.outcome is Outcome.FAIL)

    @property
    def passed(self) -> bool:
        """Whether nothing failed, and nothing was left unjudged because of it."""
        return not any(result.outcome in (Outcome.FAIL, Outcome.NOT_RUN) for result in self.results)

    @property
    def warnings(self) -> tuple[Result, ...]:
        """The results that warn: broken, and not refused."""
        return tuple(result for result in self.results if result.outcome is Outcome.WARN)

    def in_files(self, files: Sequence[tuple[str, int]]) -> Report:
        """The report with rows numbered in their files.

        Args:
            files: (name, rows) of each, in the order in which the report counts them; with one alone, or
                where they do not hold a row, numbers stay as they are.
        """
        ends = list(accumulate(rows for _, rows in files))
        if len(files) < 2:  # noqa: PLR2004 -- then the table's name says it
            return self
        return replace(self, results=tuple(_in_files(item, files, ends) for item in self.results))

    def lines(self, limit: int = 10) -> tuple[str, ...]:
        """One line per failure, at most `limit` and one that counts the others."""
        return _lines(self.failures, limit)

    def warning_lines(self, limit: int = 10) -> tuple[str, ...]:
        """One line per warning, at most `limit` and one that counts the others."""
        return _lines(self.warnings, limit)

    def in_short(self, aside: int = 0) -> str:
        """What warns, the worst first, on one line: at most three, and how many more; empty where nothing does.

        Args:
            aside: Rows that are set aside.
        """
        worst = sorted(self.warnings, key=_badness)
        parts = [f"{count(aside, 'row')} set aside"] if aside else []
        parts += [item.brief for item in worst[:_TOLD]]
        parts += [f"and {count(len(worst) - _TOLD, 'more warning')}"] if len(worst) > _TOLD else []
        return "; ".join(parts)

    def to_great_expectations(self, suite: str = "") -> dict[str, Any]:
        """The report in the JSON form of Great Expectations 1.x (`ExpectationSuiteValidationResult`)."""
        results = [_to_great_expectations(result) for result in self.results]
        successful = sum(result["success"] for result in results)
        percent = 100.0 * successful / len(results) if results else None
        return {
            "success": successful == len(results),
            "results": results,
            "suite_name": suite,
            "suite_parameters": {},
            "statistics": {
                "evaluated_expectations": len(results),
                "successful_expectations": successful,
                "unsuccessful_expectations": len(results) - successful,
                "success_percent": percent,
            },
            "meta": {},
            "id": None,
        }


def _in_files(result: Result, files: Sequence[tuple[str, int]], ends: Sequence[int]) -> Result:
    found = [bisect_left(ends, row) for row in result.rows]
    if not found or result.files or max(found) >= len(files):
        return result
    return replace(
        result,
        rows=tuple(row - ends[at] + files[at][1] for row, at in zip(result.rows, found, strict=True)),
        files=tuple(files[at][0] for at in found),
    )


def _badness(result: Result) -> tuple[bool, int, float]:
    judged = result.element_count - result.missing_count
    grave = ("critical", "warning", "info").index(result.severity)
    return result.action != "quarantine", grave, -(result.unexpected_count / judged if judged else 1.0)


def _lines(results: tuple[Result, ...], limit: int) -> tuple[str, ...]:
    more = (f"… and {len(results) - limit} more",) if len(results) > limit else ()
    return (*(result.line for result in results[:limit]), *more)


def _to_great_expectations(result: Result) -> dict[str, Any]:
    not_run = result.outcome is Outcome.NOT_RUN
    said = {"outcome": result.outcome.value, "wanted": result.wanted, "action": result.action}
    return {
        "success": result.is_met,
        "expectation_config": {
            "type": result.expectation,
            "kwargs": _columns(result) | {name: _plain(value) for name, value in result.settings.items()},
            "meta": said,
            "severity": result.severity,
            **({"id": result.id} if result.id else {}),
        },
        "result": {} if not_run else _counts(result),
        "meta": {"files": list(result.files)} if result.files else {},
        "exception_info": {
            "raised_exception": not_run,
            "exception_message": result.observed if not_run else None,
            "exception_traceback": None,
        },
    }


def _columns(result: Result) -> dict[str, Any]:
    signature = EXPECTATIONS.get(result.expectation)
    arguments = signature.arguments if signature is not None else {}
    if "columns" in arguments.values():
        return {"column_list": list(result.columns)}
    named = [name for name, kind in arguments.items() if kind == "column"]
    return dict(zip(named, result.columns, strict=False))


def _plain(value: Any) -> Any:
    """An argument as JSON has it: times as text."""
    return value.isoformat() if isinstance(value, date) else value


def _counts(result: Result) -> dict[str, Any]:
    signature = EXPECTATIONS.get(result.expectation)
    if signature is None or signature.grain != "row":
        seen = result.observed_value
        return {"observed_value": (result.observed or result.wanted) if seen is None else seen}
    judged = result.element_count - result.missing_count
    return {
        "element_count": result.element_count,
        "missing_count": result.missing_count,
        "missing_percent": _percent(result.missing_count, result.element_count),
        "unexpected_count": result.unexpected_count,
        "unexpected_percent": _percent(result.unexpected_count, judged),
        "unexpected_percent_total": _percent(result.unexpected_count, result.element_count),
        "unexpected_percent_nonmissing": _percent(result.unexpected_count, judged),
        "partial_unexpected_list": list(result.examples),
        "partial_unexpected_index_list": [row - 1 for row in result.rows],
    }


def _percent(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None


def _brief(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"  # noqa: PLR2004 -- as values are cut
