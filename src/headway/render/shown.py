"""One artifact, or one prediction, in full."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from headway.core.wording import count, figure
from headway.engine.questions.found import Found
from headway.engine.questions.runs import Ran
from headway.engine.revealing import About
from headway.facts.artifacts import Artifact, StoredFile
from headway.facts.executions import Execution
from headway.predictions.record import Fault, Lookup, Prediction, Refused
from headway.render.lineage import carrying_lines
from headway.render.outline import outline, plain
from headway.render.style import clip, seconds, table
from headway.spec.quantities import duration_text

_LONGEST = 600
_HOUR = 3600
_CLASSES = 20
"""More numbers than this are values of a regression, not classes."""
_PLUMBING = {
    "summary",
    "kept",
    "content",
    "container",
    "order",
    "types",
    "own_modules",
    "table_version",
    "nodes",
}
"""Facts that only Headway reads; `show --json` has them."""


def shown_text(found: Found) -> str:
    """The artifact's history, files and facts; the prediction first where one was asked for."""
    artifact = found.artifact
    lines = [prediction_text(found.prediction), ""] if found.prediction is not None else []
    lines += [f"{artifact.kind} {artifact.digest}"]
    lines += [f"  {artifact.meta['summary']}"] if artifact.meta.get("summary") else []
    lines += _made(found)
    lines += _said(found.about)
    lines += [f"  {item.check}: {item.outcome} ({item.reason or item.observed})" for item in found.counted]
    lines += [
        "",
        "files:",
        *table([(_name(file), f"{file.size:,} B", file.digest[:12]) for file in artifact.files]),
    ]
    lines += outline(_facts(artifact))
    return "\n".join(lines)


def _made(found: Found) -> list[str]:
    """When, by which run, from what; and where it is in use."""
    lines = []
    if found.made is not None:
        made = found.made
        seed = f", seed {made.seed}" if made.seed is not None else ""
        when = f"{made.started.isoformat()[:19]}Z in {seconds(made.seconds)}"
        lines.append(f"  {made.node}, made {when} by run {made.run}{seed}")
        inputs = [f"{node} {digest[:12]}" for node, digest in made.fingerprint.inputs.items()]
        lines += [f"  from {', '.join(inputs)}"] if inputs else []
        lines += [f"  from {path}" for path in sorted(made.fingerprint.data)]
    points = ", ".join(found.environments)
    return [*lines, f"  in use in {points}" if points else "  in use in no environment"]


def _said(about: About) -> list[str]:
    """What its author says of it, and what it carries because of what it reads."""
    lines = [clip(about.description, 120)] if about.description else []
    lines += [f"tags: {', '.join(about.tags)}"] if about.tags else []
    return [f"  {line}" for line in (*lines, *carrying_lines(about.carries))]


def _name(file: StoredFile) -> str:
    stem, dot, suffix = file.name.partition(".")
    return f"{file.digest[:12]}{dot}{suffix}" if stem == file.digest else file.name


def _facts(artifact: Artifact) -> dict[str, Any]:
    """What a reader asks for; what only Headway needs is in the JSON."""
    facts = {name: value for name, value in artifact.meta.items() if name not in _PLUMBING}
    if artifact.kind in ("model", "baseline"):  # its dataset says where each of them comes from
        kinds = dict.fromkeys(item["type"] for item in facts.get("inputs", ()))
        facts["inputs"] = {
            kind: [item["name"] for item in facts["inputs"] if item["type"] == kind] for kind in kinds
        }
    classes = facts.get("classes")
    if (
        isinstance(classes, list)
        and len(classes) > _CLASSES
        and all(isinstance(one, int | float) for one in classes)
    ):
        span = f"{len(classes):,} different ones, from {figure(min(classes), 6)} to {figure(max(classes), 6)}"
        facts = {("values" if name == "classes" else name): value for name, value in facts.items()}
        facts["values"] = span
    return facts


def prediction_text(prediction: Prediction) -> str:
    """One prediction: what was asked, what was answered, by what, how fast."""
    answer = ", ".join(f"{name} {plain(value)}" for name, value in prediction.answer.items())
    lines = [
        f"prediction {prediction.id}: {answer}",
        f"  by release {prediction.release[:12]} of {prediction.endpoint} in {prediction.environment}, {seconds(prediction.seconds)}",
        f"  sent: {clip(_row(prediction.sent), _LONGEST)}",
        f"  features: {clip(_row(prediction.features), _LONGEST)}",
    ]
    lines += [f"  looked up: {_looked_up(item)}" for item in prediction.lookups]
    passed = _let_pass(prediction)
    if passed:
        lines.append(f"  contract {prediction.contract[:12]}: {clip('; '.join(passed), _LONGEST)}")
    return "\n".join(lines)


