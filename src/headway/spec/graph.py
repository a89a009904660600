"""The product as a graph of nodes, which is all that planning and the engine know of it.

A node carries what it is made of in four parts (config, code, data files, needs), so that each
difference between two fingerprints has a reason that a person can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from msgspec import NODEFAULT, Struct, field, structs

from headway.spec.arrivals import LABELS_ON_ARRIVAL, keeps_arrivals
from headway.spec.batches import read_by_batches_only
from headway.spec.contract import Contract
from headway.spec.loading import loading, local_files
from headway.spec.product import (
    Dataset,
    Declared,
    Endpoint,
    Evaluation,
    FeatureGroup,
    Model,
    Product,
)
from headway.spec.quantities import duration_text
from headway.spec.roles import Role, roles


class Offered(Struct, frozen=True, kw_only=True):
    """What the feature functions of a node may take as parameters, besides each other's results.

    Attributes:
        columns: Their names.
        functions: (module, prefix) of groups whose every feature is offered too, under prefix and name.
        where: Where they come from, in words: `of source `rows``.
    """

    columns: tuple[str, ...]
    functions: tuple[tuple[str, str], ...] = ()
    where: str


class Node(Struct, frozen=True, kw_only=True):
    """One declared thing, ready to be fingerprinted.

    Attributes:
        name: `kind.name`, such as `model.delay`; a baseline is `model.delay.baseline`.
        kind: source, feature_group, dataset, model, baseline, evaluation, endpoint.
        config: Identity fields, flattened to dotted names (`params.max_iter`) -> JSON values.
        code: References to the product's code: `module:function`, or `module` for every
            public function defined in it.
        files: Paths relative to the product whose content is an input (data, contracts, tests).
        needs: Names of upstream nodes, in the order in which the stage takes them.
        metadata: Fields that describe; never part of the fingerprint.
        defaults: Identity field -> what it is where the file does not give it, for words only.
        offered: What its feature functions may take; None when it has none, or only the data can tell.
    """

    name: str
    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    code: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    offered: Offered | None = None


class Graph(Struct, frozen=True, kw_only=True):
    """Nodes in an order in which every node comes after what it needs."""

    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node:
        """The node called `name`.

        Raises:
            KeyError: There is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


def graph(product: Product, contracts: Mapping[str, Contract]) -> Graph:
    """The product's nodes, each after what it needs.

    A source that only batches read is none: `predict` reads it when it is asked to, and nothing is made of it.

    Args:
        product: A product whose references were checked.
        contracts: Path as written -> contract; it enters by meaning, not by bytes.
    """
    aside = read_by_batches_only(product)
    nodes = [
        *(_source(name, product, contracts) for name in product.sources if name not in aside),
        *(_group(name, group, product, contracts) for name, group in product.feature_groups.items()),
        *(_dataset(name, dataset, product, contracts) for name, dataset in product.datasets.items()),
    ]
    for name, model in product.models.items():
        nodes += _models(name, model)
    nodes += [_evaluation(name, item, product) for name, item in product.evaluations.items()]
    nodes += [_endpoint(name, item, product, contracts) for name, item in product.endpoints.items()]
    return Graph(nodes=tuple(nodes))


def _source(name: str, product: Product, contracts: Mapping[str, Contract]) -> Node:
    source = product.sources[name]
    is_code = loading(source).place == "function"
    contract = contracts.get(source.contract) if source.contract else None
    config = identity(source) | (identity(contract, "contract") if contract is not None else {})
    if "known.commit" not in config and keeps_arrivals(product, name):
        config[LABELS_ON_ARRIVAL] = True
    return Node(
        name=f"source.{name}",
        kind="source",
        config=config,
        code=(source.load,) if is_code else (),
        files=local_files(source),
        metadata=metadata(source),
        defaults=defaults(source),
    )


