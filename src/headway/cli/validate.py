"""`headway validate SOURCE|FILE`: judge a table by its contract, now."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from headway.cli import options

_REFUSED = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which table, and by which contract."""
    parser.add_argument("table", help="a source of the product, or a file, a folder, a pattern")
    parser.add_argument(
        "--contract", metavar="FILE", help="judge by this contract (default: that of the source)"
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the report; what fails ends with exit code 3."""
    from headway.api.validation import validate
    from headway.render.style import Style, is_colourful
    from headway.render.validated import validated_text

    contract = Path(args.contract) if args.contract else None
    done = validate(options.here(), args.table, contract=contract)
    if args.json:
        print(json.dumps(done.to_json()))
    else:
        print(validated_text(done, Style(is_colourful(sys.stdout))))
    return 0 if done.report.passed else _REFUSED
