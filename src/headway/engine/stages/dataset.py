"""Datasets: labelled rows, joined as known at their moment, split, and never changed."""

from __future__ import annotations

import msgspec

from headway.core import digest
from headway.core.wording import count
from headway.data import datasets, foretelling, tables
from headway.engine.archive import pack
from headway.engine.own_contract import judge
from headway.engine.stages.names import CONTRACT, ROWS, short_name
from headway.engine.stages.tables import group_rows, source_table
from headway.engine.user_code import importable
from headway.engine.work import Draft, Work
from headway.facts.evidence import Evidence
from headway.features import functions, layout
from headway.features.arrays import to_numpy
from headway.lineage.retention import keep_of, verdict
from headway.spec.product import Dataset
from headway.stats.profile import profile

PROFILE = "profile.json"
CODE = "code.zip"


def run(work: Work) -> Draft:
    """Build the dataset, its reference profile, and the archive of its on-demand code.

    Raises:
        ContractError: No row has a known label, the label is constant, a part is empty, or the features
            break the dataset's own contract.
        UserCodeError: An on-demand function failed.
    """
    name = short_name(work.node)
    product = work.declaration.product
    declared = product.datasets[name]
    rows = source_table(work, declared.rows)
    picked = {pick.group for pick in declared.features}
    with importable(work.root):
        built = datasets.build(
            declared,
            name,
            rows=rows.frame,
            source=rows.source,
            contract=rows.contract,
            now=work.now,
            committed=rows.committed,
            foretold=_foretold(work, declared),
            late=source_table(work, declared.label.from_) if declared.label.from_ is not None else None,
            groups={group: group_rows(work, group) for group in sorted(picked)},
            declared_groups=product.feature_groups,
            on_demand=functions.load(declared.on_demand) if declared.on_demand else (),
            keep=keep_of(work.fingerprint.config),
        )
    features = layout.features(built.frame)
    contract = work.declaration.contracts.get(declared.contract)
    judged = (judge(features, contract, work.node.name, work.now),) if contract is not None else ()
    path = work.folder / ROWS
    tables.write(built.frame, path)
    trained = layout.view(built.frame, "train").features
    reference = profile({column: to_numpy(trained[column]) for column in trained.columns})
    files = {
        ROWS: path,
        PROFILE: msgspec.json.encode(reference),
        CONTRACT: msgspec.json.encode(rows.contract),
    }
    if declared.on_demand:
        files[CODE] = pack(work.root, work.code_files)
    return Draft(
        kind="dataset",
        digest=digest.of_file(path),
        files=files,
        meta=_meta(built) | {"code": _code_of(work)},
        waits_until=built.waits_until,
        evidence=(*judged, *_retention(work, built)),
    )


def _retention(work: Work, built: datasets.BuiltDataset) -> tuple[Evidence, ...]:
    left_out = built.excluded.get(datasets.PAST, 0)
    return verdict(work.fingerprint.config, work.node.name, built.oldest, left_out, work.now)


def _foretold(work: Work, declared: Dataset) -> tuple[str, ...]:
    """Features that groups make of the label's column; not asked of what is only made again, without their code."""
    if declared.label.from_ is not None or work.past is None:
        return ()
    groups = work.declaration.product.feature_groups
    picked = {pick.group: groups[pick.group] for pick in declared.features if pick.group in groups}
    code = {
        name: functions.load(group.columns)
        for name, group in picked.items()
        if group.columns and group.from_ == (declared.rows,)
    }
    return foretelling.made_of_the_label(declared, code)


def _code_of(work: Work) -> str:
    """The meaning of the on-demand code, so that a comment makes no new release."""
    return digest.of_value(dict(work.code))


def _meta(built: datasets.BuiltDataset) -> dict[str, object]:
    counts = built.counts
    excluded = ", ".join(f"{number:,} {reason}" for reason, number in built.excluded.items() if number)
    parts = f"{counts['train']:,} train, {counts['validate']:,} validate, {counts['test']:,} test"
    unused = "".join(f", {number:,} {reason}" for reason, number in built.unused.items() if number)
    return {
        "inputs": msgspec.to_builtins(built.inputs),
        "counts": counts,
        "excluded": built.excluded,
        "unused": built.unused,
        "label_kind": built.label_kind,
        "classes": list(built.classes),
        "windows": built.windows,
        "summary": f"{count(counts['rows'], 'row')}: {parts}{unused}"
        + (f"; excluded: {excluded}" if excluded else ""),
    }
