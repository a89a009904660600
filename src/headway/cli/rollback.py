"""`headway rollback`: bring back the release before, at once; passes no gate and runs nothing."""

from __future__ import annotations

import argparse
import json
import time

from headway.cli import options
from headway.core.who import who


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which endpoint, why, for how long it is held."""
    options.environment(parser)
    parser.add_argument("--endpoint", metavar="NAME", help="which one, when there are several")
    parser.add_argument(
        "--hold", metavar="DURATION", help="hold the release this long (default: until lifted)"
    )
    parser.add_argument(
        "--without-ledger", action="store_true", help="act beside the servers, as if the ledger were away"
    )
    options.reason(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Move every pointer of the release back, publish, and say how long that took."""
    begun = time.perf_counter()
    from headway.api.delivery import bring_features_back, roll_back
    from headway.render.delivery import ended_json, ended_text, features_lines

    ended = roll_back(
        options.here(),
        args.env,
        endpoint=args.endpoint,
        who=who(),
        why=args.why,
        hold=args.hold,
        ledger=not args.without_ledger,
    )
    seconds = time.perf_counter() - begun
    print(
        json.dumps(ended_json(ended, seconds))
        if args.json
        else ended_text(ended, "rolled back", args.env, seconds)
    )
    if ended.move is not None:
        for line in features_lines(bring_features_back(options.here(), args.env)):
            options.hint(line)
    held = ended.move is not None and bool(ended.move.holds)
    lift = f"; to let it be released again: headway promote --to {args.env} --unhold" if held else ""
    options.hint(f"next: headway status{lift}")
    return 0
