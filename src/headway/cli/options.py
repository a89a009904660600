"""Options that many commands share, said once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def environment(parser: argparse.ArgumentParser, default: str = "dev") -> None:
    """`--env NAME`."""
    parser.add_argument(
        "--env", default=default, metavar="NAME", help=f"the environment (default: {default})"
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    """`--json`: one JSON document on stdout."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def reason(parser: argparse.ArgumentParser) -> None:
    """`--why TEXT`, which goes into the journal."""
    parser.add_argument("--why", default="", metavar="TEXT", help="the reason, for the journal")


def positive(text: str) -> int:
    """A whole number from 1, for `type=`."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def share(text: str) -> float:
    """A number from 0 to below 1, for `type=`."""
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to below 1")
    return number


def here() -> Path:
    """The directory from which the product is looked for."""
    return Path.cwd()


def untouched() -> bool:
    """Say on stderr what comes first, where nothing was applied yet; returns whether it was said."""
    from headway.api.reading import is_untouched

    if not is_untouched(here()):
        return False
    hint("nothing was applied yet; next: headway apply")
    return True


def hint(text: str) -> None:
    """The next sensible command, on stderr, so that stdout stays data."""
    print(f"\n{text}", file=sys.stderr)
