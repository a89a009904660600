"""Answers requests: (method, path, content type, body) in, (status, body, headers) out.

Knows no sockets and no event loop, so any server can carry it, and none is needed to test it. A
request is decoded, answered and encoded in the calling thread, without waiting.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from math import ceil, inf
from traceback import extract_tb
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from headway import __version__
from headway.core.ids import uuid7
from headway.errors import ContractError, HeadwayError, UserCodeError
from headway.errors import serve as errors
from headway.errors.contract import RecordFault
from headway.errors.masking import masked
from headway.serve.assignment import choose
from headway.serve.inference import metadata
from headway.serve.logged import logged
from headway.serve.meters import Checked, Label, Meters
from headway.serve.rate_limit import TokenBucket
from headway.serve.together import answer_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from headway.contract.verdict import Warned
    from headway.predictions.log import PredictionLog
    from headway.serve.asked import Asked, Form, FormName
    from headway.serve.lookups import OnlineFeatures
    from headway.serve.release import LoadedRelease, Outcome
    from headway.serve.serving import Live, Serving, Variant

STATUS = MappingProxyType(
    {
        "SE001": 404,
        "SE002": 404,
        "SE003": 404,
        "SE004": 405,
        "SE005": 415,
        "SE006": 413,
        "SE007": 408,
        "DC004": 400,
        "DC005": 400,
        "DC010": 422,
        "SE008": 400,
        "SE009": 400,
        "SE010": 400,
        "SE011": 400,
        "SE012": 429,
        "SE013": 503,
        "SE014": 503,
        "SE015": 504,
        "SE020": 503,
    }
)
"""Error code -> HTTP status; every other error is 500."""

RETRY_SECONDS = MappingProxyType({"SE020": 1})
"""Error code -> when to ask again: a store that did not answer is left alone so long."""

ANSWERED = 200
FAILED = 500
SHORTEST_VERSION = 6
"""Digits of a release digest that name a version."""
LONGEST_LINE = 2000
"""Characters of an incident's line in the server's log."""
QUICK_BYTES = 64 * 1024
"""A request of a release that runs no code of the product is answered at once up to this size."""
MOST_ROWS = 32
"""A request of more rows is worked on by itself, so that no small one waits for a large one's look-ups."""
READING = ("GET", "HEAD")
ASKING = ("POST",)
JSON = (b"content-type", b"application/json")
PREDICTION_HEADER = b"headway-prediction-id"

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_log = logging.getLogger("headway.serve")


class Request(NamedTuple):
    """What matters of a request.

    Attributes:
        path: Decoded, without the query.
        content_type: As sent; empty when it was not.
        content_encoding: As sent; empty when it was not.
        until: Reading of `time.perf_counter` after which nobody waits for the answer.
    """

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    content_encoding: str = ""
    until: float = inf


