"""Other products of the workspace: the folders beside a product, and the feature groups that it reads from them.

Reads product files and contracts only. What those groups hold, and at which commit, their ledgers say.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ruamel.yaml.nodes import MappingNode, ScalarNode

from headway.errors import SpecError
from headway.spec.document import LARGEST, Path_, compose
from headway.spec.product import FeatureGroup, FeaturePick, Product

if TYPE_CHECKING:
    from headway.spec.load import Loaded
    from headway.spec.references import Check

FILE = "headway.yaml"
_MOST = 20_000
"""Folders beside a product that are looked into."""
_SHOWN = 60


class Neighbourhood(NamedTuple):
    """What a product reads from the products beside it.

    Attributes:
        groups: `product/group` -> the group as a node of the product that reads it.
        products: Name -> the product that lends it, loaded without what it reads from others itself.
        files: Product files that were looked into.
    """

    groups: Mapping[str, FeatureGroup] = {}
    products: Mapping[str, Loaded] = {}
    files: tuple[Path, ...] = ()


def is_shared(group: str) -> bool:
    """Whether the name of a group says that another product computes it: `weather/hourly`."""
    return "/" in group


def across(node: str, product: str) -> str:
    """A node as other products name it: `source.weather/observations`."""
    kind, _, name = node.partition(".")
    return f"{kind}.{product}/{name}"


def files_beside(root: Path) -> list[Path]:
    """Product files in the folders beside a product's folder, by name; each folder once, links to it or not."""
    own = root.resolve()
    try:
        folders = sorted(own.parent.iterdir())[:_MOST]
    except OSError:
        return []  # a folder that may not be listed shows no neighbours
    products = [folder for folder in folders if _is_beside(folder, own)]
    found: dict[Path, Path] = {}
    for folder in sorted(
        products, key=Path.is_symlink
    ):  # a folder by two names is one product, under its own
        found.setdefault(folder.resolve(), folder / FILE)
    return sorted(found.values())


def _is_beside(folder: Path, own: Path) -> bool:
    try:
        return (folder / FILE).is_file() and folder.resolve() != own
    except (OSError, RuntimeError):  # one that may not be looked into, or leads in a circle, hides no other
        return False


def product_name(file: Path) -> str:
    """What a product file calls its product; empty where it does not say, or cannot be read."""
    root, _ = compose(file, file.name)
    for key, value in root.value if isinstance(root, MappingNode) else ():
        if isinstance(key, ScalarNode) and key.value == "product" and isinstance(value, ScalarNode):
            return str(value.value)
    return ""


def mentions(file: Path, product: str) -> bool:
    """Whether the text of a product file names a group of a product, so that it may read one."""
    try:
        with file.open("rb") as text:
            return f"{product}/".encode() in text.read(LARGEST)
    except OSError:
        return False


def neighbourhood(
    file: Path, product: Product, check: Check, read: Callable[[Path], Loaded]
) -> Neighbourhood:
    """Resolve every pick of another product's group; what is wrong with one is a fault at the pick.

    Args:
        file: The product file.
        product: What it says.
        check: Collects the faults.
        read: Loads a product file without what it reads from others, so that two products may read each other.
    """
    picks = list(_picks(product))
    if not picks:
        return Neighbourhood()
    beside: dict[str, list[Path]] = {}
    for other in files_beside(file.parent):
        beside.setdefault(product_name(other), []).append(other)
    walk = _Walk(product.name, beside, check, read)
    for path, pick in picks:
        walk.take(path, pick)
    files = tuple(other for found in beside.values() for other in found)
    return Neighbourhood(walk.groups, walk.products, files)


def _picks(product: Product) -> Iterator[tuple[Path_, FeaturePick]]:
    for name, dataset in product.datasets.items():
        for index, pick in enumerate(dataset.features):
            if is_shared(pick.group):
                yield ("datasets", name, "features", index), pick


