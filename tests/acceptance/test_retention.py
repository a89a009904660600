"""D5: what is older than it may be is left out of new datasets, told, and removed by `gc` where nobody needs it.

The present is an argument of `plan` and `gc`. What `apply` sees lies years on either side of its rule.
"""

from __future__ import annotations

import shutil
import struct
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from lending import START, Lending

from headway.api import delivery, planning, reading
from headway.api.groups import collect
from headway.core.ids import uuid7
from headway.engine.collecting import Item, Swept
from headway.engine.opened import open_product
from headway.engine.opened import plan as make_plan
from headway.engine.questions.checked import check_file
from headway.engine.questions.status import status_of
from headway.engine.stages.names import ROWS
from headway.errors import ContractError, GateError, SpecError
from headway.facts.commits import Collected, Expired
from headway.facts.evidence import Evidence
from headway.predictions import frame, segments
from headway.predictions.log import PredictionLog
from headway.predictions.record import Answers, Origin
from headway.render.checked import checked_text
from headway.render.groups import swept_text
from headway.render.status import status_text

LONG = timedelta(days=3650)
LATE = START + LONG + timedelta(days=60)
"""A present in which every row is too old."""
OLD = 30
KEEP_ROWS = "policies:\n  - {retention: {keep: 3650d}, on: dataset.*}\n"
KEEP_BOTH = "policies:\n  - {retention: {keep: 3650d}, on: [dataset.*, endpoint.main]}\n"


def under(product: Lending, rules: str) -> None:
    path = product.root / "headway.yaml"
    path.write_text(path.read_text().partition("policies:")[0] + rules)


def with_old_rows(product: Lending) -> None:
    """Thirty orders of the year 2000 beside the others."""
    path = product.root / "orders.parquet"
    orders = pl.read_parquet(path)
    old = orders.head(OLD).with_columns(pl.col("at").dt.offset_by("-26y"))
    pl.concat([old, orders]).write_parquet(path)


def rows_of(product: Lending, dataset: str) -> Path:
    artifact = product.workspace.open_reader().artifact(dataset)
    assert artifact is not None
    return product.workspace.blobs().path(artifact.file(ROWS).digest)


def items(found: Swept, node: str) -> tuple[list[Item], list[Item]]:
    """(removed, kept) of a node."""
    return [one for one in found.removed if one.node == node], [one for one in found.kept if one.node == node]


def facts(product: Lending) -> list[Expired]:
    read = product.workspace.open_reader().facts(kinds=("collected",))
    return [item for fact in read if isinstance(fact.body, Collected) for item in fact.body.expired]


def shown(product: Lending) -> list[Evidence]:
    """What the present dataset shows of its retention."""
    found = product.workspace.open_reader().evidence(product.pointers()["dataset.main"])
    return [item for _, item in found if item.check == "retention 3650d"]


# -- rows of datasets ------------------------------------------------------------------------------


def test_rows_that_are_too_old_are_left_out_and_counted_with_their_reason(product: Lending) -> None:
    with_old_rows(product)
    product.edit("headway.yaml", "train: 60%, validate: 20%", "train: 50%, validate: 30%")
    product.apply()
    assert "older than its retention" not in product.artifact("dataset.main").meta["excluded"]
    assert shown(product) == []
    under(product, KEEP_ROWS)
    (step,) = [step for step in planning.plan(product.root).steps if step.node == "dataset.main"]
    assert [(cause.kind, cause.about, cause.after) for cause in step.causes] == [
        ("config", "retention", "3650d")
    ]
    product.apply()
    meta = product.artifact("dataset.main").meta
    assert meta["excluded"]["older than its retention"] == OLD
    assert sum(meta["counts"][part] for part in ("train", "validate", "test", "unused", "excluded")) == 270
    (evidence,) = shown(product)
    assert evidence.values == {"keep": "3650d", "oldest": "2026-03-01T00:00:00.000000Z", "left_out": OLD}
    assert pl.read_parquet(rows_of(product, product.pointers()["dataset.main"]))["row.at"].min() == START
    assert not planning.plan(product.root).todo, "time alone builds nothing anew"


def test_a_rule_under_which_nothing_is_left_out_makes_the_same_dataset(product: Lending) -> None:
    before = product.pointers()
    under(product, KEEP_ROWS)
    assert product.apply().executed == ("dataset.main",)
    assert product.pointers() == before, "the same rows are the same dataset"
    (evidence,) = shown(product)
    assert evidence.values["left_out"] == 0


