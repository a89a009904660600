"""Model artifacts read back: the predictor that answers, and what its answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from headway.facts.artifacts import Artifact
from headway.model.container import columns_of
from headway.model.inputs import Kind, ModelInput
from headway.model.predictor import Predictor
from headway.store.ports import BlobStore

if TYPE_CHECKING:
    from headway.model.native import Own

ONNX = "model.onnx"
NATIVE = "model.joblib"
CODE = "code.zip"
"""The product's code as it was in training, where the native form holds classes of its own."""


class Answers(NamedTuple):
    """What a model's answers mean.

    Attributes:
        classes: Labels in the order of its probabilities; empty for a value.
        positive: The class whose probability is asked for.
    """

    kind: Kind
    classes: tuple[Any, ...]
    positive: Any


def answers_of(artifact: Artifact) -> Answers:
    """What the answers of a model artifact mean."""
    meta = artifact.meta
    return Answers(meta["kind"], tuple(meta["classes"]), meta["positive"])


def inputs_of(artifact: Artifact) -> tuple[ModelInput, ...]:
    """The columns that a model artifact takes, in order."""
    return msgspec.convert(artifact.meta["inputs"], tuple[ModelInput, ...])


def predictor_of(artifact: Artifact, blobs: BlobStore) -> Predictor:
    """The form of a model that serves, from verified bytes.

    Raises:
        EngineError: A blob is missing or damaged, or a library that the native form needs is missing.
    """
    inputs, kind = inputs_of(artifact), answers_of(artifact).kind
    if artifact.meta["runtime"] == "onnx":
        from headway.model.onnx import OnnxModel

        return OnnxModel(blobs.read(artifact.file(ONNX).digest), inputs, kind)
    from headway.model.native import load

    stored = artifact.file(NATIVE)
    blobs.verify(stored.digest)
    return load(blobs.path(stored.digest), inputs, kind, artifact.meta["container"], _own(artifact, blobs))


def _own(artifact: Artifact, blobs: BlobStore) -> Own | None:
    """Where a native model finds the product's classes: in its own archive, whatever lies on disk now."""
    if not artifact.meta["own_modules"]:
        return None
    from headway.serve.product_code import ProductCode

    stored = artifact.file(CODE)
    blobs.verify(stored.digest)
    return ProductCode(blobs.path(stored.digest), artifact.digest).own


def scores(artifact: Artifact, predictor: Predictor, features: pl.DataFrame) -> np.ndarray:
    """Predictions for n rows, shape (n,): the probability of the positive class, or values."""
    answers = answers_of(artifact)
    columns = columns_of(features.select([item.name for item in predictor.inputs]))
    found = predictor.predict(columns)
    if answers.kind == "value":
        return found.astype(np.float64)
    return found[:, answers.classes.index(answers.positive)].astype(np.float64)


def truth(artifact: Artifact, label: pl.Series) -> np.ndarray:
    """Labels as numbers, shape (n,): 1 for the positive class and 0 for any other, or values."""
    answers = answers_of(artifact)
    if answers.kind == "value":
        return label.cast(pl.Float64).to_numpy()
    return (label == answers.positive).cast(pl.Float64).to_numpy()
