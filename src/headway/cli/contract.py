"""`headway contract`: how the product's contracts stand, and taking over a suite of Great Expectations."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which verb, and on what."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    status = verbs.add_parser("status", help="which contract holds which feature, and what it said of late")
    status.add_argument(
        "--last", type=options.positive, default=3, metavar="N", help="verdicts of each node (default: 3)"
    )
    options.as_json(status)
    suite = verbs.add_parser("import", help="make a contract of a Great Expectations suite (0.x or 1.x)")
    suite.add_argument("suite", help="the suite's JSON file")
    suite.add_argument("--to", metavar="FILE", help="write the contract to this new file")
    suite.add_argument(
        "--like", metavar="TABLE", help="a source, or a file, that says of which types the columns are"
    )
    suite.add_argument(
        "--partial", action="store_true", help="take what can be honoured, and list the rest in the contract"
    )
    options.as_json(suite)


def run(args: argparse.Namespace) -> int:
    """Carry out the verb."""
    return _status(args) if args.verb == "status" else _import(args)


def _status(args: argparse.Namespace) -> int:
    """Print what holds which feature, and the last verdicts."""
    from headway.api.validation import contracts
    from headway.render.contracts import contracts_text
    from headway.render.style import Style, is_colourful

    found = contracts(options.here(), last=args.last)
    print(
        json.dumps(found.to_json()) if args.json else contracts_text(found, Style(is_colourful(sys.stdout)))
    )
    return 0


def _import(args: argparse.Namespace) -> int:
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