class Reply(NamedTuple):
    """What is answered."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)


class Attempt(NamedTuple):
    """A reply that is ready, and what it is counted under.

    Attributes:
        checked: Seconds that reading the rows and checking them took; 0 where it did not come to that.
        warned: What they were answered in spite of.
    """

    reply: Reply
    endpoint: str
    release: str
    rows: int
    seconds: float
    checked: float = 0.0
    warned: tuple[Warned, ...] = ()


class _Visit:
    """What is known of a request so far: what it is counted under, and headers of a refusal."""

    __slots__ = ("began", "checked", "endpoint", "headers", "release", "rows", "warned")

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.endpoint = ""
        self.release = ""
        self.rows = 0
        self.checked = 0.0
        self.warned: tuple[Warned, ...] = ()
        self.headers: tuple[tuple[bytes, bytes], ...] = ()


class Patience(NamedTuple):
    """How long a caller waits for what may be slow.

    Attributes:
        is_shared: Whether those who wait may be answered together: nobody else's code can hang in between.
    """

    endpoint: str
    seconds: float
    is_shared: bool


class _Target(NamedTuple):
    """Which endpoint is asked, in which form, and by which release if the caller says it.

    Attributes:
        patience: How long a caller waits; None without a limit.
        runs_code: Whether answering runs code of the product, or a model that may be slow.
        only: The release that answers, where there is no other.
    """

    name: str
    form: FormName
    version: str | None = None
    patience: Patience | None = None
    runs_code: bool = False
    only: Variant | None = None


class _Waiting(NamedTuple):
    """A request that was read, and waits for look-ups and the model.

    Attributes:
        at: The moment of prediction, microseconds since the epoch.
        began: The same moment, of `time.perf_counter`.
    """

    request: Request
    visit: _Visit
    live: Live
    variant: Variant
    form: Form
    asked: Asked
    at: int
    began: float


class Core:
    """The data plane of one process.

    Args:
        serving: What is served; replaced whole by assigning another one.
        log: Where predictions go; None logs nothing.
    """

    def __init__(self, serving: Serving, log: PredictionLog | None = None) -> None:
        self.log = log
        self.meters = Meters()
        self._buckets: dict[str, TokenBucket] = {}
        self.serving = serving

    @property
    def serving(self) -> Serving:
        """What is served."""
        return self._serving

    @serving.setter
    def serving(self, serving: Serving) -> None:
        """Serve something else from the next request on."""
        self._targets = _targets(serving)
        self._serving = serving

    def handle(self, request: Request) -> Reply:
        """Answer anything; never raises."""
        attempt = self.attempt(request)
        self.record(attempt)
        return attempt.reply

    def handle_together(self, requests: Sequence[Request]) -> list[Reply]:
        """Answer requests that came at the same time, each as `handle` does; never raises."""
        attempts = self.attempt_together(requests)
        for attempt in attempts:
            self.record(attempt)
        return [attempt.reply for attempt in attempts]

    def attempt(self, request: Request) -> Attempt:
        """Answer anything, in any thread, without counting it yet; never raises."""
        begun = self._begun(request)
        return begun if isinstance(begun, Attempt) else self._finished(begun)

    def attempt_together(self, requests: Sequence[Request]) -> list[Attempt]:
        """Answer requests, each as `attempt` does; those to one release share its look-ups and calls of its model."""
        begun = [self._begun(request) for request in requests]
        outcomes = _outcomes([item for item in begun if isinstance(item, _Waiting)])
        return [item if isinstance(item, Attempt) else self._finished(item, next(outcomes)) for item in begun]

    def record(self, attempt: Attempt) -> None:
        """Count an attempt whose reply is given; in one thread only."""
        label = Label(attempt.endpoint, attempt.release, attempt.reply.status)
        self.meters.record(label, attempt.seconds, attempt.rows)
        if attempt.checked:
            self.meters.check(Checked(attempt.endpoint, attempt.release), attempt.checked, attempt.rows)
        if attempt.warned:
            self.meters.warn(attempt.endpoint, attempt.release, attempt.warned)

    def patience(self, request: Request) -> Patience | None:
        """How long a caller is kept waiting for code of the product that may be slow.

        None where no time limit is declared, or where nothing slow can happen: then `handle` may be
        called where others wait for it.
        """
        target = self._targets.get(request.path)
        if target is None or target.patience is None:
            return None
        if len(request.body) > QUICK_BYTES:
            return target.patience._replace(is_shared=False)
        return target.patience if target.runs_code else None

    def answer(self, request: Request) -> Reply:
        """Answer, or raise what `handle` would have told the caller.

        Raises:
            HeadwayError: The request is refused, or the product's code failed.
        """
        begun = self._begin(request, _Visit())
        return begun if isinstance(begun, Reply) else self._finish(begun)

    def refuse(self, refused: HeadwayError) -> Reply:
        """Count and answer a request that was refused before it could be read."""
        reply = _refusal(refused, _Visit())
        self.record(Attempt(reply, "", "", 0, 0.0))
        return reply

    def late(self, patience: Patience) -> Reply:
        """Count and answer a request whose time has run out while an attempt still works on it."""
        name, limit, _ = patience
        reply = _refusal(errors.over_time(name, limit), _Visit())
        self.record(Attempt(reply, name, "", 0, limit))
        return reply

    # -- the ways ------------------------------------------------------------------------------

    def _begun(self, request: Request) -> Attempt | _Waiting:
        visit = _Visit()
        begun = _guarded(visit, self._begin, request, visit)
        return _attempt(visit, begun) if isinstance(begun, Reply) else begun

    def _finished(self, waiting: _Waiting, outcome: Outcome | BaseException | None = None) -> Attempt:
        visit = waiting.visit
        return _attempt(visit, _guarded(visit, self._finish, waiting, outcome))

    def _begin(self, request: Request, visit: _Visit) -> Reply | _Waiting:
        """Answer a request; or read it, where its release answers several at once."""
        target = self._targets.get(request.path)
        if target is not None:
            return self._predict(request, visit, target)
        match request.path.rstrip("/").split("/")[1:]:
            case ["predict", name]:
                return self._predict(request, visit, _Target(name, "named"))
            case ["v2", "models", name, "infer"]:
                return self._predict(request, visit, _Target(name, "inference"))
            case ["v2", "models", name, "versions", version, "infer"]:
                return self._predict(request, visit, _Target(name, "inference", version))
            case ["v2", *rest]:
                described = self._describe(request, visit, rest)
                _check_method(request, visit, READING)
                return described
        raise errors.unknown_path(request.path)

    def _describe(self, request: Request, visit: _Visit, rest: list[str]) -> Reply:
        match rest:
            case []:
                named = [*self.serving.endpoints]
                return _told({"name": "headway", "version": __version__, "extensions": [], "models": named})
            case ["health", "live"]:
                return _told({"live": True})
            case ["health", "ready"]:
                ready = self.serving.is_ready
                return _told({"live": True, "ready": ready}, 200 if ready else 503)
            case ["models", name]:
                return self._metadata(visit, name, None)
            case ["models", name, "versions", version]:
                return self._metadata(visit, name, version)
            case ["models", name, "ready"]:
                return self._ready(visit, name, None)
            case ["models", name, "versions", version, "ready"]:
                return self._ready(visit, name, version)
        raise errors.unknown_path(request.path)

    def _metadata(self, visit: _Visit, name: str, version: str | None) -> Reply:
        found = self._live(visit, name)
        if not found.variants:
            raise _absent(found)
        release = (found.variants[0] if version is None else _version(found, version)).release
        versions = [variant.release.version for variant in found.variants]
        return _told(metadata(versions, release.manifest, release.contract.columns))

    def _ready(self, visit: _Visit, name: str, version: str | None) -> Reply:
        found = self._live(visit, name)
        if version is not None and found.variants:
            _version(found, version)
        ready = bool(found.variants)
        return _told({"name": name, "ready": ready}, 200 if ready else 503)

    # -- predictions ---------------------------------------------------------------------------

    def _predict(self, request: Request, visit: _Visit, target: _Target) -> Reply | _Waiting:
        _check_method(request, visit, ASKING)
        found = self._live(visit, target.name)
        self._check_rate(found, visit)
        _check_announced(request)
        variant = target.only or _variant(found, target, request.body)
        release = variant.release
        visit.release = release.version
        form = release.forms[target.form]
        asked = self._checked(request, visit, variant, form)
        visit.rows = len(asked.records)
        at = time.time_ns() // 1000
        waiting = _Waiting(request, visit, found, variant, form, asked, at, time.perf_counter())
        shares = visit.rows <= MOST_ROWS and (release.shares_calls or release.looks_up)
        return waiting if shares else self._finish(waiting)

    def _finish(self, waiting: _Waiting, outcome: Outcome | BaseException | None = None) -> Reply:
        """Answer a request that was read.

        Args:
            waiting: The request.
            outcome: What its release made of it, or what failed; None when it has not been asked.
        """
        request, visit, found, variant, form, asked, at, began = waiting
        outcome = self._required(waiting, outcome)
        visit.warned += outcome.warned
        rows = visit.rows
        ids = [uuid7(at // 1000) for _ in range(rows)]
        request_id = asked.id or ids[0]
        judged = variant.release.record.judged(asked.records, visit.warned)
        body = form.write(request_id, ids, outcome.answered, asked, judged)
        now = time.perf_counter()
        seconds, limit = now - began, found.route.timeout_seconds
        if limit is not None and (seconds > limit or now > request.until):
            raise errors.over_time(found.route.name, limit)
        if self.log is not None:
            key, size = variant.origin.key, len(request.body) + len(body)
            make = partial(logged, key, request_id, at, seconds, ids, asked, outcome[:3], judged)
            self.log.add(rows, size, variant.origin, make)
        return Reply(ANSWERED, body, (JSON, (PREDICTION_HEADER, ids[0].encode())))

    def _required(self, waiting: _Waiting, outcome: Outcome | BaseException | None) -> Outcome:
        """What its release makes of a request.

        Raises:
            ContractError: What is computed of the rows is refused, and the log is told.
        """
        variant = waiting.variant
        try:
            if outcome is None:
                return variant.release.answer(waiting.asked.records, waiting.at, variant.online)
            if isinstance(outcome, BaseException):
                raise outcome
        except ContractError as refused:
            self._note(variant, refused)
            raise
        return outcome

    def _checked(self, request: Request, visit: _Visit, variant: Variant, form: Form) -> Asked:
        """The rows, read and checked by the contract: once, and what only warns is kept beside them.

        Raises:
            ContractError: They are refused; the log is told of which column and rule, and of no value.
        """
        release = variant.release
        began = time.perf_counter()
        try:
            asked = form.read(request.body)
            if release.warns:
                visit.warned = release.record.warnings(asked.records)
        except ContractError as refused:
            self._note(variant, refused)
            raise
        finally:
            visit.checked = time.perf_counter() - began
        return asked

    def _note(self, variant: Variant, refused: ContractError) -> None:
        """Tell the log that a request was refused."""
        if self.log is not None:
            faults = refused.broken if isinstance(refused, RecordFault) else ()
            status = STATUS.get(refused.code, FAILED)
            self.log.refuse(variant.origin, time.time_ns() // 1000, status, refused.code, faults)

    def _live(self, visit: _Visit, name: str) -> Live:
        endpoints = self.serving.endpoints
        found = endpoints.get(name)
        if found is None:
            raise errors.unknown_model(name, list(endpoints))
        visit.endpoint = name
        return found

    def _check_rate(self, found: Live, visit: _Visit) -> None:
        rate, name = found.route.rate, found.route.name
        if rate is None:
            return
        now = time.monotonic()
        bucket = self._buckets.get(name)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[name] = TokenBucket(rate, now)
        wait = bucket.take(now)
        if wait > 0:
            visit.headers = ((b"retry-after", b"%d" % ceil(wait)),)
            raise errors.over_rate(name, rate)


def _attempt(visit: _Visit, reply: Reply) -> Attempt:
    seconds = time.perf_counter() - visit.began
    warned = visit.warned if reply.status == ANSWERED else ()
    return Attempt(reply, visit.endpoint, visit.release, visit.rows, seconds, visit.checked, warned)


def _guarded(visit: _Visit, work: Callable[..., T], *arguments: Any) -> T | Reply:
    """What the work gives, or the reply to the request that it fails."""
    try:
        return work(*arguments)
    except HeadwayError as refused:
        return _refusal(refused, visit)
    except KeyboardInterrupt:
        raise
    except BaseException as failed:  # noqa: BLE001 -- a product's code may exit, or panic in Rust; we go on
        return _incident(failed, visit)


def _outcomes(waiting: Sequence[_Waiting]) -> Iterator[Outcome | BaseException | None]:
    """What their releases make of requests, in their order; None for one that nobody shares its release with."""
    groups: dict[tuple[LoadedRelease, OnlineFeatures], list[int]] = {}
    for place, item in enumerate(waiting):
        groups.setdefault((item.variant.release, item.variant.online), []).append(place)
    found: list[Outcome | BaseException | None] = [None] * len(waiting)
    for (release, online), places in groups.items():
        if len(places) > 1:
            asked = [waiting[place].asked.records for place in places]
            outcomes = answer_together(release, asked, [waiting[place].at for place in places], online)
            for place, outcome in zip(places, outcomes, strict=True):
                found[place] = outcome
    return iter(found)


def _targets(serving: Serving) -> dict[str, _Target]:
    """Path -> target, of the paths that are asked again and again."""
    found: dict[str, _Target] = {}
    for name, live in serving.endpoints.items():
        releases = [variant.release for variant in live.variants]
        runs_code = any(release.runs_product_code for release in releases)
        is_shared = all(release.shares_calls and not release.has_product_code for release in releases)
        limit = live.route.timeout_seconds
        patience = None if limit is None else Patience(name, limit, is_shared)
        only = live.variants[0] if len(live.variants) == 1 else None
        for path, form in ((f"/predict/{name}", "named"), (f"/v2/models/{name}/infer", "inference")):
            found[path] = _Target(name, form, None, patience, runs_code, only)
    return found


def _check_method(request: Request, visit: _Visit, allowed: tuple[str, ...]) -> None:
    if request.method not in allowed:
        visit.headers = ((b"allow", ", ".join(allowed).encode()),)
        raise errors.wrong_method(request.method, allowed[0])


def _check_announced(request: Request) -> None:
    if request.content_encoding not in ("", "identity"):
        raise errors.wrong_content_type(f"content-encoding: {request.content_encoding}")
    if request.content_type in ("", "application/json"):
        return
    kind, _, options = request.content_type.lower().partition(";")
    charset = options.partition("charset=")[2].strip().strip('"')
    if kind.strip() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise errors.wrong_content_type(request.content_type)


def _absent(found: Live) -> HeadwayError:
    name = found.route.name
    return errors.stopped(name) if found.is_stopped else errors.not_ready(name)


def _version(found: Live, version: str) -> Variant:
    for variant in found.variants:
        if len(version) >= SHORTEST_VERSION and variant.release.digest.startswith(version):
            return variant
    raise errors.unknown_version(found.route.name, version, [item.release.version for item in found.variants])


def _variant(found: Live, target: _Target, body: bytes) -> Variant:
    """The release that answers: the one asked for, the only one, or a sticky draw.

    The draw is by the unit of the first row, else by the caller's id. One release answers a request,
    so rows of several units in one request go together.
    """
    if not found.variants:
        raise _absent(found)
    if target.version is not None:
        return _version(found, target.version)
    if len(found.variants) == 1:
        return found.variants[0]
    unit = found.variants[0].release.forms[target.form].unit(body, found.route.unit)
    return found.variants[choose(found.weights, uuid7() if unit is None else unit, found.salt)]


def _told(value: object, status: int = 200) -> Reply:
    return Reply(status, _encode(value))


def _refusal(refused: HeadwayError, visit: _Visit) -> Reply:
    status = STATUS.get(refused.code, FAILED)
    if status == FAILED:
        return _incident(refused, visit)
    text = f"{refused.what}; {refused.mend}" if refused.mend else refused.what
    told: dict[str, object] = {"error": text, "code": refused.code}
    if isinstance(refused, RecordFault) and refused.path:
        told["faults"] = [{"field": path, "reason": message} for path, message in refused.faults]
    headers = visit.headers
    if (wait := RETRY_SECONDS.get(refused.code)) is not None:
        headers = (*headers, (b"retry-after", b"%d" % wait))
    return Reply(status, _encode(told), (JSON, *headers))


def _incident(failed: BaseException, visit: _Visit) -> Reply:
    """Tell the caller an id, and the log the reason in one bounded line."""
    incident = uuid7()
    public = errors.incident(incident)
    if isinstance(failed, UserCodeError):
        public = failed if failed.code == "SE016" else errors.product_failed(visit.release, incident)
    _log.error("%s", _line(failed, f"incident {incident} endpoint={visit.endpoint} release={visit.release}"))
    return Reply(FAILED, _encode({"error": public.what, "code": public.code, "incident": incident}))


def _line(failed: BaseException, about: str) -> str:
    """What failed and where, from the outermost error to the one that caused it."""
    parts = [about]
    reason: BaseException | None = failed
    while reason is not None:
        frames = extract_tb(reason.__traceback__)
        place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        text = reason.what if isinstance(reason, HeadwayError) else str(reason)
        parts.append(f"{type(reason).__name__}: {text}{place}")
        reason = reason.__cause__
    return masked(" | ".join(parts)).replace("\n", " ").replace("\r", " ")[:LONGEST_LINE]
