"""Commits of feature groups, rows, differences, and what a collection frees, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headway.core.wording import count, few, figure
from headway.render.style import PLAIN, Style, clip, table

if TYPE_CHECKING:
    from headway.engine.collecting import Item, Swept
    from headway.engine.questions.group_history import Compared, Entry

_KIB = 1024
_MOST = 20


def history_text(entries: Sequence[Entry], style: Style = PLAIN) -> str:
    """One line a commit, newest first."""
    head = (
        "",
        "time (UTC)",
        "author",
        "added",
        "updated",
        "deleted",
        "rows",
        "contract",
        "table",
        "commit",
        "",
    )
    lines = [head]
    for entry in reversed(entries):
        commit = entry.commit
        notes = [f"in {', '.join(entry.environments)}"] if entry.environments else []
        notes += [f"brings back {commit.restored}"] if commit.restored else [commit.mode]
        notes += ["rows collected"] if entry.is_collected else []
        lines.append(
            (
                f"@{commit.number}",
                f"{commit.at:%Y-%m-%d %H:%M:%S}",
                clip(commit.who, 20),
                f"+{commit.added:,}",
                f"~{commit.updated:,}",
                f"-{commit.deleted:,}",
                f"{commit.rows:,}",
                commit.contract,
                commit.table.rpartition("/")[2],
                commit.commit[:12],
                "; ".join(notes) + (f" ({clip(commit.why, 40)})" if commit.why else ""),
            )
        )
    first, *rest = table(lines, indent="")
    return "\n".join([style(first, "dim"), *rest])


def history_json(entries: Sequence[Entry]) -> dict[str, Any]:
    """The documented schema of `history --json`, newest first."""
    import msgspec

    return {
        "commits": [
            {name: value for name, value in msgspec.to_builtins(entry.commit).items() if name != "type"}
            | {"environments": list(entry.environments), "collected": entry.is_collected}
            for entry in reversed(entries)
        ]
    }


def rows_text(rows: Sequence[dict[str, Any]], total: int) -> str:
    """Rows as a table; what is left out is counted."""
    if not rows:
        return "no rows"
    lines = table(
        [tuple(rows[0]), *(tuple(_cell(value) for value in row.values()) for row in rows)], indent=""
    )
    left = total - len(rows)
    return "\n".join(
        [*lines, *([f"... and {count(left, 'row')} more; --limit shows them"] if left > 0 else [])]
    )


def compared_text(found: Compared) -> str:
    """The three counts, and a few rows of each."""
    said = found.to_json()
    one, two = said["first"], said["second"]
    lines = [
        f"@{one} -> @{two}: {said['added']:,} added, {said['updated']:,} updated, {said['deleted']:,} deleted"
    ]
    lines += [f"  column {name} is gone" for name in found.dropped]
    lines += [f"  column {name} is new" for name in found.new]
    for row in said["examples"]["added"]:
        lines.append(f"  + {_row(row)}")
    for pair in said["examples"]["updated"]:
        before, after = pair["before"], pair["after"]
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        same = {name: value for name, value in after.items() if name in found.changes.updated.columns[:3]}
        told = ", ".join(
            f"{name} {_cell(before.get(name))} -> {_cell(value)}" for name, value in changed.items()
        )
        lines.append(f"  ~ {_row(same)}: {clip(told, 120)}")
    for row in said["examples"]["deleted"]:
        lines.append(f"  - {_row(row)}")
    return "\n".join(lines)


def swept_text(found: Swept) -> str:
    """What goes and what stays, with the reason of each."""
    verb = "would free" if found.dry_run else "freed"
    lines = [f"{verb} {size_text(found.size)} in {count(found.files, 'file')}"]
    for title, items in (("goes", found.removed), ("stays", found.kept)):
        shown = sorted(items, key=lambda item: -item.size)[:_MOST]
        lines += table([(title, _name(item), size_text(item.size), item.why) for item in shown])
        if len(items) > _MOST:
            lines.append(
                f"  ... and {len(items) - _MOST:,} more that {title.removesuffix('s')}; --json lists all"
            )
    lines += table(
        [
            (
                "table",
                item.table,
                size_text(item.size),
                count(item.commits, "commit"),
                f"read by {few(item.releases, 3)}" if item.releases else "read by no release",
            )
            for item in found.generations
        ]
    )
    return "\n".join(lines)


def size_text(size: int) -> str:
    """Bytes for people: `812 B`, `3.1 MiB`."""
    value, units = float(size), ("B", "KiB", "MiB", "GiB", "TiB")
    for unit in units:
        if value < _KIB or unit == units[-1]:
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= _KIB
    raise AssertionError


def _name(item: Item) -> str:
    if item.commit:
        return f"{item.node}@{item.commit}"
    return f"{item.node} {item.digest if '.' in item.digest else item.digest[:12]}"


def _row(row: dict[str, Any]) -> str:
    return clip(", ".join(f"{name} {_cell(value)}" for name, value in row.items()), 120)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return figure(value, 6)
    return "-" if value is None else clip(str(value), 40)
