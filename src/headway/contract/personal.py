"""A report without personal data: what stands in columns that the contract tags `pii` is told by its count only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from headway.errors.masking import MASK, PERSONAL
from headway.facts.evidence import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from headway.contract.report import Result
    from headway.spec.contract import Contract

_NO_VALUE = ("to_exist", "of_type", "in_type_list", "unique_value_count", "proportion_of")
"""Parts of the names of expectations that observe no value of a column."""


def personal_columns(contract: Contract) -> set[str]:
    """Columns that are tagged `pii`."""
    return {name for name, column in contract.columns.items() if PERSONAL in column.tags}


def without_personal(results: Iterable[Result], contract: Contract) -> Iterator[Result]:
    """The results with examples, and what was seen, masked where they are about a column tagged `pii`."""
    personal = personal_columns(contract)
    for result in results:
        if not personal.intersection(result.columns):
            yield result
            continue
        told = any(part in result.expectation for part in _NO_VALUE) or result.outcome is Outcome.NOT_RUN
        observed = MASK if result.observed and not told else result.observed
        value = MASK if observed == MASK else result.observed_value
        yield replace(
            result, examples=(MASK,) * len(result.examples), observed=observed, observed_value=value
        )
