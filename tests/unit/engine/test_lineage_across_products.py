"""Lineage goes on in the ledgers beside, and takes nothing for lineage that only looks alike."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from headway.engine.questions.joined_past import JoinedPast
from headway.facts.artifacts import Artifact
from headway.facts.executions import Execution
from headway.facts.fact import Made
from headway.lineage.trace import Lineage, downstream, upstream
from headway.store.workspace import Workspace
from headway.testing.conformance.samples import digest_of, execution


def product(root: Path, name: str, more: str = "") -> Workspace:
    (root / name).mkdir()
    (root / name / "headway.yaml").write_text(f"product: {name}\n{more}")
    return Workspace(root / name)


def make(workspace: Workspace, node: str, output: str, **inputs: str) -> None:
    """Record that a node came out as `output`, made of others (`kind_name="output"`)."""
    kind = node.partition(".")[0]
    done: Execution = execution(node, output=output)
    made_of = {name.replace("_", ".", 1).replace("__", "/"): digest_of(item) for name, item in inputs.items()}
    done = replace(done, kind=kind, fingerprint=replace(done.fingerprint, inputs=made_of))
    artifact = Artifact(digest=digest_of(output), kind=kind, files=(), meta={})
    workspace.open_writer().record(Made(artifact=artifact, node=node), done)


def two(root: Path) -> tuple[Workspace, Workspace]:
    """`weather` computes a group of a source, `delay` copies and uses it; a source of both has equal rows."""
    weather = product(root, "weather")
    delay = product(root, "delay", "# reads weather/hourly\n")
    make(weather, "source.rows", "the same rows")
    make(weather, "group.hourly", "commit", source_rows="the same rows")
    make(delay, "source.rows", "the same rows")
    make(delay, "group.weather/hourly", "copy", group_weather__hourly="commit")
    make(delay, "dataset.delay", "dataset", source_rows="the same rows", group_weather__hourly="copy")
    return weather, delay


def nodes(lineage: Lineage) -> list[str]:
    return [vertex.node for vertex in lineage.vertices]


def test_upstream_reaches_the_sources_of_the_other_product(tmp_path: Path) -> None:
    _, delay = two(tmp_path)
    found = upstream(JoinedPast(delay), digest_of("copy"))
    assert nodes(found) == ["group.weather/hourly", "group.weather/hourly", "source.rows"]
    assert [vertex.digest for vertex in found.vertices][1] == digest_of("commit")


def test_downstream_reaches_the_readers_in_the_other_product(tmp_path: Path) -> None:
    weather, _ = two(tmp_path)
    assert nodes(downstream(JoinedPast(weather), digest_of("commit"))) == [
        "group.hourly",
        "group.delay/weather/hourly",
        "dataset.delay/delay",
    ]


def test_rows_that_two_products_happen_to_share_make_neither_the_other_s_reader(tmp_path: Path) -> None:
    weather, _ = two(tmp_path)
    edges = downstream(JoinedPast(weather), digest_of("the same rows")).edges
    assert (digest_of("the same rows"), digest_of("dataset")) not in {
        (edge.source, edge.target) for edge in edges
    }


def test_a_ledger_beside_that_is_damaged_ends_the_way_and_not_the_answer(tmp_path: Path) -> None:
    weather, delay = two(tmp_path)
    weather.ledger.write_bytes(b"garbage" * 1000)
    for name in ("-wal", "-shm"):
        weather.ledger.with_name(weather.ledger.name + name).unlink(missing_ok=True)
    found = upstream(JoinedPast(delay), digest_of("dataset"))
    assert {vertex.kind for vertex in found.vertices} == {"dataset", "source", "group", "unknown"}
