"""Plan and apply: what runs, why, and what is left behind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from product import HEADWAY, Folder

NODES = [
    "source.rows",
    "dataset.main",
    "model.main",
    "model.main.baseline",
    "evaluation.main",
    "endpoint.main",
]


def ran(folder: Folder, *words: str) -> list[str]:
    done = folder.run("apply", "--json", *words)
    assert done.code == 0, done.err
    return done.json["executed"]


def test_a_second_apply_does_nothing(applied: Folder) -> None:
    before = (applied.root / ".headway" / "ledger.db").stat().st_size
    done = applied.run("apply")
    assert (done.code, done.out) == (0, "nothing to do in dev\n")
    assert (applied.root / ".headway" / "ledger.db").stat().st_size == before


def test_plan_json_has_the_documented_shape(applied: Folder) -> None:
    applied.edit("headway.yaml", "max_iter: 100", "max_iter: 101")
    made = applied.run("plan", "--json").json
    assert {"plan", "env", "steps"} <= made.keys()
    step = next(step for step in made["steps"] if step["node"] == "model.main")
    assert (step["kind"], step["status"]) == ("model", "stale")
    cause = step["causes"][0]
    assert (cause["kind"], cause["about"], cause["before"], cause["after"]) == (
        "config",
        "params.max_iter",
        100,
        101,
    )


def test_plan_exit_code_tells_a_script_that_there_is_something_to_do(applied: Folder) -> None:
    assert applied.run("plan", "--exit-code").code == 0
    applied.edit("headway.yaml", "seed: 7", "seed: 8")
    assert applied.run("plan", "--exit-code").code == 10
    assert applied.run("plan").code == 0


def test_data_goes_to_stdout_and_the_next_command_to_stderr(applied: Folder) -> None:
    applied.edit("headway.yaml", "seed: 7", "seed: 8")
    done = applied.run("plan")
    assert "next: headway apply" in done.err
    assert "next:" not in done.out


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('owner: ""', 'owner: "ops"', []),
        ('goal: ""', 'goal: "fewer late parcels"', []),
        ("  main: {model: main}", "  main: {model: main, description: the door}", []),
        ("metrics: [roc_auc, log_loss]", "metrics: [roc_auc, log_loss, brier]", ["evaluation.main"]),
        (
            "metrics: [roc_auc, log_loss]",
            "metrics: [roc_auc, log_loss]\n    slices: {by: [weather], min_rows: 10}",
            ["evaluation.main"],
        ),
        ("learning_rate: 0.1", "learning_rate: 0.2", ["model.main", "evaluation.main", "endpoint.main"]),
    ],
)
def test_a_change_in_the_file_runs_what_it_must(
    applied: Folder, before: str, after: str, expected: list[str]
) -> None:
    applied.edit("headway.yaml", before, after)
    assert ran(applied) == expected


def test_a_changed_gate_judges_again_and_runs_nothing(applied: Folder) -> None:
    applied.edit("headway.yaml", "- roc_auc >= 0.6", "- roc_auc >= 0.55")
    done = applied.run("apply")
    assert done.code == 0
    assert "judging 1 gate" in done.err.partition("pass    roc_auc >= 0.55")[0]
    assert "pass    roc_auc >= 0.55" in done.err
    assert "0 nodes ran" in done.out
    assert applied.run("plan", "--exit-code").code == 0
    why = applied.run("why", "evaluation.main")
    assert "roc_auc >= 0.55" in why.out
    assert "roc_auc >= 0.6 " not in why.out, "what is declared no more is counted only"
    assert " older: headway why evaluation.main --json" in why.out


def test_a_comment_changes_nothing_and_a_helper_names_itself(applied: Folder) -> None:
    path = applied.root / "parcels" / "training.py"
    path.write_text(path.read_text() + "\n\n# a comment\n")
    assert set(applied.statuses().values()) == {"fresh"}
    (applied.root / "parcels" / "extra.py").write_text(
        "FACTOR = 1.0\n\n\ndef scaled(x):\n    return x * FACTOR\n"
    )
    applied.edit(
        "parcels/training.py",
        "import polars as pl\n",
        "import polars as pl\n\nfrom parcels.extra import scaled\n",
    )
    applied.edit("parcels/training.py", "C=params['learning_rate']", "C=scaled(params['learning_rate'])")
    assert "model.main" in ran(applied)
    applied.edit("parcels/extra.py", "FACTOR = 1.0", "FACTOR = 2.0")
    why = applied.run("why", "model.main")
    assert "code: parcels.extra.FACTOR" in why.out
    assert applied.statuses()["dataset.main"] == "fresh"


def test_going_back_runs_nothing(applied: Folder) -> None:
    before = applied.pointers()
    applied.edit("headway.yaml", "seed: 7", "seed: 8")
    ran(applied)
    applied.edit("headway.yaml", "seed: 8", "seed: 7")
    assert ran(applied) == []
    assert applied.pointers() == before


def test_one_changed_cell_of_data_runs_everything_below_it(applied: Folder) -> None:
    path = applied.root / "data" / "deliveries.csv"
    lines = path.read_text().splitlines()
    lines[1] = "1.5," + lines[1].partition(",")[2]
    path.write_text("\n".join(lines) + "\n")
    assert ran(applied) == NODES
    path.touch()
    assert ran(applied) == []


def test_only_and_refresh_do_what_they_say(fresh: Folder) -> None:
    assert ran(fresh, "--only", "dataset.main") == ["source.rows", "dataset.main"]
    assert ran(fresh) == [node for node in NODES if node not in ("source.rows", "dataset.main")]
    assert ran(fresh, "--refresh", "model.main") == ["model.main"], "an equal result stops there"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["apply", "--env", "prodd"], 2, "did you mean `prod`?"),
        (["why", "model.mian"], 2, "did you mean `model.main`?"),
        (["plan", "--only", "model.mian"], 2, "did you mean `model.main`?"),
        (["aply"], 2, "did you mean `apply`?"),
        (["plan", "--nonsense"], 2, "unrecognized arguments"),
        (["show", "abcdef012345"], 2, "nothing is found under `abcdef012345`"),
        (["log", "--env", "prodd"], 2, "did you mean `prod`?"),
        (["diff", "dev", "prodd"], 2, "did you mean `prod`?"),
        (["predictions", "--env", "prodd"], 2, "did you mean `prod`?"),
        (["rollback", "--env", "prodd"], 2, "did you mean `prod`?"),
        (["stop", "--env", "prodd"], 2, "did you mean `prod`?"),
        (["serve", "--env", "prodd"], 2, "did you mean `prod`?"),
        (["promote", "--to", "prodd"], 2, "did you mean `prod`?"),
        (["lineage", "model.mian"], 2, "nothing is found under `model.mian`"),
        (["reproduce", "source.rows"], 2, "a source, which is not made from pinned inputs"),
        (["rollback", "--hold", "5x"], 2, "`5x` is not a duration"),
        (["serve", "--host", "0.0.0.0"], 2, "is not this machine alone"),
        (["explain", "XX999"], 2, "nothing is found under `XX999`"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(
    applied: Folder, words: list[str], code: int, said: str
) -> None:
    done = applied.run(*words)
    assert done.code == code
    assert said in done.err
    assert done.out == ""


def test_every_command_has_its_help(applied: Folder) -> None:
    listed = applied.run("--help")
    names = [line.split()[0] for line in listed.out.splitlines() if line.startswith("  ")]
    assert {"init", "plan", "apply", "serve", "rollback"} <= set(names)
    for name in names:
        done = applied.run(name, "--help")
        assert (done.code, done.err) == (0, "")
        assert f"usage: headway {name}" in done.out


def test_output_that_nobody_takes_is_no_bug_of_ours(applied: Folder) -> None:
    command = f"'{HEADWAY}' plan --json"
    for redirect, code in ((">&-", 0), ("> /dev/full", 4), ("| true", 0)):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command} {redirect}"],
            cwd=applied.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (redirect, done.stderr)
        assert "EN009" not in done.stderr
    assert applied.run("log", "--verify").code == 0


def test_outside_a_product_the_way_in_is_named(applied: Folder) -> None:
    done = Folder(applied.root.parent).run("plan")
    assert done.code == 2
    assert "`headway init`" in done.err


def test_what_is_not_built_yet_is_named_on_apply_and_passes_check(applied: Folder) -> None:
    applied.edit(
        "headway.yaml",
        "  main: {model: main}",
        "  main: {model: main}\n\nmonitors:\n  - {drift: features, false_alarms: 1 per 30d}",
    )
    checked = applied.run("check")
    assert checked.code == 0
    assert "not built yet: monitors (headway.yaml:" in checked.out
    done = applied.run("apply")
    assert done.code == 2
    assert "not built yet" in done.err


def test_json_is_one_document_on_stdout_for_every_command_that_offers_it(applied: Folder) -> None:
    for words in (
        ["check"],
        ["plan"],
        ["apply"],
        ["why", "model.main"],
        ["status"],
        ["show", "model.main"],
        ["log"],
        ["diff", "prod", "dev"],
        ["lineage", "model.main"],
        ["predictions", "--env", "dev"],
    ):
        done = applied.run(*words, "--json")
        assert done.code == 0, (words, done.err)
        json.loads(done.out)


def test_every_library_that_no_lock_pins_can_be_seen(fresh: Folder) -> None:
    note = next(line for line in fresh.run("plan").out.splitlines() if line.startswith("note: no lock file"))
    assert " more; " in note, "not all fit on the line"
    command = note.partition("`headway ")[2].partition("`")[0].split()
    shown = fresh.run(*command)
    assert shown.code == 0
    found = fresh.run(*command, "--json").json
    assert found["unlocked"] == sorted(set(found["libraries"]) - {"python"})
    assert all(f"{name} " in shown.out for name in found["unlocked"])
    assert shown.out.count("in no lock file") == len(found["unlocked"])


FIRST = "nothing was applied yet"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("why model.main", 0),
        ("status", 0),
        ("diff dev prod", 0),
        ("predictions", 0),
        ("show model.main", 2),
        ("show model.main@dev", 2),
        ("show abcdef", 2),
        ("lineage model.main", 2),
        ("reproduce model.main", 2),
    ],
)
def test_before_the_first_apply_every_command_says_so_and_what_comes_next(
    fresh: Folder, words: str, code: int
) -> None:
    done = fresh.run(*words.split())
    assert done.code == code
    assert FIRST in done.err
    assert "headway apply" in done.err
    assert FIRST not in fresh.run("check").err


def test_an_environment_that_nothing_was_applied_to_is_not_served(fresh: Folder) -> None:
    done = fresh.run("serve", "--env", "prod", "--port", "0")
    assert done.code == 2
    assert "nothing was applied to `prod` yet" in done.err
    assert "headway apply --env prod" in done.err


def test_what_is_not_found_says_why(applied: Folder) -> None:
    assert FIRST not in applied.run("status").err
    assert "did you mean `model.main@dev`?" in applied.run("show", "modl.main@dev").err
    assert "did you mean `prod`?" in applied.run("show", "model.main@prd").err
    applied.edit("headway.yaml", "endpoints:\n", "endpoints:\n  second: {model: main}\n")
    assert "`endpoint.second` is declared, and was never made" in applied.run("show", "endpoint.second").err
    assert "next: headway serve" in applied.run("predictions").err


def test_an_apply_with_nothing_to_do_loads_no_data_frame(applied: Folder) -> None:
    script = (
        "import sys; from headway.cli.main import main; code = main(['apply']);"
        " print([m for m in ('polars', 'numpy', 'sklearn', 'pyarrow', 'deltalake', 'onnx') if m in sys.modules], code)"
    )
    assert "nothing to do" in applied.run("apply").out
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=applied.root, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "[] 0", done.stderr
