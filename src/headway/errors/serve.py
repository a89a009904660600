"""Everything that the data plane can be asked wrongly, or can fail at.

SE0xx answer a request (`headway.serve.core` gives each its HTTP status), SE1xx concern a release,
SE2xx the server, SE3xx look-up rows and the prediction log.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from headway.errors import BugError, ContractError, EngineError, UsageError, UserCodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = 200
"""Longest foreign text that a message repeats, in characters."""

SHOWN = 5
"""Most names that a message lists."""


def _cut(text: object) -> str:
    plain = str(text)
    return plain if len(plain) <= TEXT else plain[: TEXT - 1] + "…"


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name[:TEXT], known, n=1)
    if close:
        return f"did you mean `{_cut(close[0])}`?"
    listed = ", ".join(f"`{_cut(item)}`" for item in known[:SHOWN])
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"there is {listed}{more}" if known else "there is none"


# -- requests ----------------------------------------------------------------------------------


def unknown_path(path: str) -> UsageError:
    """SE001: No such path.

    The server answers `/v2/...` (Open Inference Protocol), `/predict/ENDPOINT` (named fields),
    `/metrics`, `/status` and `/openapi.json`.
    """
    return UsageError(
        code="SE001",
        what=f"there is nothing at `{_cut(path)}`",
        mend="POST rows to `/predict/ENDPOINT` or `/v2/models/ENDPOINT/infer`; GET `/v2` lists the endpoints",
    )


def unknown_model(name: str, known: Sequence[str]) -> UsageError:
    """SE002: No such model.

    A model is served under the name of its endpoint in the product file.
    """
    return UsageError(code="SE002", what=f"there is no model `{_cut(name)}`", mend=_nearest(name, known))


def unknown_version(name: str, version: str, known: Sequence[str]) -> UsageError:
    """SE003: The model is not served in this version.

    A version is a release digest or its first digits (at least 6); only releases that are on the
    route now can be asked.
    """
    return UsageError(
        code="SE003",
        what=f"model `{_cut(name)}` is not served in version `{_cut(version)}`",
        mend=_nearest(version, known),
    )


def wrong_method(method: str, allowed: str) -> UsageError:
    """SE004: The path does not take this method.

    Predictions are asked with POST; everything else is read with GET.
    """
    return UsageError(
        code="SE004", what=f"this path does not take `{_cut(method)}`", mend=f"use {_cut(allowed)}"
    )


def wrong_content_type(found: str) -> UsageError:
    """SE005: The body is not announced as JSON.

    Requests are JSON in UTF-8, uncompressed. `curl -d` announces a form unless it is given
    `-H 'content-type: application/json'`.
    """
    return UsageError(
        code="SE005",
        what=f"the body is announced as `{_cut(found)}`",
        mend="send JSON in UTF-8, uncompressed, with `content-type: application/json`",
    )


def too_large(limit: int) -> UsageError:
    """SE006: The body is larger than the server takes.

    Send fewer rows per request.
    """
    return UsageError(
        code="SE006",
        what=f"the body is larger than {limit} bytes",
        mend="send fewer rows per request",
    )


def too_slow_body(seconds: float) -> UsageError:
    """SE007: The body did not arrive in time.

    A connection that trickles its request would hold its place for ever.
    """
    return UsageError(
        code="SE007",
        what=f"the body did not arrive within {seconds:g} seconds",
        mend="send the request again, at once",
    )


def not_json(reason: str) -> ContractError:
    """SE008: The body is not the JSON that is wanted.

    It is not JSON, not UTF-8, nested too deeply, or lacks what every request has. JSON has no NaN and no
    Infinity (RFC 8259 section 6), though Python writes them: a missing value is `null`.
    """
    return ContractError(
        code="SE008",
        what=f"the body cannot be read: {_cut(reason)}",
        mend='send `{"rows": [{...}]}`, one object, or the inputs of the Open Inference Protocol; JSON has no NaN,'
        " a missing value is null",
    )


def breaks_protocol(path: str, reason: str) -> ContractError:
    """SE009: The body does not have the form that its path takes.

    The path names the part. (A row that breaks the request contract itself is DC004.)
    """
    return ContractError(
        code="SE009",
        what=f"`{_cut(path)}`: {_cut(reason)}",
        where=_cut(path),
        mend="GET `/v2/models/ENDPOINT` lists the fields and their types",
    )


def no_rows() -> ContractError:
    """SE010: The request has no rows.

    An empty request is more often a mistake of the caller than a wish, so it is refused.
    """
    return ContractError(code="SE010", what="the request has no rows", mend="send at least one row")


def unknown_output(name: str, known: Sequence[str]) -> UsageError:
    """SE011: The model has no such output.

    `outputs` in a request of the Open Inference Protocol picks from what the model returns.
    """
    return UsageError(code="SE011", what=f"there is no output `{_cut(name)}`", mend=_nearest(name, known))


def over_rate(endpoint: str, rate: float) -> EngineError:
    """SE012: More requests than the endpoint accepts.

    The limit stands in the product file (`limits: {rate: ...}`); `Retry-After` says when to ask again.
    """
    return EngineError(
        code="SE012",
        what=f"endpoint `{_cut(endpoint)}` takes {rate:g} requests per second",
        mend="ask again after the seconds in `Retry-After`, or raise `limits.rate` in the product file",
        retryable=True,
    )


def stopped(endpoint: str) -> EngineError:
    """SE013: The endpoint is stopped.

    Somebody ran `headway stop`, or nothing was released to it yet; `headway status` says which, who and why.
    """
    return EngineError(
        code="SE013",
        what=f"endpoint `{_cut(endpoint)}` is stopped, or nothing was released to it yet",
        mend="`headway status` says which, and who stopped it and why",
        retryable=True,
    )


def not_ready(endpoint: str) -> EngineError:
    """SE014: The endpoint's release could not be loaded.

    `/status` says why. The endpoint is answered as soon as a release on its route loads.
    """
    return EngineError(
        code="SE014",
        what=f"endpoint `{_cut(endpoint)}` has no release that could be loaded",
        mend="GET `/status` says why; release again, or roll back",
        retryable=True,
    )


def over_time(endpoint: str, limit: float) -> EngineError:
    """SE015: The answer took longer than the endpoint's limit.

    The limit stands in the product file (`limits: {timeout: ...}`). The caller is told as soon as it has
    passed. Code of the product that runs is not interrupted, but its answer is neither given nor logged.
    """
    return EngineError(
        code="SE015",
        what=f"endpoint `{_cut(endpoint)}` has no answer within its limit of {limit:g} s",
        mend="send fewer rows, or raise `limits.timeout` in the product file",
        retryable=True,
    )


_NO_FEATURES = {
    "ON001": "their store does not answer",
    "ON002": "their store has no such table",
    "ON004": "their store lacks one of them",
    "ON008": "their store is damaged",
}
"""What a caller is told of a store that fails, without its address or path."""


def features_unavailable(endpoint: str, group: str, code: str = "") -> EngineError:
    """SE020: Features cannot be looked up, and the endpoint refuses to answer without them.

    The online store does not answer, lacks what is looked up, or is damaged, and the product file says
    `fallback: refuse`. The caller is told which, and by `retry-after` when to ask again; nothing was
    predicted or logged. The server's log names the store and the reason in full, once until it answers
    again. With `fallback: snapshot` the rows that were released are used instead.

    Args:
        endpoint: Its name.
        group: Whose features.
        code: Of the store's own error.
    """
    reason = _NO_FEATURES.get(code, "their store cannot be used")
    return EngineError(
        code="SE020",
        what=f"endpoint `{_cut(endpoint)}` cannot look up features of `{_cut(group)}` now: {reason}",
        mend="nothing was predicted; the same request may be answered when the store is back",
        retryable=True,
    )


def not_finite(endpoint: str, row: int) -> UserCodeError:
    """SE016: The model answered NaN or infinity.

    No number can be told to the caller, and JSON has none to say it with. Usually a feature was
    missing that the model cannot do without; the prediction is neither answered nor logged.
    """
    return UserCodeError(
        code="SE016",
        what=f"model `{_cut(endpoint)}` answered no finite number for row {row}",
        mend="handle missing values in the model's pipeline, or forbid nulls in the contract",
    )


def product_failed(release: str, incident_id: str) -> UserCodeError:
    """SE017: The product's own code failed on a request.

    An on-demand function or the native model raised, or returned something else than one value per
    row. What it was stands in the server's log under the incident's id.
    """
    return UserCodeError(
        code="SE017",
        what=f"the product's code in release `{release[:12]}` failed; incident `{incident_id}`",
        mend="reproduce it with `headway.load(...)` and the same row, then mend the function",
    )


def incident(incident_id: str) -> BugError:
    """SE018: The server failed while it answered.

    Nothing is said about the inside to the caller; the server's log has one line with this id.
    """
    return BugError(
        code="SE018",
        what=f"the server failed; incident `{incident_id}`",
        mend="look for this id in the server's log",
    )


def model_failed(endpoint: str, reason: BaseException) -> UserCodeError:
    """SE019: The product's own model raised.

    A native model is the product's code; what it raised is the cause of this error. Reproduce it
    with `headway.load(...)` and the same row.
    """
    return UserCodeError(
        code="SE019",
        what=f"model `{_cut(endpoint)}` raised {type(reason).__name__}: {_cut(reason)}",
        mend="reproduce it with `headway.load(...)` and the same row, then mend the model and train again",
    )


# -- releases ----------------------------------------------------------------------------------


def not_servable(release: str, reason: str) -> EngineError:
    """SE101: A bundle is whole, but cannot serve.

    A file that it needs is not in it, its code cannot be imported, or its parts do not fit
    together. Build it again with this version of Headway.
    """
    return EngineError(
        code="SE101",
        what=f"release `{release[:12]}` cannot serve: {_cut(reason)}",
        mend="run `headway apply` to build the release again",
    )


def wrong_library(release: str, library: str, wanted: str, found: str) -> EngineError:
    """SE102: A native model needs another version of a library.

    A native model is the library's own objects; another version may answer differently without a
    word, so it is refused.
    """
    return EngineError(
        code="SE102",
        what=f"release `{release[:12]}` was trained with {_cut(library)} {_cut(wanted)}, found {_cut(found)}",
        mend=f"install {_cut(library)}=={_cut(wanted)}, or train again",
    )


# -- the server --------------------------------------------------------------------------------


def port_taken(host: str, port: int, reason: str) -> EngineError:
    """SE201: The server cannot listen there.

    Another program has the port, or the address is not this machine's.
    """
    return EngineError(
        code="SE201",
        what=f"cannot listen on `{_cut(host)}:{port}`: {_cut(reason)}",
        mend="choose another port (0 takes any free one)",
        retryable=True,
    )


def not_loopback(host: str) -> UsageError:
    """SE202: The server would be open to other machines.

    There is neither authentication nor TLS in it: put a proxy before it, and say so explicitly.
    """
    return UsageError(
        code="SE202",
        what=f"`{_cut(host)}` is not this machine alone, and the server has neither authentication nor TLS",
        mend="listen on 127.0.0.1, or allow other machines explicitly and put a proxy before it",
    )


def nothing_to_serve(directory: str) -> UsageError:
    """SE203: The directory is neither a bundle nor an environment's.

    A bundle has `manifest.json`, an environment's directory has `route.json`.
    """
    return UsageError(
        code="SE203",
        what=f"there is nothing to serve in `{_cut(directory)}`",
        where=_cut(directory),
        mend="release something first (`headway apply --env NAME`), or point to the right directory",
    )


def route_needs_key() -> UsageError:
    """SE204: A route is followed only with the workspace's key.

    The key verifies that route and releases come from this workspace.
    """
    return UsageError(
        code="SE204",
        what="a route cannot be followed without the workspace's key",
        mend="give the key of the workspace that published it",
    )


# -- look-up rows and the prediction log ---------------------------------------------------------


def not_packable(group: str, reason: str) -> BugError:
    """SE301: Rows of a group cannot be packed for look-up.

    Key columns are text, integers or booleans, and all columns have one length.
    """
    return BugError(
        code="SE301",
        what=f"group `{_cut(group)}` cannot be packed for look-up: {_cut(reason)}",
        mend="declare the group's key as text or integer",
    )


def online_damaged(reason: str) -> EngineError:
    """SE302: Packed look-up rows are damaged.

    The file is truncated, changed, or of another version of Headway.
    """
    return EngineError(
        code="SE302",
        what=f"the look-up rows cannot be used: {_cut(reason)}",
        mend="run `headway apply` to build the release again",
    )


def log_unwritable(directory: str, reason: str) -> EngineError:
    """SE303: The prediction log cannot be started.

    Its directory cannot be made or written. A log that fails later does not stop the server: what
    is lost is counted.
    """
    return EngineError(
        code="SE303",
        what=f"the prediction log in `{_cut(directory)}` cannot be written: {_cut(reason)}",
        where=_cut(directory),
        mend="make room or give write access",
        retryable=True,
    )
