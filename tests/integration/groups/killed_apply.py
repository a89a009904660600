"""Apply a shop in a process that is killed at a chosen durable step: run by the tests.

usage: killed_apply.py ROOT STEP PHASE NUMBER
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from headway.engine import events
from headway.engine.apply import apply
from headway.engine.converge import job_of
from headway.engine.opened import open_product, plan
from headway.testing.kill import Fuse, Killing


def main() -> None:
    root, step, phase, number = sys.argv[1:]
    fuse = Fuse(step, phase, int(number))
    opened = open_product(Path(root) / "headway.yaml")
    job = job_of(opened, "dev", only=(), who="ada", why="", report=events.unheard)
    writer = Killing(job.writer, fuse)
    bench = dataclasses.replace(
        job.bench,
        writer=writer,
        blobs=Killing(job.blobs, fuse),
        tables=lambda: Killing(opened.workspace.tables(), fuse),
    )
    apply(dataclasses.replace(job, bench=bench, writer=writer), plan(opened, "dev"))


if __name__ == "__main__":
    main()
