"""Protected environments, promotion, rollback, holds, stop, the journal."""

from __future__ import annotations

import sqlite3
import time
from importlib.metadata import version

import pytest
from product import Folder, post


def change_model(folder: Folder, seed: int = 8, rate: str = "0.2") -> None:
    folder.edit("headway.yaml", "learning_rate: 0.1", f"learning_rate: {rate}")
    assert folder.run("apply", "--env", "dev").code == 0


def test_a_failing_gate_keeps_the_pointers_of_a_protected_environment(applied: Folder) -> None:
    before = applied.pointers("prod")
    applied.edit("headway.yaml", "- roc_auc >= 0.6", "- roc_auc >= 0.999")
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    done = applied.run("apply", "--env", "prod")
    assert done.code == 3
    assert "roc_auc >= 0.999: fail" in done.err
    assert applied.pointers("prod") == before
    assert applied.run("apply", "--env", "prod").code == 3, "asked again, the answer is the same"
    for _ in range(2):  # the second is the stored one
        planned = applied.run("plan", "--env", "prod")
        assert planned.code == 3
        assert "error[EN007]" in planned.err
        assert "`headway why evaluation.main --env prod`" in planned.err
        assert "gate `roc_auc >= 0.999`: fail (" in planned.out
        assert "pointer moves" not in planned.out
    assert applied.run("plan", "--env", "dev").code == 0


def test_libraries_without_a_lock_are_refused_in_a_protected_environment(applied: Folder) -> None:
    applied.edit("headway.yaml", "lock: requirements.txt\n", "")
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    planned = applied.run("plan", "--env", "prod")
    assert planned.code == 3
    assert "error[EN005]" in planned.err
    assert planned.out.count("refused: prod is protected, and ") == 1
    for _ in range(2):
        done = applied.run("apply", "--env", "prod")
        assert done.code == 3
        assert "in no lock file" in done.err
        assert "nothing ran; no pointer moved in prod" in done.out
        assert "model.main  " not in done.err, "nothing was computed for an answer that was known before"
    assert applied.run("apply", "--env", "dev").code == 0
    assert applied.run("promote", "--from", "dev", "--to", "prod").code == 3


def test_libraries_other_than_the_locked_ones_are_refused_before_any_work(applied: Folder) -> None:
    applied.edit("requirements.txt", f"numpy=={version('numpy')}", "numpy==1.0.0")
    assert applied.run("plan", "--env", "dev").code == 0
    planned = applied.run("plan", "--env", "prod", "--json")
    assert planned.code == 3
    assert f"numpy: locked 1.0.0, installed {version('numpy')}" in planned.err
    about = {cause["about"] for step in planned.json["steps"] for cause in step["causes"]}
    assert "libraries other than the locked ones" in about
    assert applied.run("apply", "--env", "prod").code == 3


def test_a_promotion_moves_pointers_through_the_gates_and_computes_nothing(applied: Folder) -> None:
    change_model(applied)
    assert applied.pointers("dev") != applied.pointers("prod")
    assert "model.main" in applied.run("diff", "prod", "dev").out
    applied.edit("headway.yaml", "- roc_auc >= 0.6", "- roc_auc >= 0.61")
    unjudged = applied.run("promote", "--from", "dev", "--to", "prod")
    assert unjudged.code == 3
    assert "roc_auc >= 0.61: not run" in unjudged.err
    assert "`headway apply` judges gates that are new or were changed" in unjudged.err
    applied.edit("headway.yaml", "- roc_auc >= 0.61", "- roc_auc >= 0.6")
    done = applied.run("promote", "--from", "dev", "--to", "prod", "--why", "better")
    assert done.code == 0, done.err
    assert applied.pointers("dev") == applied.pointers("prod")
    assert applied.run("diff", "prod", "dev").out == "prod and dev point at the same\n"
    assert "why: better" in applied.run("log", "--env", "prod").out


