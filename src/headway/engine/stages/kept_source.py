"""What was kept of a source before: its parts, when it was read last, whether it may stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from headway.core import digest
from headway.core.clock import to_text
from headway.data.kept import Part
from headway.data.loaders.asked import Mark
from headway.engine.condition import Conditions
from headway.engine.standing_in import READ
from headway.engine.work import Draft, Work
from headway.errors import EngineError
from headway.errors import sources as errors
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence, Outcome
from headway.spec.arrivals import LABELS_ON_ARRIVAL
from headway.spec.product import Source
from headway.spec.quantities import duration_text
from headway.store.workspace import Workspace
from headway.survey.files import StatCache

TRY_AGAIN = timedelta(minutes=15)
"""How soon a source that could not be read is tried again, where `refresh` does not say it."""
_WORDS = 120
"""Characters of a cause that are told beside a warning."""
_KEPT, _LOOKED_AT = "kept", 100


class Earlier(NamedTuple):
    """An earlier version of a source, made by the same declaration.

    Attributes:
        read_at: When it was read from outside last; None when that is not known.
        same: Whether everything that decides which rows are kept is as it was.
    """

    artifact: Artifact
    same: bool
    read_at: datetime | None


def basis(work: Work) -> list[str]:
    """Digests of what decides which rows are kept: of all of it, and of where they come from alone.

    Under another first digest everything is read and checked anew. Under the same second one those are
    still the same rows, so that the times at which they reached us are kept.
    """
    config = {name: value for name, value in work.node.config.items() if name != "refresh"}
    place = {name: value for name, value in config.items() if name in ("load", "event_time", "known.commit")}
    if LABELS_ON_ARRIVAL in config:
        place["known.commit"] = True  # whatever asks for the times, they are the same
    return [digest.of_value([config, dict(work.code)]), digest.of_value(place)]


def earlier(work: Work) -> Earlier | None:
    """The newest version of this source that is still whole: of the same declaration, else of the same place."""
    whole, place = basis(work)
    elsewhere = None
    for artifact in _artifacts(work):
        found = artifact.meta.get(_KEPT, {}).get("basis", ["", ""])
        if found[0] == whole:
            return Earlier(artifact, same=True, read_at=_read_at(work, artifact))
        if found[1] == place and elsewhere is None:
            elsewhere = Earlier(artifact, same=False, read_at=_read_at(work, artifact))
    return elsewhere


def newest(work: Work) -> Artifact | None:
    """The newest version of this source that is still whole, however it was declared."""
    return next(_artifacts(work), None)


def _artifacts(work: Work) -> Iterator[Artifact]:
    if work.past is None:
        return
    workspace = Workspace(work.root)
    cache = StatCache(workspace.cache)
    whole = Conditions(work.past, work.blobs, cache, workspace.state / "tables")
    outputs = (run.output for run in work.past.executions(work.node.name)[:_LOOKED_AT])
    for output in dict.fromkeys(filter(None, outputs)):
        artifact = work.past.artifact(output)
        if artifact is not None and not whole(output):
            yield artifact


def _read_at(work: Work, artifact: Artifact) -> datetime | None:
    assert work.past is not None
    found = (item for _, item in work.past.evidence(artifact.digest))
    times = (
        item.at
        for item in found
        if item.check == READ and item.node == work.node.name and item.outcome is Outcome.PASS
    )
    return next(times, None)


# -- parts as an artifact says them ----------------------------------------------------------------


def parts_of(work: Work, artifact: Artifact) -> list[Part]:
    """Its parts, oldest first; their bytes were found whole."""
    said = artifact.meta[_KEPT]["parts"]
    return [
        Part(
            work.blobs.path(artifact.file(part["file"]).digest),
            artifact.file(part["file"]).digest,
            part["rows"],
            mark_of(part.get("high")),
        )
        for part in said
    ]


def kept_meta(
    wanted: list[str], parts: list[tuple[str, int, Mark | None]], *, is_bound: bool = False
) -> dict[str, Any]:
    """What the next reading must know, as JSON values.

    Args:
        wanted: What `basis` gave.
        parts: (file, rows, newest watermark) of each.
        is_bound: Whether rows were set aside for what is in other rows, so that what is kept of a file
            may be another when files come or go.
    """
    said = [
        {"file": file, "rows": rows} | ({"high": as_json(high)} if high is not None else {})
        for file, rows, high in parts
    ]
    return {_KEPT: {"basis": wanted, "parts": said} | ({"bound": True} if is_bound else {})}


def is_bound(artifact: Artifact) -> bool:
    """Whether what was kept of a file may be another when files come or go."""
    return bool(artifact.meta[_KEPT].get("bound"))


def as_json(mark: Mark) -> dict[str, Any]:
    """A watermark with its type."""
    if isinstance(mark, datetime):
        return {"time": mark.isoformat()}
    return {"date": mark.isoformat()} if isinstance(mark, date) else {"integer": mark}


def mark_of(said: Mapping[str, Any] | None) -> Mark | None:
    """The watermark that `as_json` wrote."""
    if not said:
        return None
    ((kind, value),) = said.items()
    if kind == "time":
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind == "date" else int(value)


# -- when the source cannot be read ----------------------------------------------------------------


def last_good(work: Work, declared: Source, found: Earlier | None, error: EngineError) -> Draft:
    """The version that was read last, with a warning that says its age.

    Raises:
        EngineError: None may stand in: there is none, it is too old, or `last_good` is not declared.
    """
    if declared.last_good is None or found is None or not found.same or found.read_at is None:
        raise error
    name = work.node.name.partition(".")[2]
    age, most = work.now - found.read_at, declared.last_good.max_age
    if age > most:
        shown = duration_text(timedelta(seconds=int(age.total_seconds())))
        raise errors.last_good_is_too_old(name, shown, duration_text(most), str(error.what)) from error
    read = to_text(found.read_at)[:19] + "Z"
    shown = duration_text(timedelta(seconds=int(age.total_seconds())))
    return Draft(
        kind="source",
        digest=found.artifact.digest,
        files={},
        stored=found.artifact.files,
        meta=found.artifact.meta,
        waits_until=min(work.now + (declared.refresh or TRY_AGAIN), found.read_at + most),
        evidence=(
            Evidence(
                check=READ,
                node=work.node.name,
                about="",
                outcome=Outcome.WARN,
                at=work.now,
                observed=f"cannot be read: {_in_few_words(error)}; the last good version, read {read}, is used ({shown} old)",
                wanted=f"not older than {duration_text(most)}",
                reason=f"{error.code}: {error.what}",
                values={"read_at": read, "age_seconds": int(age.total_seconds())},
            ),
        ),
    )


def _in_few_words(error: EngineError) -> str:
    what = str(error.what)
    return what if len(what) <= _WORDS else f"{what[: _WORDS - 1]}…"
