"""Sources: rows from outside, checked against their contract, kept in immutable parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from headway.contract.appending import sets_aside_by_others
from headway.contract.columns import refuse
from headway.contract.judging import FRESHNESS, freshness, is_row_count
from headway.contract.personal import personal_columns
from headway.contract.report import Result
from headway.contract.words import show
from headway.core import digest
from headway.core.wording import count, few
from headway.data import kept, set_aside, sources, tables, times
from headway.data.kept import Added, Merged, Part, Repeated
from headway.data.loaders.asked import Mark, Origin, Since
from headway.data.repeated import repeats
from headway.data.row_counts import RowCounts
from headway.data.sources import Loaded
from headway.engine import contract_promises
from headway.engine.stages import kept_source
from headway.engine.stages.kept_source import Earlier
from headway.engine.stages.names import QUARANTINE, ROWS, short_name
from headway.engine.stages.source_words import files_text, rows_text
from headway.engine.standing_in import READ
from headway.engine.user_code import importable, resolve
from headway.engine.work import Draft, Work
from headway.errors import EngineError
from headway.errors import contract as contract_errors
from headway.errors import sources as errors
from headway.errors.masking import MASK
from headway.facts.artifacts import StoredFile
from headway.facts.evidence import Evidence, Outcome
from headway.spec.arrivals import keeps_arrivals, labelled_on_arrival
from headway.spec.contract import Contract
from headway.spec.product import Source
from headway.store.memory import Memory
from headway.store.workspace import Workspace
from headway.survey.files import StatCache

_CONTENT = "content"
_MOST_WARNINGS = 3
_MOST_NAMES = 100
"""Files whose names and digests stand in an artifact's facts."""


class _Plan(NamedTuple):
    """How this reading goes on from what is kept.

    Attributes:
        parts: What is kept; empty for a first reading, and for one from scratch.
        former: What was kept, for one from scratch that keeps when rows reached us.
        since: Bound of the reading; None asks for everything.
        merges: Whether kept rows and new ones are compared, and not just replaced.
        arrivals: Whether each row keeps when it reached us.
    """

    parts: list[Part]
    since: Since | None
    merges: bool
    by_content: bool
    arrivals: bool
    former: Sequence[Part] = ()


def run(work: Work) -> Draft:
    """Load what is new, cast, check, keep.

    Raises:
        ContractError: The rows break the contract; nothing is kept.
        EngineError: The source cannot be read, and no earlier version may stand in.
        UsageError: A secret is not set.
        UserCodeError: The product's loading function failed.
    """
    name = short_name(work.node)
    declared = work.declaration.product.sources[name]
    contract = work.declaration.contracts.get(declared.contract)
    if contract is not None and work.past is not None:
        contract_promises.require(work.past, work.node.name, contract, declared.contract or "")
    before = kept_source.earlier(work)
    plan = _plan(work, declared, before, arrivals=keeps_arrivals(work.declaration.product, name))
    workspace = Workspace(work.root)
    cache = StatCache(workspace.cache)
    known = kept.known_files(plan.parts) if plan.by_content else None
    try:
        with importable(work.root), Memory(workspace.states, work.node.name, work.key) as memory:
            loaded = sources.load(
                declared,
                name,
                contract,
                work.root,
                resolve,
                since=plan.since,
                known=known,
                digest_of=lambda path: cache.digest(path) or "",
                now=work.now,
                # Rows with the time at which they reached us cannot be read again.
                shelf=None if plan.arrivals else memory,
            )
    except EngineError as error:
        return kept_source.last_good(work, declared, before, error)
    if loaded.is_anew:
        plan = plan._replace(parts=[])
    if loaded.judged is not None:
        refuse(loaded.report, where=f"source `{name}` ({declared.load})")
    else:
        _require(loaded, plan, where=f"source `{name}` ({declared.load})")
    if before is None:
        _refuse_old_events(work, loaded.frame, declared, name)
    merged = _with_rejected(_merged(work, loaded, plan, name), loaded)
    if loaded.judged is None:
        loaded = _whole(loaded, merged, plan, work.now, where=f"source `{name}` ({declared.load})")
    summary = _summary(loaded, merged.counts, known, before)
    return _draft(work, declared, contract, loaded, merged, before, summary)


# -- going on from what is kept --------------------------------------------------------------------