def _let_pass(prediction: Prediction) -> list[str]:
    """What the contract let pass in a row, though it is not as it should be."""
    verdict, sent = prediction.verdict, prediction.sent
    warned = []
    for item in verdict.warned:
        columns = ", ".join(item.columns)
        about = "" if item.expectation.startswith(f"{columns}: ") else f" ({columns})"
        warned.append(f"warns of {item.expectation}{about}")
    mapped = [
        f"{name} {plain(value)} is not known, taken as {plain(sent[name])}"
        for name, value in verdict.mapped.items()
    ]
    filled = [f"{name} was not sent, taken as {plain(sent[name])}" for name in verdict.filled]
    return warned + mapped + filled


def refused_text(refused: Refused) -> str:
    """Refused requests of one kind in one line: when, by what, of which columns and rules, how many."""
    since = f" since {_moment(refused.first)}" if refused.first < refused.last else ""
    said = f"{refused.status} {refused.code}" if refused.code else "of other kinds"
    faults = f": {', '.join(map(_fault, refused.faults))}" if refused.faults else ""
    return (
        f"{_moment(refused.last)} {count(refused.count, 'request')}{since} to {refused.endpoint}, "
        f"release {refused.release[:12]}, {said}{faults}"
    )


def _fault(fault: Fault) -> str:
    if fault.column:
        return f"{fault.column} ({fault.rule})"
    return {"extra_columns": "a field that is not declared", "type": "a row that is no object"}[fault.rule]


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%dT%H:%M:%S}Z"


def _row(row: Mapping[str, Any]) -> str:
    """Every value of a row, what is missing too."""
    return ", ".join(
        f"{name} {'null' if value is None else plain(value) or repr('')}" for name, value in row.items()
    )


def _looked_up(item: Lookup) -> str:
    """Where the features of a group came from, and whether there were any."""
    commit = f", commit {item.commit[:12]}" if item.commit else ""
    if item.source == "missing":
        return f"{item.group}: the online store did not answer, so its features are missing"
    fallback = "" if item.source == "online" else " as released"
    if item.age_seconds is not None and item.ttl_seconds is not None:
        newest = f"newest is {_age(item.age_seconds)} old, over the ttl of {_age(item.ttl_seconds)}"
        return f"{item.group}{fallback}{commit}: {newest}, so its features are missing"
    if not item.found:
        return f"{item.group}{fallback}{commit}: no row of this entity by that moment, so its features are missing"
    return f"{item.group}{fallback}{commit}"


def _age(seconds: float) -> str:
    """A duration in its two largest units or so: `1d15h`, `6h`, `12m30s`."""
    grain = 1 if seconds < _HOUR else 60
    return duration_text(timedelta(seconds=round(seconds / grain) * grain))


def run_text(run: Ran) -> str:
    """A run: how it ended, then each of its executions with what it was made of and what it printed."""
    took = f" in {seconds(run.ended.seconds)}" if run.ended is not None else ""
    lines = [
        f"run {run.asked.run}: {run.outcome}{took}",
        f"  {run.asked.command} to {run.asked.environment} by {run.asked.who or 'somebody'} at {run.at.isoformat()[:19]}Z",
        f"  plan {run.asked.plan[:12]}",
    ]
    if run.ended is not None and run.ended.reason:
        lines.append(f"  why: {clip(run.ended.reason, _LONGEST)}")
    for item in run.executions:
        lines += ["", *_execution_lines(item, run.printed.get(item.node, ""))]
    return "\n".join(lines)


def _execution_lines(item: Execution, printed: str) -> list[str]:
    seed = f", seed {item.seed}" if item.seed is not None else ""
    made = f"{item.node}: {item.outcome} in {seconds(item.seconds)}{seed}"
    rows = [("because", item.trigger), ("error", item.error or ""), ("output", item.output or "")]
    rows += [("input", f"{name} {digest[:12]}") for name, digest in item.fingerprint.inputs.items()]
    rows += [("file", f"{path} {digest[:12]}") for path, digest in sorted(item.fingerprint.data.items())]
    rows += [("code archive", item.code_archive or "")]
    rows += [("library", f"{name} {version}") for name, version in sorted(item.libraries.items())]
    lines = [made, *table([row for row in rows if row[1]])]
    return lines + [f"  printed: {line}" for line in printed.splitlines()]
