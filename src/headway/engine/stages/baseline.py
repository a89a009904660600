"""Baselines: the trivial rival that a model must beat."""

from __future__ import annotations

from headway.engine.stages.model import run_baseline
from headway.engine.work import Draft, Work


def run(work: Work) -> Draft:
    """Fit the rival on the same rows as the model."""
    return run_baseline(work)
