"""`headway plan`: what is out of date, and why; changes nothing."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options

SOMETHING_TO_DO = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Scope, form, and an exit code for scripts."""
    options.environment(parser)
    parser.add_argument(
        "--only", action="append", default=[], metavar="NODE", help="this node and what it needs"
    )
    parser.add_argument(
        "--refresh", action="append", default=[], metavar="NODE", help="compute this node again"
    )
    parser.add_argument("--exit-code", action="store_true", help="exit with 10 when there is something to do")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the plan; one that a protected environment would refuse is exit code 3."""
    from headway.api.planning import plan
    from headway.plan.foretold import refusal
    from headway.plan.plan import to_json
    from headway.render.plan import plan_text
    from headway.render.style import Style, is_colourful

    made = plan(options.here(), args.env, args.only, args.refresh)
    print(json.dumps(to_json(made)) if args.json else plan_text(made, Style(is_colourful(sys.stdout))))
    refused = refusal(made)
    if refused is not None:
        print(f"\n{refused}", file=sys.stderr)
        return refused.exit_code
    if made.todo:
        options.hint(f"next: headway apply --env {args.env}")
    return SOMETHING_TO_DO if args.exit_code and made.todo else 0
