"""Contracts and data: judge a table, propose a contract from one, take over a suite of Great Expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headway.engine.authoring.importing import Taken
    from headway.engine.authoring.profiling import Profiled
    from headway.engine.authoring.validating import Validated
    from headway.engine.questions.contracts import Contracts


def validate(folder: Path, asked: str, *, contract: Path | None = None) -> Validated:
    """Judge a source's rows, or a file's, by their contract; keeps nothing."""
    from headway.engine.authoring.validating import validate as judge

    return judge(folder, asked, contract)


def profile(folder: Path, asked: str, *, write: Path | None = None) -> Profiled:
    """Propose a contract from a source's rows, or a file's; writes it only where `write` says."""
    from headway.engine.authoring.profiling import profile as propose

    return propose(folder, asked, write)


def contracts(folder: Path, *, last: int = 3) -> Contracts:
    """Which contract holds which feature, and the last verdicts of each on every node that it holds."""
    from headway.engine.questions.contracts import contracts as found
    from headway.engine.recall import find_product

    return found(find_product(folder).parent, last)


def import_suite(
    folder: Path, suite: Path, *, to: Path | None = None, like: str | None = None, partial: bool = False
) -> Taken:
    """Make a contract of a Great Expectations suite, of 0.x or 1.x; writes it only where `to` says."""
    from headway.engine.authoring.importing import import_suite as take

    return take(folder, suite, to=to, like=like, partial=partial)
