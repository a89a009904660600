"""Feature groups: features of entities over time, kept as one immutable table."""

from __future__ import annotations

from headway.core import digest
from headway.core.wording import count
from headway.data import groups, tables
from headway.engine.stages.names import ROWS, short_name
from headway.engine.stages.tables import source_table
from headway.engine.user_code import importable, resolve
from headway.engine.work import Draft, Work
from headway.features import functions


def run(work: Work) -> Draft:
    """Compute every feature of the group over all rows of its sources.

    Raises:
        UserCodeError: A feature function failed.
        ContractError: Rows of one entity and time contradict each other.
    """
    name = short_name(work.node)
    declared = work.declaration.product.feature_groups[name]
    found = {source: source_table(work, source) for source in declared.from_}
    with importable(work.root):
        features = functions.load(declared.columns) if declared.columns else ()
        table = groups.compute(declared, name, found, functions=features, resolve=resolve)
    path = work.folder / ROWS
    tables.write(table.frame, path)
    names = list(table.features)
    return Draft(
        kind="feature_group",
        digest=digest.of_file(path),
        files={ROWS: path},
        meta={
            "rows": table.frame.height,
            "features": names,
            "key": list(declared.key),
            "repeated": table.repeated,
            "without_key": table.without_key,
            "summary": f"{count(len(names), 'feature')} x {count(table.frame.height, 'row')}",
        },
    )
