"""`headway show REF`: one artifact, prediction or run in full."""

from __future__ import annotations

import argparse
import json

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to show."""
    parser.add_argument(
        "reference",
        help="model.delay, model.delay@prod, run.ID, or 6 digits of a digest, a prediction id or a run id",
    )
    parser.add_argument(
        "--rows", action="store_true", help="rows of a feature group: feature_group.NAME@3, or @TIME"
    )
    parser.add_argument(
        "--limit", type=options.positive, default=10, metavar="N", help="how many rows (default: 10)"
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what is known of it."""
    from headway.api.reading import look_up
    from headway.engine.questions.runs import Ran
    from headway.render.shown import run_text, shown_text

    if args.rows:
        return _rows(args)
    found = look_up(options.here(), args.reference)
    if isinstance(found, Ran):
        print(json.dumps(found.to_json()) if args.json else run_text(found))
        return 0
    print(json.dumps(found.to_json()) if args.json else shown_text(found))
    if not args.json and found.made is not None:
        digest = found.artifact.digest[:12]
        options.hint(
            f"its checks: headway why {found.made.node}; where it came from: headway lineage {digest}"
        )
    return 0


def _rows(args: argparse.Namespace) -> int:
    """Print rows of a group as they were at one of its commits."""
    import msgspec

    from headway.api.groups import rows
    from headway.api.reading import personal_columns, show
    from headway.engine.questions.group_history import plain
    from headway.engine.revealing import hidden_row
    from headway.render.groups import rows_text

    commit, table = rows(options.here(), args.reference)
    personal = personal_columns(options.here(), commit.node)
    first = [hidden_row(row, personal) for row in plain(table.head(args.limit).collect())]
    if args.json:
        artifact = show(options.here(), commit.commit).artifact
        print(json.dumps(msgspec.to_builtins(artifact) | {"rows": first}))
        return 0
    print(rows_text(first, commit.rows))
    options.hint(
        f"commit {commit.number} of {commit.node}, {commit.at:%Y-%m-%d %H:%M:%S} UTC, {commit.rows:,} rows"
    )
    return 0
