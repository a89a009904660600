"""The public surface is a tested fact."""

from __future__ import annotations

import headway
import headway.errors

NAMES = ["HeadwayError", "Product", "__version__", "load"]


def test_the_top_level_names_are_these_and_each_can_be_had() -> None:
    assert sorted(headway.__all__) == NAMES
    assert all(getattr(headway, name) is not None for name in NAMES)


def test_every_error_family_has_its_own_way_out() -> None:
    codes = {name: getattr(headway.errors, name).exit_code for name in headway.errors.__all__}
    assert codes == {
        "BugError": 1,
        "ConflictError": 5,
        "ContractError": 3,
        "EngineError": 4,
        "GateError": 3,
        "HeadwayError": 1,
        "SpecError": 2,
        "UsageError": 2,
        "UserCodeError": 6,
    }
