"""Requests with a time limit are worked on beside the event loop: together where that is safe, and told in time."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import pytest
from letting import KEY, Rent, named, release, routed, told

from headway.serve.core import Core, Reply, Request
from headway.serve.lanes import MOST_TOGETHER, Lanes
from headway.serve.server import Ready, serve
from headway.serve.workers import THREADS

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("rents")


class Office:
    """Lanes of a core, and what callers were told, in the order in which they asked."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.lanes = Lanes(core)
        self.told: list[asyncio.Future[Reply]] = []

    def ask(self, request: Request) -> None:
        patience = self.core.patience(request)
        assert patience is not None
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.told.append(answer)
        self.lanes.add(request, patience, answer.set_result)  # which fails when it is called twice

    async def answers(self) -> list[Any]:
        return [told(await asyncio.wait_for(answer, 20)) for answer in self.told]


@pytest.fixture
def environment_of_rents(environment: Any) -> Any:
    environment.release_of_rents = release(environment.directory / "releases")
    return environment


def office(environment: Any, seconds: float) -> Office:
    return Office(routed(environment, (environment.release_of_rents, 100.0), timeout_seconds=seconds))


async def until(event: threading.Event) -> None:
    """Until something happened in a thread."""
    assert await asyncio.to_thread(event.wait, 20)


class Gate:
    """Holds the first call of the model; the next ones pass."""

    def __init__(self) -> None:
        self.is_reached, self.is_open = threading.Event(), threading.Event()
        Rent.meanwhile.append(self)

    def __call__(self) -> None:
        if len(Rent.asked) == 1:
            self.is_reached.set()
            self.is_open.wait(20)


def test_those_who_wait_while_others_are_worked_on_are_the_next_work_together(
    environment_of_rents: Any,
) -> None:
    async def run() -> list[Any]:
        asked, gate = office(environment_of_rents, 60.0), Gate()
        asked.ask(named(0.0))
        await until(gate.is_reached)
        for number in range(1, MOST_TOGETHER + 3):
            asked.ask(named(100.0 + number))
        gate.is_open.set()
        return await asked.answers()

    later = [[10.0 * (100 + number) + 1] for number in range(1, MOST_TOGETHER + 3)]
    assert asyncio.run(run()) == [[1.0], *later]
    assert Rent.asked == [1, MOST_TOGETHER, 2]


def test_those_who_come_in_one_turn_of_the_loop_are_one_work(environment_of_rents: Any) -> None:
    async def run() -> list[Any]:
        asked = office(environment_of_rents, 60.0)
        for number in range(3):
            asked.ask(named(float(number)))
        return await asked.answers()

    assert asyncio.run(run()) == [[1.0], [11.0], [21.0]]
    assert Rent.asked == [3]


def test_a_call_that_never_ends_costs_those_in_it_the_limit_and_the_next_a_part_of_it(
    environment_of_rents: Any,
) -> None:
    async def run() -> tuple[Office, list[Any]]:
        asked, gate = office(environment_of_rents, 2.0), Gate()
        asked.ask(named(0.0))
        asked.ask(named(1.0))
        await until(gate.is_reached)
        asked.ask(named(2.0))
        first, second, third = asked.told
        assert told(await asyncio.wait_for(third, 20)) == [21.0]
        assert not first.done(), "the others still wait"
        assert not second.done()
        answers = await asked.answers()
        gate.is_open.set()
        asked.ask(named(3.0))
        await asked.answers()
        return asked, answers

    asked, answers = asyncio.run(run())
    assert answers == [(504, "SE015"), (504, "SE015"), [21.0]]
    counted = {label.status: meter.count for label, meter in asked.core.meters.requests.items()}
    assert counted == {504: 2, 200: 2}, "what ends too late is not counted again"


