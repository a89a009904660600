"""An online store goes away and comes back under a running server: answers, reasons, counts, and its end."""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import threading
import time
import urllib.error
import urllib.request
import weakref
from contextlib import closing, contextmanager
from queue import Queue
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from headway.bundle.manifest import Lookup
from headway.bundle.route import ONLINE, Endpoint, Served
from headway.errors import EngineError
from headway.errors import online as errors
from headway.online import sqlite
from headway.online.bounded import BoundedReader
from headway.online.pack import PackedGroup
from headway.online.sqlite import SqliteOnline
from headway.online.table import OnlineTable, RowPacking, Stamp
from headway.predictions.record import Prediction
from headway.predictions.segments import read
from headway.serve.core import Core
from headway.serve.server import Ready, serve
from headway.serve.watch import RouteWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

TABLE = "flights.weather/v1"
COMMIT = "c" * 64
DAY = 1_767_225_600_000_000
FALLBACKS = ("snapshot", "refuse")


class Told(NamedTuple):
    status: int
    body: dict[str, Any]
    retry_after: str | None


def fill(file: Path) -> None:
    """JFK at 09:00, with another wind than the release brought along."""
    event = np.array([DAY + 9 * 3_600_000_000], dtype=np.int64)
    features: dict[str, Any] = {"wind": np.array([-9.0]), "sky": ["clear"]}
    group = PackedGroup(keys={"origin": ["JFK"]}, event_time=event, known_time=event, features=features)
    table = OnlineTable(name=TABLE, keys=("origin",), features=(("wind", "number"), ("sky", "text")))
    stamp = Stamp(commit=COMMIT, rows=1, event_us=DAY, known_us=DAY, written_us=DAY)
    SqliteOnline(file).write(table, RowPacking(table).rows(group), [], stamp, since=None)


def endpoint(release: str, fallback: Any, **limits: Any) -> Endpoint:
    served = (Served(release=release, weight=100.0),)
    return Endpoint(name=fallback, releases=served, lookup_fallback=fallback, **limits)


@pytest.fixture
def stored(environment: Any) -> str:
    """A release behind two endpoints, one for each fallback, with an online store."""
    features = {"wind": "wind", "sky": "sky"}
    lookups = (Lookup(group="weather", keys={"origin": "origin"}, features=features, table=TABLE),)
    release = environment.release(lookups=lookups)
    environment.publish_endpoints(*(endpoint(release, fallback) for fallback in FALLBACKS))
    fill(environment.directory / ONLINE)
    return release


@contextmanager
def running(environment: Any, log: Path) -> Generator[str]:
    told: Queue[Ready] = Queue()
    options: dict[str, Any] = {"key": environment.key, "port": 0, "log_directory": log, "ready": told.put}
    thread = threading.Thread(target=serve, args=(environment.directory,), kwargs=options)
    thread.start()
    ready = told.get(timeout=20)
    try:
        yield ready.url
    finally:
        ready.stop()
        thread.join(20)
        assert not thread.is_alive()


