"""`headway stop`: take an environment's endpoints out of service, at once."""

from __future__ import annotations

import argparse
import json
import time

from headway.cli import options
from headway.core.who import who


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which environment, and why."""
    options.environment(parser)
    parser.add_argument(
        "--without-ledger", action="store_true", help="act beside the servers, as if the ledger were away"
    )
    options.reason(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Take the pointers away and publish a route without releases: every request is answered 503."""
    begun = time.perf_counter()
    from headway.api.delivery import stop
    from headway.render.delivery import ended_json, ended_text

    ended = stop(options.here(), args.env, who=who(), why=args.why, ledger=not args.without_ledger)
    seconds = time.perf_counter() - begun
    print(
        json.dumps(ended_json(ended, seconds))
        if args.json
        else ended_text(ended, "stopped", args.env, seconds)
    )
    options.hint(f"to serve again: headway rollback --env {args.env}")
    return 0
