"""For how long datasets and prediction logs are kept: what is older, since when, and who still needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headway.core.clock import to_text
from headway.engine.stages.names import ROWS
from headway.facts.artifacts import Artifact
from headway.facts.commits import Expired
from headway.facts.evidence import Outcome
from headway.facts.moves import EnvironmentState, Move
from headway.lineage.policies import Breach
from headway.lineage.retention import Limit, meant, said
from headway.plan.make import hold_on
from headway.predictions import segments
from headway.predictions.record import Prediction
from headway.release.history import earlier_release
from headway.spec.graph import graph
from headway.spec.load import load, load_alone
from headway.store.workspace import Workspace
from headway.survey.modules import Modules

if TYPE_CHECKING:
    from headway.engine.opened import Opened
    from headway.lineage.policies import Judged
    from headway.plan.plan import Plan
    from headway.spec.product import PolicyRule
    from headway.store.ledger import SqliteReader

_ENDPOINT = "endpoint."
_UNTOLD = "its rows have no column `{}` that tells"


def judged(opened: Opened, plan: Plan, rule: PolicyRule, before: Judged) -> Judged:
    """A rule, with the datasets of a plan that were built without it; a plan that builds takes none of those."""
    outputs = {step.node: step.output for step in plan.steps if step.output}
    breaches = []
    for node in meant(rule, opened.loaded, opened.graph, opened.governed.carried):
        if node not in outputs or node.startswith(_ENDPOINT) or rule.retention is None:
            continue
        built = said(opened.reader.evidence(outputs[node]))
        if built is None or built.keep > rule.retention.keep:
            breaches.append(Breach(node, f"{node} was built without it, or to be kept for longer"))
    return before._replace(outcome=Outcome.FAIL, breaches=tuple(breaches)) if breaches else before


# -- what is older ---------------------------------------------------------------------------------


class Past(NamedTuple):
    """Something of an environment that holds what is older than it may be.

    Attributes:
        what: `dataset.main`, or `the prediction log of dev`.
        since: When the oldest row in it, or the oldest prediction, should have gone.
        rule: The rule in words, with its place.
        mend: How it goes.
    """

    what: str
    since: datetime
    rule: str
    mend: str

    def __str__(self) -> str:
        return f"{self.what} has held what is too old since {day(self.since)} ({self.rule}): {self.mend}"


def day(moment: datetime) -> str:
    """A moment to the minute, as people read it."""
    return f"{moment:%Y-%m-%d %H:%M}Z"


def limits_in(file: Path) -> Mapping[str, Limit]:
    """For how long the nodes of a product may keep what they have; reads its code only where a rule says so.

    Raises:
        SpecError: The product file is wrong.
        UserCodeError: The code that it names cannot be parsed.
    """
    alone = load_alone(file)
    if not any(rule.retention is not None for rule in alone.product.policies):
        return {}
    from headway.engine.governing import governed  # late: it follows every tag of the product

    loaded = load(file)  # with all that its tags come from: what a tag decides here cannot be taken back
    nodes = graph(loaded.product, loaded.contracts)
    return governed(loaded, nodes, Modules(file.parent), Workspace(file.parent).open_reader()).limits


def past(
    workspace: Workspace,
    reader: SqliteReader,
    state: EnvironmentState,
    limits: Mapping[str, Limit],
    now: datetime,
) -> list[Past]:
    """What of an environment is older than it may be: the datasets that it points at, and its prediction log."""
    return [item for item in _timed(workspace, reader, state, limits) if item.since <= now]


def next_end(
    workspace: Workspace,
    reader: SqliteReader,
    state: EnvironmentState,
    limits: Mapping[str, Limit],
    now: datetime,
) -> datetime | None:
    """When the next of them will be, also of what is not there yet."""
    found = [item.since for item in _timed(workspace, reader, state, limits) if item.since > now]
    found += [now + limit.keep for node, limit in limits.items() if node.startswith(_ENDPOINT)]
    return min(found, default=None)


def _timed(
    workspace: Workspace, reader: SqliteReader, state: EnvironmentState, limits: Mapping[str, Limit]
) -> Iterator[Past]:
    for node, digest in state.pointers.items():
        built = said(reader.evidence(digest)) if node in limits and not node.startswith(_ENDPOINT) else None
        if built is not None:
            mend = f"`headway apply --refresh {node}` builds it without that"
            yield Past(node, built.oldest + limits[node].keep, str(limits[node]), mend)
    logged = [item for node, item in limits.items() if node.startswith(_ENDPOINT)]
    found = segments.segments(log_of(workspace, state.name)) if logged else ()
    for segment in found[:1]:
        shortest = min(logged)
        began = datetime.fromtimestamp(segment.began, UTC)
        yield Past(
            f"the prediction log of {state.name}",
            began + shortest.keep,
            str(shortest),
            "`headway gc` removes it",
        )


def log_of(workspace: Workspace, environment: str) -> Path:
    """Where the predictions of an environment are logged."""
    return workspace.serve(environment) / "log"


# -- what goes -------------------------------------------------------------------------------------


class Aged(NamedTuple):
    """A dataset's rows, or a segment of a prediction log, with something in it that is older than it may be.

    Attributes:
        node: `dataset.main`, or `the prediction log of dev`.
        name: The artifact's digest, or the segment's file.
        path: Its file.
        rows: Rows, or predictions.
        oldest: The oldest of them; None where nothing tells.
        newest: The newest of them; None where nobody counted.
        limit: For how long they may be kept.
        needed: Why it stays; empty when it goes.
    """

    node: str
    name: str
    path: Path
    rows: int
    oldest: datetime | None
    newest: datetime | None
    limit: Limit
    needed: str = ""

    @property
    def why(self) -> str:
        """Why it goes, or stays."""
        since = (
            f"too old since {day(self.oldest + self.limit.keep)}"
            if self.oldest is not None
            else "of an unknown age"
        )
        return f"{since} ({self.limit}), and {self.needed or 'nothing needs it'}"

    def fact(self) -> Expired:
        """What the ledger keeps of it."""
        oldest, newest = (to_text(time) if time is not None else "" for time in (self.oldest, self.newest))
        return Expired(
            node=self.node, name=self.name, rows=self.rows, oldest=oldest, newest=newest, rule=str(self.limit)
        )


def aged_rows(
    workspace: Workspace,
    reader: SqliteReader,
    datasets: Mapping[str, tuple[Artifact, str]],
    needed: Mapping[str, str],
    limits: Mapping[str, Limit],
    now: datetime,
) -> Iterator[Aged]:
    """Datasets that hold rows older than they may be, and are on the disk.

    Args:
        workspace: Where.
        reader: Its ledger.
        datasets: Digest -> (artifact, node).
        needed: Digest -> why it stays.
        limits: Node -> for how long it may keep rows.
        now: The present.
    """
    for digest, (artifact, node) in datasets.items():
        path = workspace.blobs().path(artifact.file(ROWS).digest)
        if node not in limits or not path.exists():
            continue
        counts, limit = artifact.meta["counts"], limits[node]
        built = said(reader.evidence(digest))
        oldest = built.oldest if built is not None else _oldest(path, limit.event)
        if oldest is None or oldest + limit.keep <= now:
            holder = needed.get(digest, "") if oldest is not None else _UNTOLD.format(limit.event)
            yield Aged(node, digest, path, counts["rows"] - counts["excluded"], oldest, None, limit, holder)


def _oldest(path: Path, event: str) -> datetime | None:
    """The oldest event in a dataset that was built before there was a rule."""
    import polars as pl

    from headway.data.datasets import oldest_event  # late: most of it is told without Polars

    return oldest_event(pl.scan_parquet(path, glob=False), event)


def aged_segments(
    workspace: Workspace, environment: str, limits: Mapping[str, Limit], now: datetime
) -> Iterator[Aged]:
    """Segments of a prediction log that hold predictions older than they may be, oldest first."""
    limits = {node.partition(".")[2]: item for node, item in limits.items() if node.startswith(_ENDPOINT)}
    if not limits:
        return
    shortest = min(limits.values())
    for segment in segments.segments(log_of(workspace, environment)):
        began = datetime.fromtimestamp(segment.began, UTC)
        if began + shortest.keep > now:
            return  # so did all that follow
        rows, newest = _newest(segment.path)
        last = max(newest.values(), default=began)
        needed = _staying(segment.path, newest, limits, now)
        yield Aged(
            f"the prediction log of {environment}",
            segment.path.name,
            segment.path,
            rows,
            began,
            last,
            shortest,
            needed,
        )


def _newest(path: Path) -> tuple[int, dict[str, datetime]]:
    """How many predictions a segment holds, and when each endpoint answered last in it."""
    rows, newest = 0, dict[str, int]()
    for item in segments.read_segment(path):
        if isinstance(item, Prediction):
            rows += 1
            newest[item.endpoint] = max(newest.get(item.endpoint, 0), item.at)
    return rows, {name: datetime.fromtimestamp(at / 1e6, UTC) for name, at in newest.items()}


def _staying(path: Path, newest: Mapping[str, datetime], limits: Mapping[str, Limit], now: datetime) -> str:
    """Why a segment stays: it goes as a whole, or not at all, for nothing in it is ever changed."""
    if path.suffix != segments.CLOSED:
        return "a server still writes it, or the next one closes it"
    free = [name for name in newest if name not in limits]
    if free:
        return f"it holds predictions of endpoint.{free[0]} too, which no rule limits"
    ends = max((at + limits[name].keep for name, at in newest.items()), default=now)
    return f"its newest prediction may stay until {day(ends)}" if ends > now else ""


def needed(reader: SqliteReader, made_of: Mapping[str, set[str]], now: datetime) -> dict[str, str]:
    """Digest -> which environment needs it: what it points at, what a rollback brings back, what is held there.

    What only a second rollback would reach is not needed: its release stays, and serves without those rows.
    """
    found: dict[str, str] = {}
    for name in reader.environments():
        state = reader.environment(name)
        for digest in state.pointers.values():
            found.setdefault(digest, f"`{name}` points at it")
        moves = [fact.body for fact, _ in reader.journal(name) if isinstance(fact.body, Move)]
        endpoints = {node for move in moves for node in move.after if node.startswith(_ENDPOINT)}
        for endpoint in sorted(endpoints):
            for digest in (earlier_release(moves, endpoint) or {}).values():
                found.setdefault(digest, f"`{name}` may be rolled back to it")
        for hold in state.holds:
            if hold_on(state, hold.node, hold.digest, now) is not None:
                found |= {
                    part: f"held in `{name}`" for part in _all_of(hold.digest, made_of) if part not in found
                }
    return found


def _all_of(digest: str, made_of: Mapping[str, set[str]]) -> list[str]:
    parts = [digest]
    for part in parts:
        parts += sorted(made_of.get(part, set()) - set(parts))
    return parts
