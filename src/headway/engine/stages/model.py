"""Models and their baselines: fitted on the dataset, in the form that may serve them."""

from __future__ import annotations

import msgspec

from headway.core import digest
from headway.data import tables
from headway.engine.models import CODE
from headway.engine.stages import own_code
from headway.engine.stages.names import ROWS, short_name
from headway.engine.stages.tables import request_contract
from headway.engine.user_code import importable, resolve
from headway.engine.work import Draft, Work
from headway.features.layout import view
from headway.model.container import columns_of
from headway.spec.contract import Column
from headway.training.build import BuiltModel, Material, build, build_baseline
from headway.training.parts import inputs_of, part_of


def run(work: Work) -> Draft:
    """Fit the model.

    Raises:
        UserCodeError: The training function failed, or gave no model; or one with classes of its own
            that answers otherwise from its archived code.
        ContractError: The labels cannot be learnt from.
        GateError: ONNX is insisted on, and does not agree.
    """
    declared = work.declaration.product.models[short_name(work.node)]
    with importable(work.root):
        made_of = material(work)
        built = build(declared, made_of, resolve=resolve)
        own = own_code.kept(work, built)
    if own is not None:
        own_code.require_same_answers(work, built, own, made_of, declared.seed)
    return draft(work.node.kind, built, made_of, declared.seed, own)


def run_baseline(work: Work) -> Draft:
    """Fit the model's trivial rival on the same rows."""
    declared = work.declaration.product.models[short_name(work.node)]
    made_of = material(work)
    return draft("baseline", build_baseline(declared, made_of), made_of, declared.seed)


def material(work: Work) -> Material:
    """What a model is made from, read back from its dataset."""
    product = work.declaration.product
    declared = product.models[short_name(work.node)]
    frame = tables.read(work.file(f"dataset.{declared.dataset}", ROWS))
    train, validate = part_of(view(frame, "train")), part_of(view(frame, "validate"))
    return Material(
        node=work.node.name,
        folder=work.folder,
        train=train,
        validate=validate,
        test=columns_of(view(frame, "test").features),
        contract=_sent(work, declared.dataset, request_contract(work, declared.dataset).columns),
        inputs=inputs_of(train.features),
    )


def _sent(work: Work, dataset: str, columns: dict[str, Column]) -> dict[str, Column]:
    """Declarations of those inputs that the caller sends."""
    inputs = work.inputs[f"dataset.{dataset}"].meta["inputs"]
    sent = [item["name"] for item in inputs if item["origin"] == "request"]
    return {name: columns[name] for name in sent if name in columns}


def draft(
    kind: str, built: BuiltModel, made_of: Material, seed: int, own: own_code.OwnCode | None = None
) -> Draft:
    """A model as the engine keeps it; with the code of its classes, where they are the product's own."""
    form = "ONNX" if built.runtime == "onnx" else f"native: {built.why_native}"
    summary = "the trivial rival" if kind == "baseline" else f"serves as {form}"
    return Draft(
        kind=kind,
        digest=built.digest if own is None else digest.of_value([built.digest, own.meaning]),
        files=built.files if own is None else {**built.files, CODE: own.archive},
        seed=seed,
        meta={
            "runtime": built.runtime,
            "why_native": built.why_native,
            "kind": built.kind,
            "classes": list(built.classes),
            "positive": built.positive,
            "container": built.container,
            "libraries": dict(built.libraries),
            "own_modules": [] if own is None else list(own.modules),
            "rows_independent": not built.dependence,
            "dependence": built.dependence,
            "agreement": msgspec.to_builtins(built.agreement),
            "inputs": msgspec.to_builtins(made_of.inputs),
            "summary": summary,
        },
    )
