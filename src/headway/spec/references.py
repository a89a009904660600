"""What must fit together in a product file: names, columns, combinations. Adds to the faults."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from itertools import pairwise

from headway.spec import patterns
from headway.spec.contract import Column, Contract
from headway.spec.document import Fault, Path_
from headway.spec.expression import FUNCTIONS, OTHERS, Comparison, ExpressionError, names, parse_condition
from headway.spec.product import (
    Dataset,
    Evaluation,
    FeatureGroup,
    Interval,
    Label,
    Model,
    Product,
    ReleaseStrategy,
    Source,
    Split,
)
from headway.spec.read import Reading, dotted

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
"""Names of products, nodes and environments; they become parts of paths, references and URLs."""
LATENCIES = ("latency_p50", "latency_p90", "latency_p99")
GUARDS = ("error_rate", *LATENCIES)


class Check:
    """Collects faults at paths of one document."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def fault(self, path: Path_, what: str, hint: str = "", shift: int = 0) -> None:
        """Record a fault at a path, or at the nearest thing around it that the file says."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.reading.places or length == 0:
                line, column = self.reading.places.get(path[:length], (1, 1))
                self.reading.faults.append(
                    Fault(self.reading.file, line, column + shift, dotted(path), what, hint)
                )
                return

    def written(self, path: Path_) -> bool:
        """Whether the file says something at a path, right or wrong."""
        return path in self.reading.places

    def broken(self, path: Path_) -> bool:
        """Whether a fault is known at a path or below it."""
        name = dotted(path)
        inside = (f"{name}.", f"{name}[")
        return any(fault.path == name or fault.path.startswith(inside) for fault in self.reading.faults)

    def refer(self, path: Path_, name: str, known: Collection[str], kind: str) -> bool:
        """Whether a name is declared; a fault with the nearest one when it is not."""
        if name in known:
            return True
        section = {"feature group": "feature_groups"}.get(kind, f"{kind}s")
        if (section, name) in self.reading.places:
            return False  # declared, but wrong in itself: that is a fault already
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        listed = ", ".join(f"`{item}`" for item in list(known)[:8])
        hint = (
            f"did you mean `{near[0]}`?"
            if near
            else (f"declared are {listed}" if known else f"declare a {kind}")
        )
        self.fault(path, f"there is no {kind} `{name[:60]}`", hint)
        return False


def check(
    product: Product,
    contracts: Mapping[str, Contract],
    reading: Reading,
    shared: Mapping[str, FeatureGroup] | None = None,
) -> None:
    """Everything that the types alone cannot say.

    Args:
        product: As its file says it.
        contracts: Path as written -> contract.
        reading: Where each value stood; gets the faults.
        shared: Groups of other products that it reads.
    """
    checks = Check(reading)
    groups = product.feature_groups | dict(shared or {})
    _names(product, checks)
    for name, source in product.sources.items():
        _source(checks, ("sources", name), source, _contract(source, contracts))
    for name, group in product.feature_groups.items():
        _group(checks, ("feature_groups", name), group, product, contracts)
    for name, dataset in product.datasets.items():
        _dataset(checks, ("datasets", name), dataset, product, contracts)
        _picks(checks, ("datasets", name, "features"), dataset, groups)
    for name, model in product.models.items():
        _model(checks, ("models", name), model, product)
    for name, evaluation in product.evaluations.items():
        _evaluation(checks, ("evaluations", name), evaluation, product)
    _delivery(checks, product)


def check_contract(contract: Contract, reading: Reading) -> None:
    """What must fit together in a contract."""
    checks = Check(reading)
    for name, column in contract.columns.items():
        path = ("columns", name)
        _column(checks, path, column)
    for index, names_ in enumerate(contract.unique):
        for column_name in names_:
            checks.refer(("unique", index), column_name, contract.columns, "column")
    most = contract.rows.max
    if most is not None and most < contract.rows.min:
        checks.fault(("rows", "max"), f"`max: {most}` is below `min: {contract.rows.min}`")


def _column(checks: Check, path: Path_, column: Column) -> None:
    if column.matches is not None:
        if column.type != "text":
            checks.fault((*path, "matches"), f"`matches` on a column of type {column.type}", "it is for text")
        check_pattern(checks, (*path, "matches"), column.matches)
    _bounds(checks, path, column)
    if column.in_ is not None and not column.in_:
        checks.fault((*path, "in"), "an empty set allows nothing", "list the values, or take `in` out")


def check_pattern(checks: Check, path: Path_, pattern: str) -> None:
    """A regular expression, in which no text of a stranger's takes long."""
    try:
        examined = patterns.examine(pattern)
    except ValueError as error:
        checks.fault(path, f"this is no regular expression: {str(error)[:60]}")
        return
    if not examined.is_bounded:
        hint = (
            "leave out look-around, back-references and `\\b`, so that it is searched in linear time, "
            "or repeat what does not repeat itself"
        )
        checks.fault(path, "a short text could keep this pattern busy without end", hint)


