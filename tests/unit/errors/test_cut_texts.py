"""What is left out of a text is shown: no sentence ends in the middle as if that were all."""

from __future__ import annotations

import pytest

from headway.errors import HeadwayError, data, engine, evidence, scaffold, survey, training

LONG = "word " * 400


@pytest.mark.parametrize(
    "error",
    [
        training.training_failed("p:fit", "p.py:3", ValueError(LONG), []),
        training.training_failed("p:fit", "p.py:3", ValueError(LONG + "..."), []),
        data.library_is_missing("pandas", "source `a`", LONG),
        survey.not_python("p.py", 1, 1, LONG),
        survey.lock_is_unreadable("uv.lock", LONG),
        engine.module_fails("p", ValueError(LONG)),
        engine.unexpected(ValueError(LONG)),
        evidence.metric_fails("p:cost", ValueError(LONG), "p.py:3"),
        scaffold.unreadable_table("a.csv", LONG),
    ],
    ids=lambda error: error.code,
)
def test_a_text_that_is_cut_says_so(error: HeadwayError) -> None:
    assert "…" in error.what
    assert len(error.what) < 450
