"""Sources: rows from outside, checked against their contract, kept as one immutable table."""

from __future__ import annotations

from headway.contract.columns import require
from headway.core import digest
from headway.core.wording import count
from headway.data import sources, tables
from headway.engine.stages.names import ROWS, short_name
from headway.engine.user_code import importable, resolve
from headway.engine.work import Draft, Work
from headway.facts.evidence import Evidence, Outcome


def run(work: Work) -> Draft:
    """Load, cast, check, keep.

    Raises:
        ContractError: The rows break the contract; nothing is kept.
        EngineError: The source cannot be read.
        UserCodeError: The product's loading function failed.
    """
    name = short_name(work.node)
    declared = work.declaration.product.sources[name]
    contract = work.declaration.contracts.get(declared.contract)
    with importable(work.root):
        loaded = sources.load(declared, name, contract, work.root, resolve)
    require(loaded.frame, loaded.contract, where=f"source `{name}` ({declared.load})")
    path = work.folder / ROWS
    tables.write(loaded.frame, path)
    checks = len(loaded.report.results)
    passed = f"{count(checks, 'check')} on {count(loaded.frame.height, 'row')}"
    return Draft(
        kind="source",
        digest=digest.of_file(path),
        files={ROWS: path},
        meta={
            "rows": loaded.frame.height,
            "columns": loaded.frame.columns,
            "summary": f"{count(loaded.frame.height, 'row')}, {count(checks, 'check')} passed",
        },
        evidence=(
            Evidence(
                check="contract",
                node=work.node.name,
                about="",
                outcome=Outcome.PASS if contract else Outcome.NOT_APPLICABLE,
                at=work.now,
                observed=passed if contract else "no contract declared",
            ),
        ),
    )