def _bounds(checks: Check, path: Path_, column: Column) -> None:
    ordered = column.type in ("integer", "number")
    for name in ("min", "max"):
        bound = getattr(column, name)
        if bound is None:
            continue
        if column.type in ("text", "boolean"):
            checks.fault(
                (*path, name), f"`{name}` on a column of type {column.type}", "it is for numbers and times"
            )
        elif ordered == isinstance(bound, str):
            wanted = "a number" if ordered else "ISO text such as `2013-01-01`"
            checks.fault((*path, name), f"`{bound}` where {wanted} is expected")
    low, high = column.min, column.max
    if isinstance(low, int | float) and isinstance(high, int | float) and high < low:
        checks.fault((*path, "max"), f"`max: {high:g}` is below `min: {low:g}`")


def _names(product: Product, checks: Check) -> None:
    if not NAME.fullmatch(product.name):
        checks.fault(
            ("product",), f"`{product.name[:60]}` is no name", "letters, digits, `-`, `_`; a letter first"
        )
    for section in (
        "environments",
        "sources",
        "feature_groups",
        "datasets",
        "models",
        "evaluations",
        "endpoints",
    ):
        for name in getattr(product, section):
            if not NAME.fullmatch(name):
                hint = "letters, digits, `-`, `_`; a letter first"
                checks.fault((section, name), f"`{name[:60]}` is no name", hint)


def _contract(source: Source | None, contracts: Mapping[str, Contract]) -> Contract | None:
    return contracts.get(source.contract) if source is not None and source.contract else None


def _source(checks: Check, path: Path_, source: Source, contract: Contract | None) -> None:
    if source.known is not None and source.event_time is None:
        checks.fault((*path, "known"), "`known` without `event_time`", "name the column of the event's time")
    if contract is None:
        return
    for key, column in (
        ("event_time", source.event_time),
        ("known", source.known.column if source.known else None),
    ):
        if column is None or not checks.refer((*path, key), column, contract.columns, "column"):
            continue
        if contract.columns[column].type not in ("time", "date"):
            kind = contract.columns[column].type
            checks.fault(
                (*path, key), f"column `{column}` is of type {kind}", "declare it as `time` in the contract"
            )


def _group(
    checks: Check, path: Path_, group: FeatureGroup, product: Product, contracts: Mapping[str, Contract]
) -> None:
    if (group.columns is None) == (group.frame is None):
        what = "both `columns` and `frame`" if group.columns else "neither `columns` nor `frame`"
        checks.fault(path, what, "give one of them")
    if group.columns is not None and len(group.from_) > 1:
        checks.fault((*path, "columns"), "`columns` over several sources", "use `frame: module:function`")
    if group.frame is not None and ":" not in group.frame:
        checks.fault((*path, "frame"), f"`{group.frame}` names no function", "write `module:function`")
    if not group.key:
        checks.fault((*path, "key"), "no key", "name the columns of the entity")
    for name in group.from_:
        if not checks.refer((*path, "from"), name, product.sources, "source"):
            continue
        source = product.sources[name]
        if source.event_time is None or source.known is None:
            missing = "event_time" if source.event_time is None else "known"
            hint = (
                f"say in `sources.{name}` when a row became known: a column, a lag such as `10m`, or `commit`"
            )
            checks.fault((*path, "from"), f"source `{name}` declares no `{missing}`", hint)
        contract = _contract(source, contracts)
        if contract is not None and group.columns is not None:
            for key in group.key:
                checks.refer((*path, "key"), key, contract.columns, "column")