class _Walk:
    """Goes over the picks once; each product is read once."""

    def __init__(
        self, own: str, beside: Mapping[str, list[Path]], check: Check, read: Callable[[Path], Loaded]
    ) -> None:
        self.own = own
        self.beside = beside
        self.check = check
        self.read = read
        self.groups: dict[str, FeatureGroup] = {}
        self.products: dict[str, Loaded] = {}
        self.broken: set[str] = set()

    def take(self, path: Path_, pick: FeaturePick) -> None:
        product, _, group = pick.group.partition("/")
        shown = pick.group[:_SHOWN]
        if not product or not group or "/" in group:
            self.check.fault(
                path, f"`{shown}` names no group of another product", "write `product/group.*@1`"
            )
            return
        if product == self.own:
            hint = f"write `{group}.*`: its own groups need no product's name"
            self.check.fault(path, f"`{shown}` is of this product itself", hint)
            return
        lender = self._product(path, product)
        declared = self._group(path, lender, product, group) if lender is not None else None
        if declared is not None and self._is_version(path, pick, declared):
            self.groups[pick.group] = _as_read(declared, pick.version or declared.version)

    def _product(self, path: Path_, name: str) -> Loaded | None:
        if name in self.products:
            return self.products[name]
        found = self.beside.get(name, [])
        if not found:
            near = difflib.get_close_matches(name, [item for item in self.beside if item], n=1, cutoff=0.5)
            listed = ", ".join(f"`{item}`" for item in sorted(self.beside)[:8] if item)
            there = f"products beside this one are {listed}" if listed else "no product lies beside this one"
            hint = f"did you mean `{near[0]}`?" if near else there
            unread = [f"`../{item.parent.name}/{FILE}`" for item in self.beside.get("", [])]
            if unread:
                hint += f"; {', '.join(unread[:3])} names no product, or is no YAML"
            self.check.fault(path, f"there is no product `{name[:_SHOWN]}` in the folders beside", hint)
            return None
        if len(found) > 1:
            folders = ", ".join(f"`{item.parent.name}`" for item in found[:5])
            hint = "a name means one product: give one of them another"
            self.check.fault(path, f"{len(found)} products are called `{name}`: {folders}", hint)
            return None
        if name in self.broken:
            return None  # said once
        try:
            self.products[name] = self.read(found[0])
        except SpecError as error:
            self.broken.add(name)
            first = f": {error.evidence[0].strip()[:200]}" if error.evidence else ""
            what = f"the file of product `{name}` is wrong{first}"
            self.check.fault(path, what, f"`headway check` in `../{found[0].parent.name}` lists everything")
            return None
        return self.products[name]

    def _group(self, path: Path_, lender: Loaded, product: str, group: str) -> FeatureGroup | None:
        groups = lender.product.feature_groups
        if group in groups:
            return groups[group]
        near = difflib.get_close_matches(group, groups, n=1, cutoff=0.5)
        listed = ", ".join(f"`{item}`" for item in list(groups)[:8])
        there = f"it has {listed}" if listed else "it has none"
        hint = f"did you mean `{product}/{near[0]}`?" if near else there
        self.check.fault(path, f"product `{product}` has no feature group `{group[:_SHOWN]}`", hint)
        return None

    def _is_version(self, path: Path_, pick: FeaturePick, declared: FeatureGroup) -> bool:
        """Whether the version is one that there may be; which commits it has, the other ledger knows."""
        if pick.version is None:
            hint = f"write `{pick.group}.*@{declared.version}`: another product's next version is no surprise then"
            self.check.fault(path, f"no version of `{pick.group[:_SHOWN]}`", hint)
            return False
        if not 1 <= pick.version <= declared.version:
            what = f"`{pick.group[:_SHOWN]}` has no version {pick.version}"
            self.check.fault(path, what, f"its product file declares version {declared.version}")
            return False
        known = self.groups.get(pick.group)
        if known is not None and known.version != pick.version:
            what = f"version {pick.version} of `{pick.group[:_SHOWN]}`, and elsewhere version {known.version}"
            self.check.fault(path, what, "a product reads one version of a group")
            return False
        return True


def _as_read(declared: FeatureGroup, version: int) -> FeatureGroup:
    """The group as its reader has it: rows that come as they are, under the lender's key, lifetime and words."""
    return FeatureGroup(
        from_=(),
        key=declared.key,
        version=version,
        ttl=declared.ttl,
        features=declared.features,
        description=declared.description,
        tags=declared.tags,
    )
