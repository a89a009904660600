from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from headway.model.identity import UnwalkableError, of_graph, of_native, parameters
from headway.model.inputs import ModelInput

X = np.random.default_rng(1).normal(size=(200, 3))
Y = X[:, 0] + X[:, 1] ** 2 > 0.5

SCRIPT = """
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from headway.model.identity import parameters
from headway.training.steady import steady
rng = np.random.default_rng(0)
x = rng.normal(size=(3000, 6)); y = x[:, 0] + rng.normal(size=3000) > 0
with steady(1):
    for model in (
        HistGradientBoostingClassifier(max_iter=15, random_state=1),
        RandomForestClassifier(5, n_jobs=2, random_state=1),
        LogisticRegression(),
    ):
        print(parameters(model.fit(x, y)).digest)
"""


def test_fitting_twice_gives_one_identity_whatever_the_process_the_hash_seed_and_the_threads() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "3"))
    }
    assert len(found) == 1


def test_another_seed_is_another_model() -> None:
    one, other = (RandomForestClassifier(3, random_state=seed).fit(X, Y) for seed in (1, 2))
    assert parameters(one).digest != parameters(other).digest


def test_how_a_model_was_fitted_is_not_what_it_is() -> None:
    one = RandomForestClassifier(3, random_state=1, n_jobs=1).fit(X, Y)
    other = RandomForestClassifier(3, random_state=1, n_jobs=2, verbose=0).fit(X, Y)
    assert parameters(one).digest == parameters(other).digest


def test_the_time_that_a_search_took_is_not_what_it_found() -> None:
    searches = [GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, Y) for _ in range(2)]
    assert parameters(searches[0]).digest == parameters(searches[1]).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
    ],
)
def test_order_that_means_nothing_does_not_count(one: Any, other: Any) -> None:
    assert parameters(one).digest == parameters(other).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], (1, 2)),
        ([1, 2], [2, 1]),
        (1, 1.0),
        (1, True),
        ("1", 1),
        (["ab", "c"], ["a", "bc"]),
        (np.zeros(2, np.float32), np.zeros(2, np.float64)),
        (np.zeros((2, 1)), np.zeros((1, 2))),
        ({"a": None}, {}),
    ],
)
def test_what_differs_has_another_digest(one: Any, other: Any) -> None:
    assert parameters(one).digest != parameters(other).digest


def test_padding_between_the_fields_of_a_record_does_not_count() -> None:
    padded = np.dtype(
        {"names": ["flag", "value"], "formats": ["u1", "f8"], "offsets": [0, 8], "itemsize": 16}
    )
    one = np.frombuffer(b"\x01" + b"\x00" * 7 + np.float64(2.5).tobytes(), dtype=padded)
    other = np.frombuffer(b"\x01" + b"\xff" * 7 + np.float64(2.5).tobytes(), dtype=padded)
    assert parameters(one).digest == parameters(other).digest


def test_a_model_that_holds_itself_is_said_to_have_no_form() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(UnwalkableError, match="holds itself"):
        parameters(loop)


def test_a_lambda_is_said_to_have_no_form() -> None:
    with pytest.raises(UnwalkableError, match="no name"):
        parameters({"f": lambda x: x})


def test_the_modules_of_a_model_are_known() -> None:
    assert "sklearn.linear_model._logistic" in parameters(LogisticRegression().fit(X, Y)).modules


def test_a_graph_is_another_model_with_other_inputs_or_classes() -> None:
    number = (ModelInput(name="a", type="number"),)
    text = (ModelInput(name="a", type="text"),)
    found = {
        of_graph(b"g", number, "probability", (0, 1)),
        of_graph(b"g", text, "probability", (0, 1)),
        of_graph(b"g", number, "probability", ("0", "1")),
        of_graph(b"h", number, "probability", (0, 1)),
        of_native("p", np.zeros(2), number, "probability", (0, 1)),
        of_native("p", np.ones(2), number, "probability", (0, 1)),
    }
    assert len(found) == 6
