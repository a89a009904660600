"""The surroundings in which a model is fitted, so that the same inputs give the same model; no more.

scikit-learn's histogram gradient boosting sums gradients per thread: another number of threads is
another model. And whatever is seeded by the global generators is seeded here.
"""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import numpy as np
import sklearn.ensemble  # noqa: F401 -- loads the OpenMP library, which can be limited only once it is there
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Generator

_LARGEST_SEED = 2**32


@contextlib.contextmanager
def steady(seed: int) -> Generator[None]:
    """Run with one OpenMP and BLAS thread, and with Python's and numpy's global generators seeded.

    `n_jobs` of an estimator works as ever: its workers do not change the result. What the generators
    were is put back afterwards.
    """
    before, numpy_before = random.getstate(), np.random.get_state()  # noqa: NPY002 -- the product's code may use it
    random.seed(seed)
    np.random.seed(seed % _LARGEST_SEED)  # noqa: NPY002
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)  # noqa: NPY002
