"""`headway test --parity`: whether serving saw the features that training would have seen."""

from __future__ import annotations

import argparse
import json

from headway.cli import options

NOT_THE_SAME = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is tested, whose predictions, how many."""
    parser.add_argument(
        "--parity", action="store_true", help="compute the features of logged predictions again, and compare"
    )
    options.environment(parser)
    parser.add_argument(
        "--limit",
        type=options.positive,
        default=1000,
        metavar="N",
        help="the newest N predictions (default: 1000)",
    )
    parser.add_argument(
        "--tolerance",
        type=options.share,
        default=None,
        metavar="T",
        help="relative difference of two numbers that are still the same (default: 1e-9)",
    )
    parser.add_argument(
        "--stored",
        action="store_true",
        help="take the rows of groups as they are stored, instead of computing them",
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the share of equal values per feature; less than all, or what could not be compared, is exit code 3."""
    from headway.errors.batches import parity_is_not_asked

    if not args.parity:
        raise parity_is_not_asked()
    from headway.api.making import parity
    from headway.facts.evidence import Outcome
    from headway.render.parity import parity_text

    found = parity(options.here(), args.env, args.limit, tolerance=args.tolerance, stored=args.stored)
    print(json.dumps(found.to_json()) if args.json else parity_text(found))
    if not found.predictions and not args.json and not options.untouched():
        options.hint(f"next: headway serve --env {args.env}")
    return 0 if found.outcome is Outcome.PASS else NOT_THE_SAME