def _dataset(
    checks: Check, path: Path_, dataset: Dataset, product: Product, contracts: Mapping[str, Contract]
) -> None:
    known = checks.refer((*path, "rows"), dataset.rows, product.sources, "source")
    source = product.sources.get(dataset.rows)
    contract = _contract(source, contracts)
    late = _contract(product.sources.get(dataset.label.from_ or ""), contracts)
    _label(checks, path, dataset, product, contract, late)
    _split(
        checks,
        (*path, "split"),
        dataset,
        contract,
        timed=source is not None and source.event_time is not None,
    )
    if contract is not None:
        for index, column in enumerate(dataset.request or ()):
            checks.refer((*path, "request", index), column, contract.columns, "column")
        if dataset.predict_at is not None:
            checks.refer((*path, "predict_at"), dataset.predict_at.column, contract.columns, "column")
    elif known and _asks_for_all(checks, path, dataset, product):
        checks.fault(
            (*path, "request"), '`"*"` without a contract', f"declare a contract for source `{dataset.rows}`"
        )
    if dataset.features and not checks.written((*path, "predict_at")):
        checks.fault(path, "features of groups without `predict_at`", "say when the prediction is made")


def _picks(checks: Check, path: Path_, dataset: Dataset, groups: Mapping[str, FeatureGroup]) -> None:
    for index, pick in enumerate(dataset.features):
        inner = (*path, index)
        if "/" in pick.group and pick.group not in groups:
            continue  # another product's: what is wrong with it is a fault already
        if not checks.refer(inner, pick.group, groups, "feature group"):
            continue
        group = groups[pick.group]
        for key in pick.by_key:
            checks.refer(inner, key, group.key, "key column")
        if pick.version not in (None, group.version):
            name, asked = pick.group[:60], pick.version
            what = f"a product reads its own groups in the version that it declares: `{name}` is at {group.version}"
            hint = f"take `@{asked}` out; to read version {asked} too, declare it as a group of another name"
            checks.fault(inner, what, hint)


def _asks_for_all(checks: Check, path: Path_, dataset: Dataset, product: Product) -> bool:
    """Whether `"*"` is asked of rows that declare no contract, sound or broken."""
    undeclared = product.sources[dataset.rows].contract is None
    return dataset.request is None and undeclared and not checks.broken((*path, "request"))


def _label(
    checks: Check,
    path: Path_,
    dataset: Dataset,
    product: Product,
    contract: Contract | None,
    late: Contract | None,
) -> None:
    label = dataset.label
    if label.name in (dataset.request or ()):
        checks.fault((*path, "request"), f"the label `{label.name}` is sent by the caller", "take it out")
    if label.from_ is not None:
        checks.refer((*path, "label", "from"), label.from_, product.sources, "source")
        _late_label(checks, (*path, "label"), label, late)
        return
    if label.column is None:
        checks.fault((*path, "label"), "no label", "name a `column`, or a source with `from`")
        return
    if contract is not None:
        checks.refer((*path, "label", "column"), label.column, contract.columns, "column")


