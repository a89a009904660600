"""What a release bundle is: a directory that a server can live on, without a ledger.

manifest.json     this value, with blake3 and sha256 of every other file
contract.json     the request contract: `headway.spec.contract.Contract` of the request columns
computed.json     the contract of what on-demand functions compute, where one is declared
model.onnx        or model.joblib (native form: loaded only after digest and signature are verified)
code.zip          the product's code that runs at request time (on-demand functions)
model_code.zip    the product's code that a native model's own classes are in, as it was trained
online.msgpack    packed rows of the groups that it looks up (`headway.online`)
profile.json      reference profile of the training data

Written by `headway.bundle.write`, opened by `headway.bundle.read`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from headway.bundle.signing import Signed, plain
from headway.core.digest import of_value
from headway.errors import bundle as errors

MANIFEST = "manifest.json"
CONTRACT = "contract.json"
COMPUTED = "computed.json"
ONNX_MODEL = "model.onnx"
NATIVE_MODEL = "model.joblib"
CODE = "code.zip"
MODEL_CODE = "model_code.zip"
ONLINE = "online.msgpack"
PROFILE = "profile.json"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


class BundleFile(Struct, frozen=True, kw_only=True):
    """One file of a bundle: name, both digests, bytes."""

    name: str
    blake3: str
    sha256: str
    size: int


class Input(Struct, frozen=True, kw_only=True):
    """One column that the model takes, in order.

    Attributes:
        type: `number` (float64; integers and booleans enter as numbers, null as NaN) or `text`
            (null enters as the empty string), in training and in serving alike.
        origin: `request`, `group` or `on_demand`.
    """

    name: str
    type: Literal["number", "text"]
    origin: Literal["request", "group", "on_demand"]


class Lookup(Struct, frozen=True, kw_only=True):
    """Features of one group that are looked up at request time.

    Attributes:
        group: Name of the group, as in `online.msgpack`.
        keys: Group key column -> request column.
        features: Column in the group -> name as the model knows it.
        ttl_seconds: Older values count as missing; None means never.
        table: The group's physical table, as an online store has it; empty in a bundle made by hand.
    """

    group: str
    keys: dict[str, str]
    features: dict[str, str]
    ttl_seconds: float | None = None
    table: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """What a prediction means; see `headway.spec.product.Answer`.

    Attributes:
        kind: `probability` (of the class `positive`) or `value`.
        classes: Labels in the order of the model's probabilities.
        unit: Unit of a value.
    """

    kind: Literal["probability", "value"]
    positive: Any = None
    classes: tuple[Any, ...] = ()
    threshold: float | None = None
    unit: str = ""


class Manifest(Signed, frozen=True, kw_only=True):
    """A release, complete: its digest is the digest of this value without `release` and `signature`.

    Attributes:
        release: The release digest, 64 hexadecimal digits.
        endpoint: Name of the endpoint (`delay`).
        runtime: `onnx` or `native`.
        why_native: Why the native form serves, in one sentence; empty for ONNX.
        container: What the native form was fitted on, and is given again.
        predict_column: Request column that `predict_at` is relative to; None for rows without time.
        predict_offset_seconds: Added to it.
        on_demand: Module in `code.zip` with the on-demand functions; None when there are none.
        inputs: Columns of the model, in order.
        rows_independent: Whether the model answered rows alone, in groups and all at once alike, bit by
            bit, so that one call may answer several requests; not set by who never tried.
        libraries: Distribution -> version that the native form needs.
        nodes: Node -> digest of every artifact that went in.
        meaning: Digest of each file that counts by meaning rather than by bytes (native model:
            parameters and predictions), by file name.
    """

    release: str
    product: str
    endpoint: str
    runtime: Literal["onnx", "native"]
    answer: Answer
    inputs: tuple[Input, ...]
    lookups: tuple[Lookup, ...] = ()
    request: tuple[str, ...] = ()
    on_demand: str | None = None
    predict_column: str | None = None
    predict_offset_seconds: float = 0.0
    why_native: str = ""
    container: Literal["polars", "pandas", "numpy"] = "polars"
    rows_independent: bool | UnsetType = UNSET
    libraries: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    meaning: dict[str, str] = field(default_factory=dict)
    files: tuple[BundleFile, ...] = ()
    version: int = 1

    def has(self, name: str) -> bool:
        """Whether the bundle brings a file of this name."""
        return any(file.name == name for file in self.files)


def check_name(name: str) -> None:
    """Refuse a file name that could leave the bundle's one flat directory.

    Raises:
        EngineError: The name is not a plain one (RL505).
    """
    if not _NAME.fullmatch(name) or name == MANIFEST:
        raise errors.bad_name(name)


def release_digest(manifest: Manifest) -> str:
    """The release's digest: its content without `release` and `signature`.

    Files count by meaning where `meaning` names them, so that packing the same native model
    again is the same release; all others count by their bytes.
    """
    files = {file.name: manifest.meaning.get(file.name, file.blake3) for file in manifest.files}
    return of_value(plain(manifest, "release", "signature", "files") | {"files": files})
