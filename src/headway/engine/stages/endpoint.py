"""Endpoints: a release bundle with everything that a server needs to answer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from headway.bundle import manifest as bundle
from headway.bundle.write import write
from headway.core import digest
from headway.engine.delivery.online_rows import packed_group
from headway.engine.models import CODE as MODEL_CODE
from headway.engine.models import NATIVE, ONNX
from headway.engine.stages.dataset import CODE, PROFILE
from headway.engine.stages.names import short_name
from headway.engine.stages.tables import group_rows, request_contract
from headway.engine.work import Draft, Work
from headway.online.pack import PackedGroup, pack
from headway.spec.contract import Contract
from headway.spec.expectations import columns_of
from headway.spec.graph import identity
from headway.spec.product import Dataset, FeatureGroup, FeaturePick


def run(work: Work) -> Draft:
    """Write the bundle of a release: model, transforms, feature code, contract, profile, manifest."""
    product = work.declaration.product
    model_name = product.endpoints[short_name(work.node)].model
    model = product.models[model_name]
    dataset = product.datasets[model.dataset]
    contract = request_contract(work, model.dataset)
    request = _request(dataset, contract)
    held = {bundle.CONTRACT: _narrowed(contract, request)} | _computed(work, dataset, model.dataset)
    files: dict[str, bytes | Path] = {name: msgspec.json.encode(item) for name, item in held.items()}
    files[bundle.PROFILE] = work.file(f"dataset.{model.dataset}", PROFILE)
    files |= _model_files(work, f"model.{model_name}")
    if dataset.features:
        files[bundle.ONLINE] = _online(work, dataset)
    if dataset.on_demand:
        files[bundle.CODE] = work.file(f"dataset.{model.dataset}", CODE)
    wanted = _manifest(work, dataset, model_name, request)
    # What describes a column makes no other release.
    meaning = {name: digest.of_value(identity(item)) for name, item in held.items()}
    wanted = replace(wanted, meaning=wanted.meaning | meaning)
    written = write(work.folder / "releases", files, wanted, work.key())
    folder = work.folder / "releases" / written.release
    return Draft(
        kind="release",
        digest=written.release,
        files={path.name: path for path in folder.iterdir()},
        meta={
            "endpoint": written.endpoint,
            "runtime": written.runtime,
            "nodes": written.nodes,
            "bytes": sum(path.stat().st_size for path in folder.iterdir()),
            "summary": f"release {digest.short(written.release)}, {written.runtime}, {len(written.files)} files",
        },
    )


def _request(dataset: Dataset, contract: Contract) -> tuple[str, ...]:
    if dataset.request is not None:
        return dataset.request
    return tuple(name for name in contract.columns if name != dataset.label.name)


def _computed(work: Work, dataset: Dataset, name: str) -> dict[str, Contract]:
    """The contract of what on-demand functions compute; nothing where none of it is held to one."""
    declared = work.declaration.contracts.get(dataset.contract)
    if declared is None:
        return {}
    inputs = msgspec.convert(work.inputs[f"dataset.{name}"].meta["inputs"], tuple[bundle.Input, ...])
    made = tuple(item.name for item in inputs if item.origin == "on_demand" and item.name in declared.columns)
    return {bundle.COMPUTED: _narrowed(declared, made)} if made else {}


def _narrowed(contract: Contract, columns: tuple[str, ...]) -> Contract:
    """The contract of one record: what is said of the columns that it has, and of undeclared ones."""
    there = set(columns)
    kept = [item for item in contract.expectations if there >= set(columns_of(item.type, item.arguments))]
    return Contract(
        columns={name: contract.columns[name] for name in columns},
        expectations=tuple(kept),
        extra_columns=contract.extra_columns,
    )


def _model_files(work: Work, node: str) -> dict[str, bytes | Path]:
    made = work.inputs[node].meta
    if made["runtime"] == "onnx":
        return {bundle.ONNX_MODEL: work.file(node, ONNX)}
    files: dict[str, bytes | Path] = {bundle.NATIVE_MODEL: work.file(node, NATIVE)}
    return files | ({bundle.MODEL_CODE: work.file(node, MODEL_CODE)} if made["own_modules"] else {})


def _manifest(work: Work, dataset: Dataset, model_name: str, request: tuple[str, ...]) -> bundle.Manifest:
    product = work.declaration.product
    declared = product.models[model_name]
    model = work.inputs[f"model.{model_name}"]
    source = work.inputs[f"dataset.{declared.dataset}"]
    native = model.meta["runtime"] == "native"
    kind: Literal["probability", "value"] = model.meta["kind"]
    meaning = {bundle.NATIVE_MODEL: model.digest} if native else {}
    return bundle.Manifest(
        release="",
        product=product.name,
        endpoint=short_name(work.node),
        runtime=model.meta["runtime"],
        why_native=model.meta["why_native"],
        container=model.meta["container"],
        rows_independent=model.meta.get(
            "rows_independent", UNSET
        ),  # a model of an earlier version was not tried
        answer=bundle.Answer(
            kind=kind,
            positive=model.meta["positive"],
            classes=tuple(model.meta["classes"]),
            threshold=declared.answer.threshold,
            unit=declared.answer.value or "",
        ),
        inputs=msgspec.convert(source.meta["inputs"], tuple[bundle.Input, ...]),
        lookups=tuple(_lookup(work, pick, product.feature_groups[pick.group]) for pick in dataset.features),
        request=request,
        on_demand=dataset.on_demand,
        predict_column=dataset.predict_at.column if dataset.predict_at else None,
        predict_offset_seconds=dataset.predict_at.offset.total_seconds() if dataset.predict_at else 0.0,
        libraries=dict(model.meta["libraries"]) if native else {},
        nodes={name: artifact.digest for name, artifact in work.inputs.items()},
        meaning=meaning | ({bundle.CODE: source.meta["code"]} if dataset.on_demand else {}),
    )


def _lookup(work: Work, pick: FeaturePick, group: FeatureGroup) -> bundle.Lookup:
    computed = work.inputs[f"feature_group.{pick.group}"]
    features = computed.meta["features"]
    wanted = pick.columns if pick.columns is not None else features
    return bundle.Lookup(
        group=pick.group,
        keys={key: pick.by_key.get(key, key) for key in group.key},
        features={name: f"{pick.prefix}{name}" for name in wanted},
        ttl_seconds=_seconds(group.ttl),
        table=computed.table,
    )


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None


def _online(work: Work, dataset: Dataset) -> bytes:
    """Rows of every group that is looked up, packed."""
    product = work.declaration.product
    packed: dict[str, PackedGroup] = {}
    for pick in dataset.features:
        group = product.feature_groups[pick.group]
        features = work.inputs[f"feature_group.{pick.group}"].meta["features"]
        packed[pick.group] = packed_group(group_rows(work, pick.group), group.key, features)
    return pack(packed)
