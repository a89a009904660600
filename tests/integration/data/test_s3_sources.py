"""Sources in an object store, from a real S3 server of this machine; skipped where none is installed."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import s3fs
from deltalake import write_deltalake

from headway.data.sources import Loaded, load
from headway.errors import HeadwayError
from headway.spec.contract import Column, Contract
from headway.spec.product import Source

KEY, SECRET = "reader", "planted-s3-71c0"  # as the server of tests/conftest.py knows them
ROWS = Contract(columns={"id": Column(type="integer", unique=True), "name": Column(type="text")})
AT_ONCE = {"retries": {"max_attempts": 1}}
numbers = count(1)


@pytest.fixture
def system(s3_server: str) -> Any:
    return s3fs.S3FileSystem(
        key=KEY, secret=SECRET, endpoint_url=s3_server, skip_instance_cache=True, use_listings_cache=False
    )


@pytest.fixture
def bucket(s3_bucket: str, system: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place in a bucket, with two files of Parquet, one of CSV, and one that is hidden."""
    monkeypatch.setenv("SHOP_KEY", SECRET)
    place = f"{s3_bucket}/{next(numbers)}"
    for number in range(2):
        put(system, f"{place}/rows/{number}.parquet", [number * 2, number * 2 + 1])
    system.pipe_file(f"{place}/more.csv", b"id,name\n7,x\n")
    system.pipe_file(f"{place}/rows/.hidden.parquet", b"no parquet")
    return place


def put(system: Any, path: str, ids: list[int]) -> None:
    file = io.BytesIO()
    pl.DataFrame({"id": ids, "name": ["a"] * len(ids)}).write_parquet(file)
    system.pipe_file(path, file.getvalue())


def nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


@pytest.fixture
def read(s3_server: str) -> Callable[..., Loaded]:
    def reading(url: str, known: Counter[str] | None = None, **storage: Any) -> Loaded:
        said = {"key": KEY, "secret": {"secret": "SHOP_KEY"}, "endpoint_url": s3_server} | storage
        options = {"storage": said, "format": "csv" if url.endswith("csv") else "parquet"}
        return load(
            Source(load=url, options=options),
            "rows",
            ROWS,
            Path(),
            nobody,
            known=known or Counter(),
            pause=lambda _: None,
        )

    return reading


@pytest.mark.parametrize("place", ["rows", "rows/", "rows/*.parquet"])
def test_a_folder_or_a_pattern_of_a_bucket_is_read_in_the_order_of_its_names(
    bucket: str, read: Callable[..., Loaded], place: str
) -> None:
    assert read(f"s3://{bucket}/{place}").frame["id"].to_list() == [0, 1, 2, 3]


def test_one_object_is_read(bucket: str, read: Callable[..., Loaded]) -> None:
    assert read(f"s3://{bucket}/more.csv").frame.rows() == [(7, "x")]


def test_an_object_that_has_come_since_is_seen_in_the_same_process(
    bucket: str, read: Callable[..., Loaded], system: Any
) -> None:
    assert read(f"s3://{bucket}/rows/*.parquet").frame.height == 4
    put(system, f"{bucket}/rows/2.parquet", [9])
    assert read(f"s3://{bucket}/rows/*.parquet").frame["id"].to_list() == [0, 1, 2, 3, 9]


@pytest.mark.parametrize(
    ("place", "storage", "code"),
    [
        ("none/*.parquet", {}, "DA203"),
        ("none.parquet", {}, "DA206"),
        ("rows/*.parquet", {"secret": "wrong-word"}, "DA207"),
        ("rows/*.parquet", {"key": "stranger"}, "DA207"),
        ("rows/0.parquet", {"secret": "wrong-word"}, "DA207"),
        ("rows/*.parquet", {"endpoint_url": "http://127.0.0.1:9", "config_kwargs": AT_ONCE}, "DA210"),
        ("rows/*.parquet", {"no_such_option": 1}, "DA013"),
    ],
)
def test_a_bucket_that_cannot_be_read_is_a_named_error_without_the_secret(
    bucket: str, read: Callable[..., Loaded], place: str, storage: dict[str, Any], code: str
) -> None:
    with pytest.raises(HeadwayError) as refused:
        read(f"s3://{bucket}/{place}", **storage)
    assert refused.value.code == code
    assert SECRET not in str(refused.value)


def test_a_bucket_that_is_not_there_is_named(bucket: str, read: Callable[..., Loaded]) -> None:
    with pytest.raises(HeadwayError) as refused:
        read(f"s3://none-{bucket}/rows/0.parquet")
    assert refused.value.code == "DA206"
    assert f"none-{bucket}" in str(refused.value)


def test_a_delta_table_in_a_bucket_is_read(bucket: str, s3_server: str) -> None:
    storage = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
    }
    place = f"s3://{bucket}/sales.delta"
    frame = pl.DataFrame({"id": [1, 2], "name": ["a", "b"]})
    write_deltalake(
        place,
        frame.to_arrow(),
        storage_options=storage | {"AWS_SECRET_ACCESS_KEY": SECRET, "aws_conditional_put": "etag"},
    )
    options = {"storage": storage | {"AWS_SECRET_ACCESS_KEY": {"secret": "SHOP_KEY"}}}
    found = load(Source(load=place, options=options), "rows", ROWS, Path(), nobody, pause=lambda _: None)
    assert sorted(found.frame["id"]) == [1, 2]