def _plan(work: Work, declared: Source, before: Earlier | None, *, arrivals: bool) -> _Plan:
    steps = declared.incremental
    by_content = steps is not None and steps.by == "content"
    scratch = _Plan([], None, arrivals or steps is not None, by_content, arrivals)
    anew = work.refreshed or before is None or not before.same
    if before is None or (not arrivals and (anew or steps is None)):
        return scratch
    anew = anew or (by_content and kept_source.is_bound(before.artifact))
    if anew and by_content:
        return scratch._replace(former=kept_source.parts_of(work, before.artifact) if arrivals else ())
    parts = kept_source.parts_of(work, before.artifact)
    since = None
    if steps is not None and steps.by == "watermark" and steps.column and not anew:
        marks = [part.high for part in parts if part.high is not None]
        highest = max(marks, default=None)  # type: ignore[type-var]
        since = None if highest is None else Since(steps.column, _less(highest, declared))
    return scratch._replace(parts=parts, since=since)


def _less(mark: Mark, declared: Source) -> Mark:
    late = declared.incremental.late if declared.incremental is not None else None
    if late is None or isinstance(mark, int):
        return mark
    if isinstance(mark, datetime):
        return mark - late
    return mark - late if not late.seconds else mark - late.__class__(days=late.days + 1)


def _merged(work: Work, loaded: Loaded, plan: _Plan, name: str) -> Merged:
    committed = work.now if plan.arrivals else None
    if plan.by_content:
        return kept.of_files(
            plan.parts,
            loaded.frame,
            loaded.origins,
            source=name,
            committed=committed,
            former=plan.former,
        )
    if plan.merges:
        added = Added(loaded.frame, plan.since, _keys(loaded.contract), committed)
        return kept.merged(plan.parts, added, source=name)
    rows = loaded.frame.height
    return Merged((loaded.frame,), RowCounts(read=rows, kept=rows, rows=rows))


def _with_rejected(merged: Merged, loaded: Loaded) -> Merged:
    """The rows that the contract set aside came in too, and are accounted for."""
    counts, aside = merged.counts, sum(loaded.rejected.values())
    rejected = {**counts.rejected, **loaded.rejected}
    return merged._replace(counts=counts._replace(read=counts.read + aside, rejected=rejected))


def _keys(contract: Contract) -> tuple[tuple[str, ...], ...]:
    single = tuple((name,) for name, column in contract.columns.items() if column.unique)
    return (*contract.unique, *single)


def _refuse_old_events(work: Work, frame: pl.DataFrame, declared: Source, name: str) -> None:
    if declared.event_time is None or not keeps_arrivals(work.declaration.product, name):
        return
    where = f"source `{name}`"
    if declared.known is None or not declared.known.commit:
        datasets = labelled_on_arrival(work.declaration.product, name)
        where = f"label of dataset `{datasets[0]}`, {where}"
    times.require_recent(times.instants(frame, declared.event_time, where), work.now, where)


def _require(loaded: Loaded, plan: _Plan, *, where: str) -> None:
    """The contract on what was read; how many rows there must be, and how young, is asked of the whole."""
    report = loaded.report
    if plan.parts:
        if not loaded.frame.width:
            return  # every file is known already
        report = replace(report, results=tuple(item for item in report.results if not _is_of_whole(item)))
    refuse(report, where=where)


def _is_of_whole(item: Result) -> bool:
    return is_row_count(item) or item.id == FRESHNESS


def _whole(loaded: Loaded, merged: Merged, plan: _Plan, now: datetime, *, where: str) -> Loaded:
    """What the contract says of the whole, where only a part of it was read; the report with that in it.

    Raises:
        ContractError: The whole breaks it (DC003).
    """
    contract, rows, lines = loaded.contract, merged.counts.rows, []
    low, high = contract.rows.min, contract.rows.max
    if rows < low or (high is not None and rows > high):
        most = "" if high is None else f" and at most {high:,}"
        lines.append(f"the table: expected at least {count(low, 'row')}{most}, found {count(rows, 'row')}")
    repeated = kept.repeated_key(merged, _keys(contract)) if plan.by_content and plan.parts else None
    if repeated is not None:
        lines.append(_repeated_line(repeated, loaded, rows))
    report = loaded.report
    if plan.parts and contract.freshness is not None:
        # A source that brings nothing new grows old all the same.
        found = freshness(contract, kept.newest(merged, contract.freshness.column), now)
        others = tuple(item for item in report.results if item.id != FRESHNESS)
        report = replace(report, results=(*others, found))
        lines += [found.line] if found.outcome is Outcome.FAIL else []
    if lines:
        raise contract_errors.data_breaks_contract(where, len(lines), 3, tuple(lines))
    return loaded._replace(report=report)


