"""Expectation suites of Great Expectations, taken over as contracts."""
