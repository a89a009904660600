"""A table that comes in files, judged file by file: what was seen of a file once is not looked at again (Polars).

The verdict on all files is made of the states of each, merged in the order of the files; so it is the same
whichever of them were known before. Whole rows are asked for only where states cannot tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from headway.contract.admission import Admitted, counted, marked, reason, together
from headway.contract.casting import cast, hold
from headway.contract.checks import checks
from headway.contract.expectations import ROWS
from headway.contract.judging import judge, unsettled
from headway.contract.kept_states import States, name_of
from headway.contract.keys import LostRun
from headway.contract.measuring import broken_rows, measure, measure_held
from headway.contract.report import Report, Result
from headway.contract.state import State, merge, renumbered
from headway.core import digest
from headway.facts.evidence import Outcome
from headway.spec.contract import Contract


class Piece(NamedTuple):
    """A file of a table.

    Attributes:
        name: Of its state: says what is in it, and how it was read.
        frame: Its rows as they came; None where they were judged before and not read again.
    """

    name: str
    frame: pl.DataFrame | None


class Judged(NamedTuple):
    """A table, judged.

    Attributes:
        admitted: The rows that were read, divided; the report is about all files.
        files: How many there are.
        measured: How many of them were looked at; the others were known.
        spans: Rows of each as it stands, those that are set aside too, where the report names rows; row
            numbers of the report count on from file to file. Empty where they are not known.
    """

    admitted: Admitted
    files: int
    measured: int
    spans: tuple[int, ...] = ()


class _Rows(NamedTuple):
    """Rows of a file: all, or those that are left when others were set aside.

    Attributes:
        span: Rows of the file.
        places: Of those that are left, from 0; None for all.
    """

    frame: pl.DataFrame
    span: int
    places: pl.Series | None = None

    def state(self, contract: Contract) -> State:
        """What they show; rows are numbered as in the file."""
        found, places = measure(self.frame, contract), self.places
        return found if places is None else renumbered(found, lambda row: places[row - 1] + 1, self.span)

    @property
    def numbers(self) -> pl.Series:
        """Of each row its place in the file, from 0."""
        return pl.int_range(self.span, eager=True) if self.places is None else self.places.cast(pl.Int64)


def admit_files(
    pieces: Sequence[Piece],
    rows: pl.DataFrame,
    contract: Contract,
    states: States,
    *,
    now: datetime | None = None,
) -> Judged | None:
    """As `headway.contract.admission.admit`, of all files, looking only at those that are not known.

    Args:
        pieces: The files, in their order.
        rows: The rows of those that were read, one after the other, held in the contract's types.
        contract: What they must be.
        states: What is known of files, and is now.
        now: The present, for freshness; the system's clock where it is left out.

    Returns:
        None where rows are needed of files that were not read.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    reading = _Reading(pieces, contract, states)
    frames = [None if piece.frame is None else _Rows(piece.frame, piece.frame.height) for piece in pieces]
    came = reading.folded([piece.name for piece in pieces], frames)
    if came is None or not reading.can_settle(came):
        return None
    report = reading.judged(came, frames, now)
    aside = [item for item in report.results if item.action == "quarantine" and item.outcome is Outcome.WARN]
    if not aside:
        admitted = Admitted(_cast(rows, contract), marked(rows.clear(), [], []), report, rows.height, {})
        return Judged(admitted, len(pieces), len(reading.measured), reading.spans(report))
    divided = reading.divided(rows, aside)
    if divided is None:
        return None
    kept = reading.folded(divided.names, divided.frames)
    if kept is None or not reading.can_settle(kept):
        return None
    admitted = Admitted(
        frame=_cast(rows.filter(~divided.aside), contract),
        quarantined=marked(
            rows.filter(divided.aside), (divided.aside.arg_true() + 1).to_list(), divided.reasons
        ),
        report=together(reading.judged(kept, divided.frames, now), report),
        read=rows.height,
        rejected=counted(divided.reasons),
    )
    return Judged(admitted, len(pieces), len(reading.measured), reading.spans(admitted.report))


