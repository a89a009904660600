"""`headway predictions`: the newest entries of the prediction log."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which environment, how many."""
    options.environment(parser)
    parser.add_argument("--last", type=int, default=10, metavar="N", help="how many (default: 10)")
    parser.add_argument(
        "--reveal",
        action="store_true",
        help="with the values of columns that carry pii; that is written down",
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the newest predictions, oldest first; say what was lost."""
    import msgspec

    from headway.api.reading import predictions
    from headway.render.shown import prediction_text

    found, lost = predictions(options.here(), args.env, max(args.last, 1), reveal=args.reveal)
    if args.json:
        print(json.dumps({"predictions": msgspec.to_builtins(found), "lost": lost}))
    else:
        print(
            "\n".join(prediction_text(item) for item in found) or f"nothing was predicted in {args.env} yet"
        )
    if not found and not args.json and not options.untouched():
        options.hint(f"next: headway serve --env {args.env}")
    if lost:
        print(f"note: {lost} records were lost or torn", file=sys.stderr)
    return 0
