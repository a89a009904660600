"""Who reads this product's feature groups from the products beside it, by their product files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from headway.core.wording import few
from headway.errors import HeadwayError
from headway.spec.graph import Graph, graph
from headway.spec.load import Loaded, load_alone
from headway.spec.neighbours import across, files_beside, mentions
from headway.spec.product import FeaturePick


class ForeignReader(NamedTuple):
    """A dataset of another product that reads a group of this one.

    Attributes:
        dataset: As seen from here (`dataset.delay/delay`).
        behind: Models and endpoints behind it, likewise.
        pick: What it reads, as it is written there.
        group: The group's name here.
    """

    dataset: str
    behind: tuple[str, ...]
    pick: FeaturePick
    group: str


def files_that_read(root: Path, product: str) -> list[Path]:
    """Product files beside that may read a group of this product: their text names one."""
    return [file for file in files_beside(root) if mentions(file, product)]


def foreign_readers(root: Path, product: str) -> Iterator[ForeignReader]:
    """Every dataset beside that reads a group of a product; a file that is wrong says nothing.

    Args:
        root: The product's folder.
        product: Its name.
    """
    for file in files_that_read(root, product):
        try:
            loaded = load_alone(file)
        except HeadwayError:
            continue  # its author is told by its own `check`
        yield from _of(loaded, product)


def _of(loaded: Loaded, product: str) -> Iterator[ForeignReader]:
    nodes = graph(loaded.product, loaded.contracts)
    for name, dataset in loaded.product.datasets.items():
        node = f"dataset.{name}"
        for pick in dataset.features:
            if pick.group.startswith(f"{product}/"):
                behind = tuple(across(item, loaded.product.name) for item in _behind(nodes, node))
                group = pick.group.partition("/")[2]
                yield ForeignReader(across(node, loaded.product.name), behind, pick, group)


def _behind(nodes: Graph, start: str) -> list[str]:
    found = [start]
    for node in nodes.nodes:  # every node comes after what it needs
        if set(node.needs) & set(found):
            found.append(node.name)
    return [item for item in found[1:] if item.startswith(("model.", "endpoint.")) and "baseline" not in item]


def notices(loaded: Loaded) -> list[str]:
    """What readers in other products lose by the product file as it is now."""
    product, groups = loaded.product.name, loaded.product.feature_groups
    said: dict[str, list[str]] = {}
    for reader in foreign_readers(loaded.file.parent, product):
        declared, version = groups.get(reader.group), reader.pick.version
        if declared is None:
            said.setdefault(f"feature_group.{reader.group} is declared no more", []).append(reader.dataset)
        elif version is not None and version < declared.version:
            what = (
                f"feature_group.{reader.group} is at version {declared.version}, "
                f"and version {version} gets no new rows"
            )
            said.setdefault(what, []).append(reader.dataset)
    return [
        f"{what}: {few(found)} {'reads' if len(found) == 1 else 'read'} it" for what, found in said.items()
    ]
