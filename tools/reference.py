"""Writes docs/reference/*.md from the code: types, docstrings, arguments, error constructors.

python tools/reference.py            # writes the pages; a test holds that nothing would change
"""

from __future__ import annotations

import argparse
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Literal

import json_shapes
import msgspec

from headway.cli.commands import COMMANDS
from headway.errors import families
from headway.evidence.metrics import BUILT_IN
from headway.spec import contract, expression, product, quantities
from headway.spec.built import not_built
from headway.spec.expectations import EXPECTATIONS, Signature
from headway.spec.load import load
from headway.spec.roles import roles
from headway.spec.schema import _SHORT
from headway.survey.libraries import LOCKS

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
AHEAD = ROOT / "tools" / "ahead.yaml"
NOTE = "<!-- Written by tools/reference.py from the code; changes here are lost. -->\n"

PRODUCT = (
    product.Product, product.Environment, product.Source, product.Incremental, product.LastGood, product.FeatureGroup, product.FeatureNote, product.Dataset,
    product.Label, product.Absent, product.FeaturePick, product.Split, product.Interval, product.Model, product.Answer,
    product.Evaluation, product.Slices, product.Endpoint, product.ReleaseStrategy, product.Limits,
    product.Lookups, product.Batch, product.Monitor, product.Schedule, product.Notify, product.PolicyRule, product.Matter, product.Anonymity, product.Retention, product.Secret,
)  # fmt: skip
"""In the order of the page; Known and Moment are always written short."""

CONTRACT = (
    contract.Contract, contract.Column, contract.MapTo, contract.Expectation, contract.Policy,
    contract.RowCount, contract.Freshness,
)  # fmt: skip

WORDS = {
    (product.Source, "known"): "a column, a lag such as `10m`, or `commit`",
    (product.Label, "known"): "a column, a lag such as `1d`, or `commit`",
    (product.FeatureGroup, "from"): "text or list of texts",
    (product.Dataset, "predict_at"): "a moment such as `scheduled_at - 2h`",
    (product.Dataset, "request"): '`"*"` or list of texts',
    (product.Dataset, "features"): "list of `group.*`, `group.feature` or [FeaturePick](#featurepick)",
    (product.Split, "train"): "duration, percentage or [Interval](#interval)",
    (product.Split, "validate"): "duration, percentage or [Interval](#interval)",
    (product.Split, "test"): "duration, percentage or [Interval](#interval)",
    (product.Label, "by_key"): "list of text, or mapping of names to text",
    (product.Interval, "from"): "a date or a time",
    (product.Interval, "to"): "a date or a time",
    (product.Matter, "tag"): "text or list of texts",
    (product.Anonymity, "columns"): "text or list of texts",
    (product.Anonymity, "tag"): "text or list of texts",
    (product.Retention, "tag"): "text or list of texts",
    (product.Matter, "source"): "text or list of texts",
    (product.PolicyRule, "in"): "text or list of texts",
    (product.PolicyRule, "on"): "text or list of texts",
    (product.Limits, "rate"): "rate",
    (product.Monitor, "false_alarms"): "rate",
    (product.Evaluation, "gates"): "list of [conditions](#conditions)",
    (product.ReleaseStrategy, "guard"): "list of [conditions](#conditions)",
}
"""Fields that are written in another way than their type."""

