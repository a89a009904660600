"""`headway check`: read the product file and its contracts; list every fault."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """The file, or the JSON Schema for editors."""
    parser.add_argument(
        "file", nargs="?", default=None, help="the product file (default: the nearest headway.yaml)"
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the product file")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what was found right, and what is not built yet; faults are raised, all at once."""
    if args.schema:
        from headway.spec.schema import schema

        print(json.dumps(schema(), indent=2))
        return 0
    from pathlib import Path

    from headway.api.files import check
    from headway.render.checked import checked_text

    checked = check(Path(args.file) if args.file else None, options.here())
    print(json.dumps(checked.to_json()) if args.json else checked_text(checked))
    if checked.broken:
        from headway.errors.governance import rules_are_broken

        refused = rules_are_broken(args.file or "headway.yaml", checked.broken)
        print(f"\n{refused}", file=sys.stderr)
        return refused.exit_code
    options.hint("next: headway plan")
    return 0
