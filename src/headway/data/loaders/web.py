"""HTTP and HTTPS: one bounded answer; each way in which a server disappoints has its own name."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from typing import Any, NamedTuple

from headway.core import digest
from headway.data.loaders import formats
from headway.data.loaders.asked import Asked, Batch, Mark, Origin
from headway.errors import ContractError, EngineError
from headway.errors import sources as errors
from headway.spec.quantities import DURATION, SIZE, parse_duration, parse_size

_SINCE = "{since}"
_STEP = 1 << 20
_TIMEOUT = timedelta(seconds=60)
_LARGEST = 2 << 30
_GONE, _REFUSED, _BUSY = (404, 410), (401, 403, 407), (408, 425, 429)
_SERVER_FAULT = 500
_TYPES = {
    "parquet": ("parquet",),
    "csv": ("csv", "text/plain", "excel"),
    "json_lines": ("json", "text/plain"),
    "json": ("json", "text/plain"),
}
"""Parts of media types that fit a format; `application/octet-stream` and none at all fit every one."""


class _Limits(NamedTuple):
    seconds: float
    size: int


def load(asked: Asked) -> Iterator[Batch]:
    """The answer of one GET, in the source's format.

    `{since}` in the URL is filled with the bound of an incremental reading (ISO 8601), or with
    nothing when everything is asked for.

    Raises:
        EngineError: The server cannot be reached, refuses, is too slow, or answers with something
            that is not the data: a page, nothing, a part, another type, too much.
        ContractError: The data are damaged, or do not parse.
        SpecError: An option does not fit.
    """
    limits = _limits(asked)
    try:
        data = _fetched(asked, limits)
    except TimeoutError as error:
        raise errors.source_is_too_slow(asked.name, asked.load, limits.seconds) from error
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(asked, error.code) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise errors.source_is_too_slow(asked.name, asked.load, limits.seconds) from error
        raise errors.source_is_unreachable(asked.name, asked.load, str(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise errors.source_is_unreachable(
            asked.name, asked.load, str(error) or type(error).__name__
        ) from error
    frame = _table(data, asked)
    if not frame.height and (asked.contract is None or asked.contract.rows.min > 0) and asked.since is None:
        raise errors.answer_is_empty(asked.name, asked.load)
    yield Batch(frame, (Origin(asked.load, digest.of_bytes(data), frame.height),))


def _table(data: bytes, asked: Asked) -> Any:
    try:
        return formats.read(data, asked, asked.load)
    except ContractError as error:
        if asked.loading.gzipped and error.code == errors.GZIP_IS_BROKEN:
            raise errors.answer_is_cut_off(asked.name, asked.load, len(data), None) from error
        raise


def _limits(asked: Asked) -> _Limits:
    known = asked.loading.options or {}
    timeout, size = asked.options.get("timeout"), asked.options.get("max_size")
    try:
        seconds = (_TIMEOUT if timeout is None else parse_duration(str(timeout))).total_seconds()
    except ValueError as error:
        raise errors.option_is_wrong(asked.name, "timeout", {"timeout": DURATION}) from error
    try:
        largest = _LARGEST if size is None else parse_size(str(size))
    except ValueError as error:
        raise errors.option_is_wrong(asked.name, "max_size", {"max_size": SIZE}) from error
    if not isinstance(asked.options.get("headers", {}), dict):
        raise errors.option_is_wrong(asked.name, "headers", known)
    return _Limits(seconds, largest)


def address(asked: Asked) -> str:
    """The URL with the bound in its place."""
    mark = asked.since.mark if asked.since is not None else None
    return asked.load.replace(_SINCE, urllib.parse.quote(_text(mark), safe=""))


def _text(mark: Mark | None) -> str:
    if mark is None:
        return ""
    return str(mark) if isinstance(mark, int) else mark.isoformat()


def _fetched(asked: Asked, limits: _Limits) -> bytes:
    headers = {"User-Agent": "headway", "Accept-Encoding": "identity"}
    headers |= {str(name): str(value) for name, value in asked.options.get("headers", {}).items()}
    request = urllib.request.Request(address(asked), headers=headers)  # noqa: S310 -- only http and https
    ends = time.monotonic() + limits.seconds
    with urllib.request.urlopen(request, timeout=limits.seconds) as answer:  # noqa: S310 -- as above
        declared = answer.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > limits.size:
            raise errors.answer_is_too_large(asked.name, asked.load, limits.size)
        parts, size = [], 0
        while part := _part(answer, asked, size):
            parts.append(part)
            size += len(part)
            if size > limits.size:
                raise errors.answer_is_too_large(asked.name, asked.load, limits.size)
            if time.monotonic() > ends:
                raise TimeoutError
        if declared.isdigit() and size < int(declared):
            raise errors.answer_is_cut_off(asked.name, asked.load, size, int(declared))
        data = b"".join(parts)
        _judge(answer.headers, data, asked)
        return data


def _part(answer: Any, asked: Asked, before: int) -> bytes:
    try:
        return bytes(answer.read1(_STEP))
    except http.client.IncompleteRead as error:
        size = before + len(error.partial)
        raise errors.answer_is_cut_off(asked.name, asked.load, size, None) from error


def _judge(headers: Message, data: bytes, asked: Asked) -> None:
    """Refuse under status 200 what is a page, nothing, or of another type."""
    if formats.is_page(data[:64]):
        raise errors.answer_is_a_page(asked.name, asked.load)
    if not data.strip():
        raise errors.answer_is_empty(asked.name, asked.load)
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    fitting = _TYPES.get(asked.loading.format or "", ())
    anything = (
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/gzip",
        "application/x-gzip",
    )
    if kind not in anything and not any(part in kind for part in fitting):
        raise errors.content_type_is_wrong(asked.name, asked.load, kind, asked.loading.format or "")


def _refusal(asked: Asked, status: int) -> EngineError:
    if status in _GONE:
        return errors.source_is_not_found(asked.name, asked.load, f"HTTP {status}")
    if status in _REFUSED:
        return errors.access_is_refused(asked.name, asked.load, f"HTTP {status}")
    return errors.server_fails(
        asked.name, asked.load, f"HTTP {status}", retryable=status >= _SERVER_FAULT or status in _BUSY
    )
