"""`headway log`: the journal of every pointer move."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which environment, and whether the chain is checked."""
    parser.add_argument("--env", metavar="NAME", help="only this environment (default: all)")
    parser.add_argument("--verify", action="store_true", help="recompute the hash chain first")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the moves, newest first; a broken chain is exit code 3."""
    from headway.api.reading import log, verify
    from headway.render.log import log_json, log_text, sealed_text
    from headway.render.style import Style, is_colourful

    sealed = verify(options.here()) if args.verify else None
    moves = log(options.here(), args.env)
    if args.json:
        print(json.dumps({"moves": log_json(moves), "verified": args.verify}))
        return 0
    if sealed is not None:
        print(sealed_text(sealed, len(moves)), file=sys.stderr)
    print(log_text(moves, Style(is_colourful(sys.stdout))) if moves else "no pointer has moved yet")
    return 0