MEANING = {
    "description": "For people.",
    "tags": "For people, for `search`, and for [policies](product-file.md#policyrule); they follow lineage.",
    (product.Product, "product"): "The product's name.",
    (product.Product, "owner"): "Who answers for it.",
    (product.Product, "goal"): "What it is good for.",
    (product.Product, "environments"): "The sets of pointers that there are.",
    (product.Product, "sources"): "Where rows come from.",
    (product.Product, "feature_groups"): "Features computed from sources.",
    (product.Product, "datasets"): "Training rows.",
    (product.Product, "models"): "What is fitted.",
    (product.Product, "evaluations"): "Metrics and gates.",
    (product.Product, "endpoints"): "Where models answer.",
    (product.Product, "batches"): "Rows that are answered all at once.",
    (product.Product, "monitors"): "What is watched while a release serves.",
    (product.Product, "runbooks"): "What is done about it.",
    (product.Product, "schedules"): "What is run again and again.",
    (product.Product, "policies"): "Where data may go.",
    (product.Environment, "protected"): "Pointers move only through gates, and with locked libraries.",
    (product.FeatureGroup, "version"): "Counted up by its author; another version is computed again.",
    (product.Absent, "is"): "The label of a row without a match.",
    (product.Absent, "after"): "How long to wait before it is believed.",
    (product.Dataset, "label"): "The target.",
    (product.Dataset, "split"): "How rows are divided for training, validating and testing.",
    (product.Split, "train"): "Part for fitting.",
    (product.Split, "validate"): "Part for choosing.",
    (product.Split, "test"): "Part for judging.",
    (product.Model, "dataset"): "What it learns from.",
    (product.Model, "answer"): "What its predictions mean.",
    (product.Model, "params"): "Handed to the training function.",
    (product.Model, "seed"): "Handed to the training function, which uses it for its random numbers.",
    (product.Answer, "probability_of"): "The class whose probability is told.",
    (product.Answer, "threshold"): "Probability from which the label is that class.",
    (product.Answer, "value"): "The unit of a regression's value.",
    (product.Evaluation, "model"): "What is judged.",
    (product.Evaluation, "slices"): "Parts of the test rows that are judged apart.",
    (product.Endpoint, "model"): "What answers.",
    (product.Endpoint, "unit"): "Request column by which a caller sticks to a release.",
    (product.Endpoint, "release"): "How a release reaches its users.",
    (product.Endpoint, "limits"): "What is accepted.",
    (product.Endpoint, "lookups"): "How features are looked up.",
    (product.ReleaseStrategy, "strategy"): "How traffic moves to the new release.",
    (product.ReleaseStrategy, "steps"): "Percent of the traffic, step by step.",
    (product.ReleaseStrategy, "guard"): "What must hold for the next step.",
    (product.ReleaseStrategy, "alpha"): "Chance that a good release is taken back.",
    (product.ReleaseStrategy, "deadline"): "Longest time to decide.",
    (product.ReleaseStrategy, "then"): "What happens at the deadline.",
    (product.ReleaseStrategy, "percent"): "Share of the requests that a shadow sees.",
    (product.ReleaseStrategy, "for"): "How long.",
    (product.Limits, "rate"): "Requests per time.",
    (product.Limits, "timeout"): "Longest time for an answer.",
    (product.Monitor, "drift"): "`features`.",
    (product.Monitor, "staleness"): "`model`.",
    (product.Monitor, "false_alarms"): "How many are bearable.",
    (product.Monitor, "max_age"): "From which age the model is stale.",
    (product.Notify, "notify"): "An address.",
    (product.Schedule, "every"): "How often.",
    (product.Schedule, "run"): "Which command.",
    (product.Schedule, "env"): "Where.",
    (product.Secret, "secret"): "Its name.",
    (contract.RowCount, "min"): "Fewest rows.",
    (contract.RowCount, "max"): "Most rows; left out means no bound.",
}  # fmt: skip
"""What a field means, where the type's docstring does not say it; a test wants every field explained."""

ROLES = {
    "identity": "identity: a change makes the node stale",
    "wiring": "wiring: the output of the node that is named counts, not its name",
    "policy": "policy: a change is judged or published again; nothing is computed",
    "metadata": "metadata: a change runs nothing",
}


def pages() -> dict[str, str]:
    """Name of each page -> its text."""
    return {
        "product-file.md": _product_file(),
        "contract.md": _contract(),
        "commands.md": _commands(),
        "errors.md": _errors(),
        "json.md": _json(),
    }


# -- docstrings and types --------------------------------------------------------------------------


def about(thing: Any) -> str:
    """A docstring without its sections, as paragraphs."""
    text = inspect.cleandoc(thing.__doc__ or "")
    return re.split(r"\n(?:Attributes|Args|Returns|Raises):\n", "\n" + text, maxsplit=1)[0].strip()


def attributes(kind: type) -> dict[str, str]:
    """Attribute -> what the docstring says of it, on one line."""
    text = inspect.cleandoc(kind.__doc__ or "")
    section = re.search(r"\nAttributes:\n(.*?)(?:\n\S|\Z)", text, re.DOTALL)
    if not section:
        return {}
    found = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", section[1] + "\n", re.MULTILINE | re.DOTALL)
    return {name: " ".join(words.split()) for name, words in found}


