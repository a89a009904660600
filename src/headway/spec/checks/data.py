"""What does not fit together in sources, feature groups and datasets."""

from __future__ import annotations

from datetime import timedelta

from headway.spec.checks.own_contracts import check_dataset_contract, check_group_contract
from headway.spec.checks.scene import SHOWN, Scene
from headway.spec.checks.sources import check_source
from headway.spec.contract import Contract
from headway.spec.document import Path_
from headway.spec.product import Dataset, FeatureGroup, FeaturePick

_TIMES = ("time", "date")


def check_data(scene: Scene) -> None:
    """Add what neither the types nor the names say of the data's declarations."""
    for name, source in scene.product.sources.items():
        check_source(scene, ("sources", name), source)
    for name, group in scene.product.feature_groups.items():
        _group(scene, ("feature_groups", name), group)
    for name, dataset in scene.product.datasets.items():
        _dataset(scene, name, dataset)


def _group(scene: Scene, path: Path_, group: FeatureGroup) -> None:
    scene.module((*path, "columns"), group.columns)
    scene.function((*path, "frame"), group.frame)
    scene.distinct((*path, "from"), group.from_, "source")
    if len(set(group.key)) < len(group.key):
        scene.check.fault((*path, "key"), "a key column stands here twice", "keep one of them")
    if group.version < 1:
        scene.check.fault((*path, "version"), f"version {group.version}", "versions count from 1")
    scene.positive((*path, "window"), group.window)
    scene.positive((*path, "ttl"), group.ttl)
    check_group_contract(scene, (*path, "contract"), group)


# -- datasets ----------------------------------------------------------------------------------


def _dataset(scene: Scene, name: str, dataset: Dataset) -> None:
    path, check = ("datasets", name), scene.check
    contract = scene.contract_of(dataset.rows)
    scene.module((*path, "on_demand"), dataset.on_demand)
    if dataset.request is not None:
        scene.distinct((*path, "request"), dataset.request, "column")
    if dataset.predict_at is not None:
        _timed(scene, (*path, "predict_at"), dataset.predict_at.column, contract)
    _label(scene, (*path, "label"), dataset, contract)
    _split(scene, (*path, "split"), name, dataset)
    request = scene.request_of(name)
    for index, pick in enumerate(dataset.features):
        group = scene.product.feature_groups.get(pick.group) or scene.shared.get(pick.group)
        if group is None or request is None:
            continue
        for sent in (pick.by_key.get(key, key) for key in group.key):
            if sent not in request:
                what = f"key `{sent[:SHOWN]}` of group `{pick.group}` is not in `request`"
                check.fault(
                    (*path, "features", index), what, "add it there, or map another column with `by_key`"
                )
    _taken_twice(scene, (*path, "features"), dataset.features)
    check_dataset_contract(scene, (*path, "contract"), dataset)


def _timed(scene: Scene, path: Path_, column: str, contract: Contract | None) -> None:
    declared = contract.columns.get(column) if contract is not None else None
    if declared is not None and declared.type not in _TIMES:
        what = f"column `{column[:SHOWN]}` is of type {declared.type}"
        scene.check.fault(path, what, "declare it as `time` in the contract")


def _taken_twice(scene: Scene, path: Path_, picks: tuple[FeaturePick, ...]) -> None:
    """Refuse a feature that comes twice under one name, as far as names are known before the code runs."""
    taken: dict[tuple[str, str], set[str]] = {}
    for index, pick in enumerate(picks):
        columns = set(pick.columns or ("*",))
        seen = taken.setdefault((pick.group, pick.prefix), set())
        repeated = len(columns) < len(pick.columns or ("*",))
        if repeated or columns & seen or (seen and "*" in columns | seen):
            what = f"features of `{pick.group[:SHOWN]}` are taken twice"
            scene.check.fault((*path, index), what, "take each once, or give one of them a `prefix`")
        seen |= columns


