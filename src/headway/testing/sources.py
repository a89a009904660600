"""Doubles of sources and cleaners for your own tests: no engine, no network, no files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Row = Mapping[str, Any]
Mark = datetime | date | int


class FakeSource:
    """A source of rows that you write down: stands in for the function that `load:` names.

    Call it as Headway calls the function: it yields its batches, each a list of dictionaries. With
    `column`, and called with `since`, it gives only rows whose column is not below that, as an
    incremental source must.

    Args:
        *batches: Rows of each batch.
        column: The watermark's column.

    Attributes:
        calls: What it was called with, one mapping of keyword arguments per call.
    """

    def __init__(self, *batches: Sequence[Row], column: str | None = None) -> None:
        self.batches = [list(batch) for batch in batches]
        self.column = column
        self.calls: list[dict[str, Any]] = []

    def add(self, *rows: Row) -> None:
        """Let more rows arrive: one batch more."""
        self.batches.append(list(rows))

    def __call__(self, since: Mark | None = None, **options: Any) -> Iterator[list[dict[str, Any]]]:
        """Yield the batches; the call is recorded before the first of them."""
        self.calls.append({"since": since, **options} if self.column is not None else options)
        return self._batches(since)

    def _batches(self, since: Any) -> Iterator[list[dict[str, Any]]]:
        for batch in self.batches:
            column = self.column
            yield [dict(row) for row in batch if since is None or column is None or row[column] >= since]


class FailingSource:
    """A source that fails a number of times, half-way, and then works.

    Each failing call gives the first batch of what it wraps before it raises, so that a reader that
    keeps what it has got so far gets duplicates.

    Args:
        source: What it gives once it works; nothing gives no rows.
        times: How many calls fail.
        error: What they raise. `ConnectionError` and `TimeoutError` are tried again by Headway.

    Attributes:
        attempts: How often it was called.
    """

    def __init__(
        self,
        source: Callable[..., Iterable[Any]] | None = None,
        *,
        times: int = 2,
        error: BaseException | None = None,
    ) -> None:
        self.source = source if source is not None else FakeSource()
        self.times = times
        self.error = error if error is not None else ConnectionError("the source went away")
        self.attempts = 0

    def __call__(self, **options: Any) -> Iterator[Any]:
        """Yield what is wrapped, or its first batch and then the error."""
        self.attempts += 1
        return self._batches(self.attempts <= self.times, options)

    def _batches(self, fails: bool, options: Mapping[str, Any]) -> Iterator[Any]:  # noqa: FBT001 -- private
        for batch in self.source(**options):
            yield batch
            if fails:
                break
        if fails:
            raise self.error


class RecordingCleaner(Generic[T]):
    """A cleaner that changes nothing, or what you say, and remembers what it was given.

    Put it where your code takes a function from rows to rows, and ask afterwards what arrived there.

    Args:
        clean: What it does; nothing gives every value back as it came.

    Attributes:
        given: Every value that it was called with, in order.
        returned: What it gave back for each.
    """

    def __init__(self, clean: Callable[[T], T] | None = None) -> None:
        self.clean = clean
        self.given: list[T] = []
        self.returned: list[T] = []

    @property
    def count(self) -> int:
        """How often it was called."""
        return len(self.given)

    def __call__(self, value: T) -> T:
        """Clean one value."""
        self.given.append(value)
        cleaned = value if self.clean is None else self.clean(value)
        self.returned.append(cleaned)
        return cleaned
