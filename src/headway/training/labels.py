"""Labels that nothing can be learnt from are refused before anything is fitted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.errors import training as errors

if TYPE_CHECKING:
    import polars as pl

    from headway.model.inputs import Kind


def check_labels(label: pl.Series, kind: Kind, name: str) -> None:
    """Refuse training labels of one class, or values that are no finite numbers.

    Args:
        label: Labels of the training rows, (n,).
        kind: What the model answers.
        name: The model's node, for errors.

    Raises:
        ContractError: There are no rows, one class only, or no finite numbers.
    """
    if not label.len():
        raise errors.no_training_rows(name)
    if kind == "probability":
        if label.n_unique() == 1:
            raise errors.one_class(name, str(label[0]), label.len())
        return
    if not label.dtype.is_numeric():
        raise errors.label_is_no_number(name, str(label.dtype))
    faulty = label.len() - int(label.is_finite().sum()) if label.dtype.is_float() else 0
    if faulty:
        raise errors.label_is_not_finite(name, faulty, label.len())