def test_those_whose_time_ran_out_while_they_waited_are_not_worked_on(environment_of_rents: Any) -> None:
    async def run() -> list[Any]:
        asked, hold = office(environment_of_rents, 0.1), threading.Event()
        for _ in range(THREADS):
            asked.lanes._workers.put(hold.wait, lambda _: None)
        asked.ask(named(1.0))
        answers = await asked.answers()
        hold.set()
        asked.ask(named(2.0))
        await asked.answers()
        return answers

    assert asyncio.run(run()) == [(504, "SE015")]
    assert Rent.asked == [1], "the second"


def test_what_could_hang_or_take_long_is_a_work_of_its_own(environment: Any, tmp_path: Path) -> None:
    """Code of the product hangs as it likes, and a large request takes as long as it is large."""
    releases = environment.directory / "releases"
    proven, unproven = release(releases), release(releases, base=1.0, rows_independent=False)

    def shares(core: Core, request: Request) -> bool:
        patience = core.patience(request)
        assert patience is not None
        return patience.is_shared

    limited = routed(environment, (proven, 100.0), timeout_seconds=1.0)
    large = Request("POST", "/predict/rents", b" " * 100_000)
    assert shares(limited, named(1.0))
    assert not shares(limited, large)
    assert limited.patience(Request("POST", "/predict/unknown", b"{}")) is None
    both = routed(environment, (proven, 50.0), (unproven, 50.0), timeout_seconds=1.0)
    assert not shares(both, named(1.0))
    own = release(releases, base=2.0, code=b"PK\x05\x06" + bytes(18))
    assert not shares(routed(environment, (own, 100.0), timeout_seconds=1.0), named(1.0))
    assert routed(environment, (proven, 100.0)).patience(large) is None, "without a limit nobody is sent away"


# -- a server --------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(directory: Path, key: bytes) -> Generator[Any]:
    """A server in a thread of this process: its host and port."""
    ready: Queue[Ready] = Queue()
    thread = threading.Thread(target=lambda: serve(directory, key=key, port=0, ready=ready.put))
    thread.start()
    found = ready.get(timeout=20)
    try:
        parts = urlsplit(found.url)
        yield parts.hostname, parts.port
    finally:
        found.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize("seconds", [None, 60.0])
def test_many_callers_of_a_server_get_their_own_answers_whoever_leaves(
    environment_of_rents: Any, seconds: float | None
) -> None:
    routed(environment_of_rents, (environment_of_rents.release_of_rents, 100.0), timeout_seconds=seconds)
    every = 40

    def ask(number: int, place: tuple[str, int]) -> list[Any]:
        """Every third leaves before the answer; every fourth goes uvicorn's way."""
        connection, path = http.client.HTTPConnection(*place, timeout=20), "/predict/rents"
        found = []
        for turn in range(4):
            size = float(100 + number * 10 + turn)
            connection.request("POST", path + "?" * (number % 4 == 0), named(size).body)
            if number % 3 == 0 and turn == 1:
                break
            reply = connection.getresponse()
            found.append((size, told(Reply(reply.status, reply.read()))))
        connection.close()
        return found

    with running(environment_of_rents.directory, KEY) as place, ThreadPoolExecutor(every) as callers:
        found = [
            pair for pairs in callers.map(lambda number: ask(number, place), range(every)) for pair in pairs
        ]
    assert len(found) == sum(1 if number % 3 == 0 else 4 for number in range(every))
    assert all(values == [10.0 * size + 1] for size, values in found)
    assert len(Rent.asked) < sum(Rent.asked), "some shared a call"


def test_a_caller_who_does_not_wait_for_the_answer_is_not_read_without_bound(environment: Any) -> None:
    environment.publish((environment.release(), 100.0), timeout_seconds=1.0)
    body = msgspec.json.encode({"rows": [environment.row | {"distance": 17.0}]})  # never answered
    request = b"POST /predict/delay HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    with running(environment.directory, KEY) as place, socket.create_connection(place, timeout=0.3) as caller:
        caller.sendall(request)
        with pytest.raises(TimeoutError):
            caller.sendall(request * (64 * 1024 * 1024 // len(request)))
        caller.settimeout(20)
        assert caller.recv(12) == b"HTTP/1.1 504"
