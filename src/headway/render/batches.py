"""Batches as text, and how far one has come as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from headway.core.clock import to_text
from headway.core.wording import count
from headway.engine.delivery.batches import Done, Listed
from headway.render.style import seconds, table


class RowsBar:
    """A bar on a terminal (stderr) while rows are answered; elsewhere nothing.

    Args:
        stream: Where it is drawn.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Draw how many rows of how many are answered."""
        if not self.stream.isatty():
            return
        if self.live is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self.live = Progress(
                TextColumn("rows"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(file=self.stream),
                transient=True,
            )
            self.task = self.live.add_task("rows", total=total)
            self.live.start()
        self.live.update(self.task, completed=done)

    def close(self) -> None:
        """Give the terminal back."""
        if self.live is not None:
            self.live.stop()
            self.live = None


def done_text(done: Done) -> str:
    """What was answered, by whom, and where it is."""
    fact = done.fact
    by = f"release {done.version} of {fact.endpoint}" + (
        f" in {fact.environment}" if fact.environment else ""
    )
    lines = [f"{count(fact.kept, 'row')} answered by {by} in {seconds(fact.seconds)}", f"  {fact.to}"]
    lines += [f"  note: {line}" for line in done.ruled.broken]
    if fact.rejected:
        lines.append(f"  {count(fact.rejected, 'row')} rejected: {done.rejected_to}")
        lines += [f"    {reason}" for reason in done.reasons]
    lines += [
        f"  warn: {count(rows, 'row')} answered, against `{said}`" for said, rows in fact.warned.items()
    ]
    for column, values in fact.mapped.items():
        lines.append(f"  warn: {count(values, 'value')} of `{column}` of unknown categories mapped")
    if fact.looked_up:
        found = ", ".join(f"{rows:,} from {source}" for source, rows in sorted(fact.looked_up.items()))
        lines.append(f"  looked up: {found}")
    if fact.run and fact.environment:
        lines.append(f"  run {fact.run}, in the prediction log as their request")
    return "\n".join(lines)


def listed_text(batches: Sequence[Listed], environment: str) -> str:
    """One line per declared batch."""
    if not batches:
        return "no batch is declared"
    rows = [["batch", "rows", "to", f"last in {environment}"]]
    for item in batches:
        last = "never"
        if item.last is not None and item.at is not None:
            rejected = f", {item.last.rejected:,} rejected" if item.last.rejected else ""
            last = f"{to_text(item.at)[:19]}Z, {count(item.last.kept, 'row')}{rejected}"
        rows.append([item.name, item.declared.rows, item.declared.to, last])
    return "\n".join(table(rows))