def _label(scene: Scene, path: Path_, dataset: Dataset, contract: Contract | None) -> None:
    label, check = dataset.label, scene.check
    known = label.known.column if label.known is not None else None
    if known is not None and contract is not None:
        check.refer((*path, "known"), known, contract.columns, "column")
        _timed(scene, (*path, "known"), known, contract)
    if label.from_ is None and not check.written((*path, "from")):
        for key in ("by_key", "present", "absent", "early"):
            if check.written((*path, key)):
                check.fault(
                    (*path, key), f"`{key}` without `from`", "it goes with a label from another source"
                )
        if label.known is not None and label.known.column is None:
            what = "`commit`" if label.known.commit else "a lag after the event"
            _counts_from_an_event(scene, (*path, "known"), what, dataset)
        return
    _late_label(scene, path, dataset)
    for theirs, ours in label.by_key.items():
        for column, side in ((theirs, scene.contract_of(label.from_)), (ours, contract)):
            if side is not None:
                check.refer((*path, "by_key"), column, side.columns, "column")


def _counts_from_an_event(scene: Scene, path: Path_, what: str, dataset: Dataset) -> None:
    source = scene.product.sources.get(dataset.rows)
    if source is not None and source.event_time is None and not scene.check.broken(("sources", dataset.rows)):
        hint = f"declare `event_time` on source `{dataset.rows}`"
        scene.check.fault(path, f"{what}, and the rows have no time", hint)


def _late_label(scene: Scene, path: Path_, dataset: Dataset) -> None:
    label, check = dataset.label, scene.check
    if label.known is not None:
        hint = f"`sources.{label.from_}` says when its rows became known"
        check.fault((*path, "known"), "`known` of a label `from` a source", hint)
    if label.absent is not None:
        _counts_from_an_event(scene, (*path, "absent"), "a delay after the event", dataset)
    if check.written((*path, "early")) and label.absent is None:
        check.fault((*path, "early"), "`early` without `absent`", "no row waits for an absence")
    _classes(scene, path, dataset)
    source = scene.product.sources.get(label.from_ or "")
    if source is not None and (source.event_time is None or source.known is None):
        missing = "event_time" if source.event_time is None else "known"
        hint = f"say in `sources.{label.from_}` when a row became known: a column, a lag such as `10m`, or `commit`"
        check.fault((*path, "from"), f"source `{label.from_}` declares no `{missing}`", hint)


def _classes(scene: Scene, path: Path_, dataset: Dataset) -> None:
    """Refuse a label of presence or absence that cannot be the other's rival."""
    label, late = dataset.label, scene.contract_of(dataset.label.from_)
    column = late.columns.get(label.column or "") if late is not None else None
    for key, value in (("present", label.present), ("absent", label.absent and label.absent.is_)):
        if value is not None and not isinstance(value, bool | int | float | str):
            scene.check.fault((*path, key), "a label that is no single value", "write `1`, `true` or a word")
    if label.absent is None:
        return
    kinds = {bool: "boolean", int: "integer", float: "number", str: "text"}
    absent = kinds.get(type(label.absent.is_), "nothing")
    other = column.type if column is not None else kinds.get(type(label.present), absent)
    if {absent, other} not in ({absent}, {"integer", "number"}):
        what = f"`is` is of type {absent}, and the label of a match is of type {other}"
        scene.check.fault((*path, "absent", "is"), what, "give both the same type")
    elif label.present is not None and label.present == label.absent.is_:
        scene.check.fault((*path, "absent", "is"), "presence and absence are one label", "name another one")


def _split(scene: Scene, path: Path_, name: str, dataset: Dataset) -> None:
    split = dataset.split
    for key in ("train", "test"):
        if getattr(split, key) in (timedelta(0), 0):
            scene.check.fault((*path, key), f"no rows for `{key}`", "give it more than zero")
    if split.apart is not None and split.by in ("group", "column"):
        why = "groups are apart already" if split.by == "group" else "the column decides alone"
        scene.check.fault((*path, "apart"), f"`apart` with a split by {split.by}", why)
    if split.column is not None and split.column in (scene.request_of(name) or ()):
        what = f"`{split.column[:SHOWN]}` says the part, and is sent by the caller"
        scene.check.fault((*path, "column"), what, "list the columns of `request`, without it")
    if split.min_rows < 1:
        scene.check.fault((*path, "min_rows"), f"`min_rows: {split.min_rows}`", "a part has at least one row")
    for key in ("train", "validate", "test"):
        part = getattr(split, key)
        if isinstance(part, timedelta) and part > timedelta(days=36_600):
            scene.check.fault((*path, key), "more than a century", "give a shorter duration")
