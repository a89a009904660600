"""What stands behind a reference: a digest, a node, a node's pointer, or a prediction id."""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

from headway.engine.group_reading import artifact_of, commit_at, is_commit
from headway.errors import engine as errors
from headway.facts.artifacts import Artifact
from headway.predictions import segments
from headway.predictions.record import Prediction
from headway.store.workspace import Workspace

KINDS = "a node (`model.delay`), its pointer (`model.delay@prod`), 6 digits of a digest, or a prediction id"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(\.\d+)?")
_DIGITS = re.compile(r"[0-9a-f]{6,64}")


class Found(NamedTuple):
    """An artifact, and the prediction that led to it where the reference named one."""

    artifact: Artifact
    prediction: Prediction | None = None


def find(workspace: Workspace, reference: str) -> Found:
    """The thing that a reference names.

    Raises:
        UsageError: Nothing is found under it, or several things are.
    """
    reader = workspace.open_reader()
    if _UUID.fullmatch(reference):
        return _prediction(workspace, reference)
    if _DIGITS.fullmatch(reference):
        artifact = reader.artifact(reference)
        if artifact is not None:
            return Found(artifact)
    if is_commit(reference):
        return Found(artifact_of(reader, commit_at(reader, reference)))
    node, at, environment = reference.partition("@")
    digest = None
    if at:
        digest = reader.environment(environment).pointers.get(node)
    else:
        past = reader.executions(node)
        digest = past[0].output if past else None
    artifact = reader.artifact(digest) if digest else None
    if artifact is None:
        raise errors.unknown_reference(reference, KINDS)
    return Found(artifact)


def _prediction(workspace: Workspace, reference: str) -> Found:
    for directory in sorted((workspace.state / "serve").glob("*/log")):
        prediction = segments.find(directory, reference)
        if prediction is not None:
            artifact = workspace.open_reader().artifact(prediction.release)
            if artifact is None:
                break
            return Found(artifact, prediction)
    raise errors.unknown_reference(reference, f"an id that is in the prediction log, or {KINDS}")


def newest_predictions(workspace: Workspace, environment: str, last: int) -> tuple[list[Prediction], int]:
    """The newest predictions of an environment, oldest first, and how many were lost or torn."""
    kept: deque[Prediction] = deque(maxlen=last)
    lost = 0
    for item in segments.read(workspace.serve(environment) / "log"):
        if isinstance(item, Prediction):
            kept.append(item)
        else:
            lost += item.count or 1
    return list(kept), lost
