"""A first product from a table: product file, contract, training code, test; all of it the user's own.

What is written is meant to be read and changed: every line says what it is for.
"""

from __future__ import annotations

import csv
import json
import keyword
import random
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from headway.errors import scaffold as errors

TWO_CLASSES = 2
SHORT_HOURS = 240
"""A table that covers less is split by hours, not by days."""
_LOCK = (
    "`prod` is protected: it takes only libraries that a lock file pins; `pip freeze > requirements.txt`, and"
    " `lock: requirements.txt` in headway.yaml"
)
SMALL_SET = 20
"""A text column with at most this many values gets a closed set in its contract."""


class Begun(NamedTuple):
    """A product that was begun: files written, and what was chosen for the user."""

    files: list[str]
    notes: tuple[str, ...] = ()


class Asked(NamedTuple):
    """What the user said about the table.

    Attributes:
        name: The product's name.
        data: The table, Parquet or CSV.
        label: Column to predict.
        time: Column that says when the event happened; None for rows without time.
        positive: Value of the label that is predicted; None picks `true`, `1`, or the rarer value.
    """

    name: str
    data: Path
    label: str
    time: str | None = None
    positive: str | None = None


def begin(
    folder: Path,
    *,
    data: Path | None,
    label: str | None,
    time: str | None,
    positive: str | None,
    name: str | None,
) -> Begun:
    """Write a first product into a folder; without a table, from a small sample that is made here.

    Raises:
        UsageError: The table does not fit what was said about it, or a file is in the way.
    """
    called = name or folder.resolve().name
    if data is None:
        with tempfile.TemporaryDirectory() as place:
            sample = _sample(Path(place))
            asked = Asked(called, sample, "late")
            return Begun(write(folder, files_of(asked, read_table(sample, None)), sample), (_LOCK,))
    frame = read_table(data, time)
    if label is None:
        raise errors.label_is_missing(frame.columns)
    asked = Asked(called, data, label, time, positive)
    return Begun(write(folder, files_of(asked, frame), data), choices(asked, frame))


def choices(asked: Asked, frame: pl.DataFrame) -> tuple[str, ...]:
    """What was chosen for the user, in words, so that nothing is decided in silence."""
    said = [_LOCK]
    if asked.time is not None:
        said.append(
            "`known: 0s` says that rows and labels are known at the moment of their event; where they come later,"
            " write by how much (`10m`, `1d`) in headway.yaml, or a model learns what nobody knew yet"
        )
    left_out = identifiers(frame, asked)
    said += [f"`{name or 'the nameless column'}` only numbers the rows, and is left out" for name in left_out]
    if not is_classification(frame, asked.label):
        return (*said, f"predicts the value of `{asked.label}`; write its unit for `units` in headway.yaml")
    positive, kinds = positive_class(frame, asked), frame[asked.label].drop_nulls().n_unique()
    said.append(
        f"predicts the probability that `{asked.label}` is {positive!r}; --positive names another value"
    )
    if kinds > TWO_CLASSES:
        said.append(f"`{asked.label}` has {kinds} values: the others count as one class against it")
    return tuple(said)


def _sample(folder: Path) -> Path:
    """Deliveries, 600 of them, made from a fixed seed: whether one comes late."""
    late_from = 2.6
    chance = random.Random(7)  # noqa: S311 -- a sample, not a secret
    rows = []
    for _ in range(600):
        distance, stops = round(chance.uniform(1, 60), 1), chance.randint(1, 12)
        weather = chance.choices(["dry", "rain", "snow"], [6, 3, 1])[0]
        score = 0.04 * distance + 0.15 * stops + {"dry": 0, "rain": 0.7, "snow": 2}[weather]
        rows.append((distance, stops, weather, str(chance.gauss(score, 0.9) > late_from).lower()))
    path = folder / "deliveries.csv"
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("distance_km,stops,weather,late\n" + "\n".join(lines) + "\n")
    return path


def read_table(path: Path, time: str | None) -> pl.DataFrame:
    """The user's table, with types inferred from all rows.

    Raises:
        UsageError: The file is missing, is neither Parquet nor CSV, or cannot be read.
    """
    if not path.is_file():
        raise errors.no_table(str(path))
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        if path.suffix in (".csv", ".tsv"):
            frame = pl.read_csv(path, infer_schema_length=None, separator=separator_of(path))
            return _with_time(frame, time)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise errors.unreadable_table(str(path), str(error)) from error
    raise errors.unknown_format(str(path))