def _late_label(checks: Check, path: Path_, label: Label, late: Contract | None) -> None:
    if not label.by_key and not checks.broken((*path, "by_key")):
        checks.fault(path, "a label `from` a source, without `by_key`", "name the columns that match")
    if (label.column is None) == (label.present is None):
        what = "neither `column` nor `present`" if label.column is None else "both `column` and `present`"
        checks.fault(path, f"{what} of a label `from` a source", "give one of them")
    if label.present is not None and label.absent is None and not checks.broken((*path, "absent")):
        checks.fault(path, "`present` without `absent`", "say what the absence means, and when")
    if late is not None and label.column is not None:
        checks.refer((*path, "column"), label.column, late.columns, "column")


def _split(checks: Check, path: Path_, dataset: Dataset, contract: Contract | None, *, timed: bool) -> None:
    split = dataset.split
    _parts(checks, path, split)
    if split.by in ("time", "quota", "intervals") and not timed:
        what = f"a split by {split.by}, and rows without `event_time`"
        checks.fault(path, what, "declare it on the source")
    for key in ("group", "column"):
        if (split.by == key) != (getattr(split, key) is not None):
            checks.fault(path, f"`by: {key}` and `{key}:` go together", f"name the column in `{key}:`")
    if split.stratify is not None and split.by != "hash":
        checks.fault((*path, "stratify"), f"`stratify` with a split by {split.by}", "it goes with `by: hash`")
    if contract is None:
        return
    late = {dataset.label.name} if dataset.label.from_ is not None else set()
    for key in ("stratify", "group", "column", "apart"):
        column = getattr(split, key)
        known = [*contract.columns, *late] if key == "stratify" else contract.columns
        if column is not None:
            checks.refer((*path, key), column, known, "column")


_AMOUNTS: dict[str, tuple[type, str, str]] = {
    "time": (timedelta, "durations", "write `train: 28d`"),
    "intervals": (Interval, "intervals", "write `train: {from: 2024-01-01, to: 2024-03-01}`"),
}
_SHARES: tuple[type, str, str] = (float, "percentages", "write `train: 70%`")


def _parts(checks: Check, path: Path_, split: Split) -> None:
    """Refuse parts that are missing, or of another kind than the way of splitting takes."""
    parts = {key: getattr(split, key) for key in ("train", "validate", "test")}
    if split.by == "column":
        for key in (key for key, part in parts.items() if part is not None):
            checks.fault((*path, key), f"`{key}` with a split by column", "the column names the part")
        return
    kind, words, hint = _AMOUNTS.get(split.by, _SHARES)
    missing = [key for key, part in parts.items() if part is None and not checks.broken((*path, key))]
    if missing:
        listed = ", ".join(f"`{key}`" for key in missing)
        checks.fault(path, f"{listed} {'is' if len(missing) == 1 else 'are'} missing", hint)
    given = [part for part in parts.values() if part is not None]
    if not all(isinstance(part, kind) for part in given):
        checks.fault(path, f"a split by {split.by} has {words}", hint)
    elif kind is float and len(given) == len(parts) and abs(sum(given) - 1) > 1e-9:  # noqa: PLR2004
        checks.fault(path, "the parts do not add up to 100%")
    elif kind is Interval:
        _intervals(checks, path, parts)


def _intervals(checks: Check, path: Path_, parts: Mapping[str, Interval | None]) -> None:
    there = {key: part for key, part in parts.items() if part is not None}
    for key, part in there.items():
        if part.to <= part.from_:
            checks.fault((*path, key), f"`{key}` ends before it begins", "`to` is after `from`")
    for (first, earlier), (second, later) in pairwise(there.items()):
        if later.from_ < earlier.to:
            checks.fault(
                (*path, second), f"`{second}` begins before `{first}` ends", "train, validate, then test"
            )


