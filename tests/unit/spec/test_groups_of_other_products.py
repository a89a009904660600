"""A pick of another product's group: each mistake is a fault at the pick, and what is right becomes a node."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.spec.graph import graph
from headway.spec.load import load, load_alone

LENDER = """
product: weather
sources:
  observations: {load: rows.parquet, event_time: at, known: 1h, tags: ["licence:CC0"]}
feature_groups:
  hourly:
    {version: 2, from: observations, key: [origin], columns: features, ttl: 2d, tags: [outside],
     description: weather by the hour}
"""
READER = """
product: delay
sources:
  flights: {load: rows.parquet, event_time: at, known: 1d}
datasets:
  delay:
    rows: flights
    predict_at: at
    label: {column: late, known: 1h}
    request: [at, origin]
    features: [weather/hourly.*@2]
    split: {by: quota, train: 60%, validate: 20%, test: 20%}
"""


def write(root: Path, folder: str, text: str) -> Path:
    (root / folder).mkdir(exist_ok=True)
    file = root / folder / "headway.yaml"
    file.write_text(text)
    return file


def reader(root: Path, pick: str = "weather/hourly.*@2", text: str = READER) -> Path:
    return write(root, "delay", text.replace("weather/hourly.*@2", pick))


def fault(file: Path) -> str:
    with pytest.raises(SpecError) as raised:
        load(file)
    return str(raised.value)


def test_a_group_of_another_product_is_a_node_that_needs_nothing_here(tmp_path: Path) -> None:
    write(tmp_path, "weather", LENDER)
    loaded = load(reader(tmp_path))
    node = graph(loaded.product, loaded.contracts).node("feature_group.weather/hourly")
    assert (node.needs, node.code, node.files) == ((), (), ())
    group = loaded.product.feature_groups["weather/hourly"]
    assert (group.version, group.key, group.ttl) == (2, ("origin",), timedelta(days=2))
    assert (group.description, group.tags) == ("weather by the hour", ("outside",))
    dataset = graph(loaded.product, loaded.contracts).node("dataset.delay")
    assert dataset.needs == ("source.flights", "feature_group.weather/hourly")
    assert dataset.config["ttl.weather/hourly"] == "2d"


def test_the_lifetime_that_the_other_product_declares_is_part_of_what_a_dataset_is_made_of(
    tmp_path: Path,
) -> None:
    write(tmp_path, "weather", LENDER)
    before = load(reader(tmp_path))
    write(tmp_path, "weather", LENDER.replace("ttl: 2d", "ttl: 3d"))
    after = load(reader(tmp_path))
    configs = [graph(one.product, {}).node("dataset.delay").config for one in (before, after)]
    assert [config["ttl.weather/hourly"] for config in configs] == ["2d", "3d"]


@pytest.mark.parametrize(
    "pick",
    [
        "{group: weather/hourly@2, by_key: {origin: origin}, prefix: w_}",
        "{group: weather/hourly, version: 2, columns: [wind, gust]}",
        "weather/hourly.wind@2, weather/hourly.gust@2",
        "weather/hourly.*@1",
    ],
)
def test_a_pick_may_be_written_in_several_ways(tmp_path: Path, pick: str) -> None:
    write(tmp_path, "weather", LENDER)
    loaded = load(reader(tmp_path, pick))
    (taken,) = loaded.product.datasets["delay"].features
    assert taken.group == "weather/hourly"
    assert taken.version == loaded.product.feature_groups["weather/hourly"].version


@pytest.mark.parametrize(
    ("pick", "said"),
    [
        ("wether/hourly.*@2", "there is no product `wether` in the folders beside; did you mean `weather`?"),
        ("zzz/hourly.*@2", "products beside this one are `weather`"),
        (
            "weather/horly.*@2",
            "product `weather` has no feature group `horly`; did you mean `weather/hourly`?",
        ),
        ("weather/hourly.*", "no version of `weather/hourly`; write `weather/hourly.*@2`"),
        ("weather/hourly.*@3", "`weather/hourly` has no version 3; its product file declares version 2"),
        ("weather/hourly.*@0", "`weather/hourly` has no version 0"),
        ("weather/hourly.*@two", "`@two` is no version"),
        ("weather/hourly@2.*", "has its version before the feature; write `weather/hourly.*@2`"),
        ("weather/hourly@2", "`weather/hourly@2` names no features; write `group.*` or `group.feature`"),
        ("weather/hourly.*@", "`@` is no version"),
        ("weather/hourly.*@" + "9" * 40, "is no version; versions are whole numbers"),
        ("a/weather/hourly.*@2", "`a/weather/hourly` names no group of another product"),
        ("/hourly.*@2", "`/hourly` names no group of another product; write `product/group.*@1`"),
        ("delay/hourly.*@2", "`delay/hourly` is of this product itself; write `hourly.*`"),
        (
            "weather/hourly.*@2, weather/hourly.wind@1",
            "version 1 of `weather/hourly`, and elsewhere version 2",
        ),
        ("{group: weather/hourly@2, version: 1}", "`@2` and `version: 1`; give one of them"),
        ("{group: weather/hourly@2, by_key: {orign: origin}}", "there is no key column `orign`"),
        (
            "{group: weather/hourly@2, by_key: {origin: airport}}",
            "key `airport` of group `weather/hourly` is not in `request`",
        ),
    ],
)
def test_a_pick_that_is_wrong_is_a_fault_with_its_place(tmp_path: Path, pick: str, said: str) -> None:
    write(tmp_path, "weather", LENDER)
    told = fault(reader(tmp_path, pick))
    assert said in told
    assert "headway.yaml:11:" in told
    assert "datasets.delay.features[" in told


def test_without_a_product_beside_it_is_said_that_there_is_none(tmp_path: Path) -> None:
    assert "no product lies beside this one" in fault(reader(tmp_path))


def test_a_file_beside_that_cannot_be_read_is_named_where_the_product_is_missed(tmp_path: Path) -> None:
    write(tmp_path, "weather", "product: [weather")
    said = "there is no product `weather` in the folders beside; no product lies beside this one; "
    assert said + "`../weather/headway.yaml` names no product, or is no YAML" in fault(reader(tmp_path))


def test_a_folder_that_leads_in_a_circle_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, "weather", LENDER)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "headway.yaml").symlink_to(tmp_path / "a" / "headway.yaml")
    (tmp_path / "b").symlink_to(tmp_path / "b")
    assert "weather/hourly" in load(reader(tmp_path)).product.feature_groups


def test_two_products_of_one_name_are_refused_by_their_folders(tmp_path: Path) -> None:
    write(tmp_path, "weather", LENDER)
    write(tmp_path, "weather-old", LENDER)
    assert "2 products are called `weather`: `weather`, `weather-old`" in fault(reader(tmp_path))


def test_a_folder_by_several_names_is_one_product_under_its_own(tmp_path: Path) -> None:
    weather = write(tmp_path, "weather", LENDER)
    for link in ("a-link", "z-link"):
        (tmp_path / link).symlink_to("weather")
    assert load(reader(tmp_path)).lenders["weather"].file == weather


def test_a_product_among_thousands_of_folders_is_found(tmp_path: Path) -> None:
    for number in range(1_100):
        (tmp_path / f"a{number}").mkdir()
    weather = write(tmp_path, "weather", LENDER)
    assert load(reader(tmp_path)).lenders["weather"].file == weather


def test_a_broken_file_of_the_other_product_is_said_once_with_its_first_fault(tmp_path: Path) -> None:
    write(tmp_path, "weather", LENDER + "models: {m: {}}\n")
    told = fault(reader(tmp_path, "weather/hourly.a@2, {group: weather/hourly@2, prefix: x_}"))
    assert told.count("the file of product `weather` is wrong") == 1
    assert "models.m: `dataset`, `train`, `answer` are missing" in told
    assert "`headway check` in `../weather`" in told


def test_a_group_cannot_be_declared_under_the_name_of_another_product(tmp_path: Path) -> None:
    text = LENDER.replace("  hourly:", "  other/hourly:")
    assert "`other/hourly` is no name" in fault(write(tmp_path, "weather", text))


def test_two_products_may_read_each_other_for_groups_are_made_of_sources_alone(tmp_path: Path) -> None:
    dataset = READER.partition("datasets:")[2].replace("flights", "observations")
    write(
        tmp_path, "weather", f"{LENDER}\ndatasets:{dataset.replace('weather/hourly.*@2', 'delay/late.*@1')}"
    )
    group = "feature_groups:\n  late: {version: 1, from: flights, key: [origin], columns: features}\n"
    file = reader(tmp_path, text=READER + group)
    assert "weather/hourly" in load(file).product.feature_groups
    assert "delay/late" in load(tmp_path / "weather" / "headway.yaml").product.feature_groups


def test_a_file_is_read_alone_where_the_other_product_is_gone(tmp_path: Path) -> None:
    file = reader(tmp_path)
    assert load_alone(file).product.feature_groups == {}


def test_a_version_of_a_group_of_this_product_is_the_one_that_it_declares(tmp_path: Path) -> None:
    dataset = READER.partition("datasets:")[2].replace("flights", "observations")
    text = f"{LENDER}\ndatasets:{dataset}"
    file = write(tmp_path, "weather", text.replace("weather/hourly.*@2", "hourly.*@2"))
    assert load(file).product.datasets["delay"].features[0].version == 2
    file = write(tmp_path, "weather", text.replace("weather/hourly.*@2", "hourly.*@1"))
    said = fault(file)
    assert "a product reads its own groups in the version that it declares: `hourly` is at 2" in said
    assert "take `@1` out; to read version 1 too, declare it as a group of another name" in said


def test_a_rule_may_name_a_group_of_another_product(tmp_path: Path) -> None:
    write(tmp_path, "weather", LENDER)
    rule = "policies:\n  - {deny: {tag: pii}, in: feature_group.weather/hourly}\n"
    assert load(reader(tmp_path, text=READER + rule)).product.policies
