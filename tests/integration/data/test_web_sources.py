"""Sources behind HTTP, from a real server on this machine: every way to disappoint has its own name."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from headway.contract import columns as contracts
from headway.data.loaders.asked import Since
from headway.data.retry import WAITS
from headway.data.sources import Loaded, load
from headway.errors import ContractError, EngineError, SpecError
from headway.spec.contract import Column, Contract, RowCount
from headway.spec.product import Incremental, Source

ROWS = Contract(columns={"id": Column(type="integer"), "name": Column(type="text")})
CSV = b"id,name\n1,a\n2,b\n"
BIG = b"id,name\n" + b"1,aaaaaaaaaa\n" * 5_000


class Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    headers_seen: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        type(self).asked.append(self.path)
        type(self).headers_seen.update(self.headers.items())
        getattr(self, path.strip("/").replace(".", "_").replace("-", "_"))()

    def answer(
        self, body: bytes, kind: str = "text/csv", status: int = 200, length: int | None = None
    ) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def rows_csv(self) -> None:
        self.answer(CSV)

    def rows_csv_gz(self) -> None:
        self.answer(gzip.compress(CSV), "application/gzip")

    def cut_csv_gz(self) -> None:
        self.answer(gzip.compress(CSV)[:-8], "application/gzip")

    def since_csv(self) -> None:
        since = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
        self.answer(b"id,name\n2,b\n" if since else CSV)

    def missing_csv(self) -> None:
        self.answer(b"", status=404)

    def forbidden_csv(self) -> None:
        self.answer(b"", status=403)

    def busy_csv(self) -> None:
        times = sum("busy" in path for path in self.asked)
        self.answer(CSV, status=503 if times <= 2 else 200)

    def broken_csv(self) -> None:
        self.answer(b"", status=500)

    def teapot_csv(self) -> None:
        self.answer(b"", status=418)

    def slow_csv(self) -> None:
        time.sleep(0.5)
        self.answer(CSV)

    def dripping_csv(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CSV)))
        self.end_headers()
        for byte in CSV:
            self.wfile.write(bytes([byte]))
            time.sleep(0.05)

    def empty_json(self) -> None:
        self.answer(b"[]", "application/json")

    def nothing_csv(self) -> None:
        self.answer(b"")

    def header_csv(self) -> None:
        self.answer(b"id,name\n")

    def page_csv(self) -> None:
        self.answer(b"<!DOCTYPE html><title>Sign in</title>", "text/html")

    def short_csv(self) -> None:
        self.answer(CSV, length=len(CSV) + 100)
        self.close_connection = True

    def chunked_csv(self) -> None:
        self.protocol_version = "HTTP/1.1"
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"20\r\nid,name\n")
        self.close_connection = True

    def error_csv(self) -> None:
        self.answer(b'{"error": "quota"}', "application/json")

    def big_csv(self) -> None:
        self.answer(BIG)

    def endless_csv(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(1_000):
            self.wfile.write(b"1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" * 100)

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for every answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that leaves early is what is tested


@pytest.fixture
def server() -> Generator[str]:
    Answers.asked.clear()
    Answers.headers_seen.clear()
    here = Server(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=here.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{here.server_port}"
    here.shutdown()
    thread.join()
    here.server_close()


def nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


def take(url: str, pauses: list[float] | None = None, contract: Contract = ROWS, **options: Any) -> Loaded:
    pause = (pauses if pauses is not None else []).append
    return load(Source(load=url, options=options), "rows", contract, Path(), nobody, pause=pause)


def test_rows_come_over_http(server: str) -> None:
    assert take(f"{server}/rows.csv").frame["name"].to_list() == ["a", "b"]
    assert take(f"{server}/rows.csv.gz").frame["name"].to_list() == ["a", "b"]


DISAPPOINTING = [
    ("missing.csv", "DA206", "is not there: HTTP 404", 1),
    ("forbidden.csv", "DA207", "refuses access: HTTP 403", 1),
    ("broken.csv", "DA209", "answers with an error: HTTP 500", 3),
    ("teapot.csv", "DA209", "answers with an error: HTTP 418", 1),
    ("slow.csv", "DA208", "does not answer within 0.2 s", 3),
    ("dripping.csv", "DA208", "does not answer within 0.2 s", 3),
    ("empty.json", "DA211", "answers with no rows", 1),
    ("nothing.csv", "DA211", "answers with no rows", 1),
    ("header.csv", "DA211", "answers with no rows", 1),
    ("page.csv", "DA212", "an HTML page", 1),
    ("short.csv", "DA213", "ends after 16 of 116 bytes", 3),
    ("chunked.csv", "DA213", "before it is whole", 3),
    ("cut.csv.gz", "DA213", "before it is whole", 3),
    ("error.csv", "DA215", "declared as `application/json`, not as csv", 1),
]


@pytest.mark.parametrize(("path", "code", "what", "attempts"), DISAPPOINTING)
def test_each_way_to_disappoint_has_its_name(
    server: str, path: str, code: str, what: str, attempts: int
) -> None:
    pauses: list[float] = []
    limits = {"timeout": "200ms"} if path in ("slow.csv", "dripping.csv") else {}
    with pytest.raises(EngineError, match=what) as caught:
        take(f"{server}/{path}", pauses, **limits)
    assert caught.value.code == code
    assert len(Answers.asked) == attempts
    assert pauses == list(WAITS)[: attempts - 1]


def test_a_server_that_fails_twice_is_asked_three_times(server: str) -> None:
    found = take(f"{server}/busy.csv")
    assert (found.frame.height, found.attempts, len(Answers.asked)) == (2, 3, 3)


def test_nobody_listening_is_unreachable(server: str) -> None:
    with pytest.raises(EngineError, match=r"cannot be reached: .*refused"):
        take("http://127.0.0.1:9/rows.csv")


@pytest.mark.parametrize("path", ["big.csv", "endless.csv"])
def test_an_answer_larger_than_its_bound_is_refused(server: str, path: str) -> None:
    with pytest.raises(EngineError, match="larger than 20,000 bytes"):
        take(f"{server}/{path}", max_size="20 kB")


def test_no_rows_are_an_answer_where_the_contract_says_so(server: str) -> None:
    may_be_empty = Contract(columns=ROWS.columns, rows=RowCount(min=0))
    assert take(f"{server}/header.csv", contract=may_be_empty).frame.height == 0
    assert take(f"{server}/empty.json", contract=may_be_empty).frame.height == 0


def test_the_address_carries_what_to_read_since(server: str) -> None:
    steps = Incremental(by="watermark", column="id")
    source = Source(load=f"{server}/since.csv?since={{since}}", incremental=steps, options={"format": "csv"})
    for since, rows in ((None, 2), (Since("id", 2), 1)):
        found = load(source, "rows", ROWS, Path(), nobody, since=since)
        assert found.frame.height == rows
    assert Answers.asked == ["/since.csv?since=", "/since.csv?since=2"]
    text = Contract(columns=ROWS.columns | {"at": Column(type="time")})
    mark = datetime(2024, 1, 1, tzinfo=UTC)
    with pytest.raises(ContractError):
        contracts.require(
            load(source, "rows", text, Path(), nobody, since=Since("at", mark)).frame, text, where=""
        )
    assert Answers.asked[-1] == "/since.csv?since=2024-01-01T00%3A00%3A00%2B00%3A00"


def test_a_secret_goes_into_a_header_and_no_error(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED", "planted-5b1c7")
    headers = {"Authorization": {"secret": "FEED"}}
    assert take(f"{server}/rows.csv", headers=headers).frame.height == 2
    assert Answers.headers_seen["Authorization"] == "planted-5b1c7"
    with pytest.raises(EngineError) as caught:
        take(f"{server}/forbidden.csv", headers=headers)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"timeout": "soon"}, {"max_size": "big"}, {"headers": "x"}, {"verify": 0}]
)
def test_an_option_that_does_not_fit_is_refused(server: str, options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=f"`{next(iter(options))}`"):
        take(f"{server}/rows.csv", **options)
    assert Answers.asked == []
