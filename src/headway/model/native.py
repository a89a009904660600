"""A model in the form in which it was fitted, kept as a compressed pickle that joblib reads too.

`load` runs what the file says, so it may be called only on a file whose digest and signature the caller
has verified (`headway.bundle.read` does); a file from a stranger never comes here.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import pickle
import re
import zlib
from collections.abc import Callable
from functools import reduce
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any

import joblib
import numpy as np

from headway.errors import model as errors
from headway.model.container import fill, fill_numbers
from headway.model.rows import columns_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from headway.model.inputs import Container, InputRows, Kind, ModelInput

Own = Callable[[str], ModuleType | None]
"""Finds a module of the product's by its name, as a release has it; None for a module that is not theirs."""


class NativeModel:
    """A fitted estimator that is given the kind of table that it was fitted on.

    Args:
        model: Anything with `predict_proba` (kind `probability`) or `predict` (kind `value`).
        inputs: The columns that it takes, in order.
        kind: What it answers.
        container: What it was fitted on.
        own: Where the product's own classes in it come from; kept as long as the model is.
    """

    def __init__(
        self,
        model: Any,
        inputs: tuple[ModelInput, ...],
        kind: Kind,
        container: Container,
        own: Own | None = None,
    ) -> None:
        self.model = model
        self._own = own
        self.kind: Kind = kind
        self.container: Container = container
        self._inputs = inputs

    @property
    def inputs(self) -> tuple[ModelInput, ...]:
        """The columns that it takes, in order."""
        return self._inputs

    def predict(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The answers to n rows; see `headway.model.predictor.Predictor.predict`.

        What the estimator raises comes through: whoever runs the product's model names it.
        """
        return self._told(fill(columns, self._inputs, self.container))

    def answer(self, rows: InputRows) -> np.ndarray:
        """The answers to n rows; see `headway.model.predictor.Predictor.answer`."""
        if rows.texts.shape[1]:
            return self.predict(columns_of(rows, self._inputs))
        # A copy, because an estimator may scale in place what is logged afterwards.
        return self._told(fill_numbers(rows.numbers.copy(), self._inputs, self.container))

    def _told(self, table: Any) -> np.ndarray:
        if self.kind == "probability":
            return np.asarray(self.model.predict_proba(table), dtype=np.float64)
        answer = np.asarray(self.model.predict(table), dtype=np.float64)
        return answer[:, 0] if answer.shape[1:] == (1,) else answer


def save(model: Any, path: Path) -> None:
    """Write a fitted model; its bytes differ from call to call, so they name nothing.

    Raises:
        UserCodeError: It holds something that cannot be written (a lambda, an open file).
    """
    try:
        with gzip.GzipFile(path, "wb", compresslevel=3, mtime=0) as file:
            pickle.dump(model, file, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise errors.model_cannot_be_kept(type(model).__name__, str(error)) from error


def load(
    path: Path,
    inputs: tuple[ModelInput, ...],
    kind: Kind,
    container: Container,
    own: Own | None = None,
) -> NativeModel:
    """Read a model that `save` wrote, and that the caller has verified.

    Args:
        path: The file.
        inputs: The columns that it takes, in order.
        kind: What it answers.
        container: What it was fitted on.
        own: Finds the product's own modules by name; None for a model that holds nothing of theirs.

    Raises:
        EngineError: A library or a module that it needs is missing, or the file is damaged.
    """
    with _damage_named(path):
        model = joblib.load(path) if own is None else _read(path, own).load()
    return NativeModel(model, inputs, kind, container, own)


def modules_of(path: Path) -> frozenset[str]:
    """Names of the modules that a file which `save` wrote looks its classes and functions up in.

    Raises:
        EngineError: A library or a module that it needs is missing, or the file is damaged.
    """
    with _damage_named(path):
        reader = _read(path, lambda _: None)
        reader.load()
    return frozenset(reader.modules)


class _Reader(pickle.Unpickler):
    """Looks classes up in the product's own modules first, and remembers where it looked."""

    def __init__(self, file: IO[bytes], own: Own) -> None:
        super().__init__(file)
        self.modules: set[str] = set()
        self._own = own

    def find_class(self, module: str, name: str) -> Any:
        self.modules.add(module)
        found = self._own(module)
        return super().find_class(module, name) if found is None else reduce(getattr, name.split("."), found)


def _read(path: Path, own: Own) -> _Reader:
    return _Reader(io.BytesIO(gzip.decompress(path.read_bytes())), own)


@contextlib.contextmanager
def _damage_named(path: Path) -> Generator[None]:
    try:
        yield
    except ImportError as error:
        raise errors.model_needs_a_library(error.name or _named(error), str(error)) from error
    except (
        pickle.UnpicklingError,
        AttributeError,
        EOFError,
        ValueError,
        KeyError,
        OSError,
        zlib.error,
    ) as error:
        raise errors.model_cannot_be_read(path.name, f"{type(error).__name__}: {error}") from error


def _named(error: ImportError) -> str:
    found = re.search(r"'([\w.]+)'", str(error))
    return found[1] if found else "a library"
