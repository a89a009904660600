"""`history`, `show --rows`, `diff`, `group restore` and `gc`, as a person uses them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from spending import NODE, PLAIN, Payment, Shop

from headway.cli.main import main

KILLED = Path(__file__).with_name("killed_apply.py")
FIRST = [Payment("ada", 1, 10.0), Payment("ada", 2, 20.0)]
SECOND = [Payment("ada", 1, 10.0), Payment("ada", 2, 99.0), Payment("bob", 1, 5.0)]


class Typed:
    """What a command printed, and how it ended."""

    def __init__(self, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
        self.shop = shop
        self.capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        assert main(list(words)) == code
        out, err = self.capsys.readouterr()
        return out if code == 0 else err

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def typed(shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Two commits: one row was corrected, one came."""
    monkeypatch.chdir(shop.root)
    shop.pay(FIRST)
    shop.apply(who="ada")
    shop.pay(SECOND)
    shop.apply(who="bob")
    return Typed(shop, capsys)


def test_history_says_who_changed_what_and_when(typed: Typed) -> None:
    text = typed("history", "spend").splitlines()
    assert [line.split()[0] for line in text[1:]] == ["@2", "@1"]
    assert "bob" in text[1]
    assert "+1" in text[1]
    assert "~1" in text[1]
    assert text[1].rstrip().endswith("in dev; full")
    newest, oldest = typed.json("history", NODE)["commits"]
    assert newest["parent"] == oldest["commit"]
    assert newest["environments"] == ["dev"]
    assert "ST108" in typed("history", "spent", code=2)
    assert "`headway show spend@1` shows the one" in typed("history", "spend@1", code=2)


def test_rows_are_shown_as_they_were(typed: Typed) -> None:
    first = typed.shop.commits()[0]
    assert [row["spent"] for row in typed.json("show", f"{NODE}@1", "--rows")["rows"]] == [10.0, 20.0]
    assert [
        row["spent"] for row in typed.json("show", f"{NODE}@{first.at.isoformat()}", "--rows")["rows"]
    ] == [
        10.0,
        20.0,
    ]
    assert [row["spent"] for row in typed.json("show", f"{NODE}@dev", "--rows")["rows"]] == [10.0, 99.0, 5.0]
    text = typed("show", f"{NODE}@2", "--rows", "--limit", "1")
    assert "2 rows more" in text or "and 2 rows more" in text
    assert typed.json("show", f"{NODE}@1")["digest"] == first.commit
    assert "ST109" in typed("show", f"{NODE}@7", "--rows", code=2)
    assert "ST109" in typed("show", f"{NODE}@2020-01-01", "--rows", code=2)
    assert "ST113" in typed("show", f"{NODE}@2999-01-01", code=2)


def test_diff_shows_rows_that_came_changed_and_went(typed: Typed) -> None:
    text = typed("diff", "spend@1", "spend@2")
    assert text.startswith("@1 -> @2: 1 added, 1 updated, 0 deleted")
    assert "spent 20 -> 99" in text
    back = typed.json("diff", "spend@2", "spend@1")["rows"]
    assert (back["added"], back["updated"], back["deleted"]) == (0, 1, 1)
    assert back["examples"]["deleted"][0]["customer"] == "bob"


def test_restore_is_a_new_commit_with_the_old_rows_and_lasts_until_something_changes(typed: Typed) -> None:
    shop = typed.shop
    done = typed.json("group", "restore", "spend@1", "--why", "99 was a slip")
    assert (done["number"], done["updated"], done["deleted"]) == (3, 1, 1)
    assert len(shop.commits()) == 3
    assert shop.pointed() == shop.commits()[1].commit, "a restore moves no pointer"
    shop.apply()
    assert shop.pointed() == done["commit"]
    assert shop.rows().equals(shop.rows(shop.commits()[0].commit))
    assert not shop.plan().todo, "and it lasts"
    assert "99 was a slip" in typed("history", "spend")
    assert typed("group", "restore", "spend@1").startswith("the rows of commit 1 are those of commit 3")
    shop.pay([*SECOND, Payment("cyd", 3, 1.0)])
    shop.apply()
    assert shop.rows().height == 4, "new payments: computed from all of them"


