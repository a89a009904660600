"""Tags along lineage and the product's rules, for check, plan, admission and the evidence of a release."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from headway.core.wording import few
from headway.errors import governance as errors
from headway.errors.masking import PERSONAL
from headway.facts.evidence import Evidence, Outcome
from headway.lineage import anonymity, policies, retention
from headway.lineage.carried import WHOLE, Bearing, Columns, Reads, carried
from headway.lineage.policies import Breach, Judged
from headway.lineage.retention import Limit
from headway.plan.plan import Cause, Plan
from headway.plan.policies import policy_cause
from headway.spec.graph import Graph
from headway.spec.load import Loaded
from headway.spec.neighbours import is_shared
from headway.store.workspace import Workspace
from headway.survey.functions import parameters
from headway.survey.modules import Modules

if TYPE_CHECKING:
    from headway.store.ledger import SqliteReader

_CHECK = "policy: "
_KEPT = 5


class Governed(NamedTuple):
    """A product under its own rules.

    Attributes:
        carried: Node -> column -> the tags that it carries.
        judged: Every rule.
        deprecated: What reads things that are tagged `deprecated`.
        limits: Node -> for how long it may keep what it has, where a rule says so.
    """

    carried: Mapping[str, Columns] = {}
    judged: tuple[Judged, ...] = ()
    deprecated: tuple[Breach, ...] = ()
    limits: Mapping[str, Limit] = {}

    def refusing(self, nodes: Collection[str], *, protected: bool) -> list[tuple[str, str, list[str]]]:
        """(rule, its place, what breaks it) of every rule that keeps these nodes out of an environment."""
        found = []
        for rule in self.judged:
            whys = [breach.why for breach in rule.breaches if breach.node in nodes]
            if whys and rule.refuses(protected=protected):
                found.append((rule.rule, rule.place, whys))
        return found


def governed(loaded: Loaded, graph: Graph, modules: Modules, reader: SqliteReader | None = None) -> Governed:
    """Follow every tag of a product, and judge its rules.

    Args:
        loaded: The product file and its contracts.
        graph: Its nodes.
        modules: Where its code is read.
        reader: Its past, which knows the features of groups with a `frame:`.

    Raises:
        SpecError: A note is about a feature that its group does not compute.
    """
    reads = reads_of(loaded, modules, reader)
    _refuse_unknown(loaded, reads)
    found = carried(loaded, reads)
    limits = retention.limits(loaded, graph, found)
    return Governed(found, policies.judge(loaded, graph, found), policies.deprecated(graph, found), limits)


def require_sense(loaded: Loaded, found: Governed) -> None:
    """Refuse rules that what the product carries shows to be wrong; who only reads what was made needs no such rule.

    Raises:
        SpecError: A rule is about a column that nothing has, or about the age of rows without a time.
    """
    unknown = anonymity.unknown(loaded, found.carried)
    if unknown:
        raise errors.columns_are_nowhere(unknown)
    timeless = retention.timeless(loaded, found.limits)
    if timeless:
        raise errors.rows_have_no_time(timeless)


def reads_of(loaded: Loaded, modules: Modules, reader: SqliteReader | None = None) -> Reads:
    """What the product's feature functions take, and the features of groups that were computed."""
    groups = loaded.product.feature_groups
    named = [group.columns for group in groups.values()]
    named += [dataset.on_demand for dataset in loaded.product.datasets.values()]
    features = {name: _newest(name, reader) for name in groups} if reader is not None else {}
    return Reads(
        {name: parameters(name, modules) for name in dict.fromkeys(named) if name},
        {name: known for name, known in features.items() if known is not None},
        {name: _reads_of_lender(lender, reader) for name, lender in loaded.lenders.items()},
    )


def _reads_of_lender(lender: Loaded, reader: SqliteReader | None) -> Reads:
    root = lender.file.parent
    return reads_of(lender, Modules(root), Workspace(root).open_reader() if reader is not None else None)


def _newest(group: str, reader: SqliteReader) -> tuple[str, ...] | None:
    past = reader.executions(f"feature_group.{group}")
    made = reader.artifact(past[0].output) if past and past[0].output else None
    return tuple(made.meta.get("features", ())) if made is not None else None


def _refuse_unknown(loaded: Loaded, reads: Reads) -> None:
    unknown = []
    for name, group in loaded.product.feature_groups.items():
        known = reads.functions.get(group.columns) if group.columns else reads.features.get(name)
        if known is None or is_shared(name):
            continue
        for feature in group.features:
            if feature not in known:
                near = difflib.get_close_matches(feature, known, n=1, cutoff=0.5)
                place = loaded.place("feature_groups", name, "features", feature)
                unknown.append((feature, place, near[0] if near else ""))
    if unknown:
        raise errors.features_are_not_there(unknown)


