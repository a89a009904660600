"""The features of logged predictions, computed again offline: the way in which training rows get theirs.

What was sent is typed by the released contract, groups are joined as known at the moment of the prediction, and
on-demand functions come from the code that was released.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from headway.bundle import manifest as bundle
from headway.bundle.manifest import Lookup, Manifest
from headway.contract.casting import DTYPES
from headway.contract.record import compile_record
from headway.data import inputs
from headway.data.times import INSTANT, instants
from headway.engine.groups.log import commits, snapshot_of
from headway.engine.groups.shared import SHARED, original_of
from headway.engine.reproduction.again import FILES
from headway.engine.reproduction.reproduce import in_a_process, scratch
from headway.errors import HeadwayError, UserCodeError
from headway.errors import batches as errors
from headway.facts.artifacts import Artifact, StoredFile
from headway.facts.commits import Snapshot
from headway.features import functions
from headway.features.functions import FeatureFunction
from headway.predictions.record import Prediction
from headway.serve.product_code import ProductCode
from headway.spec.contract import Contract
from headway.spec.product import Dataset, FeatureGroup, FeaturePick, Label, Moment, Split
from headway.store.workspace import Workspace

GroupRows = Callable[[Lookup], pl.DataFrame]
"""Gives the rows of a group that a release looks up.

