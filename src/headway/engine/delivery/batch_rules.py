"""Rules of k-anonymity on the output of a batch: judged on the rows that would be written, before one is answered."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

import polars as pl

from headway.data.anonymity import class_sizes
from headway.errors import governance as errors
from headway.facts.anonymity import Measure
from headway.facts.evidence import Evidence
from headway.lineage import anonymity, policies
from headway.lineage.carried import bears
from headway.spec.load import Loaded
from headway.spec.product import Anonymity, Batch


class Ruled(NamedTuple):
    """How the output of a batch stands under the rules.

    Attributes:
        evidence: A verdict of each rule; what they are about is not known yet.
        broken: Why, of those that are broken and refuse nothing.
    """

    evidence: tuple[Evidence, ...] = ()
    broken: tuple[str, ...] = ()


def judge(loaded: Loaded, name: str, rows: pl.DataFrame, *, protected: bool, now: datetime) -> Ruled:
    """Judge a batch.

    Args:
        loaded: The product.
        name: The batch.
        rows: The rows that are answered, with every column; n rows.
        protected: Whether the environment is.
        now: The present.

    Raises:
        GateError: A rule refuses the output.
    """
    node, batch = f"batch.{name}", loaded.product.batches[name]
    evidence, broken, refusing = [], [], []
    for index, rule in enumerate(loaded.product.policies):
        wanted = rule.k_anonymity
        if wanted is None or not any(fnmatchcase(node, pattern) for pattern in rule.on):
            continue
        columns = _quasi_identifiers(loaded, batch, wanted, rows)
        if not columns:
            continue
        measure = _measured(rows, columns, wanted)
        evidence.append(anonymity.verdict(wanted, measure, node, "", now))
        why, words = anonymity.said(wanted, measure), policies.words(rule)
        place = loaded.place("policies", index)
        if why and (rule.severity == "refuse" or (rule.severity is None and protected)):
            refusing.append((words, place, [f"{node}: {why}"]))
        elif why:
            broken.append(f"rule `{words}` ({place}) is broken: {why}")
    if refusing:
        raise errors.rules_are_broken(f"batch `{name}`", refusing)
    return Ruled(tuple(evidence), tuple(broken))


def _quasi_identifiers(
    loaded: Loaded, batch: Batch, wanted: Anonymity, rows: pl.DataFrame
) -> tuple[str, ...]:
    """Columns of the rows that are written and that a rule means; a prediction is none."""
    source = loaded.product.sources[batch.rows]
    contract = loaded.contracts.get(source.contract) if source.contract else None
    written = batch.columns if batch.columns is not None else rows.columns
    found = set()
    for name in set(written) & set(rows.columns):
        declared = contract.columns.get(name) if contract is not None else None
        tags = (*source.tags, *(declared.tags if declared is not None else ()))
        if name in wanted.columns or any(bears(tags, tag) for tag in wanted.tag):
            found.add(name)
    return tuple(sorted(found))


def _measured(rows: pl.DataFrame, columns: tuple[str, ...], wanted: Anonymity) -> Measure:
    if wanted.unit is not None and wanted.unit not in rows.columns:
        return Measure(columns=columns, unit=wanted.unit, missing=(wanted.unit,))
    sizes = class_sizes(rows.lazy(), columns, wanted.unit)
    return Measure(columns=columns, unit=wanted.unit or "", sizes=sizes)
