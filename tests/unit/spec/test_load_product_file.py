"""The product file: what is accepted, and every fault with its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.spec.built import not_built
from headway.spec.load import Loaded, load
from headway.spec.product import Known, Moment

FULL = Path(__file__).parents[1] / "spec" / "full" / "headway.yaml"


@pytest.fixture(scope="module")
def full() -> Loaded:
    return load(FULL)


def test_the_whole_grammar_loads(full: Loaded) -> None:
    product = full.product
    assert product.sources["weather"].known == Known(lag=timedelta(minutes=10))
    assert product.datasets["delay"].predict_at == Moment(column="scheduled_at", offset=timedelta(hours=-2))
    assert product.endpoints["delay"].limits.rate == 500
    assert product.monitors[0].false_alarms == pytest.approx(1 / (30 * 86400))


def test_what_is_not_built_yet_is_listed_by_name_and_place(full: Loaded) -> None:
    assert [what for what, _ in not_built(full)] == [
        "evaluations.delay.tests",
        "endpoints.delay.release.strategy: canary",
        "monitors",
        "runbooks",
        "schedules",
    ]
    assert all(place.startswith("headway.yaml:") for _, place in not_built(full))


BROKEN = [
    (
        "sources:\n  flights: {load:",
        "sources:\n  flights: {lod:",
        "sources.flights.lod: unknown key `lod`; did you mean `load`?",
    ),
    ("train: 28d", "train: 28 days", "datasets.delay.split.train: `28 days` where a duration"),
    (
        "dataset: delay\n",
        "dataset: dely\n",
        "models.delay.dataset: there is no dataset `dely`; did you mean `delay`?",
    ),
    ("seed: 7", "seed: seven", "models.delay.seed: `seven` where a whole number is expected"),
    ("baseline: majority", "baseline: median", "baseline `median` does not fit this answer; use `majority`"),
    ("- roc_auc >= 0.65", "- roc_auc >>= 0.65", "evaluations.delay.gates[0]: `roc_auc >>= 0.65`: a number"),
    ("[5, 25, 50, 100]", "[50, 25]", "canary steps must increase to 100"),
    ("1 per 30d", "1 30d", "monitors[0].false_alarms: `1 30d` where a rate"),
    ("env: prod", "env: prd", "there is no environment `prd`; did you mean `prod`?"),
    ("known: 10m, ", "", "source `weather` declares no `known`"),
    ("threshold: 0.5", "threshold: 1.5", "a threshold of 1.5; between 0 and 1, for a probability"),
    ("roc_auc >= champion", "rocauc >= champion", "there is no metric `rocauc`; did you mean `roc_auc`?"),
    ("[scheduled_at, carrier,", "[scheduled_at, late, carrier,", "the label `late` is sent by the caller"),
    ("contracts/weather.yaml", "contracts/wether.yaml", "the contract `contracts/wether.yaml` is not there"),
    ("by: time, ", "by: hash, ", "a split by hash has percentages"),
    (
        "weather_hourly.*",
        "weather_hurly.*",
        "there is no feature group `weather_hurly`; did you mean `weather_hourly`?",
    ),
    ("owner: ops-research", "owner: ops-research\nowner: twice", "`owner` stands here twice"),
    ("product: flight-delay", "product: flight delay", "`flight delay` is no name"),
    (
        "load: data/flights.parquet",
        "load: [1]",
        "sources.flights.load: a list where a single value is expected",
    ),
    ("seed: 7", 'seed: "7"', "models.delay.seed: `7` where a whole number is expected"),
    ("scheduled_at - 2h", "scheduled_at - two", "datasets.delay.predict_at: `scheduled_at - two`"),
]


def broken(tmp_path: Path, changes: list[tuple[str, str, str]]) -> str:
    text = FULL.read_text()
    for before, after, _ in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    for name in ("flights", "weather"):
        (tmp_path / "contracts").mkdir(exist_ok=True)
        (tmp_path / "contracts" / f"{name}.yaml").write_text(
            (FULL.parent / "contracts" / f"{name}.yaml").read_text()
        )
    (tmp_path / "headway.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "headway.yaml")
    return str(caught.value)


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: change[1][:30])
def test_a_fault_names_place_value_and_remedy(tmp_path: Path, change: tuple[str, str, str]) -> None:
    text = broken(tmp_path, [change])
    assert change[2] in text
    assert "headway.yaml:" in text


def test_eight_faults_are_eight_lines_in_one_error(tmp_path: Path) -> None:
    text = broken(tmp_path, BROKEN[:8])
    for _, _, said in BROKEN[1:8]:
        assert said.split(";")[0] in text
    assert "unknown key `lod`" in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"- a\n- b\n", "a list where a mapping is expected"),
        (b"product: x\n\tbad: 1\n", "this is not YAML"),
        (b"product: \xff\xfe\n", "is not UTF-8"),
        (b"x: [" * 2000, "this is not YAML"),
        (b"a: " + b"x" * 1_000_001, "at most 1,000,000 are read"),
        (b"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
         b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n", "expand without end"),
        (b"product: x\nsources: {a: {load: !!python/object:os.system x}}\n", "a.load"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_product_is_refused_by_name(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "headway.yaml").write_bytes(data)
    try:
        load(tmp_path / "headway.yaml")
    except SpecError as error:
        assert said in str(error)
    else:
        assert said == "a.load", "a tag is text, and builds nothing"


def test_a_secret_is_taken_by_name_only(tmp_path: Path) -> None:
    (tmp_path / "headway.yaml").write_text("product: x\nstore: {secret: LEDGER_URL}\n")
    assert "LEDGER_URL" in repr(load(tmp_path / "headway.yaml").product.store)
