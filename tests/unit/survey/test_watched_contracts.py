"""A stored plan holds only while the contracts are as they were."""

from __future__ import annotations

from pathlib import Path

from headway.engine.authoring.scaffold import begin
from headway.engine.opened import open_product


def test_every_contract_is_watched(tmp_path: Path) -> None:
    begin(tmp_path, data=None, label=None, time=None, positive=None, name="x")
    watched = open_product(tmp_path / "headway.yaml").present.watched
    assert str(tmp_path / "contracts" / "rows.yaml") in watched
