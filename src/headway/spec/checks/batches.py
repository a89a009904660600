"""What does not fit together in batch predictions: who answers, which rows, where to."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import PurePosixPath

from headway.spec.batches import SUFFIXES, TOLD, endpoints_of, read_by_batches_only, rejected_beside
from headway.spec.checks.scene import SHOWN, Scene
from headway.spec.document import Path_
from headway.spec.loading import local_files
from headway.spec.product import Batch
from headway.spec.references import NAME

_IDLE = ("event_time", "known", "incremental", "refresh", "last_good")
"""Fields of a source that say how it is kept or joined over time, which a batch does not do."""


def check_batches(scene: Scene) -> None:
    """Add what neither the types nor the names say of batch predictions."""
    taken: dict[str, str] = {}
    alone = read_by_batches_only(scene.product)
    for name, batch in scene.product.batches.items():
        path = ("batches", name)
        if not NAME.fullmatch(name):
            hint = "letters, digits, `-`, `_`; a letter first"
            scene.check.fault(path, f"`{name[:SHOWN]}` is no name", hint)
        _who_answers(scene, path, batch)
        if scene.check.refer((*path, "rows"), batch.rows, scene.product.sources, "source"):
            _rows(scene, path, batch)
        _output(scene, (*path, "to"), batch, name, taken)
    for source in sorted(alone & scene.product.sources.keys()):
        for field in _IDLE:
            if scene.check.written(("sources", source, field)):
                what = f"`{field}` of a source that only batches read"
                hint = "each `headway predict` reads all of it; take it out"
                scene.check.fault(("sources", source, field), what, hint)


def _who_answers(scene: Scene, path: Path_, batch: Batch) -> None:
    check, product = scene.check, scene.product
    if (batch.model is None) == (batch.endpoint is None):
        if not check.broken((*path, "model")) and not check.broken((*path, "endpoint")):
            what = "neither `model` nor `endpoint`" if batch.model is None else "both `model` and `endpoint`"
            check.fault(path, what, "give one of them")
        return
    if batch.endpoint is not None:
        check.refer((*path, "endpoint"), batch.endpoint, product.endpoints, "endpoint")
        return
    if not check.refer((*path, "model"), batch.model or "", product.models, "model"):
        return
    found = endpoints_of(product, batch)
    if not found and not check.broken(("endpoints",)):
        hint = f"declare one, for it is a release that answers: `endpoints: {{{batch.model}: {{model: {batch.model}}}}}`"
        check.fault((*path, "model"), f"no endpoint has model `{batch.model}`", hint)
    elif len(found) > 1:
        listed = ", ".join(f"`{name}`" for name in found[:5])
        hint = f"write `endpoint:` with one of {listed}"
        check.fault((*path, "model"), f"several endpoints have model `{batch.model}`", hint)


def _rows(scene: Scene, path: Path_, batch: Batch) -> None:
    """The rows have what the caller of the endpoint would send, and the columns that are written."""
    check, product = scene.check, scene.product
    contract = scene.contract_of(batch.rows)
    for index, column in enumerate(batch.columns or ()):
        if contract is not None:
            check.refer((*path, "columns", index), column, contract.columns, "column")
        if column in TOLD:
            hint = "a column of the prediction has this name; rename it in the rows, or leave it out here"
            check.fault((*path, "columns", index), f"`{column}` is taken", hint)
    if batch.columns is not None:
        scene.distinct((*path, "columns"), batch.columns, "column")
    found = endpoints_of(product, batch)
    model = product.models.get(product.endpoints[found[0]].model) if len(found) == 1 else None
    dataset = product.datasets.get(model.dataset) if model is not None else None
    request = scene.request_of(model.dataset) if model is not None else None
    asked = scene.contract_of(dataset.rows) if dataset is not None else None
    for column in request or ():
        declared = asked.columns.get(column) if asked is not None else None
        may_lack = declared is not None and declared.default is not None
        if contract is not None and column not in contract.columns and not may_lack:
            what = f"source `{batch.rows}` has no column `{column[:SHOWN]}`"
            check.fault((*path, "rows"), what, f"the model is asked with it: see `request` of `{_of(model)}`")


def _of(model: object) -> str:
    return f"datasets.{getattr(model, 'dataset', '')}"


def _output(scene: Scene, path: Path_, batch: Batch, name: str, taken: dict[str, str]) -> None:
    check, place = scene.check, PurePosixPath(batch.to)
    if check.broken(path):
        return
    if place.suffix not in SUFFIXES or not place.stem:
        check.fault(path, f"`{batch.to[:SHOWN]}` is no table", "end it with `.parquet` or `.csv`")
        return
    if place.is_absolute() or ".." in place.parts or place.parts[0] == ".headway" or "\0" in batch.to:
        hint = "give a path below the product's folder, outside `.headway`"
        check.fault(path, f"`{batch.to[:SHOWN]}` lies elsewhere", hint)
        return
    written = [str(place), rejected_beside(str(place))]
    for file in written:
        if file in taken:
            check.fault(path, f"batch `{taken[file]}` writes `{file[:SHOWN]}` too", "give each its own file")
            return
    taken.update(dict.fromkeys(written, name))
    for source, declared in scene.product.sources.items():
        for pattern in local_files(declared):
            wide = str(PurePosixPath(pattern))
            read = [
                file
                for file in written
                if fnmatch(file, wide) or PurePosixPath(wide) in PurePosixPath(file).parents
            ]
            if read:
                what = f"`{read[0][:SHOWN]}` is read by source `{source}`"
                check.fault(path, what, "write it where no source reads")
                return
