"""Opens the online store that a route names; PostgreSQL's driver is loaded only where it is named."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from headway.errors import masking
from headway.errors import online as errors
from headway.online.bounded import BoundedReader
from headway.online.sqlite import SqliteOnline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from headway.online.store import OnlineStore


def store(place: str, file: Path, space: str) -> OnlineStore:
    """The store to write to.

    Args:
        place: As in `headway.bundle.route.Route.online`.
        file: The SQLite file that an empty place means.
        space: The environment, whose tables stand apart in a database that several share.

    Raises:
        EngineError: The variable is not set (ON005), or the driver is not installed (ON006).
    """
    return _across_a_network(place, space)() if place else SqliteOnline(file)


def reader(place: str, file: Path, space: str, seconds: float) -> SqliteOnline | BoundedReader:
    """The store to look up in; one across a network is waited for only so long.

    Raises:
        EngineError: The variable is not set (ON005), or the driver is not installed (ON006).
    """
    return (
        BoundedReader(_across_a_network(place, space), seconds, place)
        if place
        else SqliteOnline(file, seconds)
    )


def _across_a_network(place: str, space: str) -> Callable[[], OnlineStore]:
    address = place
    if place.startswith("$"):
        masking.declare(place[1:])
        address = os.environ.get(place[1:], "")
        if not address:
            raise errors.address_is_not_set(place[1:])
    try:
        from headway.online.postgres import PostgresOnline
    except ImportError as reason:
        raise errors.driver_is_missing(str(reason)) from reason
    return partial(PostgresOnline, address, place, space)
