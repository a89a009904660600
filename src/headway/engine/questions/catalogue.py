"""Everything that the products of a workspace declare, as entries that can be searched; reads, never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from headway.engine import governing
from headway.engine.groups.log import commits
from headway.engine.recall import PRODUCT_FILE
from headway.errors import HeadwayError
from headway.errors import engine as errors
from headway.lineage.carried import EVERY, WHOLE, Columns
from headway.spec.graph import Graph, graph
from headway.spec.load import Loaded, load
from headway.spec.neighbours import across, is_shared
from headway.store.ledger import SqliteReader
from headway.store.workspace import Workspace
from headway.survey.functions import parameters
from headway.survey.modules import Modules

KINDS = ("source", "column", "feature_group", "feature", "dataset", "model", "evaluation", "endpoint")
"""What can be found."""
_MOST = 1000
"""Folders beside a product that are looked into."""


class Entry(NamedTuple):
    """One thing that can be found.

    Attributes:
        product: Name of the product that declares it.
        name: `feature_group.spend`, or `feature_group.spend: mean_7d` for a feature.
        tags: Those that are given to it.
        carries: Those that it carries because of what it reads.
        version: Of a group, as its author counts.
        commit: Number of a group's newest commit; 0 where there is none.
        fresh: When it was last made, RFC 3339; empty when it never was.
        readers: Nodes downstream of it, nearest first; then those of other products (`dataset.delay/delay`).
        environments: Where a release that reads it is pointed at, or the thing itself.
        place: `file:line`.
    """

    product: str
    kind: str
    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    version: int | None = None
    commit: int = 0
    fresh: str = ""
    readers: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """One result in the documented schema of `search --json`."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in self._asdict().items()
        }


class Catalogue(NamedTuple):
    """What a workspace declares.

    Attributes:
        skipped: Product file -> why it could not be read.
    """

    entries: tuple[Entry, ...]
    products: tuple[str, ...]
    skipped: dict[str, str]


def product_files(folder: Path) -> list[Path]:
    """The product files of a workspace: the nearest one, and those of the folders beside it.

    Started above them, in a folder that is no product itself, the products of its folders.

    Raises:
        UsageError: There is none.
    """
    own = next((place for place in (folder, *folder.parents) if (place / PRODUCT_FILE).is_file()), None)
    around = own.parent if own is not None else folder
    beside = [
        path / PRODUCT_FILE
        for path in sorted(around.iterdir())[:_MOST]
        if path != own and (path / PRODUCT_FILE).is_file()
    ]
    found = [own / PRODUCT_FILE, *beside] if own is not None else beside
    if not found:
        raise errors.no_product(str(folder))
    return found


def catalogue(folder: Path) -> Catalogue:
    """Read every product of the workspace around a folder.

    Raises:
        UsageError: There is none.
        SpecError: The nearest product file is wrong; others are skipped, and named.
    """
    found: list[tuple[_Known, list[Entry]]] = []
    skipped: dict[str, str] = {}
    files = product_files(folder)
    for file in files:
        try:
            loaded = load(file)
            known = _known(loaded, file.parent)
            found.append((known, list(_entries(known, file.parent))))
        except HeadwayError as error:
            if file.parent in (folder, *folder.parents):
                raise
            skipped[str(file)] = error.what
    known = [one for one, _ in found]
    entries = tuple(_with_readers_abroad(entry, known) for _, listed in found for entry in listed)
    return Catalogue(entries, tuple(one.loaded.product.name for one in known), skipped)


