"""Read a product file with its contracts; all faults at once, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from headway.errors import spec as errors
from headway.spec import references
from headway.spec.checks.batches import check_batches
from headway.spec.checks.contracts import check_contract
from headway.spec.checks.data import check_data
from headway.spec.checks.delivery import check_delivery
from headway.spec.checks.models import check_models
from headway.spec.checks.policies import check_column_tags, check_policies
from headway.spec.checks.scene import Scene
from headway.spec.contract import Contract
from headway.spec.document import Fault, Path_, compose
from headway.spec.neighbours import Neighbourhood, neighbourhood
from headway.spec.product import Declared, FeatureGroup, Product
from headway.spec.read import INVALID, Reading


class Loaded(Struct, frozen=True, kw_only=True):
    """A product file, read.

    Attributes:
        product: With the groups of other products that it reads among its own, as `product/group`.
        contracts: Path as the product file writes it -> contract.
        places: Path in the document -> (line, column), from 1.
        file: The product file.
        contract_places: Contract -> path in it -> (line, column).
        lenders: Name -> product whose groups are read.
        neighbours: Product files beside this one that were looked into for them.
    """

    product: Product
    contracts: dict[str, Contract]
    places: dict[Path_, tuple[int, int]]
    file: Path
    contract_places: dict[str, dict[Path_, tuple[int, int]]] = {}
    lenders: dict[str, Loaded] = {}
    neighbours: tuple[Path, ...] = ()

    def place(self, *path: str | int) -> str:
        """`headway.yaml:12` of a value, or of the nearest thing around it that the file says."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return f"{self.file.name}:{self.places[path[:length]][0]}"
        return self.file.name

    def place_in(self, contract: str, *path: str | int) -> str:
        """`contracts/customers.yaml:4` of a value in a contract, or of the nearest thing around it."""
        places = self.contract_places.get(contract, {})
        for length in range(len(path), 0, -1):
            if path[:length] in places:
                return f"{contract}:{places[path[:length]][0]}"
        return contract


def load(
    file: Path, shared: Mapping[str, FeatureGroup] | None = None, *, wants_contracts: bool = True
) -> Loaded:
    """Read a product file, every contract that it names, and the products whose groups it reads.

    Args:
        file: The product file.
        shared: `product/group` -> what is known of it already, so that the folders beside are not looked into.
        wants_contracts: Whether a contract that is not there is a fault; it is none while it is still to be
            written.

    Raises:
        SpecError: Something is wrong; every fault is listed with file, line and column.
    """
    reading = Reading(file.name)
    product = _read(file, reading, Product)
    contracts: dict[str, Contract] = {}
    places: dict[str, dict[Path_, tuple[int, int]]] = {}
    around = Neighbourhood(shared or {})
    if product is not INVALID:
        contracts, places = _contracts(file, product, reading, is_needed=wants_contracts)
        if shared is None:
            around = neighbourhood(file, product, references.Check(reading), load_alone)
        references.check(product, contracts, reading, around.groups)
        scene = Scene(product, contracts, references.Check(reading), around.groups)
        for check in (check_data, check_models, check_delivery, check_batches, check_policies):
            check(scene)
    if reading.faults:
        raise errors.faults(file.name, _ordered(reading.faults, file.name))
    return Loaded(
        product=replace(product, feature_groups=product.feature_groups | dict(around.groups)),
        contracts=contracts,
        places=reading.places,
        file=file,
        contract_places=places,
        lenders=dict(around.products),
        neighbours=around.files,
    )


def load_alone(file: Path) -> Loaded:
    """Read a product file without the products whose groups it reads: they may be gone, or in the middle of a change.

    Raises:
        SpecError: Something is wrong in the file itself.
    """
    return load(file, {})


def load_contract(file: Path, shown: str) -> Contract:
    """Read one contract.

    Raises:
        SpecError: Something is wrong; every fault is listed.
    """
    reading = Reading(shown)
    contract = _contract(file, reading)
    if reading.faults:
        raise errors.faults(shown, _ordered(reading.faults, shown))
    found: Contract = contract
    return found


def _read(file: Path, reading: Reading, kind: type[Declared]) -> Any:
    root, faults = compose(file, reading.file)
    reading.faults += faults
    return INVALID if root is None else reading.declared(root, kind, ())


def _contracts(
    file: Path, product: Product, reading: Reading, *, is_needed: bool
) -> tuple[dict[str, Contract], dict[str, dict[Path_, tuple[int, int]]]]:
    contracts: dict[str, Contract] = {}
    places: dict[str, dict[Path_, tuple[int, int]]] = {}
    named = [("sources", name, source.contract) for name, source in product.sources.items()]
    named += [("feature_groups", name, group.contract) for name, group in product.feature_groups.items()]
    named += [("datasets", name, dataset.contract) for name, dataset in product.datasets.items()]
    for section, name, written in named:
        if written is None or written in contracts:
            continue
        path = file.parent / written
        if not _is_there(path):
            if not is_needed:
                continue
            line, column = reading.places[(section, name, "contract")]
            what = f"the contract `{written[:60]}` is not there"
            hint = "write it, or take `contract:` out"
            if section == "sources":
                hint = (
                    f"`headway profile {name} --write {written[:60]}` proposes one; or take `contract:` out"
                )
            reading.faults.append(Fault(reading.file, line, column, f"{section}.{name}.contract", what, hint))
            continue
        inner = Reading(written)
        contract = _contract(path, inner)
        reading.faults += inner.faults
        # A contract with broken columns would make faults of every name that refers to them.
        if contract is not INVALID and not references.Check(inner).broken(("columns",)):
            contracts[written] = contract
            places[written] = inner.places
    return contracts, places


def _contract(path: Path, reading: Reading) -> Any:
    contract = _read(path, reading, Contract)
    if contract is not INVALID:
        references.check_contract(contract, reading)
        check_contract(contract, references.Check(reading))
        check_column_tags(contract, references.Check(reading))
    return contract


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _ordered(faults: list[Fault], file: str) -> list[Fault]:
    """By line, what is wrong with `file` itself first."""
    return sorted(faults, key=lambda fault: (fault.file != file, fault.file, fault.line, fault.column))
