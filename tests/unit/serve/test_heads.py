"""Only the head of a plain request takes the short way; whatever is unusual goes to the whole server."""

from __future__ import annotations

import pytest

from headway.serve.shortcut import HEADS_KEPT, Heads

PLAIN = (
    b"POST /predict/delay HTTP/1.1\r\nhost: x\r\nContent-Type: application/json\r\ncontent-length: 12\r\n\r\n"
)


def test_a_plain_head_is_understood() -> None:
    head = Heads().of(PLAIN)
    assert head is not None
    assert head.length == 12
    assert head.request[:5] == ("POST", "/predict/delay", b"", "application/json", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"POST", b"GET"),
        (b"POST", b"PUT"),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"/predict/delay", b"/metrics"),
        (b"/predict/delay", b"/predict/delay?a=b"),
        (b"/predict/delay", b"/predict/d%65lay"),
        (b"/predict/delay", "/predict/größe".encode()),
        (b"host: x", b"connection: close"),
        (b"host: x", b"connection: upgrade\r\nupgrade: websocket"),
        (b"host: x", b"expect: 100-continue"),
        (b"host: x", b"transfer-encoding: chunked"),
        (b"host: x", b"content-length: 11"),
        (b"host: x", b"content-length : 12"),
        (b"host: x", b"no colon"),
        (b"host: x", b"a: b\x00c"),
        (b"content-length: 12", b"x: y"),
        (b"content-length: 12", b"content-length: +12"),
        (b"content-length: 12", b"content-length: 12, 12"),
        (b"content-length: 12", b"content-length: 999999999999"),
        (b"content-length: 12", b"content-length: 0\r\nconnection: close"),
    ],
)
def test_every_other_head_takes_the_long_way(old: bytes, new: bytes) -> None:
    changed = PLAIN.replace(old, new, 1)
    assert changed != PLAIN
    assert Heads().of(changed) is None


def test_heads_that_never_come_again_take_a_bounded_place() -> None:
    heads = Heads()
    for number in range(3 * HEADS_KEPT):
        assert heads.of(PLAIN.replace(b"host: x", b"x-request-id: %d" % number)) is not None
    assert len(heads._known) <= HEADS_KEPT
