"""What comes from data or a file's name steers no terminal: it is written out, in errors, verdicts and tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ContractError
from headway.errors.masking import visible
from headway.facts.evidence import Evidence, Outcome
from headway.render.progress import verdict_line
from headway.render.style import CODES, PLAIN, Style, table

HOSTILE = ("\x1b[2J", "\x1b]0;title\x07", "a\rpass", "\x9b31m", "\u202egnp", "\x00", "\x7f", "\x1b[8mhidden")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_steers_a_terminal_is_written_out(text: str) -> None:
    error = ContractError(code="DC003", what=text, where=text, mend=text, evidence=(text,))
    judged = Evidence(
        check=text,
        node="source.a",
        about="",
        outcome=Outcome.WARN,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        observed=text,
        reason=text,
    )
    for said in (str(error), verdict_line(judged, PLAIN), *table([[text, "b"]])):
        assert all(sign.isprintable() or sign == "\n" for sign in said), ascii(said)
        assert ascii(text)[1:-1] in said


@pytest.mark.parametrize("names", [*([name] for name in CODES), ["bold", "red"]])
def test_our_own_colours_stay_in_a_table(names: list[str]) -> None:
    word = Style(colourful=True)("word", *names)
    assert table([[word, "b"]]) == [f"  {word}  b"]


@given(st.text())
def test_a_visible_text_stays_as_it_is(text: str) -> None:
    once = visible(text)
    assert visible(once) == visible(once, coloured=True) == once
    if text.isprintable():
        assert once == text
