"""Bad data, bad code, bad luck: a clear error, the right exit code, nothing lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest
from product import Folder, on_a_terminal

DATA = "data/deliveries.csv"


def rewrite(folder: Folder, frame: pl.DataFrame) -> None:
    frame.write_csv(folder.root / DATA)


def table(folder: Folder) -> pl.DataFrame:
    return pl.read_csv(folder.root / DATA)


def refused(folder: Folder, code: int, said: str) -> None:
    before = folder.pointers()
    done = folder.run("apply")
    assert done.code == code, done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert "EN009" not in done.err
    assert folder.pointers() == before, "the old pointers stay"


def test_a_renamed_column_is_named_with_the_nearest(applied: Folder) -> None:
    rewrite(applied, table(applied).rename({"distance_km": "distance"}))
    refused(applied, 3, "was it renamed to `distance`?")


def test_a_dropped_column_is_named(applied: Folder) -> None:
    rewrite(applied, table(applied).drop("stops"))
    refused(applied, 3, "column `stops`")


def test_a_retyped_column_is_counted(applied: Folder) -> None:
    rewrite(applied, table(applied).with_columns(pl.lit("many").alias("stops")))
    refused(applied, 3, "600")


def test_a_table_without_rows_is_refused(applied: Folder) -> None:
    rewrite(applied, table(applied).head(0))
    refused(applied, 3, "row")


def test_infinity_in_the_data_is_refused(applied: Folder) -> None:
    text = (applied.root / DATA).read_text().splitlines()
    text[1] = "inf," + text[1].partition(",")[2]
    (applied.root / DATA).write_text("\n".join(text) + "\n")
    refused(applied, 3, "distance_km")


def test_a_missing_file_is_an_outside_failure(applied: Folder) -> None:
    (applied.root / DATA).unlink()
    refused(applied, 4, "deliveries.csv")


def test_a_web_page_in_place_of_a_table_is_recognised(applied: Folder) -> None:
    (applied.root / DATA).write_text("<!DOCTYPE html><html><body>404</body></html>\n")
    refused(applied, 3, "page")


def test_another_date_format_in_a_third_of_the_rows_is_an_error_that_counts_them(fresh: Folder) -> None:
    days = [
        f"2026-03-{1 + i % 28:02d}T10:00:00Z" if i % 10 >= 3 else f"{1 + i % 28:02d}.03.2026"
        for i in range(600)
    ]
    rewrite(fresh, table(fresh).with_columns(pl.Series("seen_at", days)))
    contract = fresh.root / "contracts" / "rows.yaml"
    contract.write_text(
        contract.read_text().replace("rows: {min: 1}", "  seen_at: {type: time}\nrows: {min: 1}")
    )
    refused(fresh, 3, "180")


def test_a_truncated_parquet_file_is_refused(fresh: Folder) -> None:
    path = fresh.root / "data" / "deliveries.parquet"
    table(fresh).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-200])
    fresh.edit("headway.yaml", "data/deliveries.csv", "data/deliveries.parquet")
    refused(fresh, 3, "deliveries.parquet")


def test_a_label_with_one_class_is_refused(applied: Folder) -> None:
    rewrite(applied, table(applied).with_columns(late=pl.lit(value=False)))
    refused(applied, 3, "late")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('no luck')", "ValueError: no luck"),
        ("return None", "returned None"),
        ("return {'weights': 1}", "predict"),
    ],
)
def test_training_code_that_fails_is_named_with_its_place(applied: Folder, body: str, said: str) -> None:
    applied.edit("parcels/training.py", "    texts = [", f"    {body}\n    texts = [")
    refused(applied, 6, said)


def test_a_failure_gives_the_terminal_back_as_it_was(applied: Folder) -> None:
    applied.edit("parcels/training.py", "    texts = [", "    raise ValueError('no luck')\n    texts = [")
    code, drawn = on_a_terminal(applied, "apply")
    assert code == 6
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert drawn.count(hidden) == drawn.count(shown) > 0, "the cursor is there again"
    assert drawn.rindex(shown) < drawn.index("ValueError: no luck"), "nothing is drawn over the error"


def test_code_that_is_not_python_is_refused_at_planning_with_its_line(applied: Folder) -> None:
    applied.edit("parcels/training.py", "def fit(", "def fit(:")
    done = applied.run("plan")
    assert done.code == 6
    assert "parcels/training.py:" in done.err


def test_a_failed_run_shows_in_the_facts_and_costs_nothing_twice(applied: Folder) -> None:
    applied.edit("headway.yaml", "seed: 7", "seed: 9")
    applied.edit("parcels/training.py", "    texts = [", "    raise OSError('x')\n    texts = [")
    assert applied.run("apply").code == 6
    applied.edit("parcels/training.py", "    raise OSError('x')\n", "")
    assert "dataset.main" not in applied.run("apply", "--json").json["executed"]


def test_a_deleted_blob_is_tainted_and_healed(applied: Folder) -> None:
    digest = next(
        f["digest"]
        for f in applied.run("show", "model.main", "--json").json["files"]
        if f["name"] == "model.onnx"
    )
    (applied.root / ".headway" / "blobs" / digest[:2] / digest[2:]).unlink()
    assert "tainted: the stored result is missing its file model.onnx" in applied.run("plan").out
    assert applied.run("apply").code == 0
    assert set(applied.statuses().values()) == {"fresh"}


def test_one_changed_byte_is_tainted_and_healed(applied: Folder) -> None:
    digest = applied.run("show", "dataset.main", "--json").json["files"][-1]["digest"]
    path = applied.root / ".headway" / "blobs" / digest[:2] / digest[2:]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "tainted: the stored result is changed" in applied.run("plan").out
    assert applied.run("apply").code == 0
    assert set(applied.statuses().values()) == {"fresh"}


def slow(folder: Folder) -> None:
    folder.edit(
        "parcels/training.py",
        "    texts = [",
        "    import time, pathlib\n    pathlib.Path('/proc/self/cwd/started').touch()\n    time.sleep(20)\n    texts = [",
    )


def wait_for(folder: Folder) -> None:
    deadline = time.monotonic() + 30
    while not (folder.root / "started").exists():
        assert time.monotonic() < deadline, "the training did not begin"
        os.sched_yield()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_ends_with_130_and_a_clean_state(
    applied: Folder, tmp_path: Path, number: signal.Signals
) -> None:
    before = applied.pointers()
    slow(applied)
    process = applied.start("apply", TMPDIR=str(tmp_path))
    wait_for(applied)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert list(tmp_path.glob("headway-*")) == [], "no temporary folder is left"
    assert applied.pointers() == before
    applied.edit("parcels/training.py", "    time.sleep(20)\n", "")
    assert applied.run("apply").code == 0
    assert applied.run("log", "--verify").code == 0


def test_a_second_apply_at_the_same_time_is_told_who_holds_the_environment(applied: Folder) -> None:
    slow(applied)
    process = applied.start("apply")
    try:
        wait_for(applied)
        done = applied.run("apply")
        assert done.code == 5
        assert "tester: apply" in done.err
    finally:
        process.kill()
        process.communicate()
    applied.edit("parcels/training.py", "    time.sleep(20)\n", "")
    assert applied.run("apply").code == 0, "a dead holder holds nothing"


def test_a_workspace_that_cannot_be_written_is_an_outside_failure(fresh: Folder) -> None:
    (fresh.root / ".headway").write_text("in the way\n")
    assert fresh.run("plan").code == 0, "planning needs no workspace"
    done = fresh.run("apply")
    assert done.code == 4
    assert "cannot write" in done.err


def limits() -> list[str]:
    """What makes even root keep to the permissions of files."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everything, and there is no setpriv to bind it")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def test_a_workspace_that_may_only_be_read_is_planned_and_shown_but_nothing_moves(applied: Folder) -> None:
    applied.within = limits()
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    paths = [applied.root, *applied.root.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        assert applied.run("plan").code == 0
        assert applied.run("status").code == 0
        for words in (["apply"], ["promote", "--to", "prod"], ["stop"]):
            done = applied.run(*words)
            assert done.code == 4, words
            assert "cannot" in done.err
            assert "EN009" not in done.err
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def test_a_planted_secret_shows_nowhere(applied: Folder) -> None:
    planted = "s3cr3t-0f-the-h0use"
    applied.edit("headway.yaml", 'owner: ""', 'owner: ""\nstore: {secret: LEDGER_URL}')
    done = applied.run("apply", LEDGER_URL=planted)
    assert done.code == 2
    assert planted not in done.out + done.err
    applied.edit("headway.yaml", "\nstore: {secret: LEDGER_URL}", "")
    applied.edit("headway.yaml", "seed: 7", "seed: 11")
    assert applied.run("apply", LEDGER_URL=planted).code == 0
    kept = b"".join(path.read_bytes() for path in (applied.root / ".headway").rglob("*") if path.is_file())
    assert planted.encode() not in kept


def test_unicode_field_names_go_all_the_way(fresh: Folder) -> None:
    rewrite(fresh, table(fresh).rename({"distance_km": "größe_km"}))
    fresh.edit("contracts/rows.yaml", "distance_km", '"größe_km"')
    done = fresh.run("apply")
    assert done.code == 0, done.err
    shutil.rmtree(fresh.root / ".headway")


def test_what_the_code_printed_is_shown_when_it_fails_and_kept_when_it_does_not(applied: Folder) -> None:
    applied.edit("parcels/training.py", "    texts = [", "    print('epoch 1 of 1')\n    texts = [")
    assert applied.run("apply").code == 0
    assert "epoch 1 of 1" in applied.run("why", "model.main").out
    applied.edit(
        "parcels/training.py",
        "    print('epoch 1 of 1')\n",
        "    print('epoch 0')\n    raise ValueError('no')\n",
    )
    assert "printed: epoch 0" in applied.run("apply").err


def test_code_that_calls_exit_does_not_end_the_command_in_silence(applied: Folder) -> None:
    applied.edit(
        "parcels/training.py", "    texts = [", "    raise SystemExit('no data today')\n    texts = ["
    )
    refused(applied, 6, "called sys.exit('no data today')")


def test_a_ledger_that_was_taken_away_does_not_verify(applied: Folder) -> None:
    for path in (applied.root / ".headway").glob("ledger.db*"):
        path.unlink()
    done = applied.run("log", "--verify")
    assert done.code == 3
    assert "it ends at 0" in done.err


@pytest.mark.parametrize("share", [0.4, 0.7, 0.9, 0.95])
def test_a_kill_at_any_moment_leaves_nothing_that_the_next_apply_does_not_clear(
    applied: Folder, tmp_path: Path, share: float
) -> None:
    own = tmp_path / "temporary"
    own.mkdir()
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.3")
    process = applied.start("apply", "--env", "prod", TMPDIR=str(own))
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=2.5 * share)
    process.kill()
    process.communicate()
    again = applied.run("apply", "--env", "prod", TMPDIR=str(own))
    assert again.code == 0, again.err
    state = applied.root / ".headway"
    half = [
        *state.glob("tmp/*"),
        *state.glob("blobs/incoming/*"),
        *state.rglob("*.partial"),
        *own.glob("headway*"),
    ]
    assert half == []
