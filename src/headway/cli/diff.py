"""`headway diff A B`: how two environments differ."""

from __future__ import annotations

import argparse
import json

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """The two environments."""
    parser.add_argument("first", help="such as prod")
    parser.add_argument("second", help="such as dev")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print each node that the two point at differently."""
    from headway.api.reading import diff
    from headway.render.style import table

    rows = diff(options.here(), args.first, args.second)
    if args.json:
        found = [{"node": node, args.first: one or None, args.second: two or None} for node, one, two in rows]
        print(json.dumps({"differences": found}))
    elif not rows:
        print(f"{args.first} and {args.second} point at the same")
    else:
        head = ("node", args.first, args.second)
        print(
            "\n".join(
                table(
                    [head, *((node, one[:12] or "-", two[:12] or "-") for node, one, two in rows)], indent=""
                )
            )
        )
    return 0
