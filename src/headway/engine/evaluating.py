"""A model judged on a dataset's rows; the same for a challenger and for the champion that it meets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from headway.engine.models import answers_of, predictor_of, scores, truth
from headway.evidence.evaluate import Judged, evaluate
from headway.evidence.metrics import Metric, resolve
from headway.evidence.report import Report
from headway.facts.artifacts import Artifact
from headway.features.layout import PartColumns, view
from headway.spec.product import Evaluation
from headway.store.ports import BlobStore


class Evaluated(NamedTuple):
    """A report, and the raw predictions behind it.

    Attributes:
        predictions: Columns `part`, `label`, `prediction`, and `baseline` where there is one.
    """

    report: Report
    predictions: pl.DataFrame


def evaluate_model(
    declared: Evaluation,
    model: Artifact,
    frame: pl.DataFrame,
    blobs: BlobStore,
    *,
    threshold: float | None,
    baseline: Artifact | None = None,
    unseen: np.ndarray | None = None,
) -> Evaluated:
    """Judge a model on a dataset.

    Args:
        declared: Metrics and slices.
        model: The model's artifact.
        frame: The dataset, in the layout of `headway.features.layout`.
        blobs: Where the models lie.
        threshold: Probability from which the answer is the positive class.
        baseline: The rival's artifact.
        unseen: Which test rows count, shape (n,); None takes all.

    Raises:
        SpecError: A metric or slice cannot be had.
        UserCodeError: The product's metric, or the native model, failed.
        ContractError: A prediction is NaN or infinite.
    """
    metrics = _metrics(declared, answers_of(model).kind)
    test, validate = view(frame, "test"), view(frame, "validate")
    excluded = 0
    if unseen is not None:
        excluded = int((~unseen).sum())
        mask = pl.Series(unseen)
        test = PartColumns(
            features=test.features.filter(mask),
            label=test.label.filter(mask),
            rows=test.rows.filter(mask),
            predict_at=test.predict_at.filter(mask),
        )
    predictor = predictor_of(model, blobs)
    judged = Judged(truth(model, test.label), scores(model, predictor, test.features))
    seen = Judged(truth(model, validate.label), scores(model, predictor, validate.features))
    rival = _rival(baseline, model, test, blobs)
    report = evaluate(
        kind=answers_of(model).kind,
        metrics=metrics,
        test=judged,
        validate=seen,
        baseline=rival,
        declared=declared.slices,
        columns=_columns(test),
        threshold=threshold,
        excluded=excluded,
    )
    return Evaluated(report, _predictions({"test": judged, "validate": seen}, rival))


def _metrics(declared: Evaluation, kind: Any) -> Sequence[Metric]:
    return [resolve(reference, kind) for reference in declared.metrics]


def _rival(baseline: Artifact | None, model: Artifact, test: PartColumns, blobs: BlobStore) -> Judged | None:
    if baseline is None:
        return None
    return Judged(truth(model, test.label), scores(baseline, predictor_of(baseline, blobs), test.features))


def _columns(test: PartColumns) -> dict[str, pl.Series]:
    """Columns to slice by: features first, then columns of the rows."""
    return {**test.rows.to_dict(), **test.features.to_dict()}


def _predictions(parts: dict[str, Judged], rival: Judged | None) -> pl.DataFrame:
    frames = []
    for name, part in parts.items():
        columns: dict[str, Any] = {"label": part.label, "prediction": part.prediction}
        columns["baseline"] = (
            rival.prediction if rival is not None and name == "test" else np.full(len(part.label), np.nan)
        )
        frames.append(
            pl.DataFrame(columns).insert_column(0, pl.Series("part", [name] * len(part.label), pl.String))
        )
    return pl.concat(frames)