def test_a_group_that_was_brought_back_is_said_until_it_is_computed_again(typed: Typed) -> None:
    typed("group", "restore", "spend@1", "--why", "99 was a slip")
    typed("apply")
    said = "feature_group.spend holds commit 1 since 2"
    ends = "rows of its sources that came later are not in it; `headway apply --refresh feature_group.spend` computes it again"
    (note,) = [text for text in typed.shop.plan().notices if text.startswith(said)]
    assert ": 99 was a slip; " in note
    assert note.endswith(ends)
    assert main(["apply"]) == 0
    out, err = typed.capsys.readouterr()
    assert "nothing to do in dev" in out
    assert f"note: {note}\n" in err
    assert note in typed("status")
    dev, prod = typed.json("status")["environments"]
    assert dev["restored"][NODE]["commit"] == 1
    assert not prod["restored"]
    typed("apply", "--refresh", NODE)
    assert typed.shop.rows().height == 3, "all that the sources have"
    assert not any("holds commit" in text for text in typed.shop.plan().notices)
    assert "holds commit" not in typed("status")


def test_a_restore_under_another_version_or_on_old_sources_is_refused(typed: Typed) -> None:
    typed.shop.pay([*SECOND, Payment("cyd", 3, 1.0)])
    assert "ST112" in typed("group", "restore", "spend@1", code=2)
    typed.shop.apply()
    typed.shop.bump()
    typed.shop.apply()
    assert "ST111" in typed("group", "restore", "spend@1", code=2)


def test_a_restored_meaning_is_not_the_ground_of_an_increment(typed: Typed) -> None:
    shop = typed.shop
    shop.code(PLAIN.replace("> 50", "> 5"))
    shop.apply()
    typed("group", "restore", "spend@1")
    shop.apply()
    shop.pay([*SECOND, Payment("cyd", 3, 1.0)])
    shop.apply()
    assert shop.rows()["is_large"].to_list() == [1.0, 1.0, 0.0, 0.0]


def test_gc_keeps_what_something_refers_to_and_says_why(typed: Typed) -> None:
    shop = typed.shop
    shop.pay(FIRST[:1])
    shop.apply(only=["source.payments"])
    shop.pay(SECOND[:2])
    shop.apply()
    (shop.root / ".headway" / "blobs" / "ab").mkdir(exist_ok=True)
    (shop.root / ".headway" / "blobs" / "ab" / ("c" * 62)).write_text("of a killed process")
    dry = typed.json("gc", "--dry-run")
    assert dry["files"] >= 1
    whys = {item["commit"]: item["why"] for item in dry["kept"] if item["node"] == NODE}
    assert whys[3] == "`dev` points at it"
    assert whys[1] == "`dev` may be rolled back to it"
    assert "stays" in typed("gc", "--dry-run")
    assert typed("gc").startswith("freed ")
    for commit in shop.commits():
        assert shop.rows(commit.commit).height == commit.rows
    assert not shop.plan().todo
    assert typed.json("gc")["files"] == 0


def test_gc_removes_commits_that_nothing_was_made_of(typed: Typed) -> None:
    """Computed, and superseded before any environment took them."""
    shop = typed.shop
    for amount in (7.0, 8.0):
        shop.pay([Payment("dan", 5, amount)])
        command = [sys.executable, str(KILLED), str(shop.root), "move", "before", "1"]
        assert subprocess.run(command, check=False).returncode < 0
    typed("group", "restore", "spend@1")
    assert len(shop.commits()) == 5
    dry = typed.json("gc", "--dry-run")
    assert [item["commit"] for item in dry["removed"] if item["node"] == NODE] == [3, 4]
    assert typed.json("gc")["bytes"] == dry["bytes"] > 0
    assert typed("history", "spend").count("rows collected") == 2
    assert "ST101" in typed("show", "spend@3", "--rows", code=4)
    shop.apply()
    assert not shop.plan().todo


def test_gc_waits_for_nobody(typed: Typed) -> None:
    writer = typed.shop.workspace.open_writer()
    with writer.lease("environment-dev", "eve: apply"):
        assert "eve" in typed("gc", code=5)
        assert typed("gc", "--dry-run").startswith("would free ")


def test_a_dry_run_of_gc_writes_nothing(typed: Typed) -> None:
    leases = typed.shop.root / ".headway" / "leases"
    shutil.rmtree(leases)
    typed("gc", "--dry-run")
    assert not leases.exists()