Raises HeadwayError where they are not there any more, or cannot be computed again.
"""


class Released(NamedTuple):
    """What a release says of its features.

    Attributes:
        code: Archive of its on-demand functions; None where there are none.
    """

    manifest: Manifest
    contract: Contract
    code: Path | None


class Recomputed(NamedTuple):
    """The features of n predictions.

    Attributes:
        values: Feature -> n values, None for null; of those that could be computed.
        not_run: Feature -> why it could not.
    """

    values: dict[str, list[Any]]
    not_run: dict[str, str]


def released(workspace: Workspace, digest: str) -> Released:
    """A release as it is kept, verified.

    Raises:
        EngineError: A file of it is missing or damaged.
    """
    artifact = workspace.open_reader().artifact(digest)
    if artifact is None:
        raise errors.release_is_not_kept(digest)
    blobs = workspace.blobs()
    manifest = msgspec.json.decode(blobs.read(artifact.file(bundle.MANIFEST).digest), type=Manifest)
    contract = msgspec.json.decode(blobs.read(artifact.file(bundle.CONTRACT).digest), type=Contract)
    if manifest.on_demand is None:
        return Released(manifest, contract, None)
    code = artifact.file(bundle.CODE).digest
    blobs.verify(code)
    return Released(manifest, contract, blobs.path(code))


def recompute(found: Released, predictions: Sequence[Prediction], rows_of: GroupRows) -> Recomputed:
    """Every feature of predictions of one release, from what was sent and what is kept.

    Args:
        found: The release.
        predictions: Its predictions; at least one.
        rows_of: Gives the rows of the groups.
    """
    manifest, not_run = found.manifest, dict[str, str]()
    groups = _Groups.of(manifest, rows_of, not_run)
    code = None if found.code is None else ProductCode(found.code, manifest.release)
    computed: tuple[FeatureFunction, ...] = ()
    names = [item.name for item in manifest.inputs]
    try:
        sent = _sent(found, predictions)
        if code is not None and manifest.on_demand is not None:
            computed = _runnable(functions.load(code.module(manifest.on_demand)), not_run)
        frame = _assembled(found, sent, _moments(manifest, sent, predictions), groups, computed, not_run)
    except HeadwayError as reason:
        return Recomputed({}, dict.fromkeys(names, reason.what) | not_run)
    values = {name: frame[name].to_list() for name in names if name in frame.columns}
    lacking = [name for name in names if name not in values]
    return Recomputed(values, {name: not_run.get(name, "nothing computes it") for name in lacking})


def _sent(found: Released, predictions: Sequence[Prediction]) -> pl.DataFrame:
    """What callers sent, in the types of the released contract."""
    request, columns = found.manifest.request, found.contract.columns
    records = compile_record(found.contract, request).from_rows([item.sent for item in predictions])
    values = zip(*map(msgspec.structs.astuple, records), strict=True)
    return pl.DataFrame(
        [
            pl.Series(name, held, dtype=DTYPES[columns[name].type])
            for name, held in zip(request, values, strict=True)
        ]
    )


def _moments(manifest: Manifest, sent: pl.DataFrame, predictions: Sequence[Prediction]) -> pl.Series:
    if manifest.predict_column is None:
        return pl.Series([item.at for item in predictions]).cast(INSTANT)
    offset = timedelta(seconds=manifest.predict_offset_seconds)
    return instants(sent, manifest.predict_column, "the logged requests", nulls=True) + offset


class _Groups(NamedTuple):
    """What is joined: as a dataset declares it, and the tables."""

    picks: tuple[FeaturePick, ...]
    declared: dict[str, FeatureGroup]
    rows: dict[str, pl.DataFrame]

    @classmethod
    def of(cls, manifest: Manifest, rows_of: GroupRows, not_run: dict[str, str]) -> _Groups:
        found = cls((), {}, {})
        for lookup in manifest.lookups:
            try:
                rows = rows_of(lookup)
            except HeadwayError as reason:
                not_run |= dict.fromkeys(lookup.features.values(), reason.what)
                continue
            there = {feature: name for feature, name in lookup.features.items() if feature in rows.columns}
            gone = [name for feature, name in lookup.features.items() if feature not in there]
            not_run |= dict.fromkeys(gone, f"group `{lookup.group}` has it no more")
            if there:
                ttl = None if lookup.ttl_seconds is None else timedelta(seconds=lookup.ttl_seconds)
                feature, name = next(iter(there.items()))
                pick = FeaturePick(
                    group=lookup.group,
                    columns=tuple(there),
                    by_key=dict(lookup.keys),
                    prefix=name.removesuffix(feature),
                )
                found.declared[lookup.group] = FeatureGroup(from_=(), key=tuple(lookup.keys), ttl=ttl)
                found.rows[lookup.group] = rows
                found = found._replace(picks=(*found.picks, pick))
        return found


def _runnable(computed: Sequence[FeatureFunction], not_run: dict[str, str]) -> tuple[FeatureFunction, ...]:
    """Functions whose parameters are there; they come after those whose results they take."""
    found = []
    for function in computed:
        lost = next((item.name for item in function.parameters if item.name in not_run), None)
        if lost is None:
            found.append(function)
        else:
            not_run[function.name] = f"it takes `{lost}`, which could not be computed again"
    return tuple(found)


def _assembled(
    found: Released,
    sent: pl.DataFrame,
    moments: pl.Series,
    groups: _Groups,
    computed: tuple[FeatureFunction, ...],
    not_run: dict[str, str],
) -> pl.DataFrame:
    manifest = found.manifest
    declared = Dataset(
        rows="",
        label=Label(),
        split=Split(by="hash"),
        predict_at=Moment(column=manifest.predict_column) if manifest.predict_column else None,
        request=manifest.request,
        features=groups.picks,
    )

    def assemble(chosen: tuple[FeatureFunction, ...]) -> pl.DataFrame:
        frame, _ = inputs.assemble(
            declared,
            sent,
            moments,
            label="",
            contract=found.contract,
            groups=groups.rows,
            declared_groups=groups.declared,
            on_demand=chosen,
            where=f"release `{manifest.release[:12]}`",
        )
        return frame

    try:
        return assemble(computed)
    except UserCodeError as reason:
        not_run |= {function.name: reason.what for function in computed}
        return assemble(())


# -- the rows of groups --------------------------------------------------------------------------


class NewestRows:
    """The rows of a group's newest commit in the table that a release was built on.

    Args:
        workspace: Where the tables are.
        stored: Take the rows as they are stored, instead of computing them again, in full, from the versions of
            the sources and with the code that the commit was made of.
    """

    def __init__(self, workspace: Workspace, *, stored: bool) -> None:
        self.workspace = workspace
        self.stored = stored
        self._known: dict[str, pl.DataFrame] = {}

    def __call__(self, lookup: Lookup) -> pl.DataFrame:
        """The rows, sorted by key and time.

        Raises:
            HeadwayError: They are gone, damaged, or cannot be computed again.
        """
        if lookup.table not in self._known:
            self._known[lookup.table] = self._rows(lookup)
        return self._known[lookup.table]

    def _rows(self, lookup: Lookup) -> pl.DataFrame:
        reader = self.workspace.open_reader()
        past = [
            item for item in commits(reader, f"feature_group.{lookup.group}") if item.table == lookup.table
        ]
        artifact = reader.artifact(past[-1].commit) if past else None
        if artifact is None:
            raise errors.group_is_gone(lookup.group, f"nothing was committed to its table `{lookup.table}`")
        if self.stored:
            return self.workspace.tables().read(snapshot_of(artifact)).collect()
        return self._again(artifact, lookup.group)

    def _again(self, artifact: Artifact, group: str) -> pl.DataFrame:
        workspace = self.workspace
        if SHARED in artifact.meta:  # made again where it is computed: with that product's code and sources
            found = original_of(workspace.root, artifact)
            if found is None:
                why = "the product that computes it is in no folder beside, or does not know the commit any more"
                raise errors.group_is_gone(group, why)
            workspace, artifact = found
        made = workspace.open_reader().made_by(artifact.digest)
        if not made or made[0][1].code_archive is None:
            raise errors.group_is_gone(group, "its newest commit was not computed from its sources")
        with scratch(self.workspace) as folder:
            result = in_a_process(workspace, artifact, folder, f"feature_group.{group}")
            meta = result["meta"]
            snapshot = Snapshot(
                table=result["table"],
                key=tuple(meta["order"]),
                version=meta["table_version"],
                files=msgspec.convert(result["stored"], tuple[StoredFile, ...]),
                rows=meta["rows"],
            )
            return Workspace(folder / FILES).tables().read(snapshot).collect()


class RowsThen:
    """The rows of groups as an environment pointed at them at a moment, as they are stored."""

    def __init__(self, workspace: Workspace, environment: str) -> None:
        self._workspace = workspace
        reader = workspace.open_reader()
        self._moves = [(fact.at, getattr(fact.body, "after", {})) for fact, _ in reader.journal(environment)]
        self._known: dict[str, pl.DataFrame] = {}

    def pointed(self, manifest: Manifest, moment: datetime) -> tuple[str, ...]:
        """Digests of the commits of a release's groups at a moment; empty for one that nothing pointed at."""
        return tuple(self._pointer(lookup.group, moment) for lookup in manifest.lookups)

    def rows_of(self, manifest: Manifest, pointed: tuple[str, ...]) -> GroupRows:
        """The rows of those commits.

        Args:
            manifest: The release.
            pointed: As `pointed` gave it.

        Raises:
            EngineError: Only what comes back raises it: nothing pointed at the group's table then.
        """
        digests = {lookup.group: digest for lookup, digest in zip(manifest.lookups, pointed, strict=True)}

        def rows(lookup: Lookup) -> pl.DataFrame:
            digest = digests[lookup.group]
            artifact = self._workspace.open_reader().artifact(digest) if digest else None
            if artifact is None or artifact.table != lookup.table:
                raise errors.group_is_gone(lookup.group, "the environment did not point at its table then")
            if digest not in self._known:
                self._known[digest] = self._workspace.tables().read(snapshot_of(artifact)).collect()
            return self._known[digest]

        return rows

    def _pointer(self, group: str, moment: datetime) -> str:
        node = f"feature_group.{group}"
        found = [after[node] for at, after in self._moves if at <= moment and node in after]
        return found[-1] or "" if found else ""
