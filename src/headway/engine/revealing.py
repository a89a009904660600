"""What is said of a node by its author and by lineage, and personal values hidden in what commands show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from headway.core.clock import SystemClock
from headway.core.ids import uuid7
from headway.engine.governing import carrying, columns_with, governed
from headway.engine.groups.shared import without_lenders
from headway.engine.recall import PRODUCT_FILE
from headway.errors import HeadwayError, SpecError
from headway.errors.masking import MASK, PERSONAL
from headway.facts.fact import RunEnded, RunStarted
from headway.lineage.carried import EVERY, Columns
from headway.predictions.record import Prediction
from headway.spec.graph import graph
from headway.spec.load import Loaded, load
from headway.store.workspace import Workspace
from headway.survey.modules import Modules

REVEAL = "reveal predictions"
"""How such a look is called in the ledger."""


class About(NamedTuple):
    """A node, as its author and lineage have it now.

    Attributes:
        carries: Tag -> the columns that carry it, and from where.
    """

    description: str = ""
    tags: tuple[str, ...] = ()
    carries: dict[str, list[str]] = {}  # noqa: RUF012 -- the default of a tuple's field


class Told(NamedTuple):
    """Every node of a product, as its file says it now.

    Attributes:
        columns: Node -> column -> the tags that it carries; None where the file is wrong.
    """

    nodes: Mapping[str, About] = {}
    columns: Mapping[str, Columns] | None = None

    def of(self, node: str) -> About:
        """What is said of a node."""
        return self.nodes.get(node, About())

    def personal(self, node: str) -> set[str]:
        """Columns of a node that carry personal data: every one, where nobody can say which."""
        if self.columns is None or node not in self.nodes:
            return {EVERY}
        return columns_with(self.columns.get(node, {}), PERSONAL)


def told_of(workspace: Workspace) -> Told:
    """What a product says of its nodes."""
    try:
        loaded = _declared(workspace)
        nodes = graph(loaded.product, loaded.contracts)
        found = governed(loaded, nodes, Modules(workspace.root), workspace.open_reader())
    except HeadwayError:
        # A wrong file is another command's to say; what was made of it can be read, without values.
        return Told()
    said = {}
    for node in nodes.nodes:
        kind, _, name = node.name.partition(".")
        declared = getattr(loaded.product, f"{kind}s").get(name)
        carries = carrying(found.carried.get(node.name, {}))
        said[node.name] = About(
            declared.description if declared is not None else "",
            declared.tags if declared is not None else (),
            carries,
        )
    return Told(said, found.carried)


def _declared(workspace: Workspace) -> Loaded:
    """The product file, also when a product that it reads from is gone or wrong.

    Raises:
        SpecError: It is wrong in itself.
    """
    file = workspace.root / PRODUCT_FILE
    try:
        return load(file)
    except SpecError:
        return without_lenders(file)


def hidden(prediction: Prediction, told: Told) -> Prediction:
    """A prediction without the values of columns that carry personal data."""
    personal = told.personal(f"endpoint.{prediction.endpoint}")
    if not personal:
        return prediction
    secret = {str(value) for name, value in prediction.sent.items() if is_personal(name, personal)}
    verdict = replace(prediction.verdict, mapped=hidden_row(prediction.verdict.mapped, personal))
    return replace(
        prediction,
        unit=MASK if prediction.unit and prediction.unit in secret else prediction.unit,
        sent=hidden_row(prediction.sent, personal),
        features=hidden_row(prediction.features, personal),
        verdict=verdict,
    )


def hidden_row(row: Mapping[str, Any], personal: Collection[str]) -> dict[str, Any]:
    """A row with a mask in the place of each personal value; what is missing stays missing."""
    return {
        name: MASK if value is not None and is_personal(name, personal) else value
        for name, value in row.items()
    }


def is_personal(name: str, personal: Collection[str]) -> bool:
    """Whether a column is one of those, or of a group whose columns nobody knows by name."""
    return name in personal or any(
        known.endswith(EVERY) and name.startswith(known.removesuffix(EVERY)) for known in personal
    )


def record_reveal(workspace: Workspace, environment: str, who: str, number: int) -> None:
    """Write down who looked at personal values, before they are shown."""
    run = uuid7()
    began = SystemClock().now()
    said = f"{number} predictions were shown with personal values"
    workspace.open_writer().record(
        RunStarted(run=run, command=REVEAL, environment=environment, plan="", who=who),
        RunEnded(
            run=run, outcome="succeeded", seconds=(SystemClock().now() - began).total_seconds(), reason=said
        ),
    )
