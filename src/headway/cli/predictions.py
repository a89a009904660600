"""`headway predictions`: the newest entries of the prediction log."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which environment, of which kind, how many."""
    options.environment(parser)
    parser.add_argument(
        "--last", type=options.positive, default=10, metavar="N", help="how many (default: 10)"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--reveal",
        action="store_true",
        help="with the values of columns that carry pii; that is written down",
    )
    kind.add_argument(
        "--refused",
        action="store_true",
        help="what the contract refused, newest first: columns and rules, and nothing that was sent",
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the newest predictions, oldest first, or the newest refusals; say what was lost."""
    import msgspec

    from headway.api import reading
    from headway.render.shown import prediction_text, refused_text

    folder, last = options.here(), args.last
    if args.refused:
        kind, (found, lost) = "refused", reading.refused(folder, args.env, last)
        lines = [refused_text(item) for item in found]
    else:
        kind, (found, lost) = "predictions", reading.predictions(folder, args.env, last, reveal=args.reveal)
        lines = [prediction_text(item) for item in found]
    if args.json:
        print(json.dumps({kind: msgspec.to_builtins(found), "lost": lost}))
    elif args.refused:
        print("\n".join(lines) or f"the log of {args.env} has nothing that was refused")
    else:
        print("\n".join(lines) or f"nothing was predicted in {args.env} yet")
        if not found and not options.untouched():
            options.hint(f"next: headway serve --env {args.env}")
    if found and not args.refused and not args.reveal and not reading.says_what_is_personal(folder):
        print("note: every value is hidden, since the product file is wrong: headway check", file=sys.stderr)
    if lost:
        print(f"note: {lost} records were lost or torn", file=sys.stderr)
    return 0
