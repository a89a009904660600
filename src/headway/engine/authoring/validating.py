"""A table against its contract, now: nothing is kept, no pointer moves, the ledger is not touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from msgspec.structs import replace

from headway.contract.admission import admit
from headway.contract.files import check_file
from headway.contract.personal import personal_columns
from headway.contract.report import Report, Result, places
from headway.contract.words import LONGEST, show
from headway.data.cells import Unparsed
from headway.data.personal import mask_of
from headway.engine.authoring.named_table import Named, find, is_parquet, under_contract
from headway.errors import validation as errors
from headway.errors.masking import working_on
from headway.facts.evidence import Outcome
from headway.spec.contract import Contract


class Validated(NamedTuple):
    """A report, and what it is about.

    Attributes:
        what: The table, in words.
        contract_file: What it was judged by, as it was written.
        version: Of the contract.
        columns: Columns of the table.
        rows: Rows of the table.
        set_aside: Reason -> rows that the contract would set aside; the report judges the others.
    """

    what: str
    contract_file: str
    version: int
    columns: int
    rows: int
    set_aside: Mapping[str, int]
    report: Report

    def to_json(self) -> dict[str, Any]:
        """Great Expectations' result of a suite; what is ours stands in `meta`."""
        found = self.report.to_great_expectations(self.contract_file)
        counts = {
            "headway": {
                "table": self.what,
                "contract": self.contract_file,
                "contract_version": self.version,
                "rows": self.rows,
                "set_aside": dict(self.set_aside),
                "passed": self.report.passed,
                "failed": len(self.report.failures),
                "warnings": len(self.report.warnings),
            }
        }
        return found | {"meta": counts}


def validate(folder: Path, asked: str, contract: Path | None = None) -> Validated:
    """Judge a source's rows, or a file's, as they are now.

    Args:
        folder: Where the person stands.
        asked: A source's name, or a file.
        contract: Judge by this one, and not by the source's.

    Raises:
        UsageError: There is no such table, or no contract for it.
        SpecError: The contract is wrong.
        HeadwayError: The rows cannot be read.
    """
    named = find(folder, asked, contract)
    if named.contract is None:
        raise errors.nothing_to_judge_by(named.what)
    with working_on(None):
        return _streamed(named, named.contract) or _judged(named, named.contract)


def _streamed(named: Named, contract: Contract) -> Validated | None:
    """A Parquet file, judged group of rows by group of rows, and never held as a whole.

    None for every other table, and where whole rows are needed: to be set aside, or to mask what is personal.
    """
    path = named.root / named.source.load
    if not is_parquet(named) or not path.is_file() or personal_columns(contract):
        return None
    report = check_file(path, contract)
    if any(item.action == "quarantine" and item.outcome is Outcome.WARN for item in report.results):
        return None
    return Validated(
        what=named.what,
        contract_file=named.contract_file,
        version=contract.version,
        columns=len(pl.read_parquet_schema(path)),
        rows=report.rows,
        set_aside={},
        report=report,
    )


def _judged(named: Named, contract: Contract) -> Validated:
    frame, unparsed, files = under_contract(named, contract)
    personal = [frame[name] for name in frame.columns if name in personal_columns(contract)]
    with working_on(mask_of(lambda: personal) if personal else None):
        admitted = admit(frame, contract)
        return Validated(
            what=named.what,
            contract_file=named.contract_file,
            version=contract.version,
            columns=frame.width,
            rows=frame.height,
            set_aside=admitted.rejected,
            report=_with_cells(admitted.report, unparsed, files),
        )


def _with_cells(report: Report, unparsed: Mapping[str, Unparsed], files: Sequence[tuple[str, int]]) -> Report:
    """With the cells that are not written in their column's type, and where they are."""
    found = tuple(_with_unparsed(result, unparsed) for result in report.results)
    placed = replace(report, results=found).in_files(files)
    return replace(placed, results=tuple(_with_few_cells(result, unparsed) for result in placed.results))


def _is_unparsed(result: Result, unparsed: Mapping[str, Unparsed]) -> bool:
    return "of_type" in result.expectation and result.columns[0] in unparsed


def _with_unparsed(result: Result, unparsed: Mapping[str, Unparsed]) -> Result:
    if not _is_unparsed(result, unparsed):
        return result
    found = unparsed[result.columns[0]]
    return replace(
        result,
        unexpected_count=found.count,
        examples=tuple(cell[:LONGEST] for _, cell in found.examples),
        rows=tuple(row for row, _ in found.examples),
    )


def _with_few_cells(result: Result, unparsed: Mapping[str, Unparsed]) -> Result:
    """In words, unless most cells are written otherwise: then the column is of another type."""
    present = result.element_count - result.missing_count
    if not _is_unparsed(result, unparsed) or result.unexpected_count > present // 2:
        return result
    cells = ", ".join(
        f"{show(cell)} in {places([row], result.files[at : at + 1])}"
        for at, (cell, row) in enumerate(zip(result.examples, result.rows, strict=True))
    )
    said = f"{result.unexpected_count:,} of {present:,} cells that are not written as one ({cells})"
    return replace(result, observed=said)