def test_a_rollback_brings_everything_back_and_the_next_apply_leaves_the_release_alone(
    applied: Folder,
) -> None:
    first = applied.pointers("prod")
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    assert applied.run("apply", "--env", "prod").code == 0
    second = applied.pointers("prod")
    done = applied.run("rollback", "--env", "prod", "--why", "late answers")
    assert done.code == 0
    assert "rolled back prod in " in done.out
    assert applied.pointers("prod") == first
    assert "policy: held by tester: late answers" in applied.run("plan", "--env", "prod").out
    again = applied.run("apply", "--env", "prod")
    assert (again.code, applied.pointers("prod")) == (0, first)
    refused = applied.run("promote", "--from", "prod", "--to", "prod", "--unhold")
    assert refused.code == 0
    assert applied.run("apply", "--env", "prod").code == 0
    assert applied.pointers("prod") == second


def test_a_first_release_has_nothing_to_go_back_to(applied: Folder) -> None:
    done = applied.run("rollback", "--env", "prod")
    assert done.code == 3
    assert "headway stop" in done.err


def test_a_rollback_without_the_ledger_is_journalled_before_anything_else_moves(applied: Folder) -> None:
    first = applied.pointers("prod")
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    assert applied.run("apply", "--env", "prod").code == 0
    done = applied.run("rollback", "--env", "prod", "--without-ledger", "--why", "the database is down")
    assert done.code == 0, done.err
    status = applied.run("status").out
    assert "overridden without the ledger: roll_back by tester" in status
    assert first["endpoint.main"][:12] in status
    after = applied.run("apply", "--env", "prod")
    assert after.code == 0
    assert "journalled what was done without the ledger" in after.err
    assert applied.pointers("prod") == first
    assert [move["action"] for move in applied.run("log", "--env", "prod", "--json").json["moves"]][
        -1
    ] == "override"
    assert applied.run("log", "--verify").code == 0


def test_a_damaged_ledger_does_not_keep_anybody_from_stopping(applied: Folder) -> None:
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (applied.root / ".headway" / name).write_bytes(b"this is no database" * 200)
    done = applied.run("stop", "--env", "prod", "--why", "red button")
    assert done.code == 0, done.err
    assert "by an override beside the route" in done.out
    told = applied.run("status")
    assert "prod at revision unknown" in told.out
    assert "what it points at is unknown" in told.out
    assert "points at nothing" not in told.out
    assert "serves main: stopped" in told.out
    prod = next(one for one in applied.run("status", "--json").json["environments"] if one["name"] == "prod")
    assert (prod["revision"], prod["pointers"], prod["agrees"]) == (None, None, None)


def test_a_stop_holds_every_release_until_a_rollback_brings_one_back(applied: Folder) -> None:
    before = applied.pointers("prod")
    assert applied.run("stop", "--env", "prod", "--why", "drill").code == 0
    assert "serves main: stopped" in applied.run("status").out
    assert applied.run("apply", "--env", "prod").code == 0
    assert "endpoint.main" not in applied.pointers("prod")
    assert applied.run("rollback", "--env", "prod").code == 0
    assert applied.pointers("prod") == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fact SET body = replace(body, 'tester', 'nobody') WHERE kind = 'move'",
        "DELETE FROM journal WHERE revision = 1 AND environment = 'prod'",
        "UPDATE fact SET body = replace(body, 'pass', 'fail') WHERE kind = 'evidence'",
        "UPDATE pointer SET digest = '0' WHERE node = 'model.main'",
    ],
)
def test_the_journal_shows_that_somebody_changed_it(applied: Folder, statement: str) -> None:
    assert applied.run("log", "--verify").code == 0
    database = sqlite3.connect(applied.root / ".headway" / "ledger.db")
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    database.execute(statement)
    database.commit()
    database.close()
    done = applied.run("log", "--verify")
    assert done.code == 3
    assert "backup" in done.err


def test_a_failing_gate_in_an_unprotected_environment_is_said_and_does_not_decide(applied: Folder) -> None:
    applied.edit("headway.yaml", "- roc_auc >= 0.6", "- roc_auc >= 0.999")
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    done = applied.run("apply", "--env", "dev")
    assert done.code == 0
    assert "`dev` is not protected, so they do not decide" in done.err