def ask(url: str, name: str, row: dict[str, Any]) -> Told:
    request = urllib.request.Request(
        f"{url}/predict/{name}", json.dumps(row).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return Told(reply.status, json.load(reply), None)
    except urllib.error.HTTPError as refused:
        with refused:
            return Told(refused.code, json.load(refused), refused.headers["retry-after"])


def counted(url: str, name: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    found = [line for line in lines if line.startswith(f'headway_lookups_total{{endpoint="{name}"')]
    return {line.partition('source="')[2].partition('"')[0]: float(line.split()[-1]) for line in found}


def remove(file: Path) -> None:
    for path in file.parent.glob(f"{ONLINE}*"):
        path.rmdir() if path.is_dir() else path.unlink()


def replace_by_a_folder(file: Path) -> None:
    remove(file)
    file.mkdir()


def cut_short(file: Path) -> None:
    os.truncate(file, 5000)


OUTAGES: dict[Callable[[Path], None], str] = {
    remove: "no such table",
    replace_by_a_folder: "does not answer",
    cut_short: "damaged",
}


def test_a_server_goes_on_without_its_store_says_why_and_finds_it_again(
    environment: Any, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "NOTICE_SECONDS", 0.0)
    file, row = environment.directory / ONLINE, environment.row
    with running(environment, tmp_path / "log") as url:
        live = ask(url, "snapshot", row).body["predictions"][0]["probability"]
        for outage, reason in OUTAGES.items():
            outage(file)
            released = ask(url, "snapshot", row)
            assert released.status == 200
            assert released.body["predictions"][0]["probability"] > live, "the wind that was released"
            refused = ask(url, "refuse", row)
            assert (refused.status, refused.body["code"], refused.retry_after) == (503, "SE020", "1")
            assert reason in refused.body["error"]
            assert str(tmp_path) not in refused.body["error"]
            remove(file)
            fill(file)
            for name in FALLBACKS:
                assert ask(url, name, row).body["predictions"][0]["probability"] == live
        assert counted(url, "snapshot") == {"online": 4, "snapshot": 3}
        assert counted(url, "refuse") == {"online": 3, "refused": 3}
    logged = [
        [(note.source, note.commit) for note in record.lookups]
        for record in read(tmp_path / "log")
        if isinstance(record, Prediction)
    ]
    assert len(logged) == 10, "what was refused is no prediction"
    assert logged.count([("online", COMMIT)]) == 7
    assert logged.count([("snapshot", "")]) == 3


def test_a_file_that_is_locked_costs_one_look_up_its_patience_and_the_next_nothing(tmp_path: Path) -> None:
    file = tmp_path / ONLINE
    fill(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")  # with a write-ahead log, readers never wait
        other.execute("BEGIN EXCLUSIVE")
        store = SqliteOnline(file, 0.05)

        def look() -> str:
            return store.at(TABLE, [("JFK",)], [2 * DAY], ("wind",), None).commit

        began = time.monotonic()
        with pytest.raises(EngineError, match="database is locked"):
            look()
        for _ in range(3):
            with pytest.raises(EngineError, match="locked it a moment ago"):
                look()
        assert time.monotonic() - began < 3.0
        other.execute("ROLLBACK")
    store._rests_until = 0.0
    assert look() == COMMIT
    store.close()


def test_a_reader_is_closed_when_the_last_release_that_looks_up_with_it_goes(
    environment: Any, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: Queue[SqliteOnline] = Queue()
    close = SqliteOnline.close

    def note(store: SqliteOnline) -> None:
        close(store)
        closed.put(store)

    monkeypatch.setattr(SqliteOnline, "close", note)
    watch = RouteWatch(environment.directory, environment.key)
    core = Core(watch.load(None))
    under_way = core.serving.endpoints["refuse"].variants[0]
    gc.disable()  # it goes with its last use, not some time later
    try:
        environment.publish_endpoints(
            endpoint(stored, "snapshot"), endpoint(stored, "refuse", lookup_seconds=1.0)
        )
        core.serving = watch.load(core.serving)
        assert closed.empty(), "a request under way still looks up with it"
        assert core.serving.endpoints["refuse"].variants[0].online is not under_way.online
        reader = under_way.online._reader
        del under_way
        assert closed.get(timeout=10) is reader
    finally:
        gc.enable()
    watch.close()
    assert len({closed.get(timeout=10), closed.get(timeout=10)}) == 2, "those in use, at the end"


def test_a_store_that_was_not_reached_does_not_keep_those_who_asked() -> None:
    def down() -> Any:
        raise errors.store_is_not_reached("it", "down")

    class Asker:
        def __init__(self) -> None:
            self.reader = BoundedReader(down, 5.0, "it")

        def ask(self) -> None:
            for _ in range(2):
                try:
                    self.reader.at(TABLE, [("JFK",)], [DAY], ("wind",), None)
                except EngineError as reason:
                    assert reason.what.endswith("down")

    asker = Asker()
    reader, gone = asker.reader, weakref.ref(asker)
    gc.disable()
    try:
        asker.ask()
        del asker
        assert gone() is None
    finally:
        gc.enable()
    reader.close()
