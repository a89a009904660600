"""k-anonymity of the tables of a plan: counts what nobody has counted, and says how each rule about rows stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from headway.core.wording import few
from headway.engine import retention
from headway.engine.groups.log import snapshot_of
from headway.engine.stages.names import ROWS
from headway.facts.anonymity import Measure, measure_of
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence
from headway.features.layout import FEATURE_PREFIX, LABEL, PART, ROW_PREFIX
from headway.lineage import anonymity, policies
from headway.plan.plan import Cause, Plan

if TYPE_CHECKING:
    import polars as pl

    from headway.engine.governing import Governed
    from headway.engine.opened import Opened
    from headway.lineage.policies import Judged
    from headway.spec.product import Anonymity, PolicyRule, Product

_NOBODY = "its rows are not counted yet; `headway apply` counts them"


class _Table(NamedTuple):
    """A table of a plan under a rule.

    Attributes:
        artifact: Its rows; None while the plan would make others.
        columns: Its quasi-identifiers.
    """

    node: str
    artifact: Artifact | None
    columns: tuple[str, ...]


def is_asked_for(product: Product) -> bool:
    """Whether a rule is about the rows of tables."""
    return any(rule.k_anonymity is not None for rule in product.policies)


def standing(opened: Opened, plan: Plan, fresh: Sequence[Evidence] = (), *, strict: bool = False) -> Governed:
    """The product under its own rules, with what those about rows say of the tables of a plan.

    Args:
        opened: The product.
        plan: Says which tables.
        fresh: What was counted just now and is not recorded.
        strict: A table that nobody has counted breaks the rule.
    """
    found = opened.governed
    judged = []
    for rule, before in zip(opened.loaded.product.policies, found.judged, strict=True):
        if rule.k_anonymity is not None:
            judged.append(_judged(opened, plan, rule, rule.k_anonymity, before, fresh, strict))
        elif rule.retention is not None:
            judged.append(retention.judged(opened, plan, rule, before))
        else:
            judged.append(before)
    return found._replace(judged=tuple(judged))


def _judged(
    opened: Opened,
    plan: Plan,
    rule: PolicyRule,
    wanted: Anonymity,
    before: Judged,
    fresh: Sequence[Evidence],
    strict: bool,  # noqa: FBT001 -- handed on
) -> Judged:
    open_, said = [], {}
    tables = list(_tables(opened, plan, rule, wanted))
    for table in tables:
        measure = _known(opened, table, wanted, fresh)
        lacking = anonymity.absent(wanted, table.node, opened.loaded, set(table.columns))
        if lacking:
            names = few([f"`{name}`" for name in lacking])
            said[table.node] = (
                f"it has no column {names}; name what is computed from that, or let a rule of its own be about it"
            )
        elif measure is not None:
            said[table.node] = anonymity.said(wanted, measure)
        elif table.artifact is not None and table.columns and strict:
            said[table.node] = _NOBODY
        elif table.columns or (table.artifact is None and _may_be_under(opened, rule, table)):
            open_.append(table.node)
    if tables and all(table.artifact is not None for table in tables):
        said |= _lost(opened, wanted, tables)
    return policies.of_rows(rule, wanted, before.place, open_, said)


def _tables(opened: Opened, plan: Plan, rule: PolicyRule, wanted: Anonymity) -> Iterator[_Table]:
    """The tables of a plan that a rule names, with those of their columns that it means."""
    steps = {step.node: step.output for step in plan.steps}
    for node in anonymity.meant(rule, opened.graph):
        if node in steps:
            artifact = opened.reader.artifact(steps[node]) if steps[node] else None
            there = anonymity.columns_there(artifact) if artifact is not None else ()
            carried = opened.governed.carried.get(node, {})
            columns = anonymity.quasi_identifiers(wanted, node, opened.loaded, carried, there)
            yield _Table(node, artifact, columns)


def _may_be_under(opened: Opened, rule: PolicyRule, table: _Table) -> bool:
    carried = opened.governed.carried.get(table.node, {})
    return anonymity.may_be_under(rule, table.node, opened.loaded, carried)


def _lost(opened: Opened, wanted: Anonymity, tables: Sequence[_Table]) -> dict[str, str]:
    """A breach for the columns of a rule that are nowhere, now that the data has said all names."""
    known = {name for columns in opened.governed.carried.values() for name in columns}
    known |= {name for table in tables if table.artifact for name in anonymity.columns_there(table.artifact)}
    found = [name for name in wanted.columns if name not in known]
    return {tables[0].node: f"there is no column {few([f'`{name}`' for name in found])}"} if found else {}


def _known(opened: Opened, table: _Table, wanted: Anonymity, fresh: Sequence[Evidence]) -> Measure | None:
    """What was counted of a table over these columns, whatever `k` it was counted for."""
    if table.artifact is None:
        return None
    digest = table.artifact.digest
    of_table = (item for item in fresh if item.about == digest)
    for item in (*of_table, *(item for _, item in opened.reader.evidence(digest))):
        measure = measure_of(item)
        if measure is not None and (measure.columns, measure.unit) == (table.columns, wanted.unit or ""):
            return measure
    return None


def unmeasured(governed: Governed, plan: Plan) -> dict[str, tuple[Cause, ...]]:
    """Node -> the rules for which nobody has counted the rows of the result that a plan takes."""
    known = {step.node for step in plan.steps if step.output}
    found: dict[str, tuple[Cause, ...]] = {}
    for rule in governed.judged:
        for node in known & set(rule.unmeasured):
            cause = Cause("policy", f"rule `{rule.rule}` is not measured yet")
            found[node] = (*found.get(node, ()), cause)
    return found


# -- counting --------------------------------------------------------------------------------------


def measured(opened: Opened, plan: Plan, now: datetime) -> list[Evidence]:
    """What every rule about rows says of every table of a plan, where that is not what is recorded already.

    A table is read only for columns that nobody has counted: another `k` is judged by what is known.

    Raises:
        EngineError: The rows of a table are missing, or are not what they were.
    """
    made: dict[tuple[str, str], Evidence] = {}
    for rule in opened.loaded.product.policies:
        wanted = rule.k_anonymity
        for table in _tables(opened, plan, rule, wanted) if wanted is not None else ():
            if wanted is None or table.artifact is None or not table.columns:
                continue
            measure = _known(opened, table, wanted, [*made.values()]) or _counted(opened, table, wanted)
            verdict = anonymity.verdict(wanted, measure, table.node, table.artifact.digest, now)
            known = {item.check for _, item in opened.reader.evidence(verdict.about)}
            if verdict.check not in known:
                made.setdefault((verdict.about, verdict.check), verdict)
    return [*made.values()]


def _counted(opened: Opened, table: _Table, wanted: Anonymity) -> Measure:
    from headway.data.anonymity import class_sizes  # late: it loads Polars, and most plans know the sizes

    frame, stored = _frame(opened, table)
    names = (*table.columns, *((wanted.unit,) if wanted.unit else ()))
    missing = tuple(name for name in names if name not in stored)
    if missing:
        return Measure(columns=table.columns, unit=wanted.unit or "", missing=missing)
    columns = [stored[name] for name in table.columns]
    unit = stored[wanted.unit] if wanted.unit else None
    sizes = class_sizes(frame, columns, unit, stored.get(PART) if _is_dataset(table) else None)
    return Measure(columns=table.columns, unit=wanted.unit or "", sizes=sizes)


def _is_dataset(table: _Table) -> bool:
    return table.node.startswith("dataset.")


def _frame(opened: Opened, table: _Table) -> tuple[pl.LazyFrame, dict[str, str]]:
    """The rows of a table, and by which name each of its columns is stored."""
    import polars as pl

    artifact = table.artifact
    assert artifact is not None, "only a table that was made is counted"
    if not _is_dataset(table):
        frame = opened.workspace.tables().read(snapshot_of(artifact))
        return frame, {name: name for name in frame.collect_schema().names()}
    blobs, digest = opened.workspace.blobs(), artifact.file(ROWS).digest
    blobs.verify(digest)
    frame = pl.scan_parquet(blobs.path(digest), glob=False)
    label = opened.loaded.product.datasets[table.node.partition(".")[2]].label.name
    names = frame.collect_schema().names()
    stored = {
        name.removeprefix(start): name
        for start in (ROW_PREFIX, FEATURE_PREFIX)
        for name in names
        if name.startswith(start)
    }
    return frame, stored | {label: LABEL, PART: PART}
