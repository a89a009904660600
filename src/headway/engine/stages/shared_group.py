"""Feature groups of other products: their commit, copied row by row into a table of this product.

A copy, so that nothing here can be lost there: the other product may collect its garbage, move or go away,
and datasets, releases and their look-ups stay as they are. Every physical table there has one here.
"""

from __future__ import annotations

from headway.engine.groups.commit import Making, commit_all, place_of
from headway.engine.groups.log import commits, snapshot_of
from headway.engine.groups.shared import KIND, SHARED, place_of_lender
from headway.engine.stages.names import short_name
from headway.engine.work import Draft, Work
from headway.errors import EngineError
from headway.errors import sharing as errors
from headway.store.workspace import Workspace


def run(work: Work) -> Draft:
    """Make the table here hold the rows of the commit that the node is made of.

    Raises:
        SpecError: The rows have another key than the other product file says.
        EngineError: The commit or its rows cannot be read there.
        ConflictError: Somebody else writes the table.
    """
    name, node = short_name(work.node), work.node.name
    product, _, group = name.partition("/")
    declared = work.declaration.product.feature_groups[name]
    root, folder = place_of_lender(work.declaration, name)
    there, digest = Workspace(root), work.fingerprint.inputs[node]
    reader = there.open_reader()
    artifact = reader.artifact(digest)
    if artifact is None:
        raise errors.shared_rows_fail(
            name, folder, f"its ledger does not hold commit `{digest[:12]}` any more"
        )
    if tuple(artifact.meta["key"]) != declared.key:
        raise errors.shared_group_has_another_key(name, declared.key, artifact.meta["key"], folder)
    snapshot = snapshot_of(artifact)
    try:
        rows = there.tables().read(snapshot).collect()
    except EngineError as error:
        raise errors.shared_rows_fail(name, folder, error.what) from error
    fact = next((item for item in commits(reader, KIND + group) if item.commit == digest), None)
    said = f"commit {artifact.meta['commit']} of {name}"
    making = Making(SHARED, fact.code if fact else "", fact.contract if fact else "not applicable", why=said)
    table = f"{work.declaration.product.name}.{product}.{group}/{artifact.table.partition('/')[2]}"
    place = place_of(work.past, work.tables(), node, declared.version, table)
    made = commit_all(work.tables(), place, rows, snapshot.key, work, making)
    meta = made.meta()
    return Draft(
        kind="feature_group",
        digest=made.fact.commit,
        files={},
        meta=meta
        | {
            SHARED: {
                "product": product,
                "node": KIND + group,
                "commit": digest,
                "number": artifact.meta["commit"],
                "folder": folder,
            },
            "summary": f"{said}, as {meta['summary']}",
        },
        table=made.snapshot.table,
        stored=made.snapshot.files,
        facts=(made.fact,) if made.is_new else (),
    )
