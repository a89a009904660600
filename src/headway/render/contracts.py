"""What holds the features of a product, as text: contract by contract, with what each said of late."""

from __future__ import annotations

from collections.abc import Iterator

from headway.core import digest
from headway.core.wording import count, few
from headway.engine.questions.contracts import Contracts, Coverage, Declared, Held
from headway.facts.evidence import Outcome
from headway.render.style import PLAIN, Style

_COLOURS = {Outcome.PASS: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red"}


def contracts_text(found: Contracts, style: Style = PLAIN) -> str:
    """Coverage first, then every contract."""
    lines = [line for item in found.coverage for line in _coverage(item, style)]
    for item in found.declared:
        lines += ["", *_declared(item, style)] if lines else _declared(item, style)
    return "\n".join(lines) or f"{found.product} declares no contract"


def _coverage(item: Coverage, style: Style) -> Iterator[str]:
    node = f"dataset.{item.dataset}"
    if not item.made:
        yield f"{style(node, 'bold')}  never made, so its features are not known yet"
        return
    held = item.features - len(item.free)
    share = f"{held} of {count(item.features, 'feature')} under contract"
    yield f"{style(node, 'bold')}  {style(share, 'green' if not item.free else 'yellow')}"
    for contract, names in item.by.items():
        yield f"    {contract}: {few(names, 6)}"
    if item.free:
        yield f"    no contract: {few(item.free, 6)}"


def _declared(item: Declared, style: Style) -> Iterator[str]:
    told = f"version {item.version}, {digest.short(item.digest)}"
    yield f"{style(item.file, 'bold')}  {style(told, 'dim')}"
    for held in item.held:
        yield from _held(held, style)


def _held(item: Held, style: Style) -> Iterator[str]:
    asked = (
        f", and each request of {few([f'endpoint.{name}' for name in item.requests])}"
        if item.requests
        else ""
    )
    yield f"    {item.node}{asked}"
    for verdict in item.verdicts:
        outcome = style(f"{verdict.outcome:<8}", _COLOURS.get(verdict.outcome, "dim"))
        about = f"{verdict.observed}, {digest.short(verdict.about)}"
        yield f"      {verdict.at:%Y-%m-%d %H:%M:%SZ}  {outcome}{about}"
    if not item.verdicts:
        yield style("      judged nothing yet", "dim")