def test_what_has_become_too_old_is_told_and_nothing_is_built_or_removed(product: Lending) -> None:
    under(product, KEEP_ROWS)
    product.apply()
    opened = open_product(product.root / "headway.yaml")
    told = "dataset.main has held what is too old since 2036-02-27 00:00Z (retention 3650d on dataset.*, headway.yaml:"
    assert not any(
        told in notice for notice in make_plan(opened, "dev", now=LATE - timedelta(days=70)).notices
    )
    made = make_plan(opened, "dev", now=LATE)
    assert any(told in notice and "--refresh dataset.main" in notice for notice in made.notices)
    assert not made.todo
    assert rows_of(product, product.pointers()["dataset.main"]).exists()


def test_a_stored_plan_ends_when_a_row_becomes_too_old(product: Lending) -> None:
    under(product, KEEP_ROWS)
    product.apply()
    opened = open_product(product.root / "headway.yaml")
    before = make_plan(opened, "dev", now=START + LONG - timedelta(seconds=1))
    after = make_plan(opened, "dev", now=START + LONG)
    assert len(after.notices) == len(before.notices) + 1


@pytest.fixture(scope="module")
def applied_thrice(applied_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("thrice") / "shop"
    shutil.copytree(applied_once, root)
    product = Lending(root)
    under(product, KEEP_ROWS)
    for factor in (2.0, 3.0):
        product.pay(60, factor)
        product.apply()
    return root


@pytest.fixture
def thrice(applied_thrice: Path, tmp_path: Path) -> Lending:
    """Three releases of three datasets; the first was built before there was a rule."""
    shutil.copytree(applied_thrice, tmp_path / "thrice")
    return Lending(tmp_path / "thrice")


def test_rows_go_that_no_environment_needs_and_the_others_say_who_holds_them(thrice: Lending) -> None:
    first, before, present = thrice.outputs("dataset.main")
    said = collect(thrice.root, dry_run=True, now=LATE)
    gone, kept = items(said, "dataset.main")
    assert {one.digest for one in gone} >= {first}
    assert {one.digest: one.why.rpartition(", and ")[2] for one in kept} == {
        before: "`dev` may be rolled back to it",
        present: "`dev` points at it",
    }
    assert all(
        one.why.startswith("too old since 2036-02-27 00:00Z (retention 3650d on dataset.*")
        for one in gone + kept
    )
    assert rows_of(thrice, first).exists(), "a dry run removes nothing"
    assert facts(thrice) == []
    done = collect(thrice.root, now=LATE)
    assert done == said._replace(dry_run=False)
    assert [rows_of(thrice, one).exists() for one in (first, before, present)] == [False, True, True]
    assert f"goes  dataset.main {first[:12]}" in swept_text(done)
    (fact,) = [item for item in facts(thrice) if item.name == first]
    assert (fact.node, fact.rows, fact.oldest[:10]) == ("dataset.main", 240, "2026-03-01")
    again = collect(thrice.root, now=LATE)
    assert items(again, "dataset.main")[0] == []


def test_nothing_goes_before_its_time(thrice: Lending) -> None:
    found = thrice.outputs("dataset.main")
    done = collect(thrice.root, now=START + LONG - timedelta(seconds=1))
    assert items(done, "dataset.main") == ([], [])
    assert all(rows_of(thrice, one).exists() for one in found)


def test_without_a_rule_nothing_goes_however_old(thrice: Lending) -> None:
    found = thrice.outputs("dataset.main")
    under(thrice, "")
    assert items(collect(thrice.root, now=LATE), "dataset.main") == ([], [])
    assert all(rows_of(thrice, one).exists() for one in found)


def test_a_rollback_serves_as_before_and_a_second_one_too(thrice: Lending) -> None:
    """A release brings along all that it answers with; rows that are gone are built anew by the next apply."""
    collect(thrice.root, now=LATE)
    releases = thrice.outputs("endpoint.main")[-3:]
    for earlier in (releases[1], releases[0]):
        thrice.roll_back("dev")
        assert thrice.model().release == earlier
        assert 0 <= thrice.answer() <= 1


def test_a_release_that_is_held_keeps_its_rows_until_the_hold_ends(thrice: Lending) -> None:
    _, _, bad = thrice.outputs("dataset.main")
    thrice.roll_back("dev")
    thrice.pay(60, 5.0)
    thrice.apply()
    thrice.pay(60, 6.0)
    thrice.apply()
    _, kept = items(collect(thrice.root, now=LATE), "dataset.main")
    assert {one.digest: one.why for one in kept}[bad].endswith("and held in `dev`")
    delivery.promote(thrice.root, "dev", "dev", who="ada", unhold=True)
    gone, _ = items(collect(thrice.root, now=LATE), "dataset.main")
    assert bad in {one.digest for one in gone}


def test_a_dataset_whose_rows_do_not_tell_their_age_stays_and_is_named(thrice: Lending) -> None:
    first, _, _ = thrice.outputs("dataset.main")
    path = rows_of(thrice, first)
    orders = thrice.root / "orders.parquet"
    pl.read_parquet(orders).rename({"at": "moment"}).write_parquet(orders)
    thrice.edit("headway.yaml", "event_time: at", "event_time: moment")
    thrice.edit("headway.yaml", "predict_at: at", "predict_at: moment")
    thrice.edit("headway.yaml", "request: [at, ", "request: [moment, ")
    _, kept = items(collect(thrice.root, now=LATE), "dataset.main")
    assert {one.digest: one.why for one in kept}[first].endswith(
        "its rows have no column `moment` that tells"
    )
    assert path.exists()


def test_a_dataset_of_which_nothing_is_left_says_why(product: Lending) -> None:
    under(product, "policies:\n  - {retention: {keep: 1s}, on: dataset.*}\n")
    before = product.pointers()
    with pytest.raises(ContractError) as caught:
        product.apply()
    assert "240 older than its retention" in str(caught.value)
    assert product.pointers() == before


def test_a_release_of_a_dataset_that_was_built_without_the_rule_does_not_go_out(product: Lending) -> None:
    """A promotion computes nothing: what it would take was built before."""
    product.edit("headway.yaml", "staging: {}", "staging: {protected: true}")
    under(product, KEEP_ROWS)
    with pytest.raises(GateError) as caught:
        product.promote()
    assert "dataset.main was built without it, or to be kept for longer" in str(caught.value)
    assert "hint: build the dataset anew with `headway apply`" in str(caught.value)
    product.apply()
    with pytest.raises(GateError, match="lock file"):
        product.promote()  # the rule lets it out: the next door is the lock's


def test_a_tag_limits_only_what_carries_it_also_in_columns_that_the_model_does_not_get(
    product: Lending,
) -> None:
    under(product, KEEP_ROWS.replace("keep: 3650d", "keep: 3650d, tag: pii"))
    assert not planning.plan(product.root).todo
    (rule,) = check_file(product.root / "headway.yaml").governed.judged
    assert rule.note == "it holds for nothing: nothing of dataset.* carries pii"
    product.edit("headway.yaml", "orders: {load:", "orders: {tags: [pii], load:")
    assert planning.plan(product.root).todo[0].node == "dataset.main"


def test_a_dataset_without_a_time_cannot_be_under_a_retention(product: Lending) -> None:
    under(product, KEEP_ROWS)
    product.edit(
        "headway.yaml",
        "orders: {load: orders.parquet, event_time: at, known: 1h}",
        "orders: {load: orders.parquet}",
    )
    product.edit("headway.yaml", "    predict_at: at\n", "")
    product.edit("headway.yaml", "label: {column: late, known: 1d}", "label: {column: late}")
    product.edit("headway.yaml", "    features: [spend.*]\n    on_demand: shop.asked\n", "")
    with pytest.raises(SpecError) as caught:
        planning.plan(product.root)
    assert caught.value.code == "GV005"
    assert "headway.yaml:4  dataset.main has its rows from source.orders, without `event_time`" in str(
        caught.value
    )


# -- the prediction log ----------------------------------------------------------------------------


def origin(endpoint: str) -> Origin:
    return Origin(
        environment="dev",
        endpoint=endpoint,
        release="a" * 64,
        variant="stable",
        unit_column=None,
        request=("amount",),
        inputs=(("amount", "number"),),
    )


def segment(product: Lending, at: datetime, *times: datetime, endpoint: str = "main") -> Path:
    """A closed segment that was begun at a moment, with an answer at each of these times."""
    directory = product.workspace.serve("dev") / "log"
    before = set(directory.glob("*")) if directory.exists() else set()
    framed = frame.framed_origin(origin(endpoint))
    log = PredictionLog(directory, flush_seconds=3600)
    for time in times:
        log.add(1, 300, framed, partial(answers, framed.key, int(time.timestamp() * 1e6)))
    log.close()
    (path,) = set(directory.glob(f"*{segments.CLOSED}")) - before
    return path.rename(path.with_name(f"{at:{segments.STAMP}}-1-1{segments.CLOSED}"))


def answers(key: int, at: int) -> Answers:
    return Answers(
        origin=key,
        request=f"request {at}",
        at=at,
        seconds=0.001,
        ids=[uuid7()],
        sent=[[1.0]],
        numbers=struct.pack("<d", 1.0),
        texts=[],
        probability=[0.25],
        label=[False],
        value=[],
    )


HOUR = timedelta(hours=1)
LOG = "the prediction log of dev"


@pytest.fixture
def logged(product: Lending) -> Lending:
    under(product, KEEP_BOTH)
    return product


def test_segments_go_whose_every_prediction_is_too_old(logged: Lending) -> None:
    first = segment(logged, START, START, START + HOUR)
    second = segment(logged, START + 2 * HOUR, START + 2 * HOUR, START + 3 * HOUR)
    third = segment(logged, START + 9 * HOUR, START + 9 * HOUR)
    now = START + LONG + 2 * HOUR
    whole = {path: path.read_bytes() for path in (second, third)}
    done = collect(logged.root, now=now)
    (gone,), (stays,) = items(done, LOG)
    assert (gone.digest, stays.digest) == (first.name, second.name)
    assert stays.why.endswith("and its newest prediction may stay until 2036-02-27 03:00Z")
    assert {path: path.read_bytes() for path in (second, third)} == whole, "what stays is not touched"
    assert not first.exists()
    found, lost = reading.predictions(logged.root, "dev", 100)
    assert (len(found), lost) == (3, 0)
    (fact,) = facts(logged)
    assert fact == Expired(
        node=LOG,
        name=first.name,
        rows=2,
        oldest="2026-03-01T00:00:00.000000Z",
        newest="2026-03-01T01:00:00.000000Z",
        rule=fact.rule,
    )
    assert fact.rule.startswith("retention 3650d on dataset.*, endpoint.main, headway.yaml:")


def test_a_segment_with_predictions_that_no_rule_limits_stays_whole(logged: Lending) -> None:
    path = segment(logged, START, START, endpoint="other")
    _, (stays,) = items(collect(logged.root, now=LATE), LOG)
    assert stays.why.endswith("and it holds predictions of endpoint.other too, which no rule limits")
    assert path.exists()


def test_a_segment_that_is_being_written_stays(logged: Lending) -> None:
    closed = segment(logged, START, START)
    path = closed.rename(closed.with_suffix(segments.OPEN))
    gone, (stays,) = items(collect(logged.root, now=LATE), LOG)
    assert gone == []
    assert stays.why.endswith("and a server still writes it, or the next one closes it")
    assert path.exists()


def test_a_damaged_segment_goes_by_what_can_be_read_of_it(logged: Lending) -> None:
    path = segment(logged, START, START, START + HOUR)
    path.write_bytes(path.read_bytes()[:-20])
    (gone,), kept = items(collect(logged.root, now=LATE), LOG)
    assert (gone.digest, kept) == (path.name, [])


def test_a_log_that_reaches_too_far_back_is_told(logged: Lending) -> None:
    segment(logged, START, START)
    opened = open_product(logged.root / "headway.yaml")
    notices = make_plan(opened, "dev", now=START + LONG).notices
    assert any(f"{LOG} has held what is too old since 2036-02-27 00:00Z" in one for one in notices)
    assert not any(LOG in one for one in make_plan(opened, "dev", now=START + LONG - HOUR).notices)


def test_status_and_check_tell_it_too(product: Lending) -> None:
    under(product, "policies:\n  - {retention: {keep: 1h}, on: endpoint.main}\n")
    segment(product, START, START)
    said = f"{LOG} has held what is too old since 2026-03-01 01:00Z (retention 1h on endpoint.main, headway.yaml:"
    status = status_of(product.root / "headway.yaml")
    assert said in status_text(status)
    (past,) = status.to_json()["environments"][0]["past_retention"]
    assert (past["what"], past["since"]) == (LOG, "2026-03-01T01:00:00.000000Z")
    assert f"note: in dev, {said}" in checked_text(check_file(product.root / "headway.yaml"))


def test_without_a_rule_for_the_endpoint_the_log_stays(product: Lending) -> None:
    under(product, KEEP_ROWS)
    path = segment(product, START, START)
    assert items(collect(product.root, now=datetime(2100, 1, 1, tzinfo=UTC)), LOG) == ([], [])
    assert path.exists()
