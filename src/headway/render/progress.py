"""What the engine says, as it happens: a live bar on a terminal, one line a step elsewhere."""

from __future__ import annotations

from typing import Any, TextIO

from headway.core.wording import count
from headway.engine import events
from headway.errors.masking import visible
from headway.facts.evidence import Outcome
from headway.render.delivery import look_up_line
from headway.render.plan import plan_text
from headway.render.style import Style, clip, is_colourful, seconds

SIGNS = {
    Outcome.PASS: ("pass", "green"),
    Outcome.FAIL: ("FAIL", "red"),
    Outcome.WARN: ("warn", "yellow"),
    Outcome.NOT_APPLICABLE: ("n/a", "dim"),
    Outcome.NOT_RUN: ("not run", "red"),
    Outcome.WAIVED: ("waived", "yellow"),
}


class Progress:
    """Draws events on a stream (stderr); keeps one live line while a step runs on a terminal.

    Args:
        stream: Where progress goes.
        plan_to: Where the plan goes; None prints none.
    """

    def __init__(self, stream: TextIO, plan_to: TextIO | None = None) -> None:
        self.stream = stream
        self.plan_to = plan_to
        self.style = Style(is_colourful(stream))
        self.live: Any = None
        self.environment = ""

    def __call__(self, event: events.Event) -> None:
        """Draw one event."""
        match event:
            case events.Started():
                self._started(event)
            case events.Finished():
                self.close()
                same = "  same result as before" if event.unchanged else ""
                summary = meta_text(event.meta)
                self._line(f"  {event.step.node:<28} {seconds(event.seconds):>8}  {summary}{same}")
                for warning in event.warnings:
                    self._line(self.style(f"  warn    {warning}", "yellow"))
            case events.Reused():
                self._line(self.style(f"  {event.step.node:<28} {'-':>8}  inputs came out equal", "dim"))
            case events.Judging() | events.Judged():
                self._judged(event)
            case events.Moved():
                moved = count(len(event.move.after), "pointer")
                place = f"{event.move.environment} revision {event.move.revision}"
                self._line(f"  {moved} moved: {place} in {seconds(event.seconds)}")
            case events.Materialised():
                self._line(f"  {look_up_line(event.table)} in {seconds(event.seconds)}")
            case events.Noticed():
                self._line(f"note: {event.text}")
            case events.Planned():
                self._planned(event)

    def _judged(self, event: events.Judging | events.Judged) -> None:
        """That gates are being judged, or the verdict of one."""
        if isinstance(event, events.Judging):
            self._line(f"  {event.node:<28} {'...':>8}  judging {count(event.gates, 'gate')}")
            return
        elsewhere = f"  (for {event.environment})" if event.environment != self.environment else ""
        self._line(verdict_line(event.evidence, self.style) + elsewhere)

    def _planned(self, event: events.Planned) -> None:
        """The plan is data: it goes to stdout, unless stdout is kept for JSON."""
        self.environment = event.plan.env
        if self.plan_to is not None and event.plan.todo:
            print(
                plan_text(event.plan, Style(is_colourful(self.plan_to))) + "\n", file=self.plan_to, flush=True
            )

    def _started(self, event: events.Started) -> None:
        if not self.stream.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed} of {task.total}"),
            TimeElapsedColumn(),
            console=Console(file=self.stream),
            transient=True,
        )
        self.live.add_task(event.step.node, total=event.total, completed=event.position - 1)
        self.live.start()

    def close(self) -> None:
        """Give the terminal back: no live line, and its cursor as it was."""
        if self.live is not None:
            self.live.stop()
            self.live = None

    def _line(self, text: str) -> None:
        self.close()
        print(text.rstrip(), file=self.stream, flush=True)


def verdict_line(evidence: Any, style: Style, *, is_whole: bool = False) -> str:
    """One gate's verdict on one line: outcome, gate, what was seen, why; the reason cut, or as a whole."""
    word, colour = SIGNS[evidence.outcome]
    wanted = f" (wanted {evidence.wanted})" if evidence.wanted and "champion" in evidence.check else ""
    seen = f"  {evidence.observed}{wanted}" if evidence.observed else ""
    why = evidence.reason if is_whole else clip(evidence.reason, 90)
    reason = f"  {why}" if why else ""
    return f"  {style(f'{word:<7}', colour)} {visible(f'{evidence.check}{seen}{reason}')}"


def meta_text(meta: dict[str, Any]) -> str:
    """The facts of a result that a reader wants on one line."""
    return clip(str(meta.get("summary", "")), 100)
