"""The report of a validation as text: what was checked, what failed, how often and where; bounded."""

from __future__ import annotations

from collections import Counter

from headway.contract.report import Result
from headway.core.wording import count, few
from headway.engine.authoring.validating import Validated
from headway.facts.evidence import Outcome
from headway.render.style import PLAIN, Style

_NAME = 60
_MOST = 20
"""Results that are listed in full, of each kind."""
_KINDS = {
    "expect_column_to_exist": "columns that must exist",
    "expect_table_columns_to_match_set": "no other column",
    "expect_column_values_to_be_of_type": "types",
    "expect_column_values_to_not_be_null": "nulls",
    "expect_column_values_to_be_finite": "finite numbers",
    "expect_column_values_to_be_between": "ranges",
    "expect_column_values_to_be_in_set": "sets",
    "expect_column_values_to_match_regex": "patterns",
    "expect_column_values_to_be_unique": "unique columns",
    "expect_table_row_count_to_be_between": "number of rows",
}


def validated_text(done: Validated, style: Style = PLAIN) -> str:
    """The whole report."""
    report = done.report
    by = f"{done.contract_file} (version {done.version})"
    lines = [
        f"{done.what}: {count(done.rows, 'row')}, {count(done.columns, 'column')}, judged by {by}",
        "",
        _verdict(done, style),
    ]
    for outcome, colour in ((Outcome.FAIL, "red"), (Outcome.WARN, "yellow")):
        lines += _listed([item for item in report.results if item.outcome is outcome], outcome, style, colour)
    if done.set_aside:
        reasons = few([f"{number:,} for {reason}" for reason, number in done.set_aside.items()])
        lines += ["", f"would be set aside: {count(sum(done.set_aside.values()), 'row')} ({reasons})"]
    lines += _not_run([item for item in report.results if item.outcome is Outcome.NOT_RUN])
    passed = [item for item in report.results if item.outcome is Outcome.PASS]
    empty = [item for item in report.results if item.outcome is Outcome.NOT_APPLICABLE]
    lines += ["", f"passed: {_kinds(passed)}"] if passed else []
    lines += [f"not applicable, for want of values: {_kinds(empty)}"] if empty else []
    return "\n".join(lines)


def _verdict(done: Validated, style: Style) -> str:
    counts = Counter(item.outcome for item in done.report.results)
    said = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
    word, colour = ("pass", "green") if done.report.passed else ("fail", "red")
    return f"{style(word, 'bold', colour)}: {count(len(done.report.results), 'check')}, {', '.join(said)}"


def _listed(results: list[Result], outcome: Outcome, style: Style, colour: str) -> list[str]:
    if not results:
        return []
    lines = ["", *(f"  {style(outcome.value, colour)}  {_line(item)}" for item in results[:_MOST])]
    more = len(results) - _MOST
    return [*lines, f"  … and {more:,} more"] if more > 0 else lines


def _not_run(results: list[Result]) -> list[str]:
    """What could not be judged follows from a failure: one line says of how many checks, and why."""
    if not results:
        return []
    names = list(dict.fromkeys(f"`{item.columns[0][:_NAME]}`" for item in results if item.columns))
    about = f" on {few(names)}" if names else ""
    return ["", f"not run: {count(len(results), 'check')}{about}: {results[0].observed}"]


def _line(item: Result) -> str:
    share = ""
    judged = item.element_count - item.missing_count
    if item.unexpected_count and judged and not item.observed:
        share = f"; {100 * item.unexpected_count / judged:.3g} %"
    aside = "; such rows are quarantined" if item.action == "quarantine" else ""
    mild = f"; {item.severity}" if item.severity != "critical" else ""
    return f"{item.line}{share}{aside}{mild}"


def _kinds(results: list[Result]) -> str:
    """How many checks of which kind."""
    kinds = Counter(_KINDS.get(item.expectation, item.expectation) for item in results)
    return ", ".join(f"{kind} {number}" for kind, number in kinds.items())
