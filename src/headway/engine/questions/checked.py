"""What `headway check` says of a product file that has no fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from headway.core.clock import SystemClock
from headway.engine import governing
from headway.engine.governing import Governed
from headway.engine.missing_files import missing_files
from headway.engine.retention import past
from headway.errors import survey as errors
from headway.lineage.retention import Limit
from headway.spec.batches import endpoints_of
from headway.spec.built import not_built
from headway.spec.graph import Graph, graph
from headway.spec.load import load
from headway.spec.product import Product
from headway.store.workspace import Workspace
from headway.survey.closure import closure
from headway.survey.faults import CodeFault, code_faults
from headway.survey.files import StatCache
from headway.survey.libraries import installed
from headway.survey.modules import Modules


class Checked(NamedTuple):
    """A product file that can be planned.

    Attributes:
        not_built: (part, `file:line`) that a later version will build; applying refuses them.
        coarse: Module that is taken in whole -> why.
        governed: The product under its own rules.
        protected: Whether an environment is.
        batches: Declared batch -> the endpoint whose release answers it.
        missing: Sources that find no file now, and which may have been meant.
        uncovered: Nodes whose rows, or what they compute, no contract of their own holds.
        past: What is older than a rule lets it be, and how it goes.
    """

    product: str
    graph: Graph
    not_built: list[tuple[str, str]]
    coarse: dict[str, str]
    governed: Governed = Governed()
    protected: bool = False
    batches: dict[str, str] = {}  # noqa: RUF012 -- the default of a tuple's field
    missing: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    past: tuple[str, ...] = ()

    @property
    def broken(self) -> list[tuple[str, str, list[str]]]:
        """(rule, its place, what breaks it) of every rule that some environment will not let pass."""
        return self.governed.refusing({node.name for node in self.graph.nodes}, protected=self.protected)

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `check --json`."""
        return {
            "product": self.product,
            "nodes": [
                {"node": node.name, "kind": node.kind, "needs": list(node.needs)} for node in self.graph.nodes
            ],
            "not_built": [{"part": part, "where": where} for part, where in self.not_built],
            "batches": [{"batch": name, "endpoint": endpoint} for name, endpoint in self.batches.items()],
            "coarse": self.coarse,
            "missing": list(self.missing),
            "uncovered": list(self.uncovered),
            "past_retention": list(self.past),
            "rules": [
                {
                    "rule": rule.rule,
                    "where": rule.place,
                    "outcome": str(rule.outcome),
                    "severity": rule.severity or None,
                    "broken": [breach.why for breach in rule.breaches],
                    "note": rule.note,
                }
                for rule in self.governed.judged
            ],
            "tags": {
                node: tags
                for node, columns in self.governed.carried.items()
                if (tags := governing.carrying(columns))
            },
        }


def check_file(file: Path) -> Checked:
    """Read a product file, its contracts, and the code that it names.

    Raises:
        SpecError: Something is wrong; every fault is listed.
        UserCodeError: The code that it names is missing, is not valid Python, or cannot run.
    """
    loaded = load(file)
    nodes = graph(loaded.product, loaded.contracts)
    unbuilt = not_built(loaded)
    modules = Modules(file.parent)
    here = installed(StatCache(Workspace(file.parent).cache)).distributions
    coarse: dict[str, str] = {}
    faults: dict[CodeFault, None] = {}
    # A file may be written ahead of its code while parts of it are not built yet.
    for node in nodes.nodes if not unbuilt else ():
        found = closure(node.code, modules)
        coarse |= found.coarse
        faults |= dict.fromkeys(code_faults(node, found, modules, here))
    if faults:
        raise errors.code_cannot_run(list(faults))
    governed = governing.governed(loaded, nodes, modules) if not unbuilt else Governed()
    if not unbuilt:
        governing.require_sense(loaded, governed)
    protected = any(declared.protected for declared in loaded.product.environments.values())
    batches = {name: endpoints_of(loaded.product, item)[0] for name, item in loaded.product.batches.items()}
    missing = missing_files(file.parent, loaded.product, {node.name for node in nodes.nodes})
    return Checked(
        product=loaded.product.name,
        graph=nodes,
        not_built=unbuilt,
        coarse=coarse,
        governed=governed,
        protected=protected,
        batches=batches,
        missing=tuple(missing),
        uncovered=tuple(_uncovered(loaded.product)),
        past=tuple(_past(Workspace(file.parent), governed.limits)),
    )


def _past(workspace: Workspace, limits: Mapping[str, Limit]) -> Iterator[str]:
    """What any environment holds that is older than it may be."""
    if not limits:
        return
    reader, now = workspace.open_reader(), SystemClock().now()
    for name in reader.environments():
        for item in past(workspace, reader, reader.environment(name), limits, now):
            yield f"in {name}, {item}"


def _uncovered(product: Product) -> Iterator[str]:
    """Nodes with rows of their own, and no contract; what another product shares keeps its contract there."""
    for name, source in product.sources.items():
        if source.contract is None:
            yield f"source.{name}"
    for name, group in product.feature_groups.items():
        if group.contract is None:
            yield f"feature_group.{name}"
    for name, dataset in product.datasets.items():
        if dataset.on_demand is not None and dataset.contract is None:
            yield f"dataset.{name}"
