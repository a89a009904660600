"""One release in memory: contract, look-up rows, on-demand functions and model, ready to answer.

The way of a request's columns: look-ups as of the moment of prediction, then on-demand functions
(which see the request and the groups), then the model's inputs, then the model.
"""

from __future__ import annotations

from importlib import metadata
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from headway.bundle import manifest as files
from headway.bundle.read import open_bundle
from headway.contract.record import RecordDecoder, RecordFault, compile_record
from headway.core.digest import short
from headway.errors import HeadwayError
from headway.errors import contract as contract_errors
from headway.errors import serve as errors
from headway.features import functions
from headway.features.row import RowFunctions
from headway.model.inputs import InputRows, ModelInput
from headway.model.onnx import OnnxModel
from headway.model.rows import rows_of
from headway.online.lookup import OnlineRows
from headway.online.pack import pack
from headway.predictions.record import LookedUp
from headway.serve.answers import Answered, Teller, place_of_positive
from headway.serve.inference import InferenceForm
from headway.serve.lookups import Lookup, OnlineFeatures
from headway.serve.named import NamedForm
from headway.serve.product_code import ProductCode
from headway.spec.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from headway.bundle.manifest import Input, Manifest
    from headway.contract.verdict import Warned
    from headway.model.predictor import Predictor
    from headway.online.table import Value
    from headway.serve.asked import Form, FormName

Columns = dict[str, np.ndarray]

MICROSECONDS = 1_000_000
ALONE = OnlineFeatures()
"""Looks up in what the release brought along, and nowhere else."""
_NO_TEXTS = np.empty((0, 0), object)


class Prepared(NamedTuple):
    """What the model is asked of n rows.

    Attributes:
        warned: What on-demand functions made of them though it is not as their contract wants it.
    """

    inputs: InputRows
    warned: tuple[Warned, ...] = ()


class Outcome(NamedTuple):
    """What a release made of n rows: the model's inputs, what is told, and where its features came from."""

    inputs: InputRows
    answered: Answered
    lookups: tuple[LookedUp, ...] = ()
    warned: tuple[Warned, ...] = ()


class Gathered(NamedTuple):
    """Columns of the rows of one request: what was sent, and what was looked up for them."""

    columns: Columns
    lookups: tuple[LookedUp, ...] = ()


_NOTHING = Gathered({})


