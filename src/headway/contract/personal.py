"""Reports and kept states without personal data: of columns that the contract tags `pii` only counts are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from headway.contract.checks import checks
from headway.errors.masking import MASK, PERSONAL
from headway.facts.evidence import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from headway.contract.report import Result
    from headway.contract.state import State
    from headway.spec.contract import Contract

_NO_VALUE = ("to_exist", "of_type", "in_type_list", "unique_value_count", "proportion_of")
"""Parts of the names of expectations that observe no value of a column."""
_COUNTS = ("present", "distinct", "bins")
"""Figures of a column that say none of its values."""


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


def without_values(state: State, contract: Contract) -> State | None:
    """A state without values of columns tagged `pii`; None where something is judged by such values.

    Examples are masked, as they are in every report. Extremes, sums, counts of values, and the ends of an
    order cannot be. Keys of such columns are hashes, as `headway.contract.program` takes them.
    """
    personal = personal_columns(contract)
    asked = {item.key: item for item in checks(contract) if personal.intersection(item.columns)}
    named = {*personal, *asked}
    for figure, value in state.figures.items():
        name, _, of = figure.partition(" ")
        if of in named and name not in _COUNTS and value:
            return None
    if any(tally.ends is not None for key, tally in state.tallies.items() if key in asked):
        return None
    tallies = {
        key: replace(tally, examples=(MASK,) * len(tally.examples)) if key in asked else tally
        for key, tally in state.tallies.items()
    }
    return replace(state, tallies=tallies)
