"""`headway apply`: compute what is missing, judge it, move the pointers."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing

from headway.cli import options
from headway.core.who import who


def arguments(parser: argparse.ArgumentParser) -> None:
    """Scope, reason, form."""
    options.environment(parser)
    parser.add_argument(
        "--only", action="append", default=[], metavar="NODE", help="this node and what it needs"
    )
    parser.add_argument(
        "--refresh", action="append", default=[], metavar="NODE", help="compute this node again"
    )
    options.reason(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the plan, carry it out, say what moved; a refusal by evidence is exit code 3."""
    from headway.api.planning import apply
    from headway.engine.apply import summary
    from headway.render.apply import applied_text
    from headway.render.progress import Progress
    from headway.render.style import Style, is_colourful

    with closing(Progress(sys.stderr, plan_to=None if args.json else sys.stdout)) as progress:
        applied = apply(
            options.here(),
            args.env,
            only=args.only,
            refresh=args.refresh,
            who=who(),
            why=args.why,
            report=progress,
        )
    print(
        json.dumps(summary(applied)) if args.json else applied_text(applied, Style(is_colourful(sys.stdout)))
    )
    if applied.refusal is not None:
        print(applied.refusal, file=sys.stderr)
        return applied.refusal.exit_code
    serves = applied.moved is not None and any(node.startswith("endpoint.") for node in applied.moved.after)
    options.hint(f"next: headway serve --env {args.env}" if serves else "next: headway status")
    return 0
