"""Kill -9 around every durable step of a commit: the next apply ends where an undisturbed one would."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from spending import Payment, Shop

from headway.errors import ConflictError
from headway.store.ledger import SqliteWriter

SCRIPT = Path(__file__).with_name("killed_apply.py")
BEFORE = [Payment("ada", 1, 10.0), Payment("ada", 2, 20.0)]
DURING = [*BEFORE, Payment("bob", 1, 5.0)]
AFTER = [BEFORE[0], Payment("cyd", 3, 7.0)]


def killed(shop: Shop, step: str, phase: str, number: int) -> bool:
    command = [sys.executable, str(SCRIPT), str(shop.root), step, phase, str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one commit, and payments that are not computed yet."""
    shop = Shop(tmp_path_factory.mktemp("committed") / "shop")
    shop.pay(BEFORE)
    shop.apply()
    shop.pay(DURING)
    return shop.root


@pytest.fixture(
    scope="module",
    params=[("change", "before", 1), ("change", "after", 1), ("record", "after", 2), ("record", "before", 3)],
    ids=lambda fuse: "-".join(map(str, fuse)),
)
def left_behind(
    request: pytest.FixtureRequest, committed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What an apply left that was killed at one of its steps; tests work on copies."""
    shop = Shop.at(shutil.copytree(committed, tmp_path_factory.mktemp("killed") / "shop"))
    assert killed(shop, *request.param)
    return shop.root


@pytest.mark.parametrize("then", [DURING, AFTER], ids=["the same rows again", "other rows"])
def test_a_commit_that_was_killed_is_adopted_or_taken_back(
    left_behind: Path, tmp_path: Path, then: list[Payment]
) -> None:
    shop = Shop.at(shutil.copytree(left_behind, tmp_path / "shop"))
    recorded = len(shop.commits())
    shop.pay(then)
    shop.apply()
    assert not shop.plan().todo
    wanted = sorted((item.customer, item.amount) for item in then)
    assert sorted(shop.rows().select("customer", "spent").iter_rows()) == wanted
    newest = shop.commits()[-1]
    (head,) = [artifact for artifact in [shop.reader.artifact(newest.commit)] if artifact]
    theirs = pl.read_delta(str(shop.root / ".headway" / "tables" / head.table))
    assert sorted(theirs.select("customer", "spent").iter_rows()) == wanted, "any reader of the table agrees"
    assert len(shop.commits()) in (recorded, recorded + 1)


def test_a_first_commit_that_was_killed_leaves_nothing_in_the_way(shop: Shop) -> None:
    shop.pay(BEFORE)
    assert killed(shop, "replace", "after", 1)
    assert shop.commits() == []
    shop.pay(AFTER)
    shop.apply()
    assert shop.rows()["customer"].to_list() == ["ada", "cyd"]
    assert shop.commits()[0].added == 2


def test_a_table_has_one_writer(shop: Shop) -> None:
    shop.pay(BEFORE)
    writer = shop.workspace.open_writer()
    assert isinstance(writer, SqliteWriter)
    with writer.lease("feature_group.spend", "eve: apply"), pytest.raises(ConflictError, match="eve"):
        shop.apply()
    shop.apply()
