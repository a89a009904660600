"""Evaluations: what a model is worth on rows that it has not seen."""

from __future__ import annotations

import msgspec

from headway.core import digest
from headway.core.wording import figure
from headway.data import tables
from headway.engine.evaluating import evaluate_model
from headway.engine.stages.names import REPORT, ROWS, short_name
from headway.engine.user_code import importable
from headway.engine.work import Draft, Work

PREDICTIONS = "predictions.parquet"


def run(work: Work) -> Draft:
    """Judge the model and its baseline on the test and validation rows.

    Raises:
        UserCodeError: A metric of the product failed.
        SpecError: A metric or slice cannot be had.
    """
    product = work.declaration.product
    declared = product.evaluations[short_name(work.node)]
    model = product.models[declared.model]
    frame = tables.read(work.file(f"dataset.{model.dataset}", ROWS))
    with importable(work.root):
        found = evaluate_model(
            declared,
            work.inputs[f"model.{declared.model}"],
            frame,
            work.blobs,
            threshold=model.answer.threshold,
            baseline=work.inputs.get(f"model.{declared.model}.baseline"),
        )
    data = msgspec.json.format(msgspec.json.encode(found.report))
    path = work.folder / PREDICTIONS
    tables.write(found.predictions, path)
    figures = {name: figure.test for name, figure in found.report.metrics.items() if figure.test is not None}
    shown = ", ".join(f"{name} {figure(value)}" for name, value in figures.items())
    return Draft(
        kind="evaluation",
        digest=digest.of_value([digest.of_bytes(data), work.inputs[f"model.{declared.model}"].digest]),
        files={REPORT: data, PREDICTIONS: path},
        meta={"metrics": figures, "rows": found.report.rows, "summary": shown},
    )
