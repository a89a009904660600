"""What does not fit between a feature group and a contract of its own, which judges rows and changes none."""

from __future__ import annotations

from headway.spec.checks.scene import SHOWN, Scene
from headway.spec.contract import Column, Contract, MapTo
from headway.spec.document import Path_
from headway.spec.product import FeatureGroup

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
        what, hint = _fault(group, name, column)
        if what:
            scene.check.fault(path, f"column `{name[:SHOWN]}` {what}", hint)
    if any(item.policy.batch == "quarantine" for item in contract.expectations):
        scene.check.fault(
            path, "an expectation puts rows in quarantine", "use `reject` or `warn` for a group"
        )
    if contract.repeated_content != Contract(columns={}).repeated_content:
        scene.check.fault(path, "`repeated_content` is about files", "say it in a source's contract")


def _fault(group: FeatureGroup, name: str, column: Column) -> tuple[str, str]:
    """What is wrong with a column, and how it is mended; two empty texts where nothing is."""
    if name in _TIMES and column.type != "time":
        return f"is of type {column.type}", "declare it as `time`"
    if name not in (*group.key, *_TIMES) and column.type not in _FEATURES:
        return f"is of type {column.type}, and a feature is a number or a text", "declare it as `number`"
    if column.default is not None or isinstance(column.unknown_category, MapTo):
        return "would be filled in, and a group's contract changes nothing", "do it in the feature's code"
    if column.policy.batch == "quarantine":
        return "puts rows in quarantine", "use `reject` or `warn` for a group"
    if column.tags:
        return "bears tags", "say them in the group's `features:`"
    return "", ""