def _model(checks: Check, path: Path_, model: Model, product: Product) -> None:
    checks.refer((*path, "dataset"), model.dataset, product.datasets, "dataset")
    if ":" not in model.train:
        checks.fault((*path, "train"), f"`{model.train}` names no function", "write `module:function`")
    answer = model.answer
    if (answer.probability_of is None) == (answer.value is None):
        checks.fault((*path, "answer"), "one of `probability_of` and `value` is needed")
    if answer.threshold is not None and (answer.probability_of is None or not 0 < answer.threshold < 1):
        checks.fault(
            (*path, "answer", "threshold"),
            f"a threshold of {answer.threshold:g}",
            "between 0 and 1, for a probability",
        )
    fits = ("majority",) if answer.probability_of is not None else ("median", "mean")
    if model.baseline is not None and model.baseline not in fits:
        checks.fault(
            (*path, "baseline"), f"baseline `{model.baseline}` does not fit this answer", f"use `{fits[0]}`"
        )


def _evaluation(checks: Check, path: Path_, evaluation: Evaluation, product: Product) -> None:
    checks.refer((*path, "model"), evaluation.model, product.models, "model")
    metrics = [metric.rpartition(":")[2] for metric in evaluation.metrics]
    for index, gate in enumerate(evaluation.gates):
        try:
            condition = parse_condition(gate)
        except ExpressionError:
            continue  # already a fault, with its column
        _condition(checks, (*path, "gates", index), condition, [*metrics, *LATENCIES], "metric")
    for index, by in enumerate(evaluation.slices.by if evaluation.slices else ()):
        if isinstance(by, dict):
            _bins(checks, (*path, "slices", "by", index), by)


def _bins(checks: Check, path: Path_, by: Mapping[str, tuple[float, ...]]) -> None:
    if len(by) != 1:
        checks.fault(path, "a slice by bins names one column", "write `{hour: [0, 6, 12]}`")
    for edges in by.values():
        if len(edges) < 2 or list(edges) != sorted(set(edges)):  # noqa: PLR2004 -- a bin has two ends
            checks.fault(path, "bin edges must increase, and be at least two")


def _condition(
    checks: Check, path: Path_, condition: Comparison, allowed: Collection[str], kind: str
) -> None:
    for name in names(condition):
        word = name.name.removeprefix("slice.")
        if word in OTHERS:
            continue
        if word != name.name and not any(f"{function}(" in condition.text for function in FUNCTIONS):
            checks.fault(path, f"`{name.name}` outside a function", "write `worst(slice.METRIC)`")
        checks.refer(path, word, allowed, kind)


def _delivery(checks: Check, product: Product) -> None:
    for name, endpoint in product.endpoints.items():
        path = ("endpoints", name)
        checks.refer((*path, "model"), endpoint.model, product.models, "model")
        _strategy(checks, (*path, "release"), endpoint.release)
    for index, monitor in enumerate(product.monitors):
        if (monitor.drift is None) == (monitor.staleness is None):
            checks.fault(("monitors", index), "one of `drift` and `staleness` is needed")
        if monitor.staleness is not None and monitor.max_age is None:
            checks.fault(("monitors", index), "`staleness` without `max_age`")
    for index, schedule in enumerate(product.schedules):
        environments = product.environments or {"dev": None}
        checks.refer(("schedules", index, "env"), schedule.env, environments, "environment")


def _strategy(checks: Check, path: Path_, release: ReleaseStrategy) -> None:
    if release.strategy == "canary":
        steps = release.steps
        if not steps or list(steps) != sorted(set(steps)) or steps[0] <= 0 or steps[-1] != 100:  # noqa: PLR2004
            checks.fault(
                (*path, "steps"), "canary steps must increase to 100", "write `steps: [5, 25, 50, 100]`"
            )
    elif release.steps:
        checks.fault((*path, "steps"), f"`steps` with strategy {release.strategy}", "they go with `canary`")
    if release.strategy == "shadow" and (release.percent is None or release.for_ is None):
        checks.fault(path, "a shadow needs `percent` and `for`")
    if not 0 < release.alpha < 1:
        checks.fault((*path, "alpha"), f"an error rate of {release.alpha:g}", "between 0 and 1")
    for index, guard in enumerate(release.guard):
        try:
            _condition(checks, (*path, "guard", index), parse_condition(guard), GUARDS, "guarded figure")
        except ExpressionError:
            continue  # already a fault, with its column