class LoadedRelease:
    """A release that can answer; immutable, and independent of every other one in the process.

    Args:
        directory: Its bundle.
        key: The workspace's key; None only for a bundle that runs no code.

    Raises:
        EngineError: The bundle is not whole or not trusted (RL5..), or cannot serve (SE1..).
    """

    def __init__(self, directory: Path, key: bytes | None) -> None:
        manifest = self.manifest = open_bundle(directory, key)
        self.digest = manifest.release
        self.version = short(self.digest)
        self.contract = _contract(directory, manifest)
        record = self._record = compile_record(self.contract, manifest.request)
        self.warns = record.warns
        self.forms: dict[FormName, Form] = {
            "named": NamedForm(manifest, record),
            "inference": InferenceForm(manifest, self.contract, record),
        }
        self._packed = _packed(directory, manifest)
        self._inputs = tuple(ModelInput(name=item.name, type=item.type) for item in manifest.inputs)
        self._converted = tuple(item for item in manifest.inputs if not self._is_ready(item))
        self._lookups = tuple(_compiled(lookup, self._packed, manifest.nodes) for lookup in manifest.lookups)
        self._offset_us = round(manifest.predict_offset_seconds * MICROSECONDS)
        self._code, self._functions = _on_demand(directory, manifest)
        self._computed = _computed(directory, manifest)
        self._model = _model(directory, manifest, self._inputs)
        self._told = Teller(manifest.answer, _about(manifest), manifest.endpoint)
        self._check_wiring()
        self._straight = self._places_in_request()

    @property
    def runs_product_code(self) -> bool:
        """Whether answering runs code of the product, which may take any time."""
        return self._functions is not None or self.manifest.runtime == "native"

    @property
    def has_product_code(self) -> bool:
        """Whether code that the product wrote takes part: on-demand functions, or classes of a native model."""
        return self._functions is not None or self.manifest.has(files.MODEL_CODE)

    @property
    def shares_calls(self) -> bool:
        """Whether one call of the model may answer several requests."""
        return bool(self.manifest.rows_independent)

    @property
    def looks_up(self) -> bool:
        """Whether features are looked up; a store is asked once for requests that wait at the same time."""
        return bool(self._lookups)

    @property
    def record(self) -> RecordDecoder:
        """The contract of a request, as a decoder of records."""
        return self._record

    @property
    def inputs(self) -> tuple[ModelInput, ...]:
        """What the model takes, in order."""
        return self._inputs

    def _places_in_request(self) -> list[int] | None:
        """Where the model's inputs stand in a row of the request, when they all come from there as they are.

        Such rows go to the model through one array, without a column on the way. Empty when they are the
        row itself.
        """
        if not self._record.is_numeric or any(item.origin != "request" for item in self.manifest.inputs):
            return None
        places = [self._record.columns.index(item.name) for item in self._inputs]
        return [] if places == [*range(len(self._record.columns))] else places

    def _check_wiring(self) -> None:
        """Refuse a release whose parts do not fit together, before a request finds out."""
        manifest, sent = self.manifest, set(self.manifest.request)
        looked_up = {name for lookup in manifest.lookups for name in lookup.features.values()}
        keys = {column for lookup in manifest.lookups for column in lookup.keys.values()}
        moment = set() if manifest.predict_column is None else {manifest.predict_column}
        called = self._functions
        made = set() if called is None else {function.name for function in called.functions}
        needed = set() if called is None else set(called.needed)
        inputs = {item.name for item in manifest.inputs}
        lacking = (keys | moment) - sent | needed - sent - looked_up | inputs - sent - looked_up - made
        if lacking:
            named = ", ".join(sorted(lacking)[:5])
            raise errors.not_servable(manifest.release, f"nothing provides {named}")

    def _is_ready(self, item: Input) -> bool:
        """Whether a column comes as the model takes it: a number of the request does, always float64."""
        column = self.contract.columns.get(item.name)
        return item.origin == "request" and column is not None and column.type == item.type == "number"

    def answer(self, records: list[msgspec.Struct], now_us: int, online: OnlineFeatures = ALONE) -> Outcome:
        """Answer n rows.

        Args:
            records: Rows of the request, checked by the contract.
            now_us: The present, microseconds since the epoch; the moment of prediction of rows
                without time.
            online: Where features are looked up.

        Raises:
            UserCodeError: The product's code failed (FE..., SE019), or an answer is not finite (SE016).
            RecordFault: What on-demand functions make of a row breaks their contract (DC010).
            EngineError: ONNX Runtime failed (MO002).
        """
        columns, lookups = self.gather((records,), (now_us,), online)[0]
        inputs, warned = self.prepare(records, columns)
        return Outcome(inputs, self.tell(inputs), lookups, warned)

    def gather(
        self, asked: Sequence[list[msgspec.Struct]], nows_us: Sequence[int], online: OnlineFeatures = ALONE
    ) -> list[Gathered]:
        """The columns of several requests; features are looked up once for all of them.

        Args:
            asked: Rows of each request, checked by the contract.
            nows_us: The present of each request; see `answer`.
            online: Where features are looked up.

        Raises:
            EngineError: A look-up fails, and the endpoint refuses to go on without (SE020).
        """
        if self._straight is not None:
            return [_NOTHING] * len(asked)
        columns = [self._record.to_columns(records) for records in asked]
        if not self._lookups:
            return [Gathered(item) for item in columns]
        times = [self._moments(item, now) for item, now in zip(columns, nows_us, strict=True)]
        ends = [0, *accumulate(map(len, times))]
        moments = [*chain.from_iterable(times)]
        noted: list[tuple[LookedUp, ...]] = [()] * len(asked)
        for lookup in self._lookups:
            keys = [key for item in columns for key in _keys(lookup, item)]
            given = online.at(lookup, keys, moments, self._packed)
            for place, (start, end) in enumerate(pairwise(ends)):
                columns[place] |= _named(lookup, given.rows[start:end])
                noted[place] += (_part(given.noted, start, end),)
        return [Gathered(item, notes) for item, notes in zip(columns, noted, strict=True)]

    def prepare(self, records: list[msgspec.Struct], columns: Columns) -> Prepared:
        """The model's inputs of the rows of one request; see `answer`.

        Raises:
            UserCodeError: The product's on-demand code failed (FE...).
            RecordFault: What it makes of a row breaks its contract (DC010).
        """
        if self._straight is None:
            return self._assembled(columns)
        numbers = self._record.to_matrix(records)
        return Prepared(InputRows(numbers.take(self._straight, 1) if self._straight else numbers, _NO_TEXTS))

    def refused(
        self, records: list[msgspec.Struct], now_us: int, online: OnlineFeatures = ALONE
    ) -> Iterator[tuple[int, RecordFault]]:
        """Each row of whose computed features their contract refuses something, by its place, and what; see `answer`.

        Raises:
            UserCodeError: The product's on-demand code failed (FE...).
            EngineError: A look-up fails, and the endpoint refuses to go on without (SE020).
        """
        if self._functions is None or self._computed is None or not records:
            return
        (gathered,) = self.gather((records,), (now_us,), online)
        made = self._functions(gathered.columns)
        try:
            _held(self._computed, made)
        except RecordFault:
            for place in range(len(records)):
                try:
                    _held(self._computed, {name: values[place : place + 1] for name, values in made.items()})
                except RecordFault as fault:
                    yield place, fault

    def _assembled(self, columns: Columns) -> Prepared:
        """The inputs from the request's columns, from look-ups and from on-demand functions."""
        available = dict(columns)
        warned: tuple[Warned, ...] = ()
        if self._functions is not None:
            made = self._functions(available)
            if self._computed is not None:
                warned = _held(self._computed, made)
            available |= made
        for item in self._converted:
            available[item.name] = as_input(available[item.name], item)
        return Prepared(rows_of(available, self._inputs), warned)

    def tell(self, inputs: InputRows) -> Answered:
        """What is told of n rows; see `answer`.

        Raises:
            UserCodeError: The model failed (SE019), or an answer is not finite (SE016).
            EngineError: ONNX Runtime failed (MO002).
        """
        return self._told(self._predict(inputs))

    def tell_together(self, asked: Sequence[InputRows]) -> list[Answered]:
        """What is told of the rows of several requests, by one call of the model; where `rows_independent`.

        Raises:
            UserCodeError: As `tell`, which of the requests it was is not known.
            EngineError: Likewise.
        """
        told = self.tell(InputRows(*(np.concatenate(parts) for parts in zip(*asked, strict=True))))
        ends = accumulate((len(inputs.numbers) for inputs in asked), initial=0)
        return [Answered(*(found[start:end] for found in told)) for start, end in pairwise(ends)]

    def _predict(self, inputs: InputRows) -> np.ndarray:
        try:
            return self._model.answer(inputs)
        except HeadwayError:
            raise
        except Exception as reason:  # the user-code boundary: a native model raises what it likes
            raise errors.model_failed(self.manifest.endpoint, reason) from reason

    def _moments(self, columns: Columns, now_us: int) -> list[int]:
        """When each row is predicted, microseconds since the epoch."""
        if self.manifest.predict_column is None:
            return [now_us] * len(next(iter(columns.values())))
        times = columns[self.manifest.predict_column].astype("datetime64[us]", copy=False)
        return [moment + self._offset_us for moment in times.view(np.int64).tolist()]


