"""The port of online stores: values of features by entity, as of a moment, at request time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from headway.online.table import Looked, OnlineRow, OnlineTable, Stamp


class OnlineStore(Protocol):
    """Tables of packed rows, versions side by side. One writer at a time; any number of readers.

    A store may be used from any thread, and in the child of a fork.
    """

    def write(
        self,
        table: OnlineTable,
        rows: Iterable[OnlineRow],
        gone: Iterable[OnlineRow],
        stamp: Stamp,
        *,
        since: str | None,
    ) -> None:
        """Put rows in, take rows out, and stamp the table, all at once or not at all.

        Args:
            table: Made when it is not there.
            rows: Rows to add, or to put in the place of those with their entity and times.
            gone: Rows to take out, by entity and times.
            stamp: What the table is afterwards.
            since: The commit that must stand there, of which `rows` and `gone` are the changes; None where
                `rows` are all rows there are, whatever stands there.

        Raises:
            ConflictError: The store has a table of this name with other keys or features (ON003), or another
                commit stands there than `since` (ON007).
            EngineError: The store cannot be reached (ON001), is damaged (ON008) or takes nothing more (ON009).
        """
        ...

    def at(
        self,
        table: str,
        keys: Sequence[Sequence[object]],
        moments_us: Sequence[int],
        features: Sequence[str],
        ttl_us: int | None,
    ) -> Looked:
        """Values of the newest row of each entity that had happened and was known at its moment.

        The newest by event time; among equal ones the one known last.

        Args:
            table: Name of the table.
            keys: n keys, values in the order of the table's key columns.
            moments_us: n moments, microseconds since the epoch, UTC; inclusive.
            features: Features wanted.
            ttl_us: A row whose event is older than this at the moment counts as missing.

        Returns:
            n rows of one value per feature, and the commit that all of them are of.

        Raises:
            EngineError: The store cannot be reached in time (ON001), has no such table (ON002) or feature
                (ON004), or is damaged (ON008).
        """
        ...

    def stamps(self) -> Mapping[str, Stamp]:
        """Table -> what it is and how fresh.

        Raises:
            EngineError: The store cannot be reached.
        """
        ...

    def drop(self, table: str) -> None:
        """Remove a table and its rows; one that is not there is no fault.

        Raises:
            EngineError: The store cannot be reached or written.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; a second call does nothing."""
        ...
