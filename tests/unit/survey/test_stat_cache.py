"""File digests behind a stat cache: right by content, cheap when unchanged, never needed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from headway.core import digest
from headway.survey.files import GRANULARITY_NS, StatCache, is_racy, signature_of

SETTLED = Path(os.__file__)
"""A file that nobody changed in the last two seconds; a test cannot set a file's ctime."""


def poison(database: Path, path: Path) -> None:
    """Put a wrong digest into the cache, so that a test sees whether it is trusted."""
    with sqlite3.connect(database, isolation_level=None) as connection:
        changed = connection.execute("UPDATE file SET digest = 'poison' WHERE path = ?", (str(path),))
        assert changed.rowcount == 1
    connection.close()


def test_a_digest_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n")
    assert StatCache(tmp_path / "cache.db").digest(tmp_path / "a.csv") == digest.of_bytes(b"1,2\n")


def test_an_unchanged_old_file_is_not_read_again(tmp_path: Path) -> None:
    StatCache(tmp_path / "cache.db").digest(SETTLED)
    poison(tmp_path / "cache.db", SETTLED)
    assert StatCache(tmp_path / "cache.db").digest(SETTLED) == "poison"


def test_a_file_that_has_just_changed_is_read_again(tmp_path: Path) -> None:
    """Within the granularity of time stamps a second write may leave the same signature."""
    path = tmp_path / "a.csv"
    path.write_text("1")
    StatCache(tmp_path / "cache.db").digest(path)
    poison(tmp_path / "cache.db", path)
    assert StatCache(tmp_path / "cache.db").digest(path) == digest.of_bytes(b"1")


@pytest.mark.parametrize(
    ("age_ns", "racy"), [(0, True), (GRANULARITY_NS - 1, True), (GRANULARITY_NS + 1, False)]
)
def test_a_signature_is_distrusted_within_the_granularity_of_time_stamps(age_ns: int, *, racy: bool) -> None:
    now = 10**18
    assert is_racy((1, now - age_ns, now - age_ns, 7), now) is racy
    assert is_racy((1, 0, now - age_ns, 7), now) is racy, "a time stamp that was set back hides nothing"


def test_a_missing_file_has_no_digest_and_no_signature(tmp_path: Path) -> None:
    assert StatCache(tmp_path / "cache.db").digest(tmp_path / "none.csv") is None
    assert signature_of(tmp_path / "none.csv") is None
    assert signature_of(SETTLED / "below") is None


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("1")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert StatCache(tmp_path / "cache.db").digest(tmp_path / "link.csv") == digest.of_bytes(b"1")


def test_a_directory_is_its_names_and_contents(tmp_path: Path) -> None:
    cache, folder = StatCache(tmp_path / "cache.db"), tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text("1")
    (folder / "deep" / "b.csv").write_text("2")
    before = cache.digest(folder)
    (folder / ".hidden").write_text("x")
    assert cache.digest(folder) == before
    (folder / "deep" / "b.csv").rename(folder / "b.csv")
    moved = cache.digest(folder)
    (folder / "b.csv").write_text("3")
    assert len({before, moved, cache.digest(folder)}) == 3


def test_hashing_leaves_the_file_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1")
    before = signature_of(tmp_path / "a.csv")
    StatCache(tmp_path / ".headway" / "cache.db").digest(tmp_path / "a.csv")
    assert signature_of(tmp_path / "a.csv") == before
    assert (tmp_path / "a.csv").stat().st_nlink == 1


def test_without_a_place_for_a_cache_digests_are_right_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = StatCache(tmp_path / "file" / "cache.db")
    assert cache.digest(SETTLED) == digest.of_file(SETTLED)
    cache.remember("name", "signature", "value")
    assert cache.note("name", "signature") is None