# -- for a plan ------------------------------------------------------------------------------------


def barring(found: Governed, nodes: Collection[str], *, protected: bool) -> tuple[Cause, ...]:
    """Why an environment takes nothing of these nodes."""
    return tuple(
        policy_cause(rule, place, whys) for rule, place, whys in found.refusing(nodes, protected=protected)
    )


def notices(found: Governed, nodes: Collection[str], *, protected: bool) -> list[str]:
    """What a reader of a plan should know: rules that are broken and refuse nothing, old things, personal data."""
    said = [
        f"rule `{rule.rule}` ({rule.place}) is broken: {few(whys, 3)}"
        for rule in found.judged
        if not rule.refuses(protected=protected)
        and (whys := [breach.why for breach in rule.breaches if breach.node in nodes])
    ]
    said += [f"rule `{rule.rule}` ({rule.place}): {rule.note}" for rule in found.judged if rule.note]
    said += [
        f"{breach.node} reads what is old: {breach.why}"
        for breach in found.deprecated
        if breach.node in nodes
    ]
    return said + reached(found.carried, PERSONAL)


def reached(found: Mapping[str, Columns], tag: str) -> list[str]:
    """Where a tag goes: one line for all columns of a node that go the same way."""
    ways: dict[tuple[str, str], dict[str, None]] = {}
    for node, columns in found.items():
        for bearing in _bearing(columns, tag):
            if bearing.chain[0][0] != node:
                ways.setdefault(bearing.chain[0], {})[node] = None
    same: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (origin, column), nodes in ways.items():
        same.setdefault((origin, tuple(nodes)), []).append(column)
    lines = []
    for (origin, nodes), columns in same.items():
        about = f"{origin}: {few(columns)}" if columns != [WHOLE] else origin
        lines.append(f"{tag} of {about} goes into {few(nodes, 8)}")
    return lines


def carrying(columns: Columns) -> dict[str, list[str]]:
    """Tag -> the columns of a node that carry it, each with its origin: `email from source.customers: email`.

    A tag of a whole node goes with all that comes from it: `all from source.customers`.
    """
    said: dict[str, dict[str, None]] = {}
    for column, bearings in columns.items():
        for bearing in bearings if column != WHOLE else ():
            node, given = bearing.chain[0]
            own = len(bearing.chain) == 1 or node == bearing.chain[-1][0]
            if given != WHOLE:
                said.setdefault(bearing.tag, {})[column if own else f"{column} from {bearing.origin}"] = None
            elif not own:
                said.setdefault(bearing.tag, {})[f"all from {node}"] = None
    return {tag: list(names) for tag, names in said.items()}


def columns_with(columns: Columns, tag: str) -> set[str]:
    """Columns of a node that carry a tag."""
    return {name for name, bearings in columns.items() if any(item.tag == tag for item in bearings)}


def _bearing(columns: Columns, tag: str) -> Iterator[Bearing]:
    return (item for bearings in columns.values() for item in bearings if item.tag == tag)


# -- for a release ---------------------------------------------------------------------------------


def evidence(found: Governed, plan: Plan, reader: SqliteReader, now: datetime) -> list[Evidence]:
    """The verdict of every rule on every release of a plan, where it is not the one that is known."""
    made = []
    for step in plan.steps:
        if step.kind != "endpoint" or not step.output:
            continue
        known = {item.check: item for _, item in reversed(reader.evidence(step.output))}
        for rule in found.judged:
            fresh = _verdict(rule, step.node, step.output, now)
            before = known.get(fresh.check)
            if before is None or (before.outcome, before.values) != (fresh.outcome, fresh.values):
                made.append(fresh)
    return made


def proofs(found: Governed, plan: Plan, reader: SqliteReader) -> list[str]:
    """Ids of the facts that say how the releases of a plan stand under the rules."""
    checks = {_CHECK + rule.rule for rule in found.judged}
    facts: dict[tuple[str, str], str] = {}
    for step in plan.steps:
        if step.kind == "endpoint" and step.output:
            for fact, item in reader.evidence(step.output):
                if item.check in checks:
                    facts.setdefault((step.output, item.check), fact)
    return list(facts.values())


def _verdict(rule: Judged, node: str, release: str, now: datetime) -> Evidence:
    outcome = rule.outcome
    if outcome is Outcome.FAIL and rule.severity == "warn":
        outcome = Outcome.WARN
    whys = [breach.why for breach in rule.breaches]
    return Evidence(
        check=_CHECK + rule.rule,
        node=node,
        about=release,
        outcome=outcome,
        at=now,
        observed=f"{len(whys)} broken: {whys[0]}" if whys else "",
        wanted=rule.rule,
        reason=rule.reason,
        values={"place": rule.place, "broken": whys[:_KEPT]},
    )