def separator_of(path: Path) -> str:
    """The mark that divides a CSV file's header into the most columns; a comma where none does."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = file.readline()
    marks = ("\t", ",", ";", "|") if path.suffix == ".tsv" else (",", ";", "\t", "|")
    return max(marks, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _options(path: Path) -> str:
    """What the product file must say of how a table is written; nothing where the defaults hold."""
    if path.suffix not in (".csv", ".tsv"):
        return ""
    separator = separator_of(path)
    said = ["format: csv"] if path.suffix == ".tsv" else []
    said += [f"separator: {json.dumps(separator)}"] if separator != "," else []
    return f", options: {{{', '.join(said)}}}" if said else ""


def _with_time(frame: pl.DataFrame, time: str | None) -> pl.DataFrame:
    if time is None or time not in frame.columns or frame[time].dtype != pl.String:
        return frame
    if frame[time].str.contains(r"^\d{4}-\d{2}-\d{2}$").any():
        raise errors.time_does_not_parse(time)
    return frame.with_columns(pl.col(time).str.to_datetime(time_zone="UTC", strict=False))


def files_of(asked: Asked, frame: pl.DataFrame) -> dict[str, str]:
    """Path in the new product -> text.

    Raises:
        UsageError: The label or the time is not a column of the table, or cannot be one.
    """
    for column in (asked.label, *([asked.time] if asked.time else [])):
        if column not in frame.columns:
            raise errors.no_such_column(column, frame.columns)
    if frame[asked.label].drop_nulls().n_unique() < TWO_CLASSES:
        raise errors.constant_label(asked.label)
    if asked.time and not (
        frame[asked.time].dtype.is_temporal() and frame[asked.time].null_count() < frame.height
    ):
        raise errors.time_does_not_parse(asked.time)
    package = _package(asked.name)
    left_out = identifiers(frame, asked)
    frame = frame.drop(left_out)
    classifies = is_classification(frame, asked.label)
    return {
        "headway.yaml": _product(asked, frame, package, classifies=classifies),
        "contracts/rows.yaml": contract_text(frame, asked, ignores_others=bool(left_out)),
        f"{package}/__init__.py": f'"""The code of {asked.name}: plain functions, testable without Headway."""\n',
        f"{package}/training.py": _training(asked, classifies=classifies),
        f"{package}/features.py": _FEATURES,
        "tests/test_features.py": _test(package),
        ".gitignore": ".headway/\n.venv/\n__pycache__/\n",
    }


def identifiers(frame: pl.DataFrame, asked: Asked) -> list[str]:
    """Columns that only number the rows: nameless ones, and whole numbers that count up by one.

    A model would learn the order of the file from them, and every caller would have to send one.
    """
    return [
        series.name
        for series in frame
        if series.name not in (asked.label, asked.time) and (not series.name or _counts(series))
    ]


def _counts(series: pl.Series) -> bool:
    if not series.dtype.is_integer() or series.null_count() or len(series) <= TWO_CLASSES:
        return False
    return bool((series.diff().drop_nulls() == 1).all())


def is_classification(frame: pl.DataFrame, label: str) -> bool:
    """Whether the label names classes: text, booleans, or two whole numbers."""
    series = frame[label]
    if series.dtype in (pl.String, pl.Boolean, pl.Categorical):
        return True
    return series.dtype.is_integer() and series.drop_nulls().n_unique() == TWO_CLASSES


def positive_class(frame: pl.DataFrame, asked: Asked) -> object:
    """The class whose probability is predicted: as asked, else true or 1, else the rarer value.

    Raises:
        UsageError: The value asked for does not occur.
    """
    values = frame[asked.label].drop_nulls().value_counts(sort=True)[asked.label].to_list()
    if asked.positive is not None:
        found = [value for value in values if str(value).lower() == asked.positive.lower()]
        if not found:
            raise errors.no_such_class(asked.positive, asked.label, [str(value) for value in values])
        return found[0]
    preferred = [value for value in values if value is True or value == 1]
    return preferred[0] if preferred else values[-1]


def _package(name: str) -> str:
    word = re.sub(r"\W+", "_", name.lower()).strip("_") or "product"
    return f"{word}_" if keyword.iskeyword(word) or word[0].isdigit() else word


def _product(asked: Asked, frame: pl.DataFrame, package: str, *, classifies: bool) -> str:
    if classifies:
        positive = positive_class(frame, asked)
        shown = str(positive).lower() if isinstance(positive, bool) else _scalar(positive)
        answer, metrics, baseline = (
            f"{{probability_of: {shown}, threshold: 0.5}}",
            "[roc_auc, log_loss]",
            "majority",
        )
        gates = ["roc_auc >= 0.6", "roc_auc >= champion - 0.02"]
    else:
        answer, metrics, baseline = "{value: units}", "[mae, r2]", "median"
        gates = ["r2 >= 0.1", "mae <= champion * 1.05"]
    timed = asked.time is not None
    event = f", event_time: {_scalar(asked.time)}, known: 0s" if timed else ""
    split = (
        _time_split(frame, asked.time) if asked.time else "{by: hash, train: 70%, validate: 15%, test: 15%}"
    )
    moment = f"    predict_at: {asked.time}\n" if timed else ""
    label = (
        f"{{column: {_scalar(asked.label)}, known: 0s}}" if timed else f"{{column: {_scalar(asked.label)}}}"
    )
    return _PRODUCT.format(
        name=asked.name,
        data=_path(f"data/{asked.data.name}"),
        options=_options(asked.data),
        event=event,
        known=_KNOWN if timed else "",
        moment=moment,
        label=label,
        split=split,
        package=package,
        baseline=baseline,
        answer=answer,
        metrics=metrics,
        gates="\n".join(f"      - {gate}" for gate in gates),
    )


def _time_split(frame: pl.DataFrame, time: str | None) -> str:
    """Shares of the span that the table covers, in whole days (or hours when it is short)."""
    series = frame[str(time)].drop_nulls()
    first: Any = series.min()
    last: Any = series.max()
    hours = max(int((last - first).total_seconds() // 3600), 10)
    unit, size = ("d", hours // 24) if hours >= SHORT_HOURS else ("h", hours)
    part = max(size * 15 // 100, 1)
    return f"{{by: time, train: {max(size - 2 * part, 1)}{unit}, validate: {part}{unit}, test: {part}{unit}}}"


def contract_text(frame: pl.DataFrame, asked: Asked | None = None, *, ignores_others: bool = False) -> str:
    """A contract proposed from a table, with what was seen beside each column."""
    lines = [
        "# What every batch of rows and every request must be; proposed from the data, yours to narrow.",
        "# A value outside is refused, with the column and the row named.",
        "columns:",
    ]
    lines += [f"  {_scalar(name)}: {_column(frame[name], asked)}" for name in frame.columns]
    lines += ["rows: {min: 1}"]
    lines += (
        ["extra_columns: ignore   # columns of the table that are not listed here"] if ignores_others else []
    )
    lines += [""]
    return "\n".join(lines)


def _column(series: pl.Series, asked: Asked | None) -> str:
    kind = logical_type(series)
    parts = [f"type: {kind}"]
    if series.null_count():
        parts.append("nulls: true")
    seen = ""
    values = series.drop_nulls()
    if kind in ("integer", "number") and len(values) and not (asked and series.name == asked.label):
        low, high = float(values.min()), float(values.max())  # ty: ignore[invalid-argument-type]
        if low >= 0:
            parts.append("min: 0")
        seen = f"  # seen: {low:g} to {high:g}"
    elif kind == "text" and values.n_unique() <= SMALL_SET and len(values) >= SMALL_SET:
        parts.append(f"in: [{', '.join(_scalar(value) for value in sorted(values.unique().to_list()))}]")
    elif kind == "text":
        seen = f"  # seen: {values.n_unique():,} different values"
    if series.null_count():
        share = series.null_count() / max(len(series), 1)
        seen += f"{',' if seen else '  # seen:'} {share:.1%} missing"
    return f"{{{', '.join(parts)}}}{seen}"


def logical_type(series: pl.Series) -> str:
    """The contract's name for a column's type."""
    if series.dtype == pl.Boolean:
        return "boolean"
    if series.dtype.is_integer():
        return "integer"
    if series.dtype.is_numeric():
        return "number"
    if series.dtype == pl.Date:
        return "date"
    return "time" if series.dtype.is_temporal() else "text"


def _path(text: str) -> str:
    """A path as YAML reads it inside braces."""
    return text if re.fullmatch(r"[\w./-]+", text) else _scalar(text)


def _scalar(value: object) -> str:
    """A YAML scalar, quoted when YAML would read something else."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    plain = isinstance(value, int | float) or (
        re.fullmatch(r"[A-Za-z_][\w-]*", text)
        and text.lower() not in ("null", "true", "false", "y", "n", "yes", "no", "on", "off")
    )
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _training(asked: Asked, *, classifies: bool) -> str:
    """Training code for the kinds of columns that the table has."""
    estimator = "HistGradientBoostingClassifier" if classifies else "HistGradientBoostingRegressor"
    return _TRAINING.format(estimator=estimator, name=asked.name)


