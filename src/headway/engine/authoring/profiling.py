"""A contract proposed from a table: what was seen, the proposal, and its file where one is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from headway.contract.proposing.profiling import look
from headway.contract.proposing.proposal import Proposal, propose
from headway.contract.proposing.seen import Seen
from headway.core.clock import SystemClock
from headway.engine.authoring.named_table import Named, as_it_is, find, loaded
from headway.errors import validation as errors


class Profiled(NamedTuple):
    """What was seen, and what is proposed.

    Attributes:
        what: The table, in words.
        written: The file that the proposal was written to; empty for none.
    """

    what: str
    seen: Seen
    proposal: Proposal
    written: str = ""

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `profile --json`."""
        return {
            "table": self.what,
            "rows": self.seen.rows,
            "columns": [column.to_json() for column in self.seen.columns],
            "contract": self.proposal.text,
            "notes": list(self.proposal.notes),
            "written": self.written or None,
        }


def profile(folder: Path, asked: str, write: Path | None = None) -> Profiled:
    """Look at a source's rows, or a file's, and propose a contract that they pass.

    Args:
        folder: Where the person stands.
        asked: A source's name, or a file.
        write: A new file for the proposal; never one that exists.

    Raises:
        UsageError: There is no such table, or the file exists.
        ContractError: The table has no columns, or is damaged.
        HeadwayError: The rows cannot be read.
    """
    refuse_existing(folder, write)
    named = find(folder, asked, wants_contracts=False)
    seen = _seen(named)
    if not seen.columns:
        raise errors.table_is_nothing(named.what)
    proposal = propose(
        seen,
        source=named.what.replace("`", ""),
        now=SystemClock().now(),
        event_time=named.source.event_time,
        before=named.contract,
    )
    if write is not None:
        write_new(folder / write, proposal.text)
    return Profiled(named.what, seen, proposal, str(write) if write is not None else "")


def _seen(named: Named) -> Seen:
    try:
        return look(as_it_is(named))
    except pl.exceptions.PolarsError:
        # A Parquet file that is damaged inside; the loader says by name what is wrong with it.
        return look(loaded(named).lazy())


def refuse_existing(folder: Path, path: Path | None) -> None:
    """Refuse to write over what people wrote.

    Raises:
        UsageError: The file exists.
    """
    if path is not None and (folder / path).exists():
        raise errors.contract_is_there(str(path))


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist, with the folders that it needs.

    Raises:
        UsageError: It came into being meanwhile.
        OSError: The system refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise errors.contract_is_there(str(path)) from error