def _group(name: str, group: FeatureGroup, product: Product, contracts: Mapping[str, Contract]) -> Node:
    contract = contracts.get(group.contract) if group.contract else None
    return Node(
        name=f"feature_group.{name}",
        kind="feature_group",
        # A frame function gets its sources by position: their order is part of what it makes.
        config=identity(group)
        | (identity(contract, "contract") if contract is not None else {})
        | ({"from": list(group.from_)} if len(group.from_) > 1 else {})
        | _times(group.from_, product),
        code=tuple(filter(None, (group.columns, group.frame))),
        needs=tuple(f"source.{source}" for source in group.from_),
        metadata=metadata(group),
        defaults=defaults(group),
        offered=_of_source(group, product, contracts),
    )


def _of_source(group: FeatureGroup, product: Product, contracts: Mapping[str, Contract]) -> Offered | None:
    """Columns of the one source that a group reads, and the two times that every row has."""
    source = product.sources.get(group.from_[0]) if len(group.from_) == 1 else None
    contract = contracts.get(source.contract) if source is not None and source.contract else None
    if group.columns is None or contract is None:
        return None
    times = ("event_time", "known_time")
    return Offered(columns=(*contract.columns, *times), where=f"of source `{group.from_[0]}`")


def _times(sources: Iterable[str], product: Product) -> dict[str, Any]:
    """When rows happened and became known: the same rows under another `known:` enter other joins."""
    return {
        f"sources.{name}.{part}": value
        for name in sources
        if name in product.sources
        for part, value in identity(product.sources[name]).items()
        if part.partition(".")[0] in ("event_time", "known")
    }


def _dataset(name: str, dataset: Dataset, product: Product, contracts: Mapping[str, Contract]) -> Node:
    picked = _picked(dataset, product)
    lifetimes = {f"ttl.{group}": _plain(product.feature_groups[group].ttl) for group in picked}
    late = dataset.label.from_
    sources = dict.fromkeys(filter(None, (dataset.rows, late)))
    contract = contracts.get(dataset.contract) if dataset.contract else None
    return Node(
        name=f"dataset.{name}",
        kind="dataset",
        config=identity(dataset)
        | (identity(contract, "contract") if contract is not None else {})
        | {key: value for key, value in lifetimes.items() if value is not None}
        | ({"label.from": late} if late is not None else {})
        | _times(sources, product),
        code=(dataset.on_demand,) if dataset.on_demand else (),
        needs=(*(f"source.{source}" for source in sources), *(f"feature_group.{group}" for group in picked)),
        metadata=metadata(dataset),
        defaults={"request": "*"} | defaults(dataset),
        offered=_of_request(dataset, product, contracts),
    )


def _of_request(dataset: Dataset, product: Product, contracts: Mapping[str, Contract]) -> Offered | None:
    """What the caller sends and what the joined groups know."""
    source = product.sources.get(dataset.rows)
    contract = contracts.get(source.contract) if source is not None and source.contract else None
    if dataset.on_demand is None or contract is None:
        return None
    sent = dataset.request
    columns = list(
        sent if sent is not None else [name for name in contract.columns if name != dataset.label.name]
    )
    modules = []
    for pick in dataset.features:
        group = product.feature_groups.get(pick.group)
        if pick.columns is not None:
            columns += [pick.prefix + name for name in pick.columns]
        elif group is None or group.columns is None:
            return None
        else:
            modules.append((group.columns, pick.prefix))
    return Offered(columns=tuple(columns), functions=tuple(modules), where="of the request or the groups")


def _picked(dataset: Dataset, product: Product) -> list[str]:
    """Groups that are nodes of this graph, each once; another product's are only where they were looked up."""
    groups = dict.fromkeys(pick.group for pick in dataset.features)
    return [group for group in groups if group in product.feature_groups]


def _models(name: str, model: Model) -> list[Node]:
    """The model, and its baseline when it has one."""
    config = identity(model)
    config.pop("baseline", None)
    needs = (f"dataset.{model.dataset}",)
    nodes = [
        Node(
            name=f"model.{name}",
            kind="model",
            config=config,
            code=(model.train,),
            needs=needs,
            metadata=metadata(model),
            defaults=defaults(model),
        )
    ]
    if model.baseline is not None:
        rival = {"baseline": model.baseline} | {
            key: value for key, value in config.items() if key.startswith("answer.")
        }
        nodes.append(Node(name=f"model.{name}.baseline", kind="baseline", config=rival, needs=needs))
    return nodes


