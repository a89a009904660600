"""`headway contract import SUITE.json`: take over an expectation suite of Great Expectations."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which verb, and on what."""
    parser.add_argument(
        "verb", choices=["import"], help="import: make a contract of a Great Expectations suite (0.x or 1.x)"
    )
    parser.add_argument("suite", help="the suite's JSON file")
    parser.add_argument("--to", metavar="FILE", help="write the contract to this new file")
    parser.add_argument(
        "--like", metavar="TABLE", help="a source, or a file, that says of which types the columns are"
    )
    parser.add_argument(
        "--partial", action="store_true", help="take what can be honoured, and list the rest in the contract"
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the contract, or write it; what became of the suite goes to stderr."""
    from headway.api.validation import import_suite

    taken = import_suite(
        options.here(),
        Path(args.suite),
        to=Path(args.to) if args.to else None,
        like=args.like,
        partial=args.partial,
    )
    if args.json:
        print(json.dumps(taken.to_json()))
        return 0
    if taken.written:
        print(f"{taken.written}: {taken.summary}")
    else:
        print(taken.text, end="")
        print(taken.summary, file=sys.stderr)
    for one in taken.found.refused:
        print(f"not honoured: {one.line}", file=sys.stderr)
    for note in taken.found.notes:
        print(f"note: {note}", file=sys.stderr)
    if taken.written:
        options.hint(f"next: headway validate DATA --contract {taken.written}")
    return 0
