"""Runs one recorded node again, alone in its process: archived code, pinned inputs, nothing else.

usage: python -m headway.engine.reproduction.again WORKSPACE DIGEST FOLDER

Writes the result's files below FOLDER, and `result.json` with its digest. Never writes to the workspace.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headway.engine.archive import unpack
from headway.engine.groups.shared import as_read
from headway.engine.stages.table import stages
from headway.engine.work import Draft, Work
from headway.errors import HeadwayError
from headway.facts.artifacts import Artifact
from headway.facts.executions import Execution
from headway.spec.graph import graph
from headway.spec.load import load
from headway.store.ports import BlobStore
from headway.store.workspace import Workspace

RESULT = "result.json"
FILES = "work"
"""Folder of what the stage writes; a group's table is in a workspace of its own there."""


def run_again(workspace: Workspace, execution: Execution, folder: Path) -> Draft:
    """Run an execution's stage on its pinned inputs, with its archived code.

    Raises:
        HeadwayError: What the stage raised.
    """
    blobs = workspace.blobs()
    root, files = folder / "product", folder / FILES
    root.mkdir()
    files.mkdir()
    unpack(blobs.read(execution.code_archive or ""), root)
    reader = workspace.open_reader()
    found = {name: reader.artifact(digest) for name, digest in execution.fingerprint.inputs.items()}
    inputs = {name: artifact for name, artifact in found.items() if artifact is not None}
    loaded = load(root / "headway.yaml", as_read(execution, inputs))
    node = graph(loaded.product, loaded.contracts).node(execution.node)
    return stages()[execution.kind](_work(workspace, blobs, execution, node, loaded, root, files, inputs))


def _work(
    workspace: Workspace,
    blobs: BlobStore,
    execution: Execution,
    node: object,
    loaded: object,
    root: Path,
    files: Path,
    inputs: Mapping[str, Artifact],
) -> Work:
    return Work(
        node=node,  # ty: ignore[invalid-argument-type]
        inputs=inputs,
        blobs=blobs,
        declaration=loaded,
        root=root,
        folder=files,
        now=execution.started,
        libraries=execution.libraries,
        code=execution.fingerprint.code,
        fingerprint=execution.fingerprint,
        # A group is made again into a table of its own; what is read comes from the workspace's tables.
        tables=Workspace(files).tables if execution.kind == "feature_group" else workspace.tables,
        code_files=tuple(str(path.relative_to(root)) for path in sorted(root.rglob("*.py"))),
        key=workspace.key,
    )


def main() -> int:
    """Run, write the result, and say in the exit code whether it went well."""
    place, digest, target = sys.argv[1:]
    workspace, folder = Workspace(Path(place)), Path(target)
    execution = workspace.open_reader().made_by(digest)[0][1]
    try:
        draft = run_again(workspace, execution, folder)
    except HeadwayError as error:
        (folder / RESULT).write_text(json.dumps({"error": str(error)}))
        return error.exit_code
    for name, content in draft.files.items():
        data = content if isinstance(content, bytes) else content.read_bytes()
        (folder / name).write_bytes(data)
    said: dict[str, Any] = {
        "digest": draft.digest,
        "files": sorted(draft.files),
        "meta": draft.meta,
        "table": draft.table,
    }
    said["stored"] = msgspec.to_builtins(draft.stored)
    (folder / RESULT).write_text(json.dumps(said))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