class _Known(NamedTuple):
    """One product with its past, and what flows where in it."""

    loaded: Loaded
    graph: Graph
    reader: SqliteReader
    carried: dict[str, Columns]
    pointed: dict[str, tuple[str, ...]]

    def readers(self, node: str) -> tuple[str, ...]:
        return tuple(name for name in _below(self.graph, [node]) if not name.endswith(".baseline"))

    def environments(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """Environments that point at a release among these nodes, or at any where there is no release."""
        names = list(nodes)
        released = [name for name in names if name.startswith("endpoint.")]
        return tuple(
            dict.fromkeys(env for name in released or names[:1] for env in self.pointed.get(name, ()))
        )


def _known(loaded: Loaded, root: Path) -> _Known:
    nodes = graph(loaded.product, loaded.contracts)
    reader = Workspace(root).open_reader()
    states = [reader.environment(name) for name in reader.environments()]
    pointed = {
        node.name: tuple(state.name for state in states if node.name in state.pointers)
        for node in nodes.nodes
    }
    found = governing.governed(loaded, nodes, Modules(root), reader)
    return _Known(loaded, nodes, reader, dict(found.carried), pointed)


def _entries(known: _Known, root: Path) -> Iterator[Entry]:
    loaded, modules = known.loaded, Modules(root)
    for node in known.graph.nodes:
        # A group of another product is listed there, with its readers here.
        if node.kind != "baseline" and not is_shared(node.name):
            yield _node(known, node.name, node.kind)
    for name, source in loaded.product.sources.items():
        yield from _columns(known, name, source.contract or "")
    for name in loaded.product.feature_groups:
        if not is_shared(name):
            yield from _features(known, f"feature_group.{name}")
    for name, dataset in loaded.product.datasets.items():
        asked = parameters(dataset.on_demand, modules) if dataset.on_demand else None
        for feature in asked or ():
            yield _part(known, f"dataset.{name}", feature, "feature", "", ())


def _node(known: _Known, name: str, kind: str) -> Entry:
    product = known.loaded.product
    declared = getattr(product, f"{kind}s")[name.partition(".")[2]]
    past, readers = known.reader.executions(name), known.readers(name)
    log = commits(known.reader, name) if kind == "feature_group" else []
    columns = known.carried.get(name, {})
    tags = {item.tag for found in columns.values() for item in found}
    fresh = log[-1].at if log else past[0].started if past else None
    return Entry(
        product=product.name,
        kind=kind,
        name=name,
        description=declared.description,
        tags=declared.tags,
        carries=tuple(sorted(tags - set(declared.tags))),
        version=declared.version if kind == "feature_group" else None,
        commit=log[-1].number if log else 0,
        fresh=fresh.isoformat() if fresh is not None else "",
        readers=readers,
        environments=known.environments((name, *readers)),
        place=known.loaded.place(f"{kind}s", name.partition(".")[2]),
    )


def _columns(known: _Known, source: str, contract: str) -> Iterator[Entry]:
    declared = known.loaded.contracts.get(contract)
    for column, item in declared.columns.items() if declared is not None else ():
        place = known.loaded.place_in(contract, "columns", column)
        words = " ".join(filter(None, (item.description, f"in {item.unit}" if item.unit else "")))
        yield _part(known, f"source.{source}", column, "column", words, item.tags)._replace(place=place)


def _features(known: _Known, node: str) -> Iterator[Entry]:
    group = known.loaded.product.feature_groups[node.partition(".")[2]]
    for feature in known.carried.get(node, {}):
        if feature not in (WHOLE, EVERY, *group.key):
            note = group.features.get(feature)
            described = (note.description, note.tags) if note is not None else ("", ())
            yield _part(known, node, feature, "feature", *described)


def _part(known: _Known, node: str, name: str, kind: str, description: str, tags: tuple[str, ...]) -> Entry:
    """A column or a feature: read by what carries it on, as its node is."""
    whole = _node(known, node, node.partition(".")[0])
    readers = _reading(known, node, name) if kind == "feature" else whole.readers
    carries = {item.tag for item in known.carried.get(node, {}).get(name, ())} - set(tags)
    return whole._replace(
        kind=kind,
        name=f"{node}: {name}",
        description=description,
        tags=tags,
        carries=tuple(sorted(carries)),
        readers=readers,
        environments=known.environments((node, *readers)) if readers else (),
    )


def _with_readers_abroad(entry: Entry, known: Iterable[_Known]) -> Entry:
    """An entry with those who read it in other products."""
    node, _, feature = entry.name.partition(": ")
    groups = [name for name in (node, *entry.readers) if name.startswith("feature_group.")]
    for one in known:
        for group in groups:
            lent = across(group, entry.product)
            if lent.partition(".")[2] not in one.loaded.product.feature_groups:
                continue
            is_feature = entry.kind == "feature" and group == node
            names = _reading(one, lent, feature) if is_feature else one.readers(lent)
            seen = tuple(across(name, one.loaded.product.name) for name in names)
            entry = entry._replace(
                readers=tuple(dict.fromkeys((*entry.readers, *seen))),
                environments=tuple(dict.fromkeys((*entry.environments, *one.environments(names)))),
            )
    return entry


def _reading(known: _Known, node: str, feature: str) -> tuple[str, ...]:
    """What reads one feature: the datasets that take it, and what is behind them."""
    kind, _, group = node.partition(".")
    if kind == "dataset":
        return known.readers(node)
    taking = [
        f"dataset.{name}"
        for name, dataset in known.loaded.product.datasets.items()
        if any(
            pick.group == group and (pick.columns is None or feature in pick.columns)
            for pick in dataset.features
        )
    ]
    below = _below(known.graph, taking)
    return (*taking, *(name for name in below if not name.endswith(".baseline") and name not in taking))


def _below(nodes: Graph, start: Iterable[str]) -> list[str]:
    """Nodes that need one of these, directly or not, nearest first."""
    found = dict.fromkeys(start)
    first = list(found)
    for node in nodes.nodes:  # every node comes after what it needs
        if any(need in found for need in node.needs):
            found[node.name] = None
    return [name for name in found if name not in first]
