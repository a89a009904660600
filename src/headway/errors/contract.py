"""What a contract, and data that breaks it, tell a user."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from headway.errors.families import ContractError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN = 5
_LONGEST = 80


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _written(value: object) -> str:
    """As a contract writes it: a set as a list, of which some values are shown."""
    if not isinstance(value, list | tuple):
        return _brief(str(value).lower() if isinstance(value, bool) else value)
    more = ["…"] if len(value) > _SHOWN else []
    return f"[{', '.join([*map(_written, value[:_SHOWN]), *more])}]"


class RecordFault(ContractError):  # noqa: N818 -- a fault is what contracts call it
    """One record of a request breaks the contract.

    Attributes:
        path: Which value: `inputs[3].distance`; empty for the body as a whole.
        message: What is wrong with it: `9e+99 is above 5000`.
        faults: (path, message) of every fault that was found, this one first; bounded.
        broken: (column, rule) of them, each once: what may be kept of a request, since it has only words
            of the contract in it. The column is empty where the contract knows none.
    """

    def __init__(
        self,
        *,
        code: str,
        path: str,
        message: str,
        mend: str,
        more: Sequence[tuple[str, str]] = (),
        broken: Iterable[tuple[str, str]] = (),
    ) -> None:
        faults = ((path, message), *more)
        what = "; ".join(f"{place}: {wrong}" if place else wrong for place, wrong in faults)
        what = f"{len(faults)} faults: {what}" if more else what
        super().__init__(code=code, what=what, where="the request", mend=mend)
        self.path = path
        self.message = message
        self.faults = faults
        self.broken = tuple(broken)


def rule_cannot_hold(column: str, rule: str, found: object, why: str) -> SpecError:
    """DC001: A rule of a contract can never be kept.

    The bound is of another type than its column, the smallest value is above the largest, the
    regular expression does not compile, or the set of values is empty. Such a rule would refuse
    every row, or be ignored in silence. Mend it in the contract.
    """
    return SpecError(
        code="DC001",
        what=f"rule `{rule}: {_written(found)}` of column `{_brief(column)}` cannot hold: {_brief(why)}",
        where=f"contract, column `{_brief(column)}`",
        mend=f"mend `{rule}` in the contract, or leave it out",
    )


def column_is_not_declared(column: str, declared: Sequence[str]) -> SpecError:
    """DC002: A request column does not stand in the contract.

    Every column that a caller sends is checked by the contract of the rows, so it must be declared
    there. Mend the name in `request:`, or declare the column.
    """
    near = difflib.get_close_matches(column, declared, n=1)
    return SpecError(
        code="DC002",
        what=f"column `{_brief(column)}` is requested and the contract does not declare it",
        where=f"request column `{_brief(column)}`",
        mend=f"did you mean `{_brief(near[0])}`?" if near else "declare the column in the contract",
    )


def data_breaks_contract(where: str, failed: int, checked: int, lines: Sequence[str]) -> ContractError:
    """DC003: A table breaks its contract.

    Every check that failed is listed with its count and at most five values and row numbers (the
    first row is 1). Nothing was taken over: mend the data where it comes from, or, where the data
    is right and the contract wrong, change the contract.
    """
    return ContractError(
        code="DC003",
        what=f"the data breaks its contract in {failed} of {checked} checks",
        where=_brief(where),
        evidence=tuple(lines[: 2 * _SHOWN + 1]),
        mend="mend the data where it comes from, or change the contract if the data is right",
    )


def record_is_refused(
    path: str,
    message: str,
    mend: str = "",
    more: Sequence[tuple[str, str]] = (),
    broken: Iterable[tuple[str, str]] = (),
) -> RecordFault:
    """DC004: A record breaks the contract.

    The same contract that checks the training rows checks every record of a request: fields by
    name, of their types (`"1"` and `1.0` are no integers, a time has an offset), within their
    bounds. The path says which value it is; up to ten faults are told at once. A field that the contract does not list is refused too,
    because a name written wrongly would be a missing value in silence; `extra_columns: ignore` in the
    contract lets such fields, and columns of the data, be.
    """
    return RecordFault(
        code="DC004",
        path=_brief(path),
        message=message[: 4 * _LONGEST],
        mend=mend or "`/openapi.json` of the server says what each field takes",
        more=[(_brief(place), wrong[: 2 * _LONGEST]) for place, wrong in more],
        broken=broken,
    )


def computed_is_refused(fault: RecordFault) -> RecordFault:
    """DC010: What on-demand functions make of a request breaks the contract of the features.

    The request keeps its own contract, but a feature that is computed of it is one that the model has
    never seen: `contract:` of the dataset holds such features in training and at each request alike. Mend
    what is sent, or the function; widen the contract if such values are right. A rule whose policy for
    requests is `warn` lets them pass, and is counted and logged.
    """
    places = [(path.replace("inputs", "computed", 1), message) for path, message in fault.faults]
    (path, message), *more = places
    return RecordFault(
        code="DC010",
        path=path,
        message=message,
        mend="send values of which such a feature cannot come, or widen the contract of the dataset's features",
        more=more,
        broken=fault.broken,
    )


def body_is_not_json(reason: str) -> RecordFault:
    """DC005: The body of a request is not JSON.

    It must be UTF-8 JSON as RFC 8259 has it: one record as an object, or `{"inputs": [...]}`.
    NaN and Infinity are not JSON; a missing number is `null`.
    """
    return RecordFault(
        code="DC005",
        path="",
        message=f"the body cannot be read as JSON: {_brief(reason)}",
        mend='send one record as a JSON object, or `{"inputs": [...]}`',
    )


def name_is_not_carried(column: str) -> SpecError:
    """DC006: A request column has a name that requests do not carry.

    Quotation marks, backslashes and control characters in a field's name are not supported in
    requests; all other Unicode is. Rename the column in the source.
    """
    return SpecError(
        code="DC006",
        what=f"request column {_brief(ascii(column))} has a quotation mark, backslash or control character",
        where=f"request column {_brief(ascii(column))}",
        mend="rename the column, or leave it out of `request:`",
    )


def states_do_not_fit(one: str, other: str) -> ContractError:
    """DC007: Two states of a contract do not fit together.

    A state says what one pass over one file found, for one contract. States of another contract, or
    of a pass that kept no keys, cannot be merged. Take the states anew from the files.
    """
    return ContractError(
        code="DC007",
        what=f"a state for contract `{_brief(one[:12])}` and one for `{_brief(other[:12])}` do not merge",
        where="states of data files",
        mend="take both anew, with keys, for the contract as it is now",
    )


def state_cannot_be_read(reason: str) -> ContractError:
    """DC008: A stored state of a contract cannot be read.

    It was written by another version, or is damaged. A state is only a summary of a data file: take
    it anew from that file.
    """
    return ContractError(
        code="DC008",
        what=f"the stored state cannot be read: {_brief(reason)}",
        where="state of a data file",
        mend="take it anew from the data file",
    )


def footer_is_damaged(file: str, reason: str) -> ContractError:
    """DC009: A Parquet file is damaged, or is none.

    Its footer says which columns there are and what lies between which bounds. It cannot be read: the file
    was cut off while it was written or copied, or is of another kind. Nothing was taken over; fetch the
    file again.
    """
    return ContractError(
        code="DC009",
        what=f"`{_brief(file)}` cannot be read as Parquet: {_brief(reason)}",
        where=f"file `{_brief(file)}`",
        mend="fetch or write the file again",
    )
