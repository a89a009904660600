"""`headway promote`: point one environment at what another points at; computes nothing."""

from __future__ import annotations

import argparse
import json

from headway.cli import options
from headway.core.who import who


def arguments(parser: argparse.ArgumentParser) -> None:
    """From where, to where, why."""
    parser.add_argument(
        "--from", dest="source", metavar="NAME", help="the environment to take pointers from (default: dev)"
    )
    parser.add_argument("--to", dest="target", required=True, metavar="NAME", help="the environment to move")
    parser.add_argument("--unhold", action="store_true", help="lift holds there; without --from, only that")
    options.reason(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Move the pointers through the target's gates, and say which moved."""
    from headway.api.delivery import promote
    from headway.render.delivery import move_lines

    source = args.source or (args.target if args.unhold else "dev")
    done = promote(options.here(), source, args.target, who=who(), why=args.why, unhold=args.unhold)
    if args.json:
        move = done.move
        moved = {"revision": move.revision, "before": move.before, "after": move.after} if move else None
        print(json.dumps({"moved": moved, "lifted": done.lifted is not None}))
        return 0
    if done.lifted is not None:
        print(f"nothing is held in {args.target} any more")
    if done.move is not None:
        print(
            "\n".join(
                [f"promoted {source} to {args.target}: revision {done.move.revision}", *move_lines(done.move)]
            )
        )
    elif source != args.target:
        print(f"{args.target} points where {source} points already")
    options.hint(f"next: headway status, or headway serve --env {args.target}")
    return 0
