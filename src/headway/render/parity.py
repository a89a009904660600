"""The comparison of logged features with recomputed ones as text."""

from __future__ import annotations

from headway.core.wording import count
from headway.engine.reproduction.parity import Compared, Difference, Parity
from headway.facts.evidence import Outcome
from headway.render.outline import plain
from headway.render.style import clip, table


def parity_text(parity: Parity) -> str:
    """The verdict, one line per feature that is not the same or could not be compared, and examples."""
    if not parity.predictions:
        return f"parity: not run; nothing was predicted in {parity.environment} yet"
    compared, equal = parity.counts
    share = (
        f"{_percent(equal, compared)} of {count(compared, 'value')} are the same"
        if compared
        else "nothing compared"
    )
    lines = [
        f"parity: {parity.outcome}; {share}, {count(parity.predictions, 'prediction')} in {parity.environment}"
    ]
    releases = dict.fromkeys((item.endpoint, item.release) for item in parity.features)
    for endpoint, release in releases:
        chosen = [item for item in parity.features if (item.endpoint, item.release) == (endpoint, release)]
        lines.append(f"release {release[:12]} of {endpoint}")
        lines += table([_row(item) for item in chosen])
        for item in chosen:
            lines += _examples(item)
    if parity.lost:
        lines.append(f"note: {count(parity.lost, 'record')} of the log near them were lost or torn")
    return "\n".join(lines)


def _row(item: Compared) -> list[str]:
    if item.outcome is Outcome.NOT_RUN:
        return [item.feature, item.origin, "not run", clip(item.not_run, 100)]
    causes = ", ".join(f"{number:,} {cause}" for cause, number in item.causes.items())
    return [item.feature, item.origin, _percent(item.equal, item.compared), causes]


def _examples(item: Compared) -> list[str]:
    return [f"    {item.feature}: {_said(one)}" for one in item.examples]


def _said(one: Difference) -> str:
    logged, again = (_value(value) for value in (one.logged, one.recomputed))
    return (
        f"logged {logged}, computed again {again}  ({one.cause}; prediction {one.prediction}, {one.at[:19]}Z)"
    )


def _value(value: object) -> str:
    return "nothing" if value is None else clip(plain(value)) if isinstance(value, str) else f"{value!r}"


def _percent(part: int, whole: int) -> str:
    """Never `100 %` for less than all."""
    if part == whole:
        return "100 %"
    return f"{min(100 * part / whole, 99.99):.2f} %"
