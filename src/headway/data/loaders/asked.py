"""The one shape of every loader: asked for a source's rows, it yields batches of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import polars as pl

from headway.core import digest
from headway.data.calls import Resolve
from headway.spec.contract import Contract
from headway.spec.loading import Loading

Mark = datetime | date | int
"""A value of a watermark's column."""


class Since(NamedTuple):
    """Rows are wanted whose `column` is not below `mark`."""

    column: str
    mark: Mark


class Asked(NamedTuple):
    """What a loader is asked for.

    Attributes:
        name: The source's name, for errors.
        load: As written.
        loading: What that says.
        options: As written, with secrets in their places.
        contract: What the rows must be; None takes types as they come.
        root: The product's directory, to which paths are relative.
        resolve: Finds the product's functions.
        since: The bound of an incremental reading; None asks for everything. A loader may give
            more than was asked for, never less.
        marks: `since` by name, for a function of an incremental source; empty for every other.
        known: Digest of a file that need not be read again -> how many of the kind there are.
        digest_of: Digest of a file's content, from a cache where there is one.
    """

    name: str
    load: str
    loading: Loading
    options: Mapping[str, Any]
    contract: Contract | None
    root: Path
    resolve: Resolve
    since: Since | None = None
    marks: Mapping[str, Any] = {}
    known: Mapping[str, int] = {}
    digest_of: Callable[[Path], str] = digest.of_file

    @property
    def where(self) -> str:
        """The source, for errors."""
        return f"source `{self.name}`"


class Origin(NamedTuple):
    """A file that rows came from.

    Attributes:
        name: Relative to the folder that was read.
        digest: Of its content.
        rows: How many of the batch's rows, in order; None when it was known and not read.
    """

    name: str
    digest: str
    rows: int | None


class Batch(NamedTuple):
    """Some rows, and the files that they came from where there are any."""

    frame: pl.DataFrame
    origins: tuple[Origin, ...] = ()


class Loader(Protocol):
    """Reads one kind of place."""

    def __call__(self, asked: Asked) -> Iterator[Batch]:
        """Yield the rows that are asked for.

        Raises:
            EngineError: The place cannot be reached, or refuses; `retryable` says whether to try again.
            ContractError: What is there is damaged, or does not parse.
            SpecError: An option does not fit.
            UserCodeError: The product's own function failed.
        """
        ...