def _test(package: str) -> str:
    return _TEST.format(package=package)


def write(folder: Path, texts: Mapping[str, str], data: Path) -> list[str]:
    """Write the files and a copy of the table; never over a file that is there.

    Raises:
        UsageError: One of the files exists already.
    """
    taken = [name for name in texts if (folder / name).exists()]
    if taken:
        raise errors.file_exists(str(folder), taken[0])
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    target = folder / "data" / data.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or not target.samefile(data):
        target.write_bytes(data.read_bytes())
    return [*texts, f"data/{data.name}"]


_KNOWN = (
    "  # known: 0s = a row is known at the moment of its event; how late does it come? (10m, 1d, a column)\n"
)
_PRODUCT = """\
# One ML product, declared. `headway plan` says what is out of date and why, `headway apply` makes it so.
product: {name}
owner: ""
goal: ""

environments:
  dev: {{}}
  prod: {{protected: true}}          # moves only through the gates below, and with a lock (`lock: requirements.txt`)

sources:
{known}  rows: {{load: {data}, contract: contracts/rows.yaml{event}{options}}}

datasets:
  main:
    rows: rows                      # one training row per row of this source
{moment}    label: {label}
    request: "*"                    # the caller sends every column of the contract but the label
    # on_demand: {package}.features # functions computed at request time, the same code in training
    split: {split}

models:
  main:
    dataset: main
    train: {package}.training:fit   # fit(train, validate, params, seed) -> a model
    params: {{max_iter: 100, learning_rate: 0.1}}
    baseline: {baseline}              # a trivial rival on the same rows
    answer: {answer}
    seed: 7

evaluations:
  main:
    model: main
    metrics: {metrics}
    gates:
{gates}

endpoints:
  main: {{model: main}}
"""