def _evaluation(name: str, evaluation: Evaluation, product: Product) -> Node:
    model = product.models[evaluation.model]
    baseline = (f"model.{evaluation.model}.baseline",) if model.baseline is not None else ()
    return Node(
        name=f"evaluation.{name}",
        kind="evaluation",
        config=identity(evaluation),
        code=tuple(metric for metric in evaluation.metrics if ":" in metric),
        needs=(f"model.{evaluation.model}", *baseline, f"dataset.{model.dataset}"),
        metadata=metadata(evaluation),
        defaults=defaults(evaluation),
    )


def _endpoint(name: str, endpoint: Endpoint, product: Product, contracts: Mapping[str, Contract]) -> Node:
    """A release also holds the contracts that every request must keep, so a narrower one is a new release."""
    model = product.models[endpoint.model]
    dataset = product.datasets[model.dataset]
    config = identity(endpoint)
    held = {"contract": product.sources[dataset.rows].contract, "computed": dataset.contract}
    for part, written in held.items():
        if written is not None and written in contracts:
            config |= identity(contracts[written], part)
    groups = _picked(product.datasets[model.dataset], product)
    needs = (
        f"model.{endpoint.model}",
        f"dataset.{model.dataset}",
        *(f"feature_group.{group}" for group in groups),
    )
    return Node(
        name=f"endpoint.{name}",
        kind="endpoint",
        config=config,
        needs=needs,
        metadata=metadata(endpoint),
        defaults=defaults(endpoint),
    )


def identity(declared: Declared, prefix: str = "") -> dict[str, Any]:
    """Identity fields of a declared value, flattened to dotted names; fields at their default are left out.

    So a field that a later version adds changes no fingerprint until somebody uses it.
    """
    return _flat(declared, Role.IDENTITY, prefix)


def metadata(declared: Declared) -> dict[str, Any]:
    """Fields that describe a declared value."""
    return _flat(declared, Role.METADATA, "")


def defaults(declared: Declared, prefix: str = "") -> dict[str, Any]:
    """Identity fields of a declared value that have a default -> that default, under dotted names."""
    found: dict[str, Any] = {}
    for name, value, default in _fields(declared, Role.IDENTITY, prefix):
        if default is not NODEFAULT and default not in (None, (), {}) and not isinstance(default, Declared):
            found |= _spread(default, Role.IDENTITY, name)
        if isinstance(value, Declared):
            found |= defaults(value, name)
    return found


def _fields(declared: Declared, role: Role, prefix: str) -> Iterator[tuple[str, Any, Any]]:
    """(dotted name, value, default) of each field with this role."""
    kinds = roles(type(declared))
    for item in structs.fields(type(declared)):
        if kinds[item.name] is role:
            default = item.default_factory() if item.default_factory is not NODEFAULT else item.default
            name = f"{prefix}.{item.encode_name}" if prefix else item.encode_name
            yield name, getattr(declared, item.name), default


def _flat(declared: Declared, role: Role, prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value, default in _fields(declared, role, prefix):
        if value != default:
            found |= _spread(value, role, name)
    return found


def _spread(value: Any, role: Role, name: str) -> dict[str, Any]:
    """One value under its name; declared values and mappings under the names of their parts."""
    if isinstance(value, Declared):
        return _flat(value, role, name) or {name: type(value).__name__}
    if isinstance(value, dict) and value:
        return {
            key: inner
            for part, item in value.items()
            for key, inner in _spread(item, role, f"{name}.{_part(part)}").items()
        }
    return {name: _plain(value)}


def _part(key: str) -> str:
    """A key as part of a dotted name; quoted where it would be taken for several, or for a quoted one."""
    return json.dumps(key) if "." in key or key.startswith('"') else key


def _plain(value: Any) -> Any:
    """A JSON value; durations as text."""
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, Declared):
        # In a list the names that it refers to count, for they say which is which.
        return _flat(value, Role.IDENTITY, "") | _flat(value, Role.WIRING, "")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
