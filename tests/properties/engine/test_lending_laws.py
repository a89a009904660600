"""Whatever the other product does with its rows: what was read from it stays, as it was read."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.engine.collecting import collect
from headway.engine.groups.commit import Making, commit_all, place_of
from headway.engine.groups.log import snapshot_of
from headway.engine.groups.shared import lending, with_commits
from headway.engine.stages import shared_group
from headway.engine.work import Work
from headway.facts.artifacts import Artifact
from headway.facts.executions import Execution, Fingerprint
from headway.facts.fact import Made
from headway.spec.graph import graph
from headway.spec.load import load
from headway.store.rows import digest_of
from headway.store.workspace import Workspace
from headway.testing.conformance.samples import NOON, move

THERE = "feature_group.hourly"
HERE = "feature_group.weather/hourly"
ORDER = ("origin", "event_time", "known_time")
LENDER = """
product: weather
sources: {observations: {load: rows.parquet, event_time: at, known: 1h}}
feature_groups: {hourly: {version: 1, from: observations, key: [origin], columns: features}}
"""
READER = """
product: delay
sources: {flights: {load: rows.parquet, event_time: at, known: 1d}}
datasets:
  delay:
    rows: flights
    predict_at: at
    label: {column: late, known: 1h}
    request: [at, origin]
    features: [weather/hourly.*@1]
    split: {by: quota, train: 60%, validate: 20%, test: 20%}
"""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(0, 7)),
        st.tuples(st.sampled_from(["point", "read", "collect"]), st.just(0)),
    ),
    min_size=4,
    max_size=14,
)


class Author(NamedTuple):
    now: Any = NOON
    run: str = "run"
    who: str = "ada"


class Two:
    """A product that lends, and one that reads, beside each other.

    Args:
        root: The folder around them.
    """

    def __init__(self, root: Path) -> None:
        for name, text in {"weather": LENDER, "delay": READER}.items():
            (root / name).mkdir()
            (root / name / "headway.yaml").write_text(text)
        self.root = root
        self.there, self.here = Workspace(root / "weather"), Workspace(root / "delay")
        self.newest = ""
        self.pointed = False
        self.read: dict[str, str] = {}

    def commit(self, content: int) -> None:
        tables, reader, writer = self.there.tables(), self.there.open_reader(), self.there.open_writer()
        table = f"weather.hourly/v1{'.2' * (content % 2)}"
        place = place_of(reader, tables, THERE, 1, table)
        made = commit_all(tables, place, rows(content), ORDER, Author(), Making("full"))
        writer.record(Made(artifact=made.artifact(), node=THERE), *((made.fact,) if made.is_new else ()))
        self.newest = made.fact.commit

    def point(self) -> None:
        if self.newest:
            state = self.there.open_reader().environment("dev")
            self.there.open_writer().move(move(state, {THERE: self.newest}))
            self.pointed = True

    def copy(self) -> None:
        """Read what `dev` of the other product points at, as an apply does."""
        loaded = load(self.root / "delay" / "headway.yaml")
        node = graph(loaded.product, {}).node(HERE)
        own = with_commits({HERE: Fingerprint(config=node.config)}, lending(loaded, "dev", [HERE]).lent)[HERE]
        past, writer = self.here.open_reader(), self.here.open_writer()
        draft = shared_group.run(
            Work(
                node=node,
                inputs={},
                blobs=self.here.blobs(),
                declaration=loaded,
                root=self.root / "delay",
                folder=self.root,
                now=NOON,
                libraries={},
                code={},
                code_files=(),
                key=self.here.key,
                fingerprint=own,
                tables=self.here.tables,
                past=past,
                run="run",
                who="ada",
            )
        )
        artifact = Artifact(
            digest=draft.digest, kind=draft.kind, files=draft.stored, meta=draft.meta, table=draft.table
        )
        done = Execution(
            run="run",
            node=HERE,
            kind=draft.kind,
            fingerprint=own,
            key=own.key(HERE),
            outcome="succeeded",
            started=NOON,
            seconds=0.1,
            output=draft.digest,
        )
        writer.record(Made(artifact=artifact, node=HERE), *draft.facts, done)
        there = self.there.open_reader().artifact(own.inputs[HERE])
        assert there is not None
        self.read[draft.digest] = there.meta["content"]

    def check(self) -> None:
        """Every commit that was read has here the rows that it had there."""
        reader, tables = self.here.open_reader(), self.here.tables()
        for digest, content in self.read.items():
            artifact = reader.artifact(digest)
            assert artifact is not None
            assert digest_of(tables.read(snapshot_of(artifact)).collect()) == content


def rows(content: int) -> pl.DataFrame:
    """Some rows; the parity of `content` decides their columns, as a changed meaning does."""
    at = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(content + 1)]
    values = {"gust" if content % 2 else "wind": [float(content * hour % 5) for hour in range(content + 1)]}
    frame = pl.DataFrame({"origin": ["JFK"] * len(at), "event_time": at, **values, "known_time": at})
    return frame.with_columns(pl.col("event_time", "known_time").cast(pl.Datetime("us", "UTC"))).sort(ORDER)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_what_was_read_stays_whatever_is_committed_and_collected_there(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        two = Two(Path(folder))
        for what, content in steps:
            match what:
                case "commit":
                    two.commit(content)
                case "point":
                    two.point()
                case "read" if two.pointed:
                    two.copy()  # never fails: what an environment pointed at is not collected
                case "collect":
                    collect(two.there, ("dev",), "ada", dry_run=False)
            two.check()
        shutil.rmtree(two.there.root)
        two.check()
