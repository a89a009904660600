"""Feature groups: features of entities over time, each computation a commit to their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from headway.core import digest
from headway.data import agreement, groups, incremental
from headway.data.groups import SourceTable
from headway.data.times import EVENT_TIME, KNOWN_TIME
from headway.engine.groups.commit import Commit, Making, Place, commit_all, commit_changes, place_of
from headway.engine.groups.doubts import doubts
from headway.engine.groups.foreign_readers import foreign_readers
from headway.engine.groups.log import commits, meaning
from headway.engine.groups.window import rounded_before, said, verdict
from headway.engine.own_contract import judge
from headway.engine.stages import shared_group
from headway.engine.stages.names import short_name
from headway.engine.stages.tables import source_table
from headway.engine.user_code import importable, resolve
from headway.engine.work import Draft, Past, Work
from headway.errors import EngineError, UserCodeError
from headway.errors import tables as errors
from headway.facts.artifacts import Artifact
from headway.facts.commits import Committed
from headway.facts.evidence import Evidence, Outcome
from headway.facts.executions import Execution
from headway.features import functions
from headway.features.functions import FeatureFunction
from headway.spec.neighbours import is_shared
from headway.spec.product import FeatureGroup
from headway.spec.quantities import duration_text
from headway.store.ports import TableStore
from headway.store.rows import digest_of

_DOUBLINGS = 10
"""How often a window that is too short is made longer, to say which would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group to compute.

    Attributes:
        sources: Source -> all its rows.
        code: Its feature functions, where it has a module of them.
        judged: What its own contract said of the rows that are committed.
        found: What else was found of them.
    """

    work: Work
    name: str
    declared: FeatureGroup
    sources: Mapping[str, SourceTable]
    code: Sequence[FeatureFunction]
    tables: TableStore
    judged: list[Evidence] = field(default_factory=list)
    found: list[Evidence] = field(default_factory=list)

    @property
    def order(self) -> tuple[str, ...]:
        """Columns that identify a row."""
        return (*self.declared.key, EVENT_TIME, KNOWN_TIME)

    def compute(self, sources: Mapping[str, SourceTable]) -> pl.DataFrame:
        """The group's rows, of all of its sources' rows or of some."""
        return groups.compute(self.declared, self.name, sources, functions=self.code, resolve=resolve).frame

    def judge(self, rows: pl.DataFrame) -> None:
        """Hold all rows to the group's own contract before any is written, and look at what no contract says.

        Raises:
            ContractError: They break it.
        """
        claims = self.sources if self.declared.frame is not None else {}
        self.found.extend(doubts(rows, self.order, claims, self.work.node.name, self.work.now))
        contract = self.work.declaration.contracts.get(self.declared.contract)
        if contract is not None:
            self.judged.append(judge(rows, contract, self.work.node.name, self.work.now))


def run(work: Work) -> Draft:
    """Compute what can have changed, and commit what did.

    Raises:
        UserCodeError: A feature function failed, or reads further back than `window:` says.
        ContractError: Rows of one entity and time contradict each other, or break the group's contract.
        SpecError: A feature was dropped, or is of another type, and `version:` is the same.
        ConflictError: Somebody else writes the table.
    """
    name = short_name(work.node)
    if is_shared(name):
        return shared_group.run(work)
    declared = work.declaration.product.feature_groups[name]
    found = {source: source_table(work, source) for source in declared.from_}
    with importable(work.root):
        code = functions.load(declared.columns) if declared.columns else ()
        group = Group(work=work, name=name, declared=declared, sources=found, code=code, tables=work.tables())
        made = _incrementally(group)
        if not isinstance(made, Commit):
            made = _in_full(group, made)
    return Draft(
        kind="feature_group",
        digest=made.fact.commit,
        files={},
        meta=made.meta(),
        table=made.snapshot.table,
        stored=made.snapshot.files,
        facts=(made.fact,) if made.is_new else (),
        evidence=(*group.judged, *group.found),
    )


def _making(group: Group, mode: str) -> Making:
    work = group.work
    outcomes = {_checked(work.past, artifact) for artifact in work.inputs.values()}
    outcomes |= {str(item.outcome) for item in group.judged}
    ranked = ("fail", "warn", "not run", "pass", "not applicable")
    contract = next((outcome for outcome in ranked if outcome in outcomes), "not applicable")
    return Making(mode, digest.of_value(dict(work.code)), contract)


def _checked(past: Past | None, artifact: Artifact) -> str:
    """What its contract said of an artifact last."""
    known = past.evidence(artifact.digest) if past is not None else ()
    outcomes = (str(item.outcome) for _, item in known if item.check == "contract")
    return next(outcomes, str(Outcome.NOT_APPLICABLE))


# -- what can have changed ---------------------------------------------------------------------


def _incrementally(group: Group) -> Commit | incremental.Span | None:
    """Only the results near rows that came, changed or went.

    They are computed from the window and from twice the window. What depends on where a computation begins, as
    sums of fractions do, comes out otherwise there, and would as well from all rows.

    Returns:
        None where all must be computed, or the span of which only all rows tell whether the window holds.
    """
    work, window = group.work, group.declared.window
    found = _base(group) if window is not None else None
    if found is None or window is None:
        return None
    place, before = found
    assert work.past is not None
    assert place.head is not None
    earlier = rounded_before(work.past, place.head.commit, work.now)
    if earlier is not None:
        group.found.append(earlier)
        return None
    span = incremental.changed(before, group.sources)
    if span is None or place.snapshot is None:
        return None
    span = span.wider(window)
    there = group.tables.read(place.snapshot).filter(pl.col(EVENT_TIME).is_between(*span)).collect()
    sources = incremental.near(group.sources, span.wider(window))
    further = incremental.near(group.sources, span.wider(2 * window))
    try:
        rows = span.of(group.compute(sources)) if _count(sources) else there.clear()
        if _count(further) > _count(sources) and not span.of(group.compute(further)).equals(rows):
            return span
    except UserCodeError:
        return (
            None  # code that cannot do with some rows gets all of them; if it fails then, that is the error
        )
    if set(rows.schema.items()) != set(there.schema.items()):
        return None
    order = list(group.order)
    gone = there.select(order).join(rows, on=order, how="anti", nulls_equal=True)
    rows = rows.select(there.columns)
    stays = group.tables.read(place.snapshot).filter(~pl.col(EVENT_TIME).is_between(*span)).collect()
    group.judge(pl.concat([stays, rows]).sort(order))
    return commit_changes(group.tables, place, rows, gone, work, _making(group, "incremental"))


def _count(sources: Mapping[str, SourceTable]) -> int:
    return sum(table.frame.height for table in sources.values())


def _base(group: Group) -> tuple[Place, dict[str, SourceTable]] | None:
    """The head of the group's table and the sources' rows that it was computed from.

    None where the head is not the result of this very code, libraries and declaration on other rows.
    """
    work, past = group.work, group.work.past
    now = work.fingerprint
    if past is None:
        return None
    done = next(iter(past.executions(work.node.name)), None)
    if done is None or done.fingerprint.inputs == now.inputs or not _computed(done):
        return None
    one, two = done.fingerprint, now
    if (one.code, one.config, one.environment) != (two.code, two.config, two.environment):
        return None
    head = next((item for item in commits(past, work.node.name) if item.commit == done.output), None)
    if head is None:
        return None
    place = place_of(past, group.tables, work.node.name, head.version, head.table)
    if place.head != head or place.snapshot is None:
        return None
    before = _sources_then(group, done)
    return None if before is None else (place, before)


def _sources_then(group: Group, done: Execution) -> dict[str, SourceTable] | None:
    """Source -> its rows as an execution read them; None where they are gone or were of another kind."""
    work, past = group.work, group.work.past
    assert past is not None
    found = {}
    for name, table in group.sources.items():
        artifact = past.artifact(done.fingerprint.inputs[f"source.{name}"])
        if artifact is None:
            return None
        try:
            earlier = source_table(work, name, artifact)
        except EngineError:
            return None
        if earlier.frame.schema != table.frame.schema:
            return None
        found[name] = earlier
    return found


def _computed(done: Execution) -> bool:
    """Whether code made the rows: what a restore brought back follows from no sources."""
    return done.code_archive is not None


# -- everything --------------------------------------------------------------------------------


def _in_full(group: Group, doubted: incremental.Span | None) -> Commit:
    rows = group.compute(group.sources)
    _check_window(group, rows, doubted)
    place, mode = _place(group, rows)
    rows = rows.select(_columns(group.work.past, place, rows))
    group.judge(rows)
    return commit_all(group.tables, place, rows, group.order, group.work, _making(group, mode))


def _place(group: Group, rows: pl.DataFrame) -> tuple[Place, str]:
    """The table that these rows belong to, and why they are written.

    A physical table holds rows of one meaning. What changed the code and no row stays in its table;
    what changed rows begins another one, which is backfilled; the old one stays for its readers.

    Raises:
        SpecError: A feature was dropped, or is of another type, and `version:` is the same.
    """
    work, node, version = group.work, group.work.node.name, group.declared.version
    first = f"{work.declaration.product.name}.{group.name}/v{version}"
    before = commits(work.past, node) if work.past is not None else []
    same = [commit for commit in before if commit.version == version]
    if not same or work.past is None:
        place = place_of(work.past, group.tables, node, version, first)
        return place, "backfill" if before else "first"
    known = _table_of(work, same)
    if known is not None:
        place = place_of(work.past, group.tables, node, version, known)
        if _is_of_shape(work.past, place, rows):
            return place, "full"
    newest = same[-1]
    place = place_of(work.past, group.tables, node, version, newest.table)
    if _is_of_shape(work.past, place, rows):
        content = digest_of(rows.select(_columns(work.past, place, rows)))
        if content == newest.content:
            return place, "full"
    _refuse_lost_features(group, newest, rows)
    count = len({commit.table for commit in same})
    return place_of(work.past, group.tables, node, version, f"{first}.{count + 1}"), "backfill"


def _table_of(work: Work, same: Sequence[Committed]) -> str | None:
    """The table of the newest execution with this meaning."""
    assert work.past is not None
    tables = {commit.commit: commit.table for commit in same}
    wanted = meaning(work.fingerprint)
    return next(
        (
            tables[done.output]
            for done in work.past.executions(work.node.name)
            if done.output in tables and _computed(done) and meaning(done.fingerprint) == wanted
        ),
        None,
    )


def _types(past: Past | None, commit: Committed | None) -> dict[str, str]:
    """Column -> type of a commit's rows, in order; empty where it is not known."""
    artifact = past.artifact(commit.commit) if past is not None and commit is not None else None
    return dict(artifact.meta["types"]) if artifact is not None else {}


