"""What does not fit between computed rows and a contract of their own, which judges them and changes none."""

from __future__ import annotations

from headway.spec.checks.scene import SHOWN, Scene
from headway.spec.contract import Column, Contract, MapTo
from headway.spec.document import Path_
from headway.spec.product import Dataset, FeatureGroup

_TIMES = ("event_time", "known_time")
_FEATURES = ("number", "text")


def check_group_contract(scene: Scene, path: Path_, group: FeatureGroup) -> None:
    """Add what a contract says that a group's rows cannot keep, or that would have no effect on them."""
    contract = scene.contracts.get(group.contract or "")
    if contract is None:
        return
    for key in group.key:
        if contract.extra_columns == "refuse" or key in contract.columns:
            scene.check.refer(path, key, contract.columns, "column")
    for name, column in contract.columns.items():
        if name in _TIMES:
            if column.type != "time":
                what = f"column `{name}` is of type {column.type}"
                scene.check.fault(path, what, "declare it as `time`")
        elif name not in group.key:
            _feature(scene, path, name, column)
        _changes(scene, path, name, column, "group")
    _rows(scene, path, contract, "group")


def check_dataset_contract(scene: Scene, path: Path_, dataset: Dataset) -> None:
    """The same of a dataset's features; keys and times are none of them, and the label has its source's contract."""
    contract = scene.contracts.get(dataset.contract or "")
    if contract is None:
        return
    for name, column in contract.columns.items():
        if name == dataset.label.name:
            what = f"column `{name[:SHOWN]}` is the label"
            scene.check.fault(path, what, "hold it in the contract of the source that it comes from")
        _feature(scene, path, name, column)
        _changes(scene, path, name, column, "dataset")
    _rows(scene, path, contract, "dataset")


def _feature(scene: Scene, path: Path_, name: str, column: Column) -> None:
    if column.type not in _FEATURES:
        what = f"column `{name[:SHOWN]}` is of type {column.type}, and a feature is a number or a text"
        scene.check.fault(path, what, "declare it as `number`")


def _changes(scene: Scene, path: Path_, name: str, column: Column, kind: str) -> None:
    """Refuse what would change values, set rows aside, or say what is said elsewhere."""
    if column.default is not None or isinstance(column.unknown_category, MapTo):
        what, hint = (
            f"would be filled in, and a {kind}'s contract changes nothing",
            "do it in the feature's code",
        )
    elif column.policy.batch == "quarantine":
        what, hint = "puts rows in quarantine", f"use `reject` or `warn` for a {kind}"
    elif column.tags:
        what, hint = "bears tags", "say them where the feature comes from, such as a group's `features:`"
    else:
        return
    scene.check.fault(path, f"column `{name[:SHOWN]}` {what}", hint)


def _rows(scene: Scene, path: Path_, contract: Contract, kind: str) -> None:
    """Refuse what goes for arriving rows only."""
    if any(item.policy.batch == "quarantine" for item in contract.expectations):
        hint = f"use `reject` or `warn` for a {kind}"
        scene.check.fault(path, "an expectation puts rows in quarantine", hint)
    if contract.repeated_content != Contract(columns={}).repeated_content:
        scene.check.fault(path, "`repeated_content` is about files", "say it in a source's contract")
