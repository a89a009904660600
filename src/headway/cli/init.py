"""`headway init`: write a first product into an empty folder, from a table of the user's."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and what the table is."""
    parser.add_argument("folder", nargs="?", default=".", help="where the product goes (default: here)")
    parser.add_argument(
        "--data", metavar="FILE", help="a Parquet or CSV table; without it, a small sample is used"
    )
    parser.add_argument("--label", metavar="COLUMN", help="the column to predict")
    parser.add_argument("--time", metavar="COLUMN", help="when each row's event happened")
    parser.add_argument(
        "--positive", metavar="VALUE", help="the label's value whose probability is predicted"
    )
    parser.add_argument("--name", help="the product's name (default: the folder's)")


def run(args: argparse.Namespace) -> int:
    """Write the files, list them, name the next commands."""
    from headway.api.files import init

    folder = Path(args.folder)
    begun = init(
        folder,
        data=Path(args.data) if args.data else None,
        label=args.label,
        time=args.time,
        positive=args.positive,
        name=args.name,
    )
    print("\n".join(f"wrote {folder / name}" for name in begun.files))
    for note in begun.notes:
        print(f"note: {note}", file=sys.stderr)
    step = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    options.hint(f"next: {step}headway plan, then headway apply, then headway serve --env dev")
    return 0