def _is_of_shape(past: Past, place: Place, rows: pl.DataFrame) -> bool:
    return _types(past, place.head) == {name: str(dtype) for name, dtype in rows.schema.items()}


def _columns(past: Past | None, place: Place, rows: pl.DataFrame) -> list[str]:
    """The columns in the order that the table has them in."""
    there = list(_types(past, place.head))
    return there if set(there) == set(rows.columns) else rows.columns


def _refuse_lost_features(group: Group, newest: Committed, rows: pl.DataFrame) -> None:
    there = _types(group.work.past, newest)
    lost = [name for name in there if name not in rows.columns]
    retyped = [name for name in there if name in rows.columns and str(rows.schema[name]) != there[name]]
    if not lost and not retyped:
        return
    datasets = group.work.declaration.product.datasets
    readers = [
        name
        for name, dataset in datasets.items()
        if any(pick.group == group.name for pick in dataset.features)
    ]
    abroad = foreign_readers(group.work.root, group.work.declaration.product.name)
    readers += [item.dataset.partition(".")[2] for item in abroad if item.group == group.name]
    raise errors.group_needs_a_version(group.name, group.declared.version, lost, retyped, readers)


def _check_window(group: Group, rows: pl.DataFrame, doubted: incremental.Span | None) -> None:
    """Refuse code that reads further back than it says: its increments would not equal its backfill.

    Where they would but for rounding, the group is computed in full from now on, which is said.

    Args:
        group: The group.
        rows: Computed from all rows.
        doubted: The span to look at; None looks at the newest one.

    Raises:
        UserCodeError: It does.
    """
    window = group.declared.window
    if window is None or group.work.past is None:
        return  # what is only made again is compared with what was made
    span = doubted or incremental.newest(group.sources, window)
    if span is None:
        return
    found = _compared(group, rows, span, window)
    if found.differing:
        assert found.example is not None
        written = f"window: {duration_text(window)}"
        example = said(found.example, f"`{written}`")
        enough = _enough(group, rows, span, window)
        raise errors.window_is_too_short(group.name, found.differing, written, example, enough)
    if not group.found:
        group.found.append(verdict(found, window, group.work.node.name, group.work.now))


def _compared(
    group: Group, rows: pl.DataFrame, span: incremental.Span, window: timedelta
) -> agreement.Agreement:
    """The rows of a span as all rows make them, and as those within a window do."""
    again = span.of(group.compute(incremental.near(group.sources, span.wider(window))))
    return agreement.compare(span.of(rows), again, group.declared.key, rows)


def _enough(group: Group, rows: pl.DataFrame, span: incremental.Span, window: timedelta) -> str:
    """A longer window under which the same rows come out the same; empty where only all rows do."""
    longer = window
    for _ in range(_DOUBLINGS):
        longer = min(longer * 2, timedelta.max / 4)
        if not incremental.leaves_some(group.sources, span.wider(longer)):
            break
        try:
            found = _compared(group, rows, span, longer)
        except UserCodeError:
            break
        if not found.differing:
            return duration_text(longer)
    return ""