def _keys(lookup: Lookup, columns: Columns) -> Iterator[tuple[object, ...]]:
    """Values of the key columns, per row."""
    return zip(*[columns[column].tolist() for column in lookup.keys], strict=True)


def _named(lookup: Lookup, rows: list[tuple[Value, ...]]) -> Columns:
    """Rows of a look-up as columns."""
    return {name: _array(values) for name, values in zip(lookup.names, zip(*rows, strict=True), strict=True)}


def _part(noted: LookedUp, start: int, end: int) -> LookedUp:
    """What was noted of some of the rows, counted from the first of them."""
    missed = tuple([place - start for place in noted.missed if start <= place < end])
    expired = tuple([(place - start, age) for place, age in noted.expired if start <= place < end])
    return LookedUp(noted.group, noted.source, noted.commit, missed, expired, noted.ttl_us if expired else 0)


def as_input(column: np.ndarray, wanted: Input) -> np.ndarray:
    """A column as the model takes it: float64 with NaN, or text with the empty string, for null."""
    if wanted.type == "text":
        return np.array(["" if text is None else text for text in column.tolist()], dtype=object)
    return column if column.dtype == np.float64 else column.astype(np.float64)


def _array(values: tuple[float | str | None, ...]) -> np.ndarray:
    is_number = isinstance(values[0], float)
    return np.array(values, dtype=np.float64 if is_number else object)


