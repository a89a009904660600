"""Apply a small product of plain values, and be killed at a chosen durable step: run by the tests.

usage: plain_apply.py ROOT VERSION STEP PHASE NUMBER     (STEP `none`: nobody is killed)
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from headway.engine.apply import apply
from headway.facts.moves import EnvironmentState
from headway.testing.kill import Fuse, Killing
from headway.testing.plain import PlainNode, plain_job


def nodes(version: str) -> list[PlainNode]:
    """A diamond with a tail; only the second node depends on the version."""
    return [
        PlainNode("value.raw", lambda values: list(range(10))),
        PlainNode(
            "value.left",
            lambda values: [int(version) * x for x in values["value.raw"]],
            ("value.raw",),
            version,
        ),
        PlainNode("value.right", lambda values: sum(values["value.raw"]), ("value.raw",)),
        PlainNode(
            "value.joined",
            lambda values: {"left": values["value.left"], "right": values["value.right"]},
            ("value.left", "value.right"),
        ),
        PlainNode("value.tail", lambda values: len(str(values["value.joined"])), ("value.joined",)),
    ]


def published(root: Path, state: EnvironmentState) -> tuple[str, ...]:
    """Keep the revision that was published."""
    (root / "published").write_text(str(state.revision))
    return ()


def main() -> None:
    root, version, step, phase, number = sys.argv[1:]
    fuse = Fuse(step, phase, int(number))
    job = plain_job(
        Path(root),
        nodes(version),
        wrap_blobs=lambda blobs: Killing(blobs, fuse),
        wrap_writer=lambda writer: Killing(writer, fuse),
        publish=fuse.around("publish", partial(published, Path(root))),
    )
    done = apply(job, job.replan())
    print(",".join(done.executed))


if __name__ == "__main__":
    main()
