"""What a model is, apart from how it is packed: the digest of its meaning.

A graph means its bytes. A native model means its fitted parameters, walked the way pickle would walk
them but in a canonical order, together with what it predicts on the stored evaluation rows. Pickle's own
bytes change with hash seeds, with uninitialised padding and with whatever was interned, so they name
nothing.
"""

from __future__ import annotations

import copyreg
import types
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from blake3 import blake3

from headway.core import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headway.model.inputs import Kind, ModelInput

HOW_NOT_WHAT = frozenset(
    {
        "_sklearn_version",
        "n_jobs",
        "verbose",
        "mean_fit_time",
        "std_fit_time",
        "mean_score_time",
        "std_score_time",
        "refit_time_",
    }
)
"""Attributes that say how a model was fitted and how fast, not what it has learnt."""

_PROTOCOL = 4
_REDUCED = 5
_SCALARS = frozenset({type(None), bool, int, float, complex, str, bytes})
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)


class UnwalkableError(ValueError):
    """A fitted model holds something that has no canonical form; the text names it."""


class Parameters(NamedTuple):
    """The fitted parameters of a model.

    Attributes:
        digest: Digest of their canonical form.
        modules: Modules that the classes and functions in it come from, sorted.
    """

    digest: str
    modules: tuple[str, ...]


def of_graph(graph: bytes, inputs: tuple[ModelInput, ...], kind: Kind, classes: tuple[Any, ...]) -> str:
    """Digest of a model that serves as an ONNX graph."""
    return digest.of_value(["onnx", digest.of_bytes(graph), _described(inputs), kind, list(classes)])


def of_native(
    parameters: str,
    predictions: np.ndarray,
    inputs: tuple[ModelInput, ...],
    kind: Kind,
    classes: tuple[Any, ...],
) -> str:
    """Digest of a model that serves in its native form.

    Args:
        parameters: Digest of its fitted parameters; empty when they have no canonical form, so that
            its predictions alone name it.
        predictions: Its answers to the stored evaluation rows, exact.
        inputs: The columns that it takes, in order.
        kind: What it answers.
        classes: Its classes, in the order of its probabilities.
    """
    answers = [list(predictions.shape), digest.of_bytes(np.ascontiguousarray(predictions).tobytes())]
    return digest.of_value(["native", parameters, answers, _described(inputs), kind, list(classes)])


def _described(inputs: tuple[ModelInput, ...]) -> list[list[str]]:
    return [[item.name, item.type] for item in inputs]


def parameters(model: Any) -> Parameters:
    """The canonical digest of everything that a fitted model has learnt.

    Source of the walk: the reduction protocol of pickle (PEP 307, PEP 574).

    Raises:
        UnwalkableError: It holds something without a canonical form (a lambda, an open file, a cycle).
    """
    walk = _Walk()
    try:
        for piece in walk.pieces(model):
            walk.hasher.update(piece)
    except (TypeError, AttributeError, RecursionError) as error:
        raise UnwalkableError(str(error)) from error
    return Parameters(walk.hasher.hexdigest(), tuple(sorted(walk.modules)))


class _Walk:
    """One walk: what was hashed so far, which modules were met, and what it stands inside of."""

    def __init__(self) -> None:
        self.hasher = blake3()
        self.modules: set[str] = set()
        self._inside: set[int] = set()

    def pieces(self, value: Any) -> Iterator[bytes]:
        """Bytes that say what a value is; two values of one meaning give the same bytes."""
        if type(value) in _SCALARS:
            yield _tagged(type(value).__name__, _scalar(value))
        elif isinstance(value, (np.ndarray, np.generic)):
            yield from self._array(np.asarray(value))
        elif isinstance(value, _NAMED):
            yield self._named(
                value, value.__qualname__ if not isinstance(value, np.ufunc) else value.__name__
            )
        else:
            if id(value) in self._inside:
                message = f"`{type(value).__name__}` holds itself"
                raise UnwalkableError(message)
            self._inside.add(id(value))
            yield from self._compound(value)
            self._inside.discard(id(value))

    def _compound(self, value: Any) -> Iterator[bytes]:
        if type(value) in (list, tuple):
            yield _tagged(type(value).__name__, str(len(value)).encode())
            for item in value:
                yield from self.pieces(item)
        elif type(value) in (set, frozenset):
            yield _tagged("set", b"".join(sorted(self._digest(item) for item in value)))
        elif type(value) is dict:
            yield from self._mapping(value)
        else:
            yield from self._object(value)

    def _mapping(self, value: Mapping[Any, Any]) -> Iterator[bytes]:
        kept = {
            self._digest(key): item
            for key, item in value.items()
            if not (isinstance(key, str) and key in HOW_NOT_WHAT)
        }
        yield _tagged("dict", str(len(kept)).encode())
        for key in sorted(kept):
            yield key
            yield from self.pieces(kept[key])

    def _array(self, value: np.ndarray) -> Iterator[bytes]:
        if value.dtype.names is not None:
            # Field by field: the padding between fields is whatever lay in memory.
            yield _tagged("record", str(value.shape).encode())
            for name in value.dtype.names:
                yield _tagged("field", name.encode())
                yield from self._array(np.ascontiguousarray(value[name]))
        elif value.dtype.hasobject:
            yield _tagged("objects", str(value.shape).encode())
            for item in value.ravel().tolist():
                yield from self.pieces(item)
        else:
            yield _tagged(value.dtype.str, str(value.shape).encode())
            yield np.ascontiguousarray(value).tobytes()

    def _object(self, value: Any) -> Iterator[bytes]:
        reducer = copyreg.dispatch_table.get(type(value))
        reduced: Any = reducer(value) if reducer else value.__reduce_ex__(_PROTOCOL)
        if isinstance(reduced, str):
            yield self._named(value, reduced)
            return
        padded: list[Any] = [*reduced, None, None, None]
        make, arguments, state, items, pairs = padded[:_REDUCED]
        yield _tagged("object", b"")
        for part in (make, tuple(arguments), state, list(items or ()), dict(pairs or ())):
            yield from self.pieces(part)

    def _named(self, value: Any, name: str) -> bytes:
        module = getattr(value, "__module__", None) or "builtins"
        if "<" in name:
            message = f"`{module}.{name}` has no name by which it is found again"
            raise UnwalkableError(message)
        self.modules.add(module)
        return _tagged("name", f"{module}.{name}".encode())

    def _digest(self, value: Any) -> bytes:
        inner = blake3()
        for piece in self.pieces(value):
            inner.update(piece)
        return inner.digest()


def _tagged(tag: str, content: bytes) -> bytes:
    """Content with its kind and length before it, so that no two sequences of pieces run together."""
    return b"%s:%d:%s;" % (tag.encode(), len(content), content)


def _scalar(value: complex | str | bytes | None) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return repr(value).encode()
