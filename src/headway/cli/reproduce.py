"""`headway reproduce REF`: make a result again from its pinned inputs, and compare."""

from __future__ import annotations

import argparse
import json

from headway.cli import options

DIFFERS = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to make again."""
    parser.add_argument("reference", help="model.delay, model.delay@prod, or 6 digits of a digest")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the verdict; a result that differs is exit code 3."""
    from headway.api.making import reproduce
    from headway.render.style import seconds

    found = reproduce(options.here(), args.reference)
    if args.json:
        print(json.dumps(found.to_json()))
    else:
        print(f"{found.node} {found.digest[:12]} made again in {seconds(found.seconds)}: {found.verdict}")
        print("\n".join(f"  {reason}" for reason in found.reasons))
    return DIFFERS if found.verdict == "differs" else 0
