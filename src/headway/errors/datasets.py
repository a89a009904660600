"""What labels from another table and splits of datasets tell a user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headway.errors.families import ContractError, SpecError

_SHOWN = 5
_LONGEST = 60


def _brief(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _listed(names: Iterable[Any]) -> str:
    known = list(names)
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(f"`{_brief(name)}`" for name in known[:_SHOWN]) + more


def labels_contradict(where: str, source: str, keys: int, examples: Sequence[str]) -> ContractError:
    """DA101: Rows of a label's source give one row different labels, known at the same moment.

    Of several labels the one that became known last counts, so that a correction replaces what it
    corrects; of those that became known at one moment, the one of the later event. Two that differ in
    neither time have no order, and neither can be chosen.
    """
    more = (f"... and {keys - _SHOWN} more",) if keys > _SHOWN else ()
    return ContractError(
        code="DA101",
        what=f"{keys:,} {'key' if keys == 1 else 'keys'} of source `{_brief(source)}` {'has' if keys == 1 else 'have'} different labels that happened and became known at one moment",
        where=where,
        mend="keep one of them, or give the correction its own, later known time",
        evidence=(*(_brief(example) for example in examples[:_SHOWN]), *more),
    )


def absence_does_not_fit(where: str, value: Any, dtype: str) -> SpecError:
    """DA102: The label of an absence is of another type than the labels that are there.

    A model learns from labels of one type. Write `absent: {is: ...}` in the type of the label's
    column.
    """
    return SpecError(
        code="DA102",
        what=f"`absent` is `{_brief(value)}`, and the labels that are there are `{_brief(dtype)}`",
        where=where,
        mend="write `absent: {is: ...}` in the type of the label's column",
    )


def label_source_is_missing(where: str, source: str) -> SpecError:
    """DA103: A label's source was not given to the dataset.

    Code that builds a dataset by itself hands in the table that `label: {from: ...}` names.
    """
    return SpecError(
        code="DA103",
        what=f"the label is from source `{_brief(source)}`, whose table was not given",
        where=where,
        mend="give it as `late=`",
    )


def part_is_unknown(where: str, column: str, values: Sequence[Any]) -> ContractError:
    """DA104: The column of a split names parts that there are not.

    With `by: column` each cell is `train`, `validate`, `test`, or null for a row that is not used. A
    word that is none of them would leave rows out without a word.
    """
    return ContractError(
        code="DA104",
        what=f"column `{_brief(column)}` holds {_listed(values)}, which is no part",
        where=where,
        mend="write `train`, `validate`, `test`, or nothing, into its cells",
    )


def part_is_too_small(where: str, small: Mapping[str, int], least: int) -> ContractError:
    """DA105: A part of the split has fewer rows than the product asks for.

    `split: {min_rows: ...}` says how many rows every part needs, so that a model is neither fitted nor
    judged on a handful.
    """
    told = ", ".join(f"`{part}` has {rows:,}" for part, rows in small.items())
    return ContractError(
        code="DA105",
        what=f"{told} of at least {least:,} rows",
        where=where,
        mend="load more rows, enlarge the part, or lower `min_rows:`",
    )


def all_labels_are_late(where: str, part: str, rows: int, begins: str) -> ContractError:
    """DA106: Every label of a part became known only after the next part begins.

    A model is judged as if it had been trained when the rows that judge it began. Rows whose label
    was not known by then are left out, and here none is left. Leave as much time between the parts as
    a label takes to become known.
    """
    return ContractError(
        code="DA106",
        what=f"all {rows:,} rows of `{part}` have a label that became known after {begins}, when the next part begins",
        where=where,
        mend="move the parts apart by the time that a label takes, or enlarge the part",
    )


def features_tell_the_label(
    where: str, label: str, features: Sequence[str], early: int, rows: int
) -> ContractError:
    """DA107: Features are made of the label's column, and count as known before the label does.

    A group takes the label's column from the dataset's own rows, and a row of a group is known when its
    source says so. Where the label of that row becomes known only later, a training row would get a
    feature that tells its own label, which no request will have: the model looks excellent and is not.
    """
    more = f" and {len(features) - _SHOWN} more" if len(features) > _SHOWN else ""
    named = ", ".join(f"`{_brief(name)}`" for name in features[:_SHOWN])
    told = f"made of label `{_brief(label)}` would tell it before it is known, in {early:,} of {rows:,} rows"
    return ContractError(
        code="DA107",
        what=f"{named}{more} {told}",
        where=where,
        mend="let the source's `known:` be no earlier than the label's, or compute these features from a source of "
        "their own that says when the labels came",
    )
