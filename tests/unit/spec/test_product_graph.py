"""What enters a fingerprint: every identity field, and nothing that only describes or judges."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import structs

from headway.spec import contract as contract_types
from headway.spec import product as product_types
from headway.spec.contract import Column, Contract, RowCount
from headway.spec.graph import Graph, Node, graph
from headway.spec.load import load
from headway.spec.product import (
    Absent,
    Answer,
    Dataset,
    Declared,
    Endpoint,
    Evaluation,
    FeatureGroup,
    FeaturePick,
    Known,
    Label,
    Limits,
    Model,
    Moment,
    Product,
    ReleaseStrategy,
    Slices,
    Source,
    Split,
)
from headway.spec.roles import Role, roles

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/headway.yaml"))
DAY = timedelta(days=1)
LAG = Known(lag=DAY)
ABSENT = Absent(is_=0, after=DAY)
SPLIT = Split(by="time", train=DAY, validate=DAY, test=DAY, stratify="a", group="a", apart="a")
LABEL = Label(column="late", known=LAG, from_="main", by_key=("k",), present=1, absent=ABSENT)
CONTRACTS = {
    "c.yaml": Contract(
        columns={"a": Column(type="number", min=1, max=2, in_=(1, 2), matches="a", unit="m")},
        unique=(("a",),),
        rows=RowCount(min=2, max=3),
    ),
    "other": Contract(columns={"b": Column(type="text")}),
}
PRODUCT = Product(
    name="x",
    sources={
        "main": Source(load="a.parquet", event_time="t", known=LAG, contract="c.yaml", options={"a": 1}),
        "other": Source(load="m:f"),
    },
    feature_groups={
        name: FeatureGroup(from_=("main",), key=("k",), columns="m", frame="m:f", window=DAY, ttl=DAY)
        for name in ("main", "other")
    },
    datasets={
        name: Dataset(
            rows="main",
            label=LABEL,
            split=SPLIT,
            predict_at=Moment(column="t"),
            request=("a",),
            features=(FeaturePick(group="main", columns=("f",), by_key={"k": "k"}),),
            on_demand="m",
        )
        for name in ("main", "other")
    },
    models={
        name: Model(
            dataset="main",
            train="m:f",
            answer=Answer(probability_of=1, threshold=0.5, value="EUR"),
            params={"a": 1},
            baseline="majority",
        )
        for name in ("main", "other")
    },
    evaluations={
        "main": Evaluation(
            model="main", metrics=("a", "m:f"), slices=Slices(by=("a", {"b": (0.0, 1.0)})), tests="t"
        )
    },
    endpoints={
        "main": Endpoint(
            model="main", release=ReleaseStrategy(percent=1.0, for_=DAY), limits=Limits(rate=1.0)
        )
    },
)
SECTIONS = ("sources", "feature_groups", "datasets", "models", "evaluations", "endpoints")


def declared_types() -> list[type[Declared]]:
    modules = (product_types, contract_types)
    found = {item for module in modules for item in vars(module).values() if isinstance(item, type)}
    return sorted((item for item in found if issubclass(item, Declared)), key=lambda item: item.__name__)


@pytest.mark.parametrize("declared", declared_types(), ids=lambda item: item.__name__)
def test_every_field_says_what_it_is_to_a_fingerprint(declared: type[Declared]) -> None:
    assert [name for name, role in roles(declared).items() if role is None] == []


def changed(value: Any, hint: Any) -> Any:
    """Another value of the same type; names become `other`."""
    hint = typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint
    options = [hint, *typing.get_args(hint)]
    choices = [
        item for option in options if typing.get_origin(option) is Literal for item in typing.get_args(option)
    ]
    if choices:
        return next(item for item in choices if item != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, timedelta):
        return value + DAY
    if isinstance(value, dict):
        return {**value, "other": 1}
    if isinstance(value, tuple):
        return ("other",)
    return "other"


def edits(value: Declared, path: str) -> Iterator[tuple[str, Role, Declared]]:
    """(field, role, the value with that field changed) for every field, nested ones too."""
    hints = typing.get_type_hints(type(value), include_extras=True)
    for item in structs.fields(type(value)):
        role, inner, name = (
            roles(type(value))[item.name],
            getattr(value, item.name),
            f"{path}.{item.encode_name}",
        )
        assert role is not None
        if isinstance(inner, Declared):
            for field, deeper, made in edits(inner, name):
                yield (
                    field,
                    role if deeper is Role.IDENTITY else deeper,
                    structs.replace(value, **{item.name: made}),
                )
        elif isinstance(inner, tuple) and inner and isinstance(inner[0], Declared):
            for field, deeper, made in edits(inner[0], f"{name}[0]"):
                yield field, deeper, structs.replace(value, **{item.name: (made, *inner[1:])})
        elif path.endswith("known"):
            if inner:  # one of three, which another edit of this value changes
                yield name, role, structs.replace(value, **{item.name: changed(inner, hints[item.name])})
        else:
            yield name, role, structs.replace(value, **{item.name: changed(inner, hints[item.name])})


def made_of(node: Node) -> tuple[Any, ...]:
    return node.config, node.code, node.files, node.needs


def product_edits() -> Iterator[tuple[str, Role, Product]]:
    for section in SECTIONS:
        entries = getattr(PRODUCT, section)
        for field, role, made in edits(entries["main"], f"{section}.main"):
            yield field, role, structs.replace(PRODUCT, **{section: {**entries, "main": made}})


@pytest.mark.parametrize("edit", list(product_edits()), ids=lambda edit: edit[0])
def test_a_field_changes_what_a_node_is_made_of_if_and_only_if_it_is_identity(
    edit: tuple[str, Role, Product],
) -> None:
    _, role, product = edit
    before, after = graph(PRODUCT, CONTRACTS), graph(product, CONTRACTS)
    differing = [
        one.name for one, two in zip(before.nodes, after.nodes, strict=True) if made_of(one) != made_of(two)
    ]
    assert bool(differing) is (role in (Role.IDENTITY, Role.WIRING))


@pytest.mark.parametrize("edit", list(edits(CONTRACTS["c.yaml"], "contract")), ids=lambda edit: edit[0])
def test_a_contract_enters_by_meaning(edit: tuple[str, Role, Contract]) -> None:
    _, role, made = edit
    before, after = (
        graph(PRODUCT, {**CONTRACTS, "c.yaml": one}).node("source.main")
        for one in (CONTRACTS["c.yaml"], made)
    )
    assert (made_of(before) != made_of(after)) is (role is Role.IDENTITY)


@pytest.mark.parametrize("name", ["unit", "description"])
def test_what_describes_a_column_runs_nothing(name: str) -> None:
    column = structs.replace(CONTRACTS["c.yaml"].columns["a"], **{name: "other"})
    described = structs.replace(CONTRACTS["c.yaml"], columns={"a": column})
    assert graph(PRODUCT, {**CONTRACTS, "c.yaml": described}) == graph(PRODUCT, CONTRACTS)


def test_the_order_of_a_groups_sources_counts_for_its_function_gets_them_in_order() -> None:
    def made(*names: str) -> Node:
        group = FeatureGroup(from_=names, key=("k",), frame="m:f")
        return graph(
            structs.replace(PRODUCT, feature_groups={"main": group, "other": group}), CONTRACTS
        ).node("feature_group.main")

    assert made("main", "other").config != made("other", "main").config


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"a": {"b": 1}}, {"a.b": 1}),
        ({"a": {}}, {}),
        ({"a": {}}, {"a": None}),
        ({"a": {"b": {}}}, {"a": {}}),
        ({"a": "1"}, {"a": 1}),
        ({'"a.b"': 1}, {"a.b": 1}),
    ],
)
def test_two_parameters_are_never_taken_for_one(one: dict[str, Any], two: dict[str, Any]) -> None:
    def config(params: dict[str, Any]) -> dict[str, Any]:
        model = structs.replace(PRODUCT.models["main"], params=params)
        made = structs.replace(PRODUCT, models={**PRODUCT.models, "main": model})
        return graph(made, CONTRACTS).node("model.main").config

    assert config(one) != config(two)


def whole(path: Path) -> Graph:
    loaded = load(path)
    return graph(loaded.product, loaded.contracts)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_a_node_comes_after_what_it_needs(path: Path) -> None:
    seen: set[str] = set()
    for node in whole(path).nodes:
        assert set(node.needs) <= seen
        assert len(set(node.needs)) == len(node.needs)
        seen.add(node.name)


def test_the_flights_product_has_these_nodes() -> None:
    path = next(path for path in EXAMPLES if path.parent.name == "flights")
    assert {node.name: node.needs for node in whole(path).nodes} == {
        "source.flights": (),
        "source.weather": (),
        "feature_group.weather_hourly": ("source.weather",),
        "dataset.delay": ("source.flights", "feature_group.weather_hourly"),
        "model.delay": ("dataset.delay",),
        "model.delay.baseline": ("dataset.delay",),
        "evaluation.delay": ("model.delay", "model.delay.baseline", "dataset.delay"),
        "endpoint.delay": ("model.delay", "dataset.delay", "feature_group.weather_hourly"),
    }


def test_a_late_label_is_an_input_of_its_dataset() -> None:
    path = next(path for path in EXAMPLES if path.parent.name == "fraud")
    assert "source.chargebacks" in whole(path).node("dataset.payments").needs
