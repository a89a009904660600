"""The champion, judged again on the challenger's test rows, without those that it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from msgspec.structs import replace

from headway.data import tables
from headway.engine.evaluating import evaluate_model
from headway.engine.models import inputs_of
from headway.engine.opened import Opened
from headway.engine.stages.names import ROWS
from headway.engine.user_code import importable
from headway.evidence.gates import Rivals
from headway.evidence.report import Report
from headway.facts.artifacts import Artifact
from headway.features.layout import FEATURE_PREFIX, PART, ROW_PREFIX
from headway.spec.product import Evaluation


def rivals_of(
    opened: Opened, report: str, declared: Evaluation, gates: Sequence[str], champion: str
) -> Rivals:
    """Who a challenger is compared with; the champion only when a gate asks for it.

    Args:
        opened: The product.
        report: Digest of the challenger's evaluation.
        declared: The evaluation.
        gates: Gates that are to be judged.
        champion: Digest of the environment's present model; empty when there is none.

    Raises:
        UserCodeError: A metric of the product failed on the champion.
    """
    made = opened.reader.made_by(report)[0][1].fingerprint.inputs
    challenger = made[f"model.{declared.model}"]
    asking = [gate for gate in gates if "champion" in gate]
    if not champion or not asking:
        return Rivals()
    if champion == challenger:
        return Rivals(same=True)
    dataset = f"dataset.{opened.loaded.product.models[declared.model].dataset}"
    models = {digest: opened.reader.artifact(digest) for digest in (champion, challenger)}
    rows = opened.reader.artifact(made[dataset])
    if models[champion] is None or models[challenger] is None or rows is None:
        return Rivals(why_no_champion="the champion is not in the ledger any more")
    sliced = any("slice." in gate for gate in asking)
    wanted = declared if sliced else replace(declared, slices=None)
    return _judged(opened, wanted, models, rows, dataset)


def _judged(
    opened: Opened, declared: Evaluation, models: Mapping[str, Artifact | None], rows: Artifact, dataset: str
) -> Rivals:
    """Both models on the rows that count; the challenger's own report does when none is left out."""
    champion, challenger = models.values()
    assert champion is not None
    assert challenger is not None
    frame = tables.read(opened.workspace.blobs().path(rows.file(ROWS).digest))
    gone = [item.name for item in inputs_of(champion) if FEATURE_PREFIX + item.name not in frame.columns]
    if gone:
        return Rivals(
            why_no_champion=f"the champion needs `{gone[0]}`, which the dataset does not have any more"
        )
    trained = opened.reader.made_by(champion.digest)[0][1].fingerprint.inputs[dataset]
    unseen = _unseen(opened, frame, trained, rows.digest)
    if unseen is not None and not unseen.any():
        return Rivals(why_no_champion="the champion was trained on all test rows")
    with importable(opened.root):
        report = _report(opened, declared, champion, frame, unseen)
        same_rows = None
        if unseen is not None and not unseen.all():
            same_rows = _report(opened, declared, challenger, frame, unseen)
    return Rivals(champion=report, same_rows=same_rows)


def _report(
    opened: Opened, declared: Evaluation, model: Artifact, frame: pl.DataFrame, unseen: pl.Series | None
) -> Report:
    threshold = opened.loaded.product.models[declared.model].answer.threshold
    mask = None if unseen is None else unseen.to_numpy()
    blobs = opened.workspace.blobs()
    return evaluate_model(declared, model, frame, blobs, threshold=threshold, unseen=mask).report


def _unseen(opened: Opened, frame: pl.DataFrame, trained_on: str, dataset: str) -> pl.Series | None:
    """Which test rows the champion was not trained on; None when that is all of them."""
    if trained_on == dataset:
        return None
    artifact = opened.reader.artifact(trained_on)
    if artifact is None:
        return None
    old = tables.read(opened.workspace.blobs().path(artifact.file(ROWS).digest))
    shared = [name for name in frame.columns if name.startswith(ROW_PREFIX) and name in old.columns]
    test = frame.filter(frame[PART] == "test").select(shared)
    used = old.filter(old[PART].is_in(["train", "validate"])).select(shared).unique()
    marked = test.join(
        used.with_columns(pl.lit(value=True).alias("__seen")),
        on=shared,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return marked["__seen"].is_null()
