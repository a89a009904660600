"""Features that tell the label before it is known: groups of the same rows that compute them from its column. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headway.features.functions import FeatureFunction
from headway.spec.product import Dataset


def made_of_the_label(declared: Dataset, code: Mapping[str, Sequence[FeatureFunction]]) -> tuple[str, ...]:
    """Features of a dataset that follow from its label's column, as the dataset calls them.

    Args:
        declared: The dataset.
        code: Group that is computed from the dataset's rows -> its functions, each after those that it takes.
    """
    found: list[str] = []
    for pick in declared.features:
        telling = {declared.label.name}
        for function in code.get(pick.group, ()):
            if any(parameter.name in telling for parameter in function.parameters):
                telling.add(function.name)
                if pick.columns is None or function.name in pick.columns:
                    found.append(pick.prefix + function.name)
    return tuple(dict.fromkeys(found))
