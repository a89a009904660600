"""Unsupported combinations in a product file: each is a fault with its place, and nothing valid is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.data.loaders.csv_text import CsvOptions
from headway.errors import SpecError
from headway.evidence.metrics import BUILT_IN
from headway.spec.checks.models import METRICS
from headway.spec.load import load
from headway.spec.loading import Loading

FULL = Path(__file__).parent / "full"
PRODUCT = (FULL / "headway.yaml").read_text()
FLIGHTS = (FULL / "contracts" / "flights.yaml").read_text()


def faults(folder: Path, product: str = PRODUCT, flights: str = FLIGHTS) -> list[str]:
    (folder / "contracts").mkdir()
    (folder / "contracts" / "flights.yaml").write_text(flights)
    (folder / "contracts" / "weather.yaml").write_text((FULL / "contracts" / "weather.yaml").read_text())
    (folder / "headway.yaml").write_text(product)
    with pytest.raises(SpecError) as caught:
        load(folder / "headway.yaml")
    return list(caught.value.evidence)


DATA = [
    ("train: 28d", "train: 0s", "split.train: no rows for `train`"),
    (
        "[scheduled_at, carrier,",
        "[scheduled_at, carrier, carrier,",
        "request[2]: `carrier` stands here twice",
    ),
    (
        "carrier, origin, distance]",
        "carrier, distance]",
        "key `origin` of group `weather_hourly` is not in `request`",
    ),
    ("predict_at: scheduled_at", "predict_at: carrier", "predict_at: column `carrier` is of type text"),
    ("late, known: 1d}", "late, known: 1d, present: 1}", "label.present: `present` without `from`"),
    ("late, known: 1d}", "late, known: carrier}", "label.known: column `carrier` is of type text"),
    (
        "[weather_hourly.*]",
        "[weather_hourly.*, weather_hourly.a]",
        "features[1]: features of `weather_hourly` are",
    ),
    ("load: data/weather.parquet", "load: 'delay weather:f'", "is neither a file nor a function"),
    ("load: data/weather.parquet,", "load: w.parquet, options: {a: 1},", "option `a` of a parquet file"),
    ("load: data/weather.parquet,", "load: w.csv, options: {seperator: 1},", "did you mean `separator`?"),
    ("columns: delay.features.weather", "columns: delay/weather.py", "`delay/weather.py` names no module"),
    ("version: 1,", "version: 0, ttl: 0s,", "weather_hourly.version: version 0"),
]
MODELS = [
    ("train: delay.training:fit", "train: 'delay training:fit'", "`delay training:fit` names no function"),
    ("seed: 7", "seed: -1", "models.delay.seed: a seed of -1; from 0 to"),
    ("probability_of: true", "probability_of: yes", "`yes` is no value of a label of type boolean"),
    ("{probability_of: true, threshold: 0.5}", "{value: min}", "a value, and a label of type boolean"),
    ("log_loss, delay", "log_los, delay", "there is no metric `log_los`; did you mean `log_loss`?"),
    ("log_loss, delay", "mae, delay", "`mae` judges a value, and the model answers a probability"),
    ("delay.metrics:cost]", "a:cost, b:cost]", "two metrics have one name"),
    ("min_rows: 200", "min_rows: 0", "slices of 0 rows"),
    ("- roc_auc >= champion - 0.01", "- champion >= roc_auc", "another model's figure on the left"),
    ("roc_auc >= champion - 0.01", "roc_auc * 2 >= champion", "no single metric on the left"),
    ("roc_auc >= champion - 0.01", "roc_auc >= stable", "`stable` is not known here"),
    ("worst(slice.roc_auc)", "worst(roc_auc)", "write `worst(slice.METRIC)`"),
    (">= 0.55", ">= slice.roc_auc", "`slice.roc_auc` outside a function"),
    (
        "roc_auc >= 0.65",
        "latency_p99 <= 50",
        "headway.yaml:43:21  evaluations.delay.gates[0]: seconds on the left",
    ),
    (
        "roc_auc >= 0.65",
        "worst(slice.latency_p99) <= 1s",
        "`slice.latency_p99` of a slice; write `latency_p99`",
    ),
    ("roc_auc >= 0.65", "latency_p99 <= baseline", "the latency of a baseline"),
]
DELIVERY = [
    ("rate: 500/s", "rate: 0/s", "limits.rate: nothing at all"),
    (
        "    release:",
        "    unit: passenger\n    release:",
        "unit: there is no column of the request `passenger`",
    ),
    (
        "stable * 1.2]",
        "stable + 1.2]",
        "headway.yaml:50:118  endpoints.delay.release.guard[1]: seconds on the left",
    ),
    ("stable * 1.2]", "champion * 1.2]", "`champion` is not known here; use `stable`"),
    ("deadline: 2h", "deadline: 2h, percent: 5", "`percent` does nothing with strategy canary"),
    ("drift: features", "drift: featuers", "did you mean `features`?"),
    ("max_age: 14d", "max_age: 14d, false_alarms: 1/d", "`false_alarms` without `drift`"),
    ("drift: [retrain", "drift: [retrian", "there is no step `retrian`; did you mean `retrain`?"),
    ("drift: [retrain", "staleness: []\n  drfit: [retrain", "there is no kind of alarm `drfit`"),
    ("every: 1d", "every: 0s", "schedules[0].every: nothing at all"),
    (
        "product: flight-delay",
        "product: x\nstore: {secret: 'a b'}",
        "store.secret: this is no name of a secret",
    ),
]


@pytest.mark.parametrize("change", [*DATA, *MODELS, *DELIVERY], ids=lambda change: change[1][:40])
def test_what_does_not_fit_is_one_fault_with_its_place(tmp_path: Path, change: tuple[str, str, str]) -> None:
    before, after, said = change
    assert before in PRODUCT
    found = faults(tmp_path, PRODUCT.replace(before, after, 1))
    assert [line for line in found if said in line], found
    assert all(line.startswith("headway.yaml:") for line in found)


CONTRACT = [
    (
        "carrier: {type: text}",
        'carrier: {type: text, matches: "[[a]"}',
        "carrier.matches: this is no regular",
    ),
    ("carrier: {type: text}", 'carrier: {type: text, matches: "' + "(" * 5000 + '"}', "this is no regular"),
    ("in: [EWR,", "in: [5,", "columns.origin.in[0]: `5` in the set of a column of type text"),
    ("{type: time}", "{type: time, min: yesterday}", "scheduled_at.min: `yesterday` where an instant"),
    ("{type: time}", "{type: time, min: '2020-01-02', max: '2020-01-01'}", "is before `min: 2020-01-02`"),
    ("columns:", "unique: [[origin, origin]]\ncolumns:", "unique[0]: these name no row"),
    ("columns:", "rows: {min: -1}\ncolumns:", "rows.min: `-1` rows"),
]


@pytest.mark.parametrize("change", CONTRACT, ids=lambda change: change[2])
def test_a_contract_that_nothing_could_keep_is_a_fault_in_its_own_file(
    tmp_path: Path, change: tuple[str, str, str]
) -> None:
    before, after, said = change
    found = faults(tmp_path, flights=FLIGHTS.replace(before, after, 1))
    assert [line for line in found if said in line and line.startswith("contracts/flights.yaml:")], found


def test_a_password_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = PRODUCT.replace("product: flight-delay", "product: x\nstore: postgresql://me:hunter2@db/x", 1)
    found = "\n".join(faults(tmp_path, text))
    assert "store: a password stands here" in found
    assert "hunter2" not in found


def test_a_gate_on_what_is_not_declared_is_a_fault(tmp_path: Path) -> None:
    text = PRODUCT.replace("    baseline: majority\n", "").replace("roc_auc >= 0.65", "log_loss < baseline")
    assert "`baseline`, and the model declares none" in "\n".join(faults(tmp_path, text))


def test_a_gate_on_slices_without_slices_is_a_fault(tmp_path: Path) -> None:
    lines = [line for line in PRODUCT.splitlines() if "slices:" not in line]
    assert "a gate on slices, and no slices" in "\n".join(faults(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("scheduled_at - 2h", "scheduled_at - 2x"),
        ("carrier, origin, distance]", "carrier, origin, 5]"),
        ("contracts/flights.yaml", "contracts/nope.yaml"),
        ("roc_auc >= 0.65", "{roc_auc: 1}"),
        ("{by: time, train: 28d, validate: 7d, test: 7d}", "{by: time, train: 28, validate: 7d, test: 7d}"),
    ],
)
def test_one_mistake_is_one_fault(tmp_path: Path, before: str, after: str) -> None:
    assert before in PRODUCT
    assert len(faults(tmp_path, PRODUCT.replace(before, after, 1))) == 1


def test_a_product_can_be_read_without_its_data_and_its_lock(tmp_path: Path) -> None:
    """As where it is made again from its archive, which holds the declaration and the code."""
    (tmp_path / "headway.yaml").write_text("product: x\nlock: nope.txt\nsources: {a: {load: nope.parquet}}\n")
    assert load(tmp_path / "headway.yaml").product.lock == "nope.txt"


def test_faults_come_by_line_the_product_file_first(tmp_path: Path) -> None:
    found = faults(
        tmp_path, PRODUCT.replace("seed: 7", "seed: x"), FLIGHTS.replace("type: time", "type: tme", 1)
    )
    assert [line.partition(":")[0] for line in found] == ["headway.yaml", "contracts/flights.yaml"]


def test_what_is_known_here_is_what_is_built_there() -> None:
    assert {name: metric.kind for name, metric in BUILT_IN.items()} == METRICS
    assert set(CsvOptions.__struct_fields__) == set(Loading("file", "csv").options or ()) - {"format"}
