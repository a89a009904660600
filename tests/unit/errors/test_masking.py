"""What is taken out of a text before anybody sees it, and what stays."""

from __future__ import annotations

import pytest

from headway.errors.masking import masked


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "PGPASSWORD", "api_token", "AWS_SECRET_ACCESS_KEY", "HEADWAY_KEY"]
)
def test_a_variable_that_is_named_like_a_secret_is_replaced_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "s3cr3t-0f-the-h0use")
    assert (
        masked("it said s3cr3t-0f-the-h0use twice: s3cr3t-0f-the-h0use")
        == f"it said [{name}] twice: [{name}]"
    )


@pytest.mark.parametrize(
    ("name", "value"), [("HOME_TOWN", "Amsterdam"), ("PWD", "/srv/product"), ("API_TOKEN", "abc")]
)
def test_other_variables_and_short_values_stay(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert masked(f"here is {value}") == f"here is {value}"


def test_a_secret_inside_a_longer_one_leaves_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "abcdef")
    monkeypatch.setenv("B_TOKEN", "abcdef-ghijkl")
    assert masked("abcdef-ghijkl") == "[B_TOKEN]"


def test_the_password_of_a_url_is_taken_out_and_the_rest_stays() -> None:
    assert (
        masked("at postgresql://reader:0pen@db:5432/x, 12:30")
        == "at postgresql://reader:[password]@db:5432/x, 12:30"
    )
    assert masked("https://example.org:8080/a@b") == "https://example.org:8080/a@b"