def written(hint: Any, *, linked: bool = True) -> str:
    """A type in words."""
    hint = typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint
    words = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true` or `false`",
        timedelta: "duration",
    }
    words |= {Any: "any value", type(None): "null", object: "any value"}
    if hint in words:
        return words[hint]
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin in (typing.Union, types.UnionType):
        options = [
            written(option, linked=linked) for option in inner if linked is False or option is not type(None)
        ]
        return " or ".join(dict.fromkeys(options))
    if origin in (tuple, list):
        return f"list of {written(inner[0], linked=linked)}"
    if origin is dict:
        return f"mapping of names to {written(inner[1], linked=linked)}"
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; the first row is its head."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"


def _declared(kind: type[product.Declared]) -> str:
    """One declared type: what it is, and a row per field."""
    hints, said, part = typing.get_type_hints(kind, include_extras=True), attributes(kind), roles(kind)
    rows: list[tuple[str, ...]] = [("key", "value", "default", "role", "meaning")]
    for item in msgspec.structs.fields(kind):
        name = item.encode_name
        value = WORDS.get((kind, name), written(hints[item.name]))
        role = part[item.name]
        rows.append((f"`{name}`", value, _default(item), str(role), meaning(kind, item.name, name, said)))
    return f"### {kind.__name__}\n\n{about(kind)}\n\n{table(rows)}"


def meaning(kind: type, name: str, key: str, said: dict[str, str]) -> str:
    """What a field means: as `MEANING` says for this very field, else the docstring, in the file's words."""
    words = MEANING.get((kind, key)) or said.get(name) or MEANING.get(key, "")
    return (
        words.replace("`from_`", "`from`")
        .replace('None (written `"*"`)', '`"*"`')
        .replace("None ", "left out ")
    )


def _default(item: msgspec.structs.FieldInfo) -> str:
    if item.required:
        return "*required*"
    if item.default is msgspec.NODEFAULT or isinstance(item.default, product.Declared):
        return ""
    plain = {None: "", (): "", "": "", True: "`true`", False: "`false`"}
    if item.default in plain and not isinstance(item.default, int):
        return plain[item.default]
    if isinstance(item.default, bool):
        return plain[item.default]
    if isinstance(item.default, timedelta):
        return f"`{quantities.duration_text(item.default)}`"
    return f"`{item.default}`"


# -- pages -----------------------------------------------------------------------------------------


def _product_file() -> str:
    units = ", ".join(f"`{unit}`" for unit in quantities.UNITS)
    sizes = (
        f"- A **duration** is a number with a unit ({units}), or several: `1h30m`.\n"
        "- A **percentage** is written `70%`.\n"
        "- A **rate** is written `500/s` or `1 per 30d`.\n"
        "- A bare number is never a quantity: the unit is written.\n"
    )
    metrics = [
        ("metric", "better", "judges"),
        *((f"`{m.name}`", m.direction, str(m.kind)) for m in BUILT_IN.values()),
    ]
    grammar = textwrap.indent(_grammar(), "    ")
    return "\n".join(
        [
            "# The product file",
            "",
            NOTE,
            "`headway.yaml` declares one product. Keys that it does not know are errors, with the nearest key that",
            "it does know. `headway check` lists every fault with line and column; `headway check --schema` prints a",
            "JSON Schema for editors. YAML is version 1.2, so `yes` and `on` are text.",
            "",
            "Each key has a role, which says what a change of it leads to:",
            "",
            *(f"- {words}" for words in ROLES.values()),
            "",
            "Code is named as `module:function`, or as `module` where every public function counts. The",
            "product's directory, and `src` in it, are searched.",
            "",
            "## Keys",
            "",
            *(_declared(kind) for kind in PRODUCT),
            "## Quantities",
            "",
            sizes,
            "## Conditions",
            "",
            "Gates are conditions on metrics:",
            "",
            grammar,
            "",
            _names(),
            "",
            "A gate over slices looks only at slices with at least `min_rows` rows and, where the metric needs it,",
            "both classes. A gate with nothing to look at is *not run*, which a protected environment does not pass.",
            "",
            "## Metrics",
            "",
            "Definitions are those of `sklearn.metrics`. A metric of your own is `module:function`; see",
            "[how to add a metric](../how-to/add-a-metric.md).",
            "",
            "A model may know more than two classes; it is judged, like its answer, by the one class that",
            "`answer: {probability_of: CLASS}` names, against all the rest: rows of that class are 1, all others 0, and",
            "`log_loss` or `accuracy` say nothing of how the others are told apart. To judge several classes,",
            "declare a model and an evaluation for each of them on the same dataset.",
            "",
            table(metrics),
            "## Lock files",
            "",
            f"Without `lock:`, the first of {', '.join(f'`{name}`' for name in LOCKS)} beside the file counts. A",
            "`requirements.txt` in which not everything is pinned with `==` is no lock. See",
            "[how to lock libraries](../how-to/lock-libraries.md).",
            "",
            "## Not built yet",
            "",
            "The grammar holds more than this version builds, so that a file can be written ahead. `headway check`",
            "lists these parts with their places; `headway apply` refuses them (EN008):",
            "",
            *(f"- `{part}`" for part in ahead()),
            "",
        ]
    )


def ahead() -> list[str]:
    """What a file that uses everything is told is not built yet, with its names left open."""
    parts = [re.sub(r"\.name\d?\b", ".NAME", part) for part, _ in not_built(load(AHEAD))]
    return list(dict.fromkeys(parts))


def _grammar() -> str:
    text = inspect.cleandoc(expression.__doc__ or "")
    return "\n".join(line.strip() for line in text.splitlines() if ":=" in line)


def _names() -> str:
    return inspect.cleandoc(expression.__doc__ or "").split("\n\n")[-1]


def _contract() -> str:
    return "\n".join(
        [
            "# The contract",
            "",
            NOTE,
            "A contract is a YAML file beside the product file, named by a source with `contract:`. One declaration",
            "judges every batch of rows and every request. See [how to write one](../how-to/write-a-contract.md).",
            "",
            "Nulls are skipped before a check; bounds are inclusive. A value of another type is a fault, and is",
            "never turned into one that fits. The types:",
            "",
            table(
                [
                    ("type", "in a table", "in a request"),
                    ("`integer`", "int64", "a JSON number without a decimal point"),
                    ("`number`", "float64; NaN is null", "a JSON number"),
                    ("`text`", "UTF-8", "a JSON string"),
                    ("`boolean`", "boolean", "`true` or `false`"),
                    ("`time`", "UTC instant, microseconds", "an RFC 3339 string with an offset"),
                    ("`date`", "calendar day", "`YYYY-MM-DD`"),
                ]
            ),
            "A request is told up to ten faults at once (`faults` in the answer, each with its field). A field that is",
            "sent twice in one object has the last value, as in most JSON readers, and is no fault.",
            "",
            *(_declared(kind) for kind in CONTRACT),
            "### Expectations",
            "",
            "Names and arguments are those of Great Expectations. *row*: each row is judged, so rows can be",
            "quarantined, and requests are judged too where a row can be judged without the others (not marked *).",
            "",
            table([("name", "judges", "types", "arguments"), *map(_expectation, EXPECTATIONS.items())]),
        ]
    )


def _expectation(item: tuple[str, Signature]) -> tuple[str, ...]:
    name, signature = item
    needed = {need if isinstance(need, str) else need[0] for need in signature.needs}
    given = ", ".join(f"**`{key}`**" if key in needed else f"`{key}`" for key in signature.arguments)
    judged = signature.grain if signature.alone else f"{signature.grain}*"
    return f"`{name}`", judged, ", ".join(signature.types or ("any",)), given


def _commands() -> str:
    codes = [
        ("code", "meaning"),
        ("0", "done, or nothing to do"),
        ("1", "a bug in Headway"),
        ("2", "wrong usage, or a wrong file"),
        ("3", "judged *no*: a contract, a gate, a lock, a journal, a result that differs"),
        ("4", "an outside system failed (disk, library)"),
        ("5", "somebody else moved first: plan again"),
        ("6", "the product's own code failed"),
        ("10", "`plan --exit-code`: there is something to do"),
        ("130", "interrupted"),
    ]
    lines = [
        "# Commands",
        "",
        NOTE,
        "Data goes to stdout, everything else to stderr. `NO_COLOR` is honoured. The product is the nearest",
        "`headway.yaml`, here or above. What `--json` prints is in [json.md](json.md). With `HEADWAY_DEBUG=1` an",
        "unexpected failure prints its trace.",
        "",
        "A reference (`REF`) is a node (`model.delay`), a node's pointer (`model.delay@prod`), at least 6 digits of",
        "a digest, or a prediction id.",
        "",
        "## Exit codes",
        "",
        table(codes),
        *(_command(command.name, command.module, command.line) for command in COMMANDS),
    ]
    return "\n".join(lines)


def _command(name: str, module: str, line: str) -> str:
    parser = argparse.ArgumentParser(prog=f"headway {name}", add_help=False)
    imported = import_module(module)
    imported.arguments(parser)
    verbs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    text = f"## {name}\n\n{_capital(line)}.\n\n"
    for action in verbs:
        for choice in action._choices_actions:
            text += f"{_capital(choice.help or '')}:\n\n{_usage(f'{name} {choice.dest}', action.choices[choice.dest])}\n"
    return text if verbs else f"{text}{_usage(name, parser, _capital(about(imported.run)))}"


def _usage(name: str, parser: argparse.ArgumentParser, told: str = "") -> str:
    """How one command or verb is typed, and a table of its arguments."""
    rows: list[tuple[str, ...]] = [("argument", "meaning")]
    usage = [f"headway {name}"]
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
        if action.option_strings:
            words = f"{action.option_strings[-1]} {value}" if action.nargs != 0 else action.option_strings[-1]
            usage.append(words if action.required else f"[{words}]")
        else:
            words = str(value)
            usage.append(f"[{words}]" if action.nargs == "?" else words)
        rows.append(
            (
                f"`{words}`",
                str(action.help or "") + ("; required" if action.option_strings and action.required else ""),
            )
        )
    text = f"    {' '.join(usage)}\n" + (f"\n{told}\n" if told else "")
    return text + (f"\n{table(rows)}" if len(rows) > 1 else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def constructors() -> Iterator[tuple[str, str, type, str]]:
    """(code, title, class, page) of every named constructor in `headway.errors`, by code."""
    package = import_module("headway.errors")
    found = []
    for info in iter_modules(package.__path__, "headway.errors."):
        module = import_module(info.name)
        for _, function in inspect.getmembers(module, inspect.isfunction):
            first, _, rest = about(function).partition("\n")
            code, _, title = first.partition(": ")
            if function.__module__ == info.name and re.fullmatch(r"[A-Z]{2}\d{3}", code):
                kind = _family(getattr(module, function.__annotations__["return"]))
                found.append((code, title, kind, rest.strip()))
    yield from sorted(found, key=lambda item: item[0])


def _family(kind: type) -> type:
    """The class of `headway.errors.families` that an error is."""
    return next(base for base in kind.__mro__ if base.__module__ == families.__name__)


ROOMS = {
    "BA": "predictions in batches, and parity",
    "DA": "sources, groups, datasets",
    "DC": "contracts",
    "DE": "the demo",
    "EN": "planning and applying",
    "EV": "evaluation",
    "FE": "feature functions",
    "MO": "model forms",
    "ON": "the online store",
    "RL": "releases",
    "SE": "serving",
    "SP": "the product file",
    "ST": "the store",
    "SV": "the working tree",
    "GV": "rules about data",
    "TR": "training",
    "US": "usage",
}


def _errors() -> str:
    kinds = [("class", "who acts", "exit code")]
    for name in families.__dict__:
        kind = getattr(families, name)
        if (
            inspect.isclass(kind)
            and issubclass(kind, families.HeadwayError)
            and kind is not families.HeadwayError
        ):
            kinds.append((f"`{name}`", about(kind).partition("\n")[0], str(kind.exit_code)))
    lines = [
        "# Errors",
        "",
        NOTE,
        "Every error has a code, says what happened and where, and how to mend it. `headway explain CODE` prints",
        "the page of one. Classes say who must act:",
        "",
        table(kinds),
    ]
    room = ""
    for code, title, kind, page in constructors():
        if code[:2] != room:
            room = code[:2]
            lines += [f"## {room}: {ROOMS[room]}", ""]
        lines += [f"### {code}", "", f"**{title}** `{kind.__name__}`", "", page, ""]
    return "\n".join(lines)


def _json() -> str:
    lines = [
        "# What `--json` prints",
        "",
        NOTE,
        "One JSON document on stdout. Digests are 64 hexadecimal digits, ids are UUIDs of version 7, times are",
        "RFC 3339 in UTC. A test runs every command and holds its output against this page.",
        "",
        table(
            [
                ("command", "prints"),
                *((f"`{name}`", written(kind)) for name, kind in json_shapes.OUTPUTS.items()),
            ]
        ),
    ]
    seen: dict[str, type[json_shapes.Shape]] = {}
    queue: list[Any] = list(json_shapes.OUTPUTS.values())
    while queue:
        kind = queue.pop(0)
        if isinstance(kind, type) and issubclass(kind, json_shapes.Shape):
            if kind.__name__ not in seen:
                seen[kind.__name__] = kind
                queue += typing.get_type_hints(kind).values()
        else:
            queue += typing.get_args(kind)
    return "\n".join([*lines, *(_shape(kind) for _, kind in sorted(seen.items()))])


def _shape(kind: type[json_shapes.Shape]) -> str:
    hints, said = typing.get_type_hints(kind), attributes(kind)
    has_words = any(said.values())
    head = ("field", "value", "meaning") if has_words else ("field", "value")
    rows: list[tuple[str, ...]] = [head]
    for item in msgspec.structs.fields(kind):
        row = (f"`{item.name}`", written(hints[item.name], linked=False))
        rows.append((*row, said.get(item.name, "")) if has_words else row)
    return f"## {kind.__name__}\n\n{about(kind)}\n\n{table(rows)}"


def short_forms() -> set[tuple[type, str]]:
    """Fields that the loader reads in a shorter form; each must be in `WORDS`."""
    return set(_SHORT)


def main() -> None:
    """Write the pages."""
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (PAGES / name).write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
