"""`headway diff A B`: how two environments differ, or two commits of a feature group."""

from __future__ import annotations

import argparse
import json

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """The two environments, or commits."""
    parser.add_argument("first", help="such as prod, or weather_hourly@3")
    parser.add_argument("second", help="such as dev, or weather_hourly@7")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print each node that the two point at differently."""
    if "@" in args.first and "@" in args.second:
        return _commits(args)
    from headway.api.reading import diff
    from headway.render.style import table

    rows = diff(options.here(), args.first, args.second)
    if args.json:
        found = [{"node": node, args.first: one or None, args.second: two or None} for node, one, two in rows]
        print(json.dumps({"differences": found}))
    elif not rows:
        same = "nothing, for nothing was applied yet" if options.untouched() else "the same"
        print(f"{args.first} and {args.second} point at {same}")
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


def _commits(args: argparse.Namespace) -> int:
    """Print which rows came, changed and went between two commits."""
    from headway.api.groups import compare
    from headway.render.groups import compared_text

    found = compare(options.here(), args.first, args.second)
    print(json.dumps({"rows": found.to_json()}) if args.json else compared_text(found))
    return 0
