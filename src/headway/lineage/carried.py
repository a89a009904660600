"""Which tags each column of each node carries, and along which way they came there; pure.

A tag of a column goes to every feature that reads the column: a function of a `columns:` or `on_demand:` module
by its parameters, a `frame:` function by all columns of its sources, because nobody can say which it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from headway.spec.contract import Contract
from headway.spec.load import Loaded
from headway.spec.neighbours import across, is_shared
from headway.spec.product import Dataset, FeatureGroup, FeaturePick, Product

EVERY = "*"
"""Columns whose names only the data says."""
WHOLE = ""
"""The node itself, beside its columns."""
TIMES = ("event_time", "known_time")

Parameters = Mapping[str, tuple[str, ...]]
"""Feature function -> the names of its parameters."""


class Bearing(NamedTuple):
    """A tag that something carries.

    Attributes:
        tag: As written (`pii`, `licence:CC0`).
        place: Where it is given, `file:line`.
        chain: (node, column) from where it is given to here; the column is empty for a node as a whole.
    """

    tag: str
    place: str
    chain: tuple[tuple[str, str], ...]

    @property
    def origin(self) -> str:
        """What it was given to: `source.customers: email`."""
        return _named(*self.chain[0])

    @property
    def way(self) -> str:
        """`source.customers: email -> feature_group.spend: domain -> model.churn`."""
        return " -> ".join(_named(node, column) for node, column in self.chain)


Columns = Mapping[str, tuple[Bearing, ...]]
"""Column -> the tags that it carries."""


class Reads(NamedTuple):
    """What is known of the product's code and data beside its file.

    Attributes:
        functions: Module -> its feature functions; None where its text does not tell them.
        features: Feature group -> the features of its newest commit.
        lenders: Product whose groups are read -> what is known of its own code and data.
    """

    functions: Mapping[str, Parameters | None] = {}
    features: Mapping[str, tuple[str, ...]] = {}
    lenders: Mapping[str, Reads] = {}


def bears(tags: Iterable[str], wanted: str) -> bool:
    """Whether one of `tags` is the wanted one; `licence` is also every `licence:...`."""
    return any(tag == wanted or tag.startswith(f"{wanted}:") for tag in tags)


def carried(loaded: Loaded, reads: Reads) -> dict[str, Columns]:
    """Node -> column -> the tags that it carries, for every node of a product.

    Args:
        loaded: The product file and its contracts.
        reads: What its functions take, and which features there are.
    """
    walk = _Walk(loaded, reads)
    product = loaded.product
    for name in product.sources:
        walk.found[f"source.{name}"] = walk.source(name)
    for name, group in product.feature_groups.items():
        node = f"feature_group.{name}"
        walk.found[node] = walk.shared(name, group) if is_shared(name) else walk.group(name, group)
    for name, dataset in product.datasets.items():
        walk.found[f"dataset.{name}"] = walk.dataset(name, dataset)
    for name, model in product.models.items():
        needs = [f"dataset.{model.dataset}"]
        walk.found[f"model.{name}"] = walk.behind(f"model.{name}", ("models", name), needs, model.tags)
    for name, evaluation in product.evaluations.items():
        needs, path = [f"model.{evaluation.model}"], ("evaluations", name)
        walk.found[f"evaluation.{name}"] = walk.behind(f"evaluation.{name}", path, needs, evaluation.tags)
    for name, endpoint in product.endpoints.items():
        needs, path = [f"model.{endpoint.model}"], ("endpoints", name)
        walk.found[f"endpoint.{name}"] = walk.behind(f"endpoint.{name}", path, needs, endpoint.tags)
    return walk.found


class _Walk:
    """Goes down the product once; `found` holds what is known of the nodes before."""

    def __init__(self, loaded: Loaded, reads: Reads) -> None:
        self.loaded = loaded
        self.product: Product = loaded.product
        self.reads = reads
        self.found: dict[str, Columns] = {}
        self.lent: dict[str, dict[str, Columns]] = {}

    def given(self, node: str, column: str, tags: Iterable[str], place: str) -> tuple[Bearing, ...]:
        return tuple(Bearing(tag, place, ((node, column),)) for tag in tags)

    def source(self, name: str) -> Columns:
        source, node = self.product.sources[name], f"source.{name}"
        place = self.loaded.place("sources", name, "tags")
        contract = self.contract(name)
        own = self.given(node, WHOLE, source.tags, place)
        if contract is None:
            return {WHOLE: own, EVERY: own}
        columns = {
            column: self.given(
                node,
                column,
                declared.tags,
                self.loaded.place_in(source.contract or "", "columns", column, "tags"),
            )
            + own
            for column, declared in contract.columns.items()
        }
        return {WHOLE: own} | columns

    def contract(self, source: str) -> Contract | None:
        declared = self.product.sources[source].contract
        return self.loaded.contracts.get(declared) if declared else None

    def shared(self, name: str, group: FeatureGroup) -> Columns:
        """A group of another product: what it carries there, all the way from there."""
        product, _, there = name.partition("/")
        lender = self.loaded.lenders.get(product)
        if lender is None:  # only what was kept of it is known: the folder beside is not looked into
            node = f"feature_group.{name}"
            own = self.given(node, WHOLE, group.tags, self.loaded.file.name)
            return dict.fromkeys((WHOLE, *group.key, EVERY), own)
        if product not in self.lent:
            self.lent[product] = carried(lender, self.reads.lenders.get(product, Reads()))
        columns = self.lent[product][f"feature_group.{there}"]
        return {
            column: tuple(_lent(bearing, product, lender) for bearing in found)
            for column, found in columns.items()
        }

    def group(self, name: str, group: FeatureGroup) -> Columns:
        node, sources = f"feature_group.{name}", [self.found[f"source.{item}"] for item in group.from_]
        place = self.loaded.place("feature_groups", name, "tags")
        own = self.given(node, WHOLE, group.tags, place)
        whole = _through(node, WHOLE, *(source[WHOLE] for source in sources)) + own
        columns = {
            key: _through(node, key, *(_of(source, key) for source in sources)) + own for key in group.key
        }
        functions = self.reads.functions.get(group.columns) if group.columns is not None else None
        if functions is not None:
            for feature in functions:
                columns[feature] = _through(node, feature, _read(feature, functions, sources[0])) + own
        else:
            everything = [bearings for source in sources for bearings in source.values()]
            for feature in (*self.reads.features.get(name, ()), *group.features, EVERY):
                columns[feature] = _through(node, feature, *everything) + own
        for feature, note in group.features.items():
            path = ("feature_groups", name, "features", feature)
            kept = [item for item in columns.get(feature, own) if not _cleared(item.tag, note.clears)]
            said = self.given(node, feature, note.tags, self.loaded.place(*path, "tags"))
            columns[feature] = (*kept, *said)
        return {WHOLE: whole} | columns

    def dataset(self, name: str, dataset: Dataset) -> Columns:
        node, label = f"dataset.{name}", dataset.label
        rows = self.found[f"source.{dataset.rows}"]
        own = self.given(node, WHOLE, dataset.tags, self.loaded.place("datasets", name, "tags"))
        sent = dataset.request if dataset.request is not None else tuple(rows)
        taken = {
            column: _through(node, column, _of(rows, column))
            for column in sent
            if column not in (WHOLE, label.name)
        }
        for pick in dataset.features:
            taken |= self.picked(node, pick)
        functions = self.reads.functions.get(dataset.on_demand, {}) if dataset.on_demand else {}
        if functions is None:
            taken[EVERY] = _through(node, EVERY, *taken.values())
        for function in functions or ():
            taken[function] = _through(node, function, _read(function, functions or {}, taken))
        late = self.found[f"source.{label.from_}"] if label.from_ is not None else rows
        taken[label.name] = _through(node, label.name, _of(late, label.column or WHOLE))
        whole = _through(node, WHOLE, rows[WHOLE], late[WHOLE])
        return {WHOLE: whole + own} | {column: bearings + own for column, bearings in taken.items()}

    def picked(self, node: str, pick: FeaturePick) -> dict[str, tuple[Bearing, ...]]:
        """Features of a group under their names in the dataset; a key is no feature."""
        columns = self.found.get(f"feature_group.{pick.group}", {})
        group = self.product.feature_groups.get(pick.group)
        keys = (WHOLE, *group.key) if group is not None else (WHOLE,)
        wanted = pick.columns if pick.columns is not None else [name for name in columns if name not in keys]
        return {pick.prefix + name: _through(node, pick.prefix + name, _of(columns, name)) for name in wanted}

    def behind(self, node: str, path: tuple[str, str], needs: Iterable[str], tags: Iterable[str]) -> Columns:
        """A node that takes all that the nodes before it have."""
        own = self.given(node, WHOLE, tags, self.loaded.place(*path, "tags"))
        columns: dict[str, tuple[Bearing, ...]] = {}
        for need in needs:
            for column, bearings in self.found.get(need, {}).items():
                columns[column] = columns.get(column, ()) + _through(node, column, bearings) + own
        return columns


def _lent(bearing: Bearing, product: str, lender: Loaded) -> Bearing:
    """A tag as the reader of a group has it: nodes and places of the other product say that they are there."""
    chain = tuple((across(node, product), column) for node, column in bearing.chain)
    return bearing._replace(place=f"../{lender.file.parent.name}/{bearing.place}", chain=chain)


def _of(columns: Columns, name: str) -> tuple[Bearing, ...]:
    return columns.get(name, columns.get(EVERY, ()))


def _through(node: str, column: str, *found: Iterable[Bearing]) -> tuple[Bearing, ...]:
    """What a column of a node gets from what it reads: each tag once from each place, by the first way."""
    taken: dict[tuple[str, tuple[str, str]], Bearing] = {}
    for bearing in (item for bearings in found for item in bearings):
        longer = bearing._replace(chain=(*bearing.chain, (node, column)))
        taken.setdefault((bearing.tag, bearing.chain[0]), longer)
    return tuple(taken.values())


def _read(feature: str, functions: Parameters, columns: Columns) -> Iterator[Bearing]:
    """The tags of every column that a function takes, by itself or through other functions."""
    seen, waiting = {feature}, [feature]
    while waiting:
        function = waiting.pop()
        for parameter in functions[function]:
            if parameter not in functions or parameter == function:
                yield from _of(columns, parameter)
            elif parameter not in seen:
                seen.add(parameter)
                waiting.append(parameter)


def _cleared(tag: str, clears: Iterable[str]) -> bool:
    return any(bears((tag,), cleared) for cleared in clears)


def _named(node: str, column: str) -> str:
    return f"{node}: {column}" if column else node
