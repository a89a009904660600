"""A database that may not be read is said to be that, and not one that cannot be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headway.errors import EngineError
from headway.online.sqlite import SqliteOnline
from headway.store.sequence import UNREADABLE, sequence_of
from headway.store.workspace import Workspace
from headway.testing.conformance import samples

NOBODY = 65534
CLOSED = pytest.mark.parametrize("which", ["the file", "its folder"])


@contextmanager
def closed(which: str, file: Path) -> Generator[None]:
    """Nobody may read the file, or enter its folder; root becomes another user, whom modes bind."""
    path = file if which == "the file" else file.parent
    is_root, mode = os.geteuid() == 0, path.stat().st_mode
    path.chmod(0)
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        path.chmod(mode)


@pytest.fixture
def open_to_all() -> Generator[Path]:
    """A folder that another user can reach; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def said(call: Callable[[], object]) -> EngineError:
    with pytest.raises(EngineError) as caught:
        call()
    assert "writ" not in caught.value.what
    return caught.value


@CLOSED
def test_a_ledger_that_may_not_be_read_is_said_to_be_that(open_to_all: Path, which: str) -> None:
    workspace = Workspace(open_to_all)
    workspace.open_writer().record(samples.made())
    with closed(which, workspace.ledger):
        for call in (
            lambda: workspace.open_reader().sequence(),
            lambda: workspace.open_reader().environment("dev"),
            lambda: workspace.open_reader().verify(),
        ):
            error = said(call)
            assert (error.code, error.exit_code) == ("ST002", 4)
            assert "owner and mode" in error.mend
        assert sequence_of(workspace.ledger) == UNREADABLE


@CLOSED
def test_an_online_store_that_may_not_be_read_is_said_to_be_that(open_to_all: Path, which: str) -> None:
    folder = open_to_all / "online"
    folder.mkdir()
    store = SqliteOnline(folder / "dev.db")
    (folder / "dev.db").write_bytes(b"0" * 100)
    with closed(which, folder / "dev.db"):
        for call in (store.stamps, lambda: store.at("spend", [["a"]], [0], ["sum"], None)):
            assert said(call).code == "ON001"
