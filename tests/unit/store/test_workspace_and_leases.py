"""The workspace's own files: key, leases, and a disk that cannot be written."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headway.errors import ConflictError, EngineError
from headway.store.sequence import sequence_of
from headway.store.workspace import Workspace
from headway.testing.conformance import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@contextmanager
def cannot_be_written(*folders: Path) -> Iterator[None]:
    """Nobody may write into these folders; root becomes another user, whom modes bind."""
    for folder in folders:
        folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for folder in folders:
            folder.chmod(0o755)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_workspace_makes_nothing_until_it_is_written(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.open_reader().sequence() == 0
    assert list(workspace.blobs().digests()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_keeps_itself_out_of_version_control(tmp_path: Path) -> None:
    Workspace(tmp_path).open_writer()
    assert (tmp_path / ".headway" / ".gitignore").read_text() == "*\n"


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    key = Workspace(tmp_path).key()
    assert len(key) == 32
    assert Workspace(tmp_path).key() == key
    assert stat.S_IMODE((tmp_path / ".headway" / "key").stat().st_mode) == 0o600


def test_many_processes_make_one_key(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    children = []
    for number in range(6):
        child = os.fork()
        if child == 0:
            (seen / str(number)).write_bytes(Workspace(tmp_path).key())
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len({path.read_bytes() for path in seen.iterdir()}) == 1


@pytest.mark.parametrize("content", ["no hexadecimal digits", "é"])
def test_a_key_file_that_is_no_key_is_named(tmp_path: Path, content: str) -> None:
    workspace = Workspace(tmp_path)
    workspace.make()
    (tmp_path / ".headway" / "key").write_text(content)
    with pytest.raises(EngineError) as caught:
        workspace.key()
    assert caught.value.code == "ST013"
    assert content not in str(caught.value)


@pytest.mark.parametrize("content", ["", "00ff"])
def test_a_short_key_signs_nothing(tmp_path: Path, content: str) -> None:
    workspace = Workspace(tmp_path)
    workspace.make()
    (tmp_path / ".headway" / "key").write_text(content)
    with pytest.raises(EngineError):
        workspace.key()


def test_a_read_only_workspace_is_read_and_not_written(open_to_all: Path) -> None:
    workspace = Workspace(open_to_all)
    workspace.open_writer().record(samples.made())
    with cannot_be_written(workspace.state, open_to_all):
        assert workspace.open_reader().sequence() == sequence_of(workspace.ledger) == 1
        for call in (
            lambda: workspace.open_writer().record(samples.made()),
            lambda: workspace.blobs().put(b"x", "a"),
            lambda: Workspace(open_to_all / "nowhere").make(),
        ):
            with pytest.raises(EngineError) as caught:
                call()
            assert caught.value.exit_code == 4


def test_what_a_killed_writer_left_in_the_wal_is_read_in_a_read_only_folder(open_to_all: Path) -> None:
    workspace = Workspace(open_to_all)
    workspace.make()
    child = os.fork()
    if child == 0:
        workspace.open_writer().record(samples.made())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    workspace.ledger.with_name("ledger.db-shm").unlink()
    with cannot_be_written(workspace.state, open_to_all):
        assert workspace.open_reader().sequence() == 1
        assert sequence_of(workspace.ledger) == 1


def test_a_killed_holder_does_not_block(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    writer = workspace.open_writer()
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with workspace.open_writer().lease("environment-prod", "bob: apply"):
            os.write(told, b"x")
            signal.pause()
    os.read(ready, 1)
    with pytest.raises(ConflictError) as caught, writer.lease("environment-prod", "ada: apply"):
        pass
    assert "bob: apply" in caught.value.what
    assert str(child) in caught.value.what
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with writer.lease("environment-prod", "ada: apply"):
        pass


def test_a_lease_stays_in_its_folder_whatever_its_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with workspace.open_writer().lease("../../a/b", "ada"):
        assert [path.parent.name for path in tmp_path.rglob("*.lock")] == ["leases"]
