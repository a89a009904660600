"""One call of every constructor of `headway.errors.governance`."""

from __future__ import annotations

from headway.errors import governance as errors

_WAY = "source.people: email -> feature_group.contact: domain -> dataset.main: domain carries pii (people.yaml:4)"
EXAMPLES = {
    "rules_are_broken": lambda: errors.rules_are_broken(
        "environment `prod`", [("deny tag pii in model.*", "headway.yaml:40", [_WAY])]
    ),
    "features_are_not_there": lambda: errors.features_are_not_there(
        [("domian", "headway.yaml:12", "domain")]
    ),
    "columns_are_nowhere": lambda: errors.columns_are_nowhere([("agee", "headway.yaml:40", "age")]),
    "rows_have_no_time": lambda: errors.rows_have_no_time([("dataset.main", "rows", "headway.yaml:12")]),
    "unknown_kind": lambda: errors.unknown_kind("featur", ["source", "feature", "model"]),
}
