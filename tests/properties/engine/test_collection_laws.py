"""Whatever the history: `gc` removes nothing that an environment, a release, a dataset or a model refers to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from headway.engine.collecting import collect
from headway.engine.groups.commit import Making, commit_all, place_of
from headway.engine.groups.log import snapshot_of
from headway.facts.artifacts import Artifact
from headway.facts.executions import Execution, Fingerprint
from headway.facts.fact import Made
from headway.facts.moves import Hold
from headway.store.workspace import Workspace
from headway.testing.conformance.samples import NOON, digest_of, move
from headway.testing.conformance.tables import KEY, rows

MADE_OF = {
    "source": (),
    "feature_group": ("source",),
    "dataset": ("source", "feature_group"),
    "model": ("dataset",),
    "release": ("model", "dataset", "feature_group"),
}
NODES = {kind: f"{kind.replace('release', 'endpoint')}.x" for kind in MADE_OF}
KINDS = st.sampled_from([*MADE_OF, "feature_group", "source"])
STEPS = st.lists(
    st.one_of(
        st.tuples(KINDS, st.integers(0, 5), st.integers(0, 99)),
        st.tuples(st.sampled_from(["move", "hold"]), st.sampled_from(["dev", "prod"]), st.integers(0, 99)),
    ),
    min_size=3,
    max_size=16,
)


class Author(NamedTuple):
    now: Any = NOON
    run: str = "run"
    who: str = "ada"


class Past:
    """A history in a workspace, written fact by fact.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        self.writer = self.workspace.open_writer()
        self.artifacts: dict[str, list[str]] = {kind: [] for kind in MADE_OF}
        self.made_of: dict[str, set[str]] = {}

    def make(self, kind: str, content: int, choice: int) -> None:
        inputs = {
            NODES[part]: self.artifacts[part][choice % len(self.artifacts[part])]
            for part in MADE_OF[kind]
            if self.artifacts[part]
        }
        if len(inputs) < len(MADE_OF[kind]):
            return
        artifact, facts = self._kept(kind, content, inputs)
        fingerprint = Fingerprint(inputs=inputs, config={"content": content})
        done = Execution(
            run="run",
            node=NODES[kind],
            kind=kind,
            fingerprint=fingerprint,
            key=fingerprint.key(NODES[kind]),
            outcome="succeeded",
            started=NOON,
            seconds=0.1,
            output=artifact.digest,
            code_archive=self.workspace.blobs().put(f"code {content}".encode(), "code.zip").digest,
        )
        self.writer.record(Made(artifact=artifact, node=NODES[kind]), *facts, done)
        self.artifacts[kind].append(artifact.digest)
        self.made_of.setdefault(artifact.digest, set()).update(inputs.values())

    def _kept(self, kind: str, content: int, inputs: dict[str, str]) -> tuple[Artifact, list[Any]]:
        if kind == "feature_group":
            tables, reader = self.workspace.tables(), self.workspace.open_reader()
            table = f"p.x/v1{'.2' * (content % 2)}"
            place = place_of(reader, tables, NODES[kind], 1, table)
            given = rows(a1=float(content), **{f"b{content + 1}": 1.0})
            made = commit_all(tables, place, given, KEY, Author(), Making("full"))
            return made.artifact(), [made.fact] if made.is_new else []
        file = self.workspace.blobs().put(f"{kind} {content} {sorted(inputs.values())}".encode(), "file")
        meta = {"nodes": inputs} if kind == "release" else {}
        return Artifact(digest=digest_of(file.digest), kind=kind, files=(file,), meta=meta), []

    def move(self, environment: str, choice: int, *, hold: bool) -> None:
        state = self.workspace.open_reader().environment(environment)
        after = {NODES[kind]: found[choice % len(found)] for kind, found in self.artifacts.items() if found}
        holds = state.holds
        if hold and self.artifacts["release"]:
            held = self.artifacts["release"][choice % len(self.artifacts["release"])]
            holds = (*holds, Hold(node=NODES["release"], digest=held, who="ada", why="slow", at=NOON))
        self.writer.move(move(state, after, holds=holds))

    def referred(self) -> set[str]:
        """All that an environment, a hold, a release, a dataset or a model refers to, near or far."""
        reader = self.workspace.open_reader()
        found = {digest for kind in ("dataset", "model", "release") for digest in self.artifacts[kind]}
        for name in reader.environments():
            state = reader.environment(name)
            found |= set(state.pointers.values()) | {hold.digest for hold in state.holds}
        for fact, _ in reader.journal():
            found |= set(fact.body.after.values()) | set(fact.body.before.values())  # ty: ignore[unresolved-attribute]
        queue = list(found)
        for digest in queue:
            fresh = self.made_of.get(digest, set()) - found
            found |= fresh
            queue += fresh
        return found


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_nothing_that_is_referred_to_is_removed(steps: list[tuple[str, Any, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        past = Past(Path(folder))
        for what, which, choice in steps:
            if what in MADE_OF:
                past.make(what, which, choice)
            else:
                past.move(which, choice, hold=what == "hold")
        past.workspace.blobs().put(b"of a killed process", "lost")
        reader, blobs = past.workspace.open_reader(), past.workspace.blobs()
        would = collect(past.workspace, ("dev",), "ada", dry_run=True)
        done = collect(past.workspace, ("dev",), "ada", dry_run=False)
        assert would._replace(dry_run=False) == done
        assert done.files >= 1
        for digest in past.referred():
            artifact = reader.artifact(digest)
            assert artifact is not None
            if artifact.table:
                found = past.workspace.tables().read(snapshot_of(artifact)).collect()
                assert found.height == artifact.meta["rows"]
            else:
                for file in artifact.files:
                    blobs.verify(file.digest)
        for execution in reader.executions(NODES["model"]):
            blobs.verify(execution.code_archive or "")
        assert collect(past.workspace, ("dev",), "ada", dry_run=False).files == 0
