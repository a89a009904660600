"""Lineage of a reference, from the ledgers of its product and of those beside, and the prediction log."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from headway.engine.questions.found import find
from headway.engine.questions.joined_past import JoinedPast
from headway.engine.revealing import Told, hidden, told_of
from headway.lineage.trace import Lineage, downstream, upstream
from headway.predictions.record import Prediction
from headway.store.workspace import Workspace


class Traced(NamedTuple):
    """A lineage, and the prediction that it was asked for.

    Attributes:
        told: What the nodes in it carry, as the product file has it now.
    """

    lineage: Lineage
    prediction: Prediction | None = None
    told: Told = Told()

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `lineage --json`."""
        value: dict[str, Any] = msgspec.to_builtins(self.lineage)
        nodes = dict.fromkeys(vertex.node for vertex in self.lineage.vertices)
        value["carried"] = {node: carries for node in nodes if (carries := self.told.of(node).carries)}
        if self.prediction is not None:
            value["prediction"] = msgspec.to_builtins(self.prediction)
        return value


def trace(workspace: Workspace, reference: str, *, down: bool = False) -> Traced:
    """Where a thing came from, or with `down` what came of it.

    Raises:
        UsageError: Nothing is found under the reference.
    """
    found = find(workspace, reference)
    told = told_of(workspace)
    prediction = hidden(found.prediction, told) if found.prediction is not None else None
    reader, digest = JoinedPast(workspace), found.artifact.digest
    lineage = downstream(reader, digest) if down else upstream(reader, digest, _served(prediction))
    return Traced(lineage, prediction, told)


def _served(prediction: Prediction | None) -> dict[str, str]:
    """Group -> the commit that a prediction's features are of, which may be newer than its release's."""
    lookups = prediction.lookups if prediction is not None else ()
    return {f"feature_group.{item.group}": item.commit for item in lookups if item.commit}
