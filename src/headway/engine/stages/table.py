"""Which stage computes which kind of node; a stage's module is loaded when it is first needed."""

from __future__ import annotations

from importlib import import_module

from headway.engine.work import Draft, Stage, Work

KINDS = ("source", "feature_group", "dataset", "model", "baseline", "evaluation", "endpoint")
"""Kinds of node, upstream first."""


def stages() -> dict[str, Stage]:
    """Kind -> stage."""
    return {kind: _late(kind) for kind in KINDS}


def _late(kind: str) -> Stage:
    def run(work: Work) -> Draft:
        stage: Stage = import_module(f"headway.engine.stages.{kind}").run
        return stage(work)

    return run