def _contract(directory: Path, manifest: Manifest, name: str = files.CONTRACT) -> Contract:
    data = _read(directory, manifest, name)
    try:
        return msgspec.json.decode(data, type=Contract)
    except msgspec.DecodeError as reason:
        raise errors.not_servable(manifest.release, f"{name}: {reason}") from reason


def _computed(directory: Path, manifest: Manifest) -> RecordDecoder | None:
    """The contract of what on-demand functions compute; None where none is declared."""
    if not manifest.has(files.COMPUTED):
        return None
    contract = _contract(directory, manifest, files.COMPUTED)
    return compile_record(contract, tuple(contract.columns))


def _held(computed: RecordDecoder, made: Columns) -> tuple[Warned, ...]:
    """What the contract of computed features only warns of in n rows.

    Raises:
        RecordFault: It refuses them (DC010).
    """
    try:
        records = computed.from_columns({name: made[name] for name in computed.columns})
    except RecordFault as refused:
        raise contract_errors.computed_is_refused(refused) from refused
    return computed.warnings(records)


def _packed(directory: Path, manifest: Manifest) -> OnlineRows:
    if not manifest.lookups:
        return OnlineRows(pack({}))
    packed = OnlineRows(_read(directory, manifest, files.ONLINE))
    for lookup in manifest.lookups:
        if not packed.has(lookup.group, lookup.keys, lookup.features):
            reason = f"{files.ONLINE} has not what is looked up in group {lookup.group}"
            raise errors.not_servable(manifest.release, reason)
    return packed


def _compiled(lookup: files.Lookup, packed: OnlineRows, nodes: Mapping[str, str]) -> Lookup:
    return Lookup(
        group=lookup.group,
        table=lookup.table,
        keys=tuple(lookup.keys[column] for column in packed.keys(lookup.group)),
        features=tuple(lookup.features),
        names=tuple(lookup.features.values()),
        ttl_us=None if lookup.ttl_seconds is None else round(lookup.ttl_seconds * MICROSECONDS),
        released=nodes.get(f"feature_group.{lookup.group}", ""),
    )


def _on_demand(directory: Path, manifest: Manifest) -> tuple[ProductCode | None, RowFunctions | None]:
    if manifest.on_demand is None:
        return None, None
    _read(directory, manifest, files.CODE)
    code = ProductCode(directory / files.CODE, manifest.release)
    return code, RowFunctions(functions.load(code.module(manifest.on_demand)))


def _model(directory: Path, manifest: Manifest, inputs: tuple[ModelInput, ...]) -> Predictor:
    kind = manifest.answer.kind
    if manifest.runtime == "onnx":
        return OnnxModel(_read(directory, manifest, files.ONNX_MODEL), inputs, kind)
    for library, wanted in manifest.libraries.items():
        found = _installed(library)
        if found != wanted:
            raise errors.wrong_library(manifest.release, library, wanted, found)
    _read(directory, manifest, files.NATIVE_MODEL)
    from headway.model import native  # joblib, polars, scikit-learn: only where a native model serves

    has_code = manifest.has(files.MODEL_CODE)
    own = ProductCode(directory / files.MODEL_CODE, manifest.release).own if has_code else None
    return native.load(directory / files.NATIVE_MODEL, inputs, kind, manifest.container, own)


def _installed(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "none"


def _about(manifest: Manifest) -> int:
    if manifest.answer.kind == "value":
        return 0
    place = place_of_positive(manifest.answer)
    if place is None:
        reason = f"class {manifest.answer.positive!r} is none of the model's"
        raise errors.not_servable(manifest.release, reason)
    return place


def _read(directory: Path, manifest: Manifest, name: str) -> bytes:
    if not manifest.has(name):
        raise errors.not_servable(manifest.release, f"it has no {name}")
    return (directory / name).read_bytes()
