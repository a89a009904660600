"""`headway gc`: remove from the disk what nothing refers to, and what is too old."""

from __future__ import annotations

import argparse
import json

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to do it, or only to say what it would do."""
    parser.add_argument("--dry-run", action="store_true", help="remove nothing, only say what would go")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what goes, what stays, and why."""
    from headway.api.groups import collect
    from headway.render.groups import swept_text

    found = collect(options.here(), dry_run=args.dry_run)
    print(json.dumps(found.to_json()) if args.json else swept_text(found))
    return 0
