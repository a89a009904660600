"""What the checks look at: a product, its contracts, and where to put a fault."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import NamedTuple

from headway.spec.contract import Contract
from headway.spec.document import Path_
from headway.spec.product import Dataset, FeatureGroup, Product
from headway.spec.references import Check

_WORD = r"[^\W\d]\w*"
MODULE = re.compile(rf"{_WORD}(?:\.{_WORD})*")
FUNCTION = re.compile(rf"{MODULE.pattern}:{_WORD}")
SHOWN = 60
"""Characters of a value found that a fault shows."""


class Scene(NamedTuple):
    """A product whose references were checked, with the collector of faults.

    Attributes:
        shared: Groups of other products that it reads; each was checked where it is declared.
    """

    product: Product
    contracts: Mapping[str, Contract]
    check: Check
    shared: Mapping[str, FeatureGroup] = {}

    def contract_of(self, source: str | None) -> Contract | None:
        """The contract of a source, if it is there and could be read."""
        declared = self.product.sources.get(source or "")
        return self.contracts.get(declared.contract) if declared is not None and declared.contract else None

    def request_of(self, name: str) -> tuple[str, ...] | None:
        """Columns that the caller of a dataset's model sends; None where that cannot be said."""
        dataset = self.product.datasets.get(name)
        if dataset is None or self.check.broken(("datasets", name, "request")):
            return None
        return (
            dataset.request
            if dataset.request is not None
            else _all_but_label(dataset, self.contract_of(dataset.rows))
        )

    def distinct(self, path: Path_, names: Collection[str], what: str) -> None:
        """Refuse an empty list, and a name that stands twice in it."""
        if not names and not self.check.broken(path):
            self.check.fault(path, f"no {what}", "name one at least")
        seen: set[str] = set()
        for index, name in enumerate(names):
            if name in seen:
                self.check.fault((*path, index), f"`{name[:SHOWN]}` stands here twice", "keep one of them")
            seen.add(name)

    def positive(self, path: Path_, value: timedelta | float | None) -> None:
        """Refuse a duration or a rate of nothing."""
        if value is not None and not value:
            self.check.fault(path, "nothing at all", "give more than zero")

    def module(self, path: Path_, reference: str | None) -> None:
        """Refuse what cannot be the name of a module."""
        if reference is not None and not MODULE.fullmatch(reference):
            self.check.fault(path, f"`{reference[:SHOWN]}` names no module", "write `package.module`")

    def function(self, path: Path_, reference: str | None) -> None:
        """Refuse what cannot be the name of a function; one without a colon is a fault already."""
        if reference is not None and ":" in reference and not FUNCTION.fullmatch(reference):
            self.check.fault(
                path, f"`{reference[:SHOWN]}` names no function", "write `package.module:function`"
            )


def _all_but_label(dataset: Dataset, contract: Contract | None) -> tuple[str, ...] | None:
    if contract is None:
        return None
    return tuple(name for name in contract.columns if name != dataset.label.name)