def sets_aside_by_others(report: Report) -> bool:
    """Whether rows are set aside for what is in other rows, so that they may come in when those go."""
    return any(
        item.outcome is Outcome.WARN and item.action == "quarantine" and ROWS[item.expectation].neighbours
        for item in report.results
        if item.expectation in ROWS
    )


class _Divided(NamedTuple):
    """Rows that stay, and rows that are set aside.

    Attributes:
        names: Of the state of each file's rows that stay.
        frames: Those rows, of files that were read.
        aside: One boolean per row that was read.
        reasons: Of each row that is set aside.
    """

    names: list[str]
    frames: list[_Rows | None]
    aside: pl.Series
    reasons: list[list[str]]


class _Reading:
    """One look at all files.

    Args:
        pieces: The files.
        contract: What they must be.
        states: What is known of them.
    """

    def __init__(self, pieces: Sequence[Piece], contract: Contract, states: States) -> None:
        self.pieces = pieces
        self.contract = contract
        self.states = states
        self.is_whole = all(piece.frame is not None for piece in pieces)
        self.measured: set[str] = set()

    def folded(self, names: Sequence[str], frames: Sequence[_Rows | None]) -> State | None:
        """The states of all files as one; None where one is not known and its rows were not read."""
        try:
            return self._folded(names, frames)
        except LostRun:
            self.states.distrust()
            return self._folded(names, frames)

    def _folded(self, names: Sequence[str], frames: Sequence[_Rows | None]) -> State | None:
        runs = list(_chain(names))
        start = next((place for place in range(len(names), 1, -1) if self.states.has(runs[place - 1])), 0)
        found = self.states.get(runs[start - 1]) if start else None
        if found is None:
            start = 0
        for name in names[:start]:
            self.states.without_keys(name)  # still of use, should a file come between
        for place in range(start, len(names)):
            state = self._state(names[place], frames[place], self.pieces[place].name)
            if state is None:
                return None
            found = state if found is None else merge(found, state, self.contract)
        if found is not None and start < len(names) > 1:
            self.states.put(runs[-1], found)
        return found

    def _state(self, name: str, frame: _Rows | None, file: str) -> State | None:
        known = self.states.get(name)
        if known is not None or frame is None:
            return known
        self.measured.add(file)
        found = frame.state(self.contract)
        self.states.put(name, found)
        return found

    def can_settle(self, state: State) -> bool:
        """Whether nothing more is to be read to judge a state."""
        return self.is_whole or not unsettled(self.contract, state)

    def judged(self, state: State, frames: Sequence[_Rows | None], now: datetime | None) -> Report:
        """The verdict; what states cannot tell is asked of the rows."""
        whole = (lambda keys: self._whole(frames, keys)) if self.is_whole else None
        return judge(self.contract, state, now=now, whole=whole)

    def spans(self, report: Report) -> tuple[int, ...]:
        """Rows of each file as it came; none where the report names no row, or a state is lost."""
        if not any(item.rows for item in report.results):
            return ()
        found = []
        for piece in self.pieces:
            state = self.states.without_keys(piece.name) if piece.frame is None else None
            if piece.frame is None and state is None:
                return ()
            found.append(piece.frame.height if piece.frame is not None else state.rows if state else 0)
        return tuple(found)

    def _whole(self, frames: Sequence[_Rows | None], keys: Collection[str]) -> State:
        names = {name for item in checks(self.contract) if item.key in keys for name in item.columns}
        parts = [part for part in frames if part is not None]
        held = [hold(part.frame, self.contract) for part in parts]
        table = pl.concat([frame.select(name for name in frame.columns if name in names) for frame in held])
        found = measure_held(table, self.contract, table.columns, schema=(), keep_keys=False)
        if all(part.places is None for part in parts):
            return found
        starts = accumulate((part.span for part in parts), initial=0)
        numbers = pl.concat([part.numbers + start for part, start in zip(parts, starts, strict=False)])
        return renumbered(found, lambda row: numbers[row - 1] + 1, sum(part.span for part in parts))

    # -- rows that are set aside -----------------------------------------------------------------

    def divided(self, rows: pl.DataFrame, results: Sequence[Result]) -> _Divided | None:
        """Which rows are set aside, and why; None where they may be in files that were not read."""
        keys = [item.key for item in results]
        among = {item.key for item in checks(self.contract) if item.rule is not None and item.rule.neighbours}
        is_alone = not among.intersection(keys)
        if not is_alone and not self.is_whole:
            return None
        broken = self._broken(keys) if is_alone else {piece.name: "" for piece in self.pieces}
        if broken is None:
            return None
        names: list[str] = []
        frames: list[_Rows | None] = []
        masks = self._masks(rows, broken, keys)
        aside = masks.select(pl.any_horizontal(pl.all())).to_series().alias("aside")
        for piece, start in zip(self.pieces, self._starts(), strict=True):
            mask = None if piece.frame is None else aside.slice(start, piece.frame.height)
            is_cut = piece.name in broken and (is_alone or (mask is not None and bool(mask.any())))
            frames.append(_left(piece.frame, mask if is_cut else None))
            said = broken.get(piece.name, "") if is_alone else _said(mask)
            names.append(name_of(piece.name, "left", said) if is_cut else piece.name)
        words = [reason(item) for item in results]
        reasons = [
            [word for word, is_broken in zip(words, row, strict=True) if is_broken]
            for row in masks.filter(aside).iter_rows()
        ]
        return _Divided(names, frames, aside, reasons)

    def _broken(self, keys: Sequence[str]) -> dict[str, str] | None:
        """Files with rows that break some of these checks, and which; None where a state is lost."""
        found = {}
        for piece in self.pieces:
            state = self.states.without_keys(piece.name)
            if state is None:
                return None
            # A file without rows may lack the column, or hold it in another type.
            broken = [key for key in keys if key in state.tallies and state.tallies[key].unexpected]
            if broken:
                found[piece.name] = name_of(*broken)
        return found

    def _starts(self) -> Iterator[int]:
        """Of each file, the place of its first row among all that were read."""
        start = 0
        for piece in self.pieces:
            yield start
            start += 0 if piece.frame is None else piece.frame.height

    def _masks(self, rows: pl.DataFrame, broken: Collection[str], keys: Sequence[str]) -> pl.DataFrame:
        """A column of booleans per check, over all rows that were read; only broken files are looked at."""
        parts = [
            (piece, rows.slice(start, piece.frame.height))
            for piece, start in zip(self.pieces, self._starts(), strict=True)
            if piece.frame is not None
        ]
        looked = [part for piece, part in parts if piece.name in broken]
        masks = broken_rows(pl.concat(looked), self.contract, keys) if looked else {}
        table = pl.DataFrame({str(place): masks[key] for place, key in enumerate(keys)}) if masks else None
        names, found, taken = [str(place) for place in range(len(keys))], [], 0
        for piece, part in parts:
            if table is not None and piece.name in broken:
                found.append(table.slice(taken, part.height))
                taken += part.height
            else:
                none = pl.repeat(value=False, n=part.height, dtype=pl.Boolean, eager=True)
                found.append(pl.DataFrame(dict.fromkeys(names, none)))
        empty = pl.DataFrame(schema=dict.fromkeys(names, pl.Boolean))
        return pl.concat([empty, *found])


def _left(frame: pl.DataFrame | None, aside: pl.Series | None) -> _Rows | None:
    if frame is None or aside is None:
        return None if frame is None else _Rows(frame, frame.height)
    return _Rows(frame.filter(~aside), frame.height, (~aside).arg_true())


def _cast(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """As `cast`; where nothing was read there are no columns, nor any that are filled."""
    return cast(rows, contract) if rows.width else rows


def _chain(names: Sequence[str]) -> Iterator[str]:
    """Of each beginning of the files, the name of its merged state."""
    before = "files"
    for name in names:
        before = name_of(before, name)
        yield before


def _said(mask: pl.Series | None) -> str:
    """Which rows are set aside, as a part of a name."""
    return "" if mask is None else digest.of_bytes(mask.cast(pl.UInt8).to_numpy().tobytes())