_TRAINING = '''\
"""How {name} learns: one function, yours to change.

`part.features` is a Polars frame with the model's inputs (numbers and text), `part.label` the target.
"""

import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import {estimator}
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def fit(train, validate, params, seed):
    """Fit on the training part; `validate` is there for early stopping or tuning."""
    texts = [name for name, kind in train.features.schema.items() if kind == pl.String]
    numbers = [name for name in train.features.columns if name not in texts]
    encode = ColumnTransformer(
        [
            ("texts", OneHotEncoder(handle_unknown="ignore", max_categories=50, sparse_output=False), texts),
            ("numbers", "passthrough", numbers),
        ]
    )
    model = make_pipeline(encode, {estimator}(**params, random_state=seed))
    return model.fit(train.features, train.label)
'''

_FEATURES = '''\
"""Features computed at request time; the very same functions run over the training rows.

Each public function is a feature. Its parameters are columns by name (numpy arrays of equal length,
missing numbers are NaN) or other features of this module; it returns an array of that length.

    def price_per_room(price, rooms):
        return price / rooms
"""
'''

_TEST = '''\
"""The product's functions are plain functions: test them without Headway."""

import numpy as np

from {package} import features


def test_the_features_module_loads() -> None:
    assert features.__doc__
    assert np.isfinite(1.0)
'''
