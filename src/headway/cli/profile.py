"""`headway profile SOURCE|FILE`: look at a table, and propose a contract that it passes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which table, and where the proposal goes."""
    parser.add_argument("table", help="a source of the product, or a file, a folder, a pattern")
    parser.add_argument("--write", metavar="FILE", help="write the contract to this new file")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the proposal, or write it; what people should know of it goes to stderr."""
    from headway.api.validation import profile
    from headway.core.wording import count

    found = profile(options.here(), args.table, write=Path(args.write) if args.write else None)
    if args.json:
        print(json.dumps(found.to_json()))
        return 0
    if found.written:
        columns = count(len(found.proposal.contract.columns), "column")
        print(f"{found.written}: a contract for {found.what}, {columns}")
    else:
        print(found.proposal.text, end="")
    for note in found.proposal.notes:
        print(f"note: {note}", file=sys.stderr)
    contract = f" --contract {found.written}" if found.written else ""
    options.hint(f"next: headway validate {args.table}{contract}" if found.written else _NEXT)
    return 0


_NEXT = (
    "next: headway profile ... --write contracts/NAME.yaml, and name it with `contract:` in the product file"
)
