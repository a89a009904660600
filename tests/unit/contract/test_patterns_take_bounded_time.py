"""A stranger sends the text: no pattern of a contract may be kept busy by it, and none changes its meaning for that."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata

import polars as pl
import pytest
import re2

from headway.contract.columns import check
from headway.contract.patterns import compile_pattern
from headway.contract.record import RecordFault, compile_record
from headway.errors import SpecError
from headway.spec.contract import Column, Contract, Expectation
from headway.spec.patterns import LONGEST, MOST_STEPS, examine

EVERY_LETTER = "".join(
    letter
    for letter in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(letter) not in ("Cn", "Cs")  # new ones are known to one engine before the other
)

HOSTILE = """
from headway.contract.record import RecordFault, compile_record
from headway.spec.contract import Column, Contract, Expectation

def contract(pattern, name):
    column, more = Column(type="text"), ()
    if name == "matches":
        column = Column(type="text", matches=pattern)
    else:
        more = (Expectation(type=name, arguments={"column": "x", "regex": pattern}),)
    return compile_record(Contract(columns={"x": column}, expectations=more), ("x",))

for name in ("matches", "expect_column_values_to_match_regex"):
    for pattern in ("[a-z]+@[a-z]+", "^(a+)+$", "(a|a)*b$", "(a*)*c", r"^(\\\\w+\\\\s?)*$"):
        decoder = contract(pattern, name)
        for length in (40, 40_000, 1_000_000):
            try:
                decoder.decode(b'{"x": "' + b"a" * length + b'!"}')
            except RecordFault as fault:
                assert fault.broken == (("x", fault.broken[0][1]),)
            else:
                raise SystemExit(f"{pattern} was found in {length} letters")
print("answered")
""".replace("\\\\\\\\", "\\\\")


def test_hostile_texts_are_answered() -> None:
    """Python's own engine takes minutes for the first of them, and for the second longer than the sun will shine."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "answered\n", done.stderr[-2000:]


@pytest.mark.parametrize("length", [40_000, 1_000_000])
def test_a_text_too_long_for_a_pattern_that_looks_around_is_refused_in_words(length: int) -> None:
    contract = Contract(columns={"x": Column(type="text", matches=r"^(?=.*\d)[a-z\d]+$")})
    decoder = compile_record(contract, ("x",))
    with pytest.raises(RecordFault, match=rf"has {length:,} characters; .* is searched in {LONGEST:,}"):
        decoder.decode(b'{"x": "' + b"1" * length + b'"}')
    assert decoder.decode(b'{"x": "' + b"1" * LONGEST + b'"}')


@pytest.mark.parametrize("name", ["match", "not_match"])
def test_a_text_too_long_is_refused_by_tables_and_requests_alike(name: str) -> None:
    asked = Expectation(
        type=f"expect_column_values_to_{name}_regex", arguments={"column": "x", "regex": r"(.)\1"}
    )
    contract = Contract(columns={"x": Column(type="text")}, expectations=(asked,))
    decoder = compile_record(contract, ("x",))
    with pytest.raises(RecordFault, match=f"has at most {LONGEST:,} characters"):
        decoder.decode(b'{"x": "' + b"a" * (LONGEST + 1) + b'"}')
    assert not check(pl.DataFrame({"x": ["a" * (LONGEST + 1)]}), contract).passed


def test_a_date_is_never_looked_for_in_a_book() -> None:
    asked = Expectation(type="expect_column_values_to_be_dateutil_parseable", arguments={"column": "x"})
    decoder = compile_record(Contract(columns={"x": Column(type="text")}, expectations=(asked,)), ("x",))
    assert decoder.decode(b'{"x": "12 March 2026, 10:15"}')
    with pytest.raises(RecordFault):
        decoder.decode(b'{"x": "2026-03-12' + b" " * 1000 + b'"}')


@pytest.mark.parametrize("pattern", [r"\d", r"\w", r"\s", "(?i)[a-z]", "(?i)k", "(?i)[h-j]", r"(?a)[\w\s]"])
def test_a_class_holds_the_same_letters_in_both_engines(pattern: str) -> None:
    linear = examine(pattern).linear
    assert linear is not None
    differing = set(re.findall(pattern, EVERY_LETTER)) ^ set(re2.findall(linear, EVERY_LETTER))
    assert not differing


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z]+@[a-z]+",
        "^(a+)+$",
        r"(\d+|\w+)*x",
        "(?m)^a$",
        r"(?s)a.*b\Z",
        "[^a-c]{2,5}",
        "(?ai)k",
        r"[\s\S]{3}",
    ],
)
def test_what_a_linear_engine_can_say_is_searched_by_it(pattern: str) -> None:
    assert examine(pattern).linear is not None
    assert compile_pattern(pattern).longest is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?=.*[A-Z])(?=.*\d).{8,}$",
        r"^(?!000)\d{3}-\d{2}-\d{4}$",
        r"\bfoo\b",
        r"(.)\1{3,}",
        r"^(?=.{1,254}$)[^@\s]+@[^@\s]+\.[a-z]+$",
        r"^(?!-)[a-z0-9]+(?:-[a-z0-9]+)*$",
        r"\b[a-z]+(?:-[a-z]+)*@",
        r"^(?!.*--)(?:[A-Z]:)?(?:/[a-z]+)+$",
        "(?i)é",
        r"(?>a+)b",
    ],
)
def test_what_looks_around_is_searched_by_python_in_short_texts(pattern: str) -> None:
    examined = examine(pattern)
    assert examined.linear is None
    assert examined.steps <= MOST_STEPS
    assert compile_pattern(pattern).longest == LONGEST


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(a+)+$(?!b)",
        r"\b(a|a)*$",
        r"(?=x)(\w+\s?)*$",
        r"a*a*a*\bb",
        r"(.+)\1",
        r"(?!x)(?:a?){30}a{30}",
        r"\b(?:(?:ab?)?){40}c",
    ],
)
def test_what_backtracks_without_end_is_no_rule(pattern: str) -> None:
    assert not examine(pattern).is_bounded
    with pytest.raises(SpecError, match="without end"):
        compile_record(Contract(columns={"x": Column(type="text", matches=pattern)}), ("x",))


@pytest.mark.parametrize(
    "pattern", [r"\w{1000}", r"(?:\w{100}){100}", "(?:(?:a{1000}){1000}){1000}", "a{2000}"]
)
def test_a_pattern_that_grows_when_it_is_compiled_stays_small(pattern: str) -> None:
    assert examine(pattern).linear is None


def test_a_pattern_of_thousands_of_parts_is_read() -> None:
    assert compile_pattern("^" + "a?" * 2000 + "b$").fits("a" * 1999 + "b")
    assert not examine("a?" * 2000 + r"\b").is_bounded


def test_half_a_letter_breaks_no_search() -> None:
    assert not compile_pattern("^[a-z]+$").fits("a\ud800")
