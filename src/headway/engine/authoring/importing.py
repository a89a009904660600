"""A suite of Great Expectations taken over: read, mapped, told, and written where somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from headway.contract.casting import logical_type
from headway.contract.proposing.written import contract_text
from headway.contract.suites.importing import Imported, imported, summary
from headway.contract.suites.suite import Suite, read
from headway.engine.authoring.named_table import as_it_is, find
from headway.engine.authoring.profiling import refuse_existing, write_new
from headway.errors import validation as errors
from headway.spec.contract import ColumnType


class Taken(NamedTuple):
    """What became of a suite.

    Attributes:
        text: The contract as a file.
        written: The file that it was written to; empty for none.
    """

    suite: Suite
    found: Imported
    text: str
    written: str = ""

    @property
    def summary(self) -> str:
        """In one line."""
        return summary(self.suite, self.found)

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `contract import --json`."""
        return {
            "suite": self.suite.name,
            "generation": self.suite.generation,
            "mapped": [{"place": one.place, "type": one.type, "into": one.into} for one in self.found.mapped],
            "refused": [
                {"place": one.place, "type": one.type, "columns": list(one.columns), "why": one.why}
                for one in self.found.refused
            ],
            "notes": list(self.found.notes),
            "contract": self.text,
            "written": self.written or None,
        }


def import_suite(folder: Path, suite: Path, *, to: Path | None, like: str | None, partial: bool) -> Taken:
    """Make a contract of a suite.

    Args:
        folder: Where the person stands.
        suite: The JSON file.
        to: A new file for the contract; never one that exists.
        like: A source or a file that says of which types the columns are.
        partial: Take what can be honoured where not everything can.

    Raises:
        UsageError: The file is no suite, there is no such table, or the contract's file exists.
        ContractError: Something cannot be honoured, and `partial` was not asked for; or nothing can.
    """
    refuse_existing(folder, to)
    try:
        data = (folder / suite).read_bytes()
    except OSError as error:
        raise errors.suite_is_missing(str(suite), error.strerror or str(error)) from error
    found_suite = read(data, str(suite))
    types = _types(folder, like) if like is not None else {}
    found = imported(found_suite, types)
    if found.refused and not partial:
        lines = [one.line for one in found.refused]
        raise errors.suite_is_not_honoured(str(suite), lines, len(found.mapped))
    if not found.contract.columns:
        raise errors.suite_says_nothing(str(suite))
    text = contract_text(found.contract, heading=_heading(found_suite, found, suite), columns=found.said)
    if to is not None:
        write_new(folder / to, text)
    return Taken(found_suite, found, text, str(to) if to is not None else "")


def _types(folder: Path, like: str) -> Mapping[str, ColumnType]:
    schema = as_it_is(find(folder, like)).collect_schema()
    kinds = {name: logical_type(dtype) for name, dtype in schema.items()}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _heading(suite: Suite, found: Imported, file: Path) -> list[str]:
    version = f" {suite.version}" if suite.version else f" {suite.generation}"
    lines = [f"Imported from {file.name}: suite {suite.name[:100]}, Great Expectations{version}."]
    lines += [suite.notes] if suite.notes else []
    return [*lines, *(f"not honoured: {one.line}" for one in found.refused)]