def test_a_promotion_that_a_gate_refuses_moves_nothing_and_says_why(applied: Folder) -> None:
    before = applied.pointers("prod")
    applied.edit("headway.yaml", "- roc_auc >= 0.6", "- roc_auc >= 0.999")
    change_model(applied)
    done = applied.run("promote", "--to", "prod")
    assert (done.code, done.out) == (3, "")
    assert "roc_auc >= 0.999: fail" in done.err
    assert applied.pointers("prod") == before


def test_a_held_release_comes_back_by_no_promotion_until_the_hold_ends(applied: Folder) -> None:
    first = applied.pointers("prod")
    change_model(applied)
    assert applied.run("promote", "--to", "prod").code == 0
    assert applied.run("rollback", "--env", "prod", "--hold", "3s", "--why", "drill").code == 0
    done = applied.run("promote", "--to", "prod")
    assert done.code == 3
    assert "drill" in done.err
    assert applied.pointers("prod") == first
    deadline = time.monotonic() + 20
    while applied.run("promote", "--to", "prod").code == 3:
        assert time.monotonic() < deadline, "a hold ends when its time is over"
    assert applied.pointers("prod") == applied.pointers("dev")


def test_running_servers_follow_an_override_while_the_ledger_is_away(applied: Folder) -> None:
    first = applied.pointers("prod")["endpoint.main"][:12]
    change_model(applied)
    assert applied.run("promote", "--to", "prod").code == 0
    row = {"distance_km": 31.5, "stops": 7, "weather": "rain"}
    with applied.serving("prod") as url:
        kept = {path: path.read_bytes() for path in (applied.root / ".headway").glob("ledger.db*")}
        for path in kept:
            path.write_bytes(b"this is no database" * 200)
        assert applied.run("rollback", "--env", "prod", "--why", "late answers").code == 0
        deadline = time.monotonic() + 10
        while post(f"{url}/predict/main", row)[1]["model_version"] != first:
            assert time.monotonic() < deadline, "the server takes the override up"
        for path, content in kept.items():
            path.write_bytes(content)
        assert applied.run("plan", "--env", "prod").code == 0
        assert applied.run("apply", "--env", "prod").code == 0
        assert post(f"{url}/predict/main", row)[1]["model_version"] == first
    assert applied.pointers("prod")["endpoint.main"][:12] == first
    assert "late answers" in applied.run("log", "--env", "prod").out
    assert applied.run("log", "--verify").code == 0


def test_why_shows_the_verdicts_of_the_environment_that_is_asked_about(applied: Folder) -> None:
    """One model, judged against two champions: the one of dev, and the one of prod."""
    gate = "roc_auc >= champion - 0.9"
    applied.edit("headway.yaml", "- roc_auc >= 0.6", f"- {gate}")
    change_model(applied)
    applied.edit("headway.yaml", "learning_rate: 0.2", "learning_rate: 0.05")
    assert applied.run("apply", "--env", "dev").code == 0
    asked = applied.run("why", "evaluation.main", "--env", "dev", "--json").json["evidence"]
    said = {item["against"]["champion"]: item["wanted"] for item in asked if item["check"] == gate}
    prod, dev = (
        applied.pointers("prod")["model.main"],
        (set(said) - {applied.pointers("prod")["model.main"]}).pop(),
    )
    assert said[dev] != said[prod]
    for env, rival in (("dev", dev), ("prod", prod)):
        lines = applied.run("why", "evaluation.main", "--env", env).out.splitlines()
        assert [line for line in lines if gate in line and f"wanted {said[rival]}" in line], (env, lines)
    assert applied.run("apply", "--env", "prod").code == 0
    lines = applied.run("why", "evaluation.main", "--env", "prod").out.splitlines()
    assert [line for line in lines if gate in line and f"wanted {said[prod]}" in line], (
        "it was let in by this one"
    )
