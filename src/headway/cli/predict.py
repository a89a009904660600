"""`headway predict`: answer all rows of a batch with the release that an environment serves."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which batch, or which bundle and which rows."""
    parser.add_argument(
        "name", nargs="?", default=None, help="a batch of the product file; without it, all are listed"
    )
    options.environment(parser)
    parser.add_argument(
        "--bundle", metavar="DIR", help="answer with this one release instead of an environment's"
    )
    parser.add_argument("--rows", metavar="FILE", help="with --bundle: the rows")
    parser.add_argument("--to", metavar="FILE", help="with --bundle: the output, `.parquet` or `.csv`")
    parser.add_argument(
        "--skip-bad-rows", action="store_true", help="with --bundle: set rows aside that break the contract"
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what was answered, or the declared batches; rows that break their contract are exit code 3."""
    from headway.api import batches
    from headway.render.batches import RowsBar, done_text, listed_text

    _check(args)
    if args.name is None and args.bundle is None:
        found = batches.batches(options.here(), args.env)
        if args.json:
            print(json.dumps({"environment": args.env, "batches": [item.to_json() for item in found]}))
        else:
            print(listed_text(found, args.env))
        return 0
    with closing(RowsBar(sys.stderr)) as bar:
        if args.bundle is not None:
            paths = Path(args.bundle), Path(args.rows), Path(args.to)
            done = batches.predict_bundle(*paths, skips=args.skip_bad_rows, progress=bar)
        else:
            done = batches.predict(options.here(), args.name, args.env, progress=bar)
    print(json.dumps(done.to_json()) if args.json else done_text(done))
    if done.fact.rejected:
        left = f"{done.fact.rejected:,} of {done.fact.rows:,} rows were rejected"
        print(f"note: {left}: {done.rejected_to}", file=sys.stderr)
    return 0


def _check(args: argparse.Namespace) -> None:
    from headway.errors.batches import options_do_not_fit

    alone = {"--rows": args.rows, "--to": args.to, "--skip-bad-rows": args.skip_bad_rows}
    given = [option for option, value in alone.items() if value]
    if args.bundle is None and given:
        raise options_do_not_fit(f"`{given[0]}` goes with `--bundle`")
    if args.bundle is not None and args.name is not None:
        raise options_do_not_fit("a batch and `--bundle` were given")
    if args.bundle is not None and not (args.rows and args.to):
        raise options_do_not_fit("`--bundle` without `--rows` or `--to`")
