"""`headway demo`: the whole loop on real flights, in a fresh folder; every number is computed in the run."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from headway.cli import demo_data, demo_server
from headway.cli.main import main as headway
from headway.render.style import Style, is_colourful, seconds

FIRST_DAYS = "2013-11-01T04:00"
MORE_DAYS = "2013-11-08T05:00"
ENVIRONMENT = "prod"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where the demo's product is written."""
    parser.add_argument(
        "--folder", metavar="DIR", help="an empty folder for the product (default: a new temporary one)"
    )


def run(args: argparse.Namespace) -> int:
    """Run the loop; the product stays in its folder, to play with."""
    begun = time.perf_counter()
    folder = Path(args.folder or tempfile.mkdtemp(prefix="headway-demo-")).absolute()
    style = Style(is_colourful(sys.stdout))
    show = Narrator(style)
    show.say(f"A product is declared in one file. It is written to {folder}")
    demo_data.write_product(folder, until=FIRST_DAYS)
    with _inside(folder):
        _first_release(show)
        with demo_server.serving(ENVIRONMENT) as server:
            prediction = _ask(show, server)
            show.command("lineage", prediction)
            _more_days(show, folder, server)
            _take_back(show, server)
    show.say(
        f"The whole loop took {seconds(time.perf_counter() - begun)}. Go on by yourself:\n"
        f"  cd {folder}\n"
        "  headway status                       what stands where\n"
        "  headway log --verify                 who moved what, and that nobody changed the journal\n"
        "  headway why model.delay --closure    the code that the model is made of\n"
        "  headway reproduce model.delay        make it again, and compare\n"
        "  headway promote --to prod --unhold   let the held release go out again"
    )
    return 0


class Narrator:
    """Says what comes next, and runs commands as a person would type them."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def say(self, text: str) -> None:
        """One paragraph."""
        print(f"\n{self.style('#', 'bold')} {self.style(text, 'bold')}\n", flush=True)

    def command(self, *words: str, expected: int = 0) -> float:
        """Run a command of this very program; returns the seconds that it took."""
        print(self.style(f"$ headway {' '.join(words)}", "cyan"), flush=True)
        begun = time.perf_counter()
        code = headway(list(words))
        if code != expected:
            raise SystemExit(code or 1)
        return time.perf_counter() - begun


def _first_release(show: Narrator) -> None:
    show.say("A plan says what is out of date, and why. Nothing was ever made here.")
    show.command("plan", "--env", ENVIRONMENT)
    show.say("Apply computes it, judges it, and moves the pointers of `prod` through the gates.")
    show.command("apply", "--env", ENVIRONMENT, "--why", "first release")
    show.say("Done again, it does nothing.")
    show.command("apply", "--env", ENVIRONMENT)


def _ask(show: Narrator, server: demo_server.Server) -> str:
    show.say("The release answers over HTTP. These flights left in the days after it was trained.")
    flights = demo_data.flights_after(FIRST_DAYS, 400)
    answers = [server.ask(flight) for flight in flights]
    late = [flight["late"] for flight in flights]
    known = [
        (answer["probability"], truth)
        for answer, truth in zip(answers, late, strict=True)
        if truth is not None
    ]
    print(f"  {len(answers)} requests, one flight each, median {server.median_ms:.2f} ms from here")
    print(
        f"  ranked well: AUC {demo_data.auc(known):.3f} against what really happened to {len(known)} of them"
    )
    best = max(answers, key=lambda answer: answer["probability"])
    flight = flights[answers.index(best)]
    print(f"  most likely late: {flight['carrier']} from {flight['origin']} at {flight['scheduled_at']}")
    print(f"    probability {best['probability']:.2f}, and it was {'late' if flight['late'] else 'not late'}")
    show.say(
        "One prediction, traced back: release, model, run, code, training rows, gates, and who let it out."
    )
    server.settle()
    return str(best["prediction_id"])


def _more_days(show: Narrator, folder: Path, server: demo_server.Server) -> None:
    show.say("One more week of flights and weather arrives.")
    demo_data.write_data(folder, until=MORE_DAYS)
    show.command("plan", "--env", ENVIRONMENT)
    show.say("Apply retrains. The champion is judged again, on the challenger's test rows. The swap is hot.")
    before = server.release()
    with server.under_load() as load:
        show.command("apply", "--env", ENVIRONMENT, "--why", "one more week of data")
        server.wait_for_another(before)
    print(f"  while it ran: {load.sent} requests, {load.failed} failed")
    print(f"  served before {before}, served now {server.release()}")


def _take_back(show: Narrator, server: demo_server.Server) -> None:
    show.say("Somebody is not happy with it: everything goes back, model, features and contract together.")
    new = server.release()
    with server.under_load() as load:
        begun = time.perf_counter()
        show.command("rollback", "--env", ENVIRONMENT, "--why", "passengers complain")
        server.wait_for_another(new)
        taken = time.perf_counter() - begun
    print(f"  from the command to the first answer of the old release: {seconds(taken)}")
    print(f"  meanwhile: {load.sent} requests, {load.failed} failed; served now {server.release()}")
    show.say("The release is held. The next apply leaves it alone.")
    show.command("plan", "--env", ENVIRONMENT)
    show.command("apply", "--env", ENVIRONMENT)
    show.command("status")


@contextlib.contextmanager
def _inside(folder: Path) -> Generator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
