"""Make a recorded result again in a clean process, and say: equal, equal in behaviour, or why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from headway.core import claim
from headway.engine.groups.shared import SHARED
from headway.engine.models import predictor_of, scores
from headway.engine.questions.found import find
from headway.engine.reproduction.again import RESULT
from headway.engine.stages.names import ROWS
from headway.errors import engine as errors
from headway.errors import sharing
from headway.facts.artifacts import Artifact
from headway.facts.executions import Execution
from headway.store.blobs import LocalBlobs
from headway.store.workspace import Workspace
from headway.survey.libraries import PYTHON, python_version

REPEATABLE = ("feature_group", "dataset", "model", "baseline")
"""Kinds that are made from pinned inputs alone; a source reads the outside, which may have changed."""
SAME = 1e-6
"""Largest difference in a prediction that still counts as the same behaviour."""


class Reproduced(NamedTuple):
    """What came out.

    Attributes:
        verdict: `equal`, `equal in behaviour`, or `differs`.
        reasons: Why it differs, as far as it shows; for an equal one, what was compared.
        worst: Largest difference of a prediction; None where nothing was predicted.
    """

    node: str
    digest: str
    again: str
    verdict: str
    reasons: tuple[str, ...]
    worst: float | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `reproduce --json`."""
        return self._asdict() | {"reasons": list(self.reasons)}


def reproduce(workspace: Workspace, reference: str) -> Reproduced:
    """Run the execution behind an artifact again, and compare.

    Raises:
        UsageError: Nothing is found, or the artifact cannot be made from pinned inputs.
        HeadwayError: The recorded code fails now.
    """
    begun = time.perf_counter()
    artifact = find(workspace, reference).artifact
    made = workspace.open_reader().made_by(artifact.digest)
    if not made or artifact.kind not in REPEATABLE or made[0][1].code_archive is None:
        raise errors.not_repeatable(reference, artifact.kind)
    execution = made[0][1]
    if SHARED in artifact.meta:
        folder, node = artifact.meta[SHARED]["folder"], artifact.meta[SHARED]["node"]
        again = f"reproduce {node}@{artifact.meta[SHARED]['number']}"
        raise sharing.group_is_of_another_product(reference, folder, again)
    with scratch(workspace) as folder:
        result = in_a_process(workspace, artifact, folder, reference)
        verdict, reasons, worst = _compare(workspace, artifact, execution, result, folder)
    seconds = time.perf_counter() - begun
    return Reproduced(execution.node, artifact.digest, result["digest"], verdict, reasons, worst, seconds)


def scratch(workspace: Workspace) -> AbstractContextManager[Path]:
    """A folder in the workspace, where a killed run is swept; beside it when that may only be read."""
    if os.access(workspace.state, os.W_OK, effective_ids=True):
        return workspace.scratch()
    return claim.scratch(Path(tempfile.gettempdir()))


def in_a_process(workspace: Workspace, artifact: Artifact, folder: Path, reference: str) -> dict[str, Any]:
    """Make a result again in a process of its own: nothing that is loaded here can reach it.

    Returns:
        `digest`, `files` and `meta` of the result, and for a feature group its `table` and the files `stored`
        there; all of it below `folder`.

    Raises:
        EngineError: The recorded code fails now.
    """
    command = [
        sys.executable,
        "-m",
        "headway.engine.reproduction.again",
        str(workspace.root),
        artifact.digest,
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 -- our own module
    path = folder / RESULT
    if not path.exists():
        raise errors.again_fails(
            reference, done.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
        )
    result: dict[str, Any] = json.loads(path.read_text())
    if "error" in result:
        raise errors.again_fails(reference, result["error"].splitlines())
    return result


def _compare(
    workspace: Workspace, artifact: Artifact, execution: Execution, result: dict[str, Any], folder: Path
) -> tuple[str, tuple[str, ...], float | None]:
    if result["digest"] == artifact.digest:
        return "equal", ("the digest of its meaning is the same",), None
    if artifact.kind == "feature_group" and result["meta"]["content"] == artifact.meta["content"]:
        # A commit is named by what went before it too, which is not made again; its rows are.
        return "equal", (f"all {artifact.meta['rows']:,} rows are the same, computed in full",), None
    worst = _behaviour(workspace, artifact, execution, result, folder)
    if worst is not None and worst <= SAME:
        return "equal in behaviour", (f"no prediction differs by more than {worst:.2g}",), worst
    return "differs", _reasons(execution), worst


def _behaviour(
    workspace: Workspace, artifact: Artifact, execution: Execution, result: dict[str, Any], folder: Path
) -> float | None:
    """Largest difference of a prediction on the validation and test rows; None where nothing predicts."""
    if artifact.kind not in ("model", "baseline"):
        return None
    from headway.data import tables
    from headway.features.layout import view

    place = LocalBlobs(folder / "blobs")
    stored = tuple(place.put(folder / name, name) for name in result["files"])
    again = Artifact(digest=result["digest"], kind=artifact.kind, files=stored, meta=result["meta"])
    (dataset,) = [
        digest for name, digest in execution.fingerprint.inputs.items() if name.startswith("dataset.")
    ]
    rows = workspace.open_reader().artifact(dataset)
    if rows is None:
        return None
    frame = tables.read(workspace.blobs().path(rows.file(ROWS).digest))
    differences = []
    for part in ("validate", "test"):
        features = view(frame, part).features
        one = scores(artifact, predictor_of(artifact, workspace.blobs()), features)
        two = scores(again, predictor_of(again, place), features)
        differences.append(float(np.abs(one - two).max(initial=0.0)))
    return max(differences)


def _reasons(execution: Execution) -> tuple[str, ...]:
    """What is different here and now; if nothing is, the training does not repeat itself."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name, before in sorted(execution.libraries.items()):
        try:
            now = python_version() if name == PYTHON else version(name)
        except PackageNotFoundError:
            now = "not installed"
        if now != before:
            found.append(f"{name} was {before}, is {now}")
    if found:
        return tuple(found)
    return ("nothing that is recorded differs: the code does not repeat itself with the same seed",)