def _repeated_line(repeated: Repeated, loaded: Loaded, rows: int) -> str:
    """How many rows share a key, one that they share, and the files that it is in."""
    names = ", ".join(f"`{name}`" for name in repeated.key)
    personal = personal_columns(loaded.contract).intersection(repeated.key)
    value = ", ".join(MASK if personal else show(item) for item in repeated.values)
    said = {origin.digest: origin.name for origin in reversed(loaded.origins)}
    files = few([said[content] for content in repeated.contents if content in said], 2)
    where = f" ({value} in {files})" if files else f" ({value})"
    return f"{names}: expected every value once, {repeated.rows:,} of {rows:,} rows share one{where}"


# -- what is kept ----------------------------------------------------------------------------------


def _draft(
    work: Work,
    declared: Source,
    contract: Contract | None,
    loaded: Loaded,
    merged: Merged,
    before: Earlier | None,
    summary: str,
) -> Draft:
    stored_before = before.artifact.files if before is not None else ()
    files, stored, said, digests = _written(work, declared, merged, stored_before)
    counts = merged.counts
    aside = _aside(work, loaded, before)
    if not aside.is_empty():
        files[QUARANTINE] = work.folder / QUARANTINE
        tables.write(aside, files[QUARANTINE])
    return Draft(
        kind="source",
        digest=digests[0] if len(digests) == 1 else digest.of_value(["parts", *digests]),
        files=files,
        stored=stored,
        meta={
            "rows": counts.rows,
            "columns": loaded.frame.columns
            or (before.artifact.meta["columns"] if before is not None else []),
            "summary": summary,
            "row_counts": counts.to_json(),
            **_content(loaded.origins),
            **kept_source.kept_meta(
                kept_source.basis(work), said, is_bound=sets_aside_by_others(loaded.report)
            ),
        },
        waits_until=_waits_until(work, declared, loaded, merged),
        evidence=(
            _contract_evidence(work, contract, loaded, aside),
            _read_evidence(work, loaded, counts),
            *_repeats_evidence(work, loaded),
        ),
    )


def _summary(
    loaded: Loaded, counts: RowCounts, known: Mapping[str, int] | None, before: Earlier | None
) -> str:
    """What is there, and what came and left since the last reading."""
    was = before.artifact.meta if before is not None else {}
    judged = loaded.judged[1] if loaded.judged is not None else None
    files = files_text(loaded.origins, known, was.get(_CONTENT, ()), counts, judged)
    checks = count(len(loaded.report.results), "check")
    return f"{rows_text(counts, was.get('rows'))}, {checks} passed{files}"


def _aside(work: Work, loaded: Loaded, before: Earlier | None) -> pl.DataFrame:
    """Rows that are set aside: of what was read, and of files that were known and are still there."""
    found = set_aside.in_files(loaded.quarantined, loaded.came)
    known = [origin for origin in loaded.origins if origin.rows is None]
    stored = [file for file in before.artifact.files if file.name == QUARANTINE] if before is not None else []
    if not known or not stored:
        return found
    earlier = set_aside.still_there(tables.read(work.blobs.path(stored[0].digest)), known)
    return earlier if found.is_empty() else pl.concat([earlier, found], how="diagonal_relaxed")


def _waits_until(work: Work, declared: Source, loaded: Loaded, merged: Merged) -> datetime | None:
    """When to read again: as declared; and where rows come bit by bit, when the newest has grown too old."""
    moments = [] if declared.refresh is None else [work.now + declared.refresh]
    limit, seen = loaded.contract.freshness, None
    if limit is not None and declared.incremental is not None:
        seen = next((item.observed_value for item in loaded.report.results if item.id == FRESHNESS), None)
    if limit is not None and seen is not None:
        newest = datetime.fromisoformat(_day(merged, limit.column) if seen == MASK else seen)
        newest = newest if newest.tzinfo is not None else newest.replace(tzinfo=UTC) + timedelta(days=1)
        moments.append(max(newest + limit.max_age, work.now) + timedelta(seconds=1))
    return min(moments, default=None)


