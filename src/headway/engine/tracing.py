"""Lineage of a reference, from the ledger and the prediction log."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from headway.engine.found import find
from headway.lineage.trace import Lineage, downstream, upstream
from headway.predictions.record import Prediction
from headway.store.workspace import Workspace


class Traced(NamedTuple):
    """A lineage, and the prediction that it was asked for."""

    lineage: Lineage
    prediction: Prediction | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `lineage --json`."""
        value: dict[str, Any] = msgspec.to_builtins(self.lineage)
        if self.prediction is not None:
            value["prediction"] = msgspec.to_builtins(self.prediction)
        return value


def trace(workspace: Workspace, reference: str, *, down: bool = False) -> Traced:
    """Where a thing came from, or with `down` what came of it.

    Raises:
        UsageError: Nothing is found under the reference.
    """
    found = find(workspace, reference)
    walk = downstream if down else upstream
    return Traced(walk(workspace.open_reader(), found.artifact.digest), found.prediction)
