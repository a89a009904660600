"""Which contract holds each feature of a product, where, and what it said of late; reads, never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from headway.core import digest
from headway.engine.recall import PRODUCT_FILE
from headway.facts.evidence import Outcome
from headway.spec.contract import Contract
from headway.spec.graph import identity
from headway.spec.load import Loaded, load
from headway.spec.product import Dataset, FeatureGroup, Product
from headway.store.ports import LedgerReader
from headway.store.workspace import Workspace

CHECK = "contract"
"""How the evidence of a contract is called."""


class Verdict(NamedTuple):
    """What a contract said of an artifact.

    Attributes:
        about: Digest of the artifact.
    """

    about: str
    outcome: Outcome
    at: datetime
    observed: str


class Held(NamedTuple):
    """A node whose rows a contract holds.

    Attributes:
        requests: Endpoints that hold each request to it.
        verdicts: The last ones, newest first.
    """

    node: str
    requests: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


class Declared(NamedTuple):
    """A contract that the product names.

    Attributes:
        digest: Of its meaning.
    """

    file: str
    version: int
    digest: str
    held: tuple[Held, ...]


class Coverage(NamedTuple):
    """The features of a dataset, and what holds them.

    Attributes:
        by: Contract -> the features that it holds.
        free: Features under no contract.
        made: Whether the dataset was built, so that its features are known.
    """

    dataset: str
    by: Mapping[str, tuple[str, ...]]
    free: tuple[str, ...]
    made: bool

    @property
    def features(self) -> int:
        """How many there are."""
        return len({name for names in self.by.values() for name in names} | {*self.free})


class Contracts(NamedTuple):
    """Every contract of a product, and every feature."""

    product: str
    declared: tuple[Declared, ...]
    coverage: tuple[Coverage, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `contract status --json`."""
        return {
            "product": self.product,
            "contracts": [
                item._asdict()
                | {
                    "held": [
                        held._asdict()
                        | {"verdicts": [msgspec.to_builtins(verdict._asdict()) for verdict in held.verdicts]}
                        for held in item.held
                    ]
                }
                for item in self.declared
            ],
            "coverage": [item._asdict() | {"features": item.features} for item in self.coverage],
        }


def contracts(folder: Path, last: int) -> Contracts:
    """What holds the features of the product in a folder.

    Args:
        folder: The product's.
        last: How many verdicts of each node, at most.

    Raises:
        SpecError: The product file is wrong.
    """
    workspace = Workspace(folder)
    loaded, reader = load(folder / PRODUCT_FILE), workspace.open_reader()
    names = dict.fromkeys(written for _, written in _naming(loaded.product))
    return Contracts(
        loaded.product.name,
        tuple(_declared(name, loaded, reader, last) for name in names if name in loaded.contracts),
        tuple(_coverage(name, loaded, reader) for name in loaded.product.datasets),
    )


def _naming(product: Product) -> Iterator[tuple[str, str]]:
    """(node, contract) of every node of this product that names one."""
    kinds = {"source": product.sources, "feature_group": product.feature_groups, "dataset": product.datasets}
    for kind, nodes in kinds.items():
        for name, node in nodes.items():
            if node.contract is not None and "/" not in name:
                yield f"{kind}.{name}", node.contract


def _declared(name: str, loaded: Loaded, reader: LedgerReader, last: int) -> Declared:
    contract = loaded.contracts[name]
    held = (
        Held(node, tuple(_asking(node, loaded.product)), _verdicts(reader, node, last))
        for node, written in _naming(loaded.product)
        if written == name
    )
    return Declared(name, contract.version, digest.of_value(identity(contract)), tuple(held))


def _asking(node: str, product: Product) -> Iterator[str]:
    """Endpoints whose requests are held to the contract of a source of rows, or of a dataset."""
    kind, _, name = node.partition(".")
    for endpoint, declared in product.endpoints.items():
        dataset = product.models[declared.model].dataset
        held = {"source": product.datasets[dataset].rows, "dataset": dataset}
        if held.get(kind) == name and (kind == "source" or product.datasets[dataset].on_demand):
            yield endpoint


def _verdicts(reader: LedgerReader, node: str, last: int) -> tuple[Verdict, ...]:
    made = dict.fromkeys(done.output for done in reader.executions(node) if done.output is not None)
    found = (
        Verdict(item.about, item.outcome, item.at, item.observed)
        for output in made
        for _, item in reader.evidence(output)
        if item.check == CHECK and item.node == node
    )
    return tuple(sorted(found, key=lambda verdict: verdict.at, reverse=True)[:last])


# -- features ----------------------------------------------------------------------------------


def _coverage(name: str, loaded: Loaded, reader: LedgerReader) -> Coverage:
    dataset = loaded.product.datasets[name]
    done = next((item for item in reader.executions(f"dataset.{name}") if item.output is not None), None)
    made = reader.artifact(done.output) if done is not None and done.output is not None else None
    by: dict[str, list[str]] = {}
    free: list[str] = []
    for feature in made.meta["inputs"] if made is not None else ():
        holders = [*_holders(feature["name"], feature["origin"], dataset, loaded)]
        for holder in holders:
            by.setdefault(holder, []).append(feature["name"])
        if not holders:
            free.append(feature["name"])
    return Coverage(
        name, {holder: tuple(names) for holder, names in by.items()}, tuple(free), made is not None
    )


def _holders(name: str, origin: str, dataset: Dataset, loaded: Loaded) -> Iterator[str]:
    """Contracts that hold a feature: that of its rows or its group, and the dataset's own."""
    if origin == "request":
        yield from _holding(name, loaded.product.sources[dataset.rows].contract, loaded.contracts)
    elif origin == "group":
        for pick in dataset.features:
            group, bare = loaded.product.feature_groups[pick.group], name.removeprefix(pick.prefix)
            if name.startswith(pick.prefix) and bare in (pick.columns or (bare,)):
                yield from _of_group(pick.group, group, bare, loaded)
    yield from _holding(name, dataset.contract, loaded.contracts)


def _of_group(name: str, group: FeatureGroup, feature: str, loaded: Loaded) -> Iterator[str]:
    product, is_shared, _ = name.partition("/")
    if not is_shared:
        yield from _holding(feature, group.contract, loaded.contracts)
        return
    lender = loaded.lenders.get(product)
    for written in _holding(feature, group.contract, lender.contracts) if lender is not None else ():
        yield f"{product}/{written}"


def _holding(column: str, written: str | None, known: Mapping[str, Contract]) -> Iterator[str]:
    contract = known.get(written or "")
    if written is not None and contract is not None and column in contract.columns:
        yield written
