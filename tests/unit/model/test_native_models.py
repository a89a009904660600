from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from headway.errors import EngineError, UserCodeError
from headway.model import native
from headway.model.container import columns_of, fill
from headway.model.inputs import InputRows, ModelInput

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

Inputs = tuple[ModelInput, ...]


def test_a_model_answers_the_same_after_it_was_kept(
    boosting: Pipeline, features: pl.DataFrame, inputs: Inputs, tmp_path: Path
) -> None:
    native.save(boosting, tmp_path / "model.joblib")
    loaded = native.load(tmp_path / "model.joblib", inputs, "probability", "polars")
    assert np.array_equal(loaded.predict(columns_of(features)), boosting.predict_proba(features))


def test_a_table_is_filled_as_the_one_that_training_saw(features: pl.DataFrame, inputs: Inputs) -> None:
    assert fill(columns_of(features), inputs, "polars").equals(features)


def test_pandas_gets_nan_and_plain_text(features: pl.DataFrame, inputs: Inputs) -> None:
    table: pd.DataFrame = fill(columns_of(features), inputs, "pandas")
    assert list(table.dtypes) == [np.float64, np.float64, object]
    assert table["wind"].isna().sum() == features["wind"].null_count()


def test_an_array_has_the_order_of_the_inputs(features: pl.DataFrame, numbers: Inputs) -> None:
    table = fill(columns_of(features), numbers, "numpy")
    assert np.array_equal(table[:, 0], features["temperature"].to_numpy())
    assert table.dtype == np.float64


@pytest.mark.parametrize("container", ["polars", "pandas", "numpy"])
def test_one_row_is_answered_in_every_container(
    container: Any, features: pl.DataFrame, label: np.ndarray, numbers: Inputs
) -> None:
    columns = columns_of(features)
    model = HistGradientBoostingClassifier(max_iter=3).fit(fill(columns, numbers, container), label)
    one = {name: values[:1] for name, values in columns.items()}
    assert native.NativeModel(model, numbers, "probability", container).predict(one).shape == (1, 2)


@pytest.mark.parametrize("container", ["polars", "pandas", "numpy"])
def test_a_table_of_numbers_only_is_filled_as_the_others_are(
    container: Any, features: pl.DataFrame, numbers: Inputs
) -> None:
    names = [item.name for item in numbers]
    wanted = features.select(names)
    table = fill(columns_of(wanted), numbers, container)
    if container == "polars":
        assert table.equals(wanted)
    elif container == "pandas":
        assert list(table.columns) == names
        assert list(table.dtypes) == [np.float64] * len(names)
    if container != "polars":
        assert np.array_equal(np.asarray(table), wanted.fill_null(float("nan")).to_numpy(), equal_nan=True)


class ScalesInPlace:
    """Answers with its input, and writes zeros into it."""

    def predict(self, table: Any) -> np.ndarray:
        values = np.asarray(table)
        answer = values[:, 0].copy()
        if values.flags.writeable:
            values[:] = 0.0
        return answer


@pytest.mark.parametrize("container", ["polars", "pandas", "numpy"])
def test_what_a_model_does_to_its_table_does_not_reach_the_rows_that_are_logged(container: Any) -> None:
    rows = InputRows(numbers=np.array([[1.5, 2.0]]), texts=np.empty((1, 0), dtype=object))
    inputs = (ModelInput(name="a", type="number"), ModelInput(name="b", type="number"))
    model = native.NativeModel(ScalesInPlace(), inputs, "value", container)
    assert model.answer(rows).tolist() == [1.5]
    assert rows.numbers.tolist() == [[1.5, 2.0]]


def test_a_null_text_enters_as_the_empty_string() -> None:
    columns = columns_of(pl.DataFrame({"t": pl.Series(["a", None])}))
    assert columns["t"].tolist() == ["a", ""]


def test_a_lambda_in_a_model_is_refused_with_its_mend(tmp_path: Path) -> None:
    with pytest.raises(UserCodeError, match="cannot be written") as caught:
        native.save(Pipeline([("f", lambda x: x)]), tmp_path / "model.joblib")
    assert caught.value.code == "MO003"


@pytest.mark.parametrize("damage", [b"", b"\x80\x05", b"not a pickle at all"])
def test_a_damaged_file_is_a_named_error(damage: bytes, inputs: Inputs, tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    path.write_bytes(damage)
    with pytest.raises(EngineError) as caught:
        native.load(path, inputs, "probability", "polars")
    assert caught.value.code == "MO005"


def test_a_missing_library_is_named(inputs: Inputs, tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    path.write_bytes(b"cno_such_library\nThing\n.")
    with pytest.raises(EngineError, match="no_such_library") as caught:
        native.load(path, inputs, "probability", "polars")
    assert caught.value.code == "MO004"