def _day(merged: Merged, column: str) -> str:
    """The day before that of the newest row, which is told where the moment itself is personal."""
    newest: date = kept.newest(merged, column)
    return (newest - timedelta(days=1)).isoformat()[:10]


def _written(
    work: Work, declared: Source, merged: Merged, before: Sequence[StoredFile]
) -> tuple[dict[str, Path], tuple[StoredFile, ...], list[tuple[str, int, Mark | None]], list[str]]:
    """New files, stored ones under their new names, and what to say of each part."""
    files: dict[str, Path] = {}
    stored: list[StoredFile] = []
    said: list[tuple[str, int, Mark | None]] = []
    digests = []
    known = {file.digest: file for file in before}
    steps = declared.incremental
    column = steps.column if steps is not None else None
    for index, part in enumerate(merged.parts):
        name = ROWS if len(merged.parts) == 1 else f"rows-{index:05d}.parquet"
        if isinstance(part, Part):
            stored.append(replace(known[part.digest], name=name))
            said.append((name, part.rows, part.high))
            digests.append(part.digest)
            continue
        path = work.folder / name
        tables.write(part, path)
        files[name] = path
        said.append((name, part.height, _high(part, column)))
        digests.append(digest.of_file(path))
    return files, tuple(stored), said, digests


def _high(frame: pl.DataFrame, column: str | None) -> Mark | None:
    if column is None or column not in frame.columns:
        return None
    highest = frame[column].max()
    return highest if isinstance(highest, datetime | date | int) else None


def _content(origins: Sequence[Origin]) -> dict[str, object]:
    """Names and digests of the files that were read, where they are few."""
    if not origins or len(origins) > _MOST_NAMES:
        return {}
    return {_CONTENT: {origin.digest: origin.name for origin in reversed(origins)}}


def _names_before(work: Work) -> Mapping[str, str]:
    found = kept_source.newest(work)
    said = found.meta.get(_CONTENT, {}) if found is not None else {}
    return {str(key): str(name) for key, name in said.items()}


# -- evidence --------------------------------------------------------------------------------------


def _contract_evidence(
    work: Work, contract: Contract | None, loaded: Loaded, aside: pl.DataFrame
) -> Evidence:
    if contract is None:
        return Evidence(
            check="contract",
            node=work.node.name,
            about="",
            outcome=Outcome.NOT_APPLICABLE,
            at=work.now,
            observed="no contract declared",
        )
    warned = loaded.report.warnings
    rows = loaded.frame.height if loaded.judged is None else loaded.report.rows
    checked = f"{count(len(loaded.report.results), 'check')} on {count(rows, 'row')}"
    told = loaded.report.in_short(aside.height)
    return Evidence(
        check="contract",
        node=work.node.name,
        about="",
        outcome=Outcome.WARN if warned else Outcome.PASS,
        at=work.now,
        observed=f"{checked}; {told}" if told else checked,
        reason="; ".join(loaded.report.warning_lines(_MOST_WARNINGS)),
        values={
            "validation": loaded.report.to_great_expectations(short_name(work.node)),
            contract_promises.CONTRACT: contract_promises.as_value(contract),
        },
    )


def _read_evidence(work: Work, loaded: Loaded, counts: RowCounts) -> Evidence:
    attempts = f" at attempt {loaded.attempts}" if loaded.attempts > 1 else ""
    return Evidence(
        check=READ,
        node=work.node.name,
        about="",
        outcome=Outcome.PASS,
        at=work.now,
        observed=counts.words + attempts,
        values={"row_counts": counts.to_json(), "attempts": loaded.attempts},
    )


def _repeats_evidence(work: Work, loaded: Loaded) -> tuple[Evidence, ...]:
    """A warning where content came before under another name; a refusal where the contract wants one.

    Raises:
        ContractError: The contract refuses repeated content.
    """
    found = repeats(loaded.origins, _names_before(work))
    policy = getattr(loaded.contract, "repeated_content", "warn")
    if not found or policy == "allow":
        return ()
    if policy == "reject":
        raise errors.content_is_repeated(short_name(work.node), found[0].name, found[0].earlier)
    shown = few([f"`{item.name}` is `{item.earlier}` again" for item in found], shown=3)
    return (
        Evidence(
            check="repeated content",
            node=work.node.name,
            about="",
            outcome=Outcome.WARN,
            at=work.now,
            observed=f"the same content under another name: {shown}",
            values={"files": len(found)},
        ),
    )
