"""What a group's old versions cost on the disk, and which release keeps each."""

from __future__ import annotations

from lending import Lending

from headway.api.groups import collect
from headway.render.groups import swept_text


def test_every_table_of_a_group_says_what_it_costs_and_which_releases_read_it(product: Lending) -> None:
    first = f"endpoint.main {product.pointers()['endpoint.main'][:12]}"
    product.edit("headway.yaml", "spend: {version: 1", "spend: {version: 2")
    product.edit("shop/spend.py", "* 1.0", "* 5.0")
    product.apply()
    second = f"endpoint.main {product.pointers()['endpoint.main'][:12]}"
    found = collect(product.root, dry_run=True)
    assert [(item.table, item.commits, item.releases) for item in found.generations] == [
        ("shop.spend/v1", 1, (first,)),
        ("shop.spend/v2", 1, (second,)),
    ]
    folders = [product.root / ".headway" / "tables" / item.table for item in found.generations]
    on_disk = [sum(path.stat().st_size for path in folder.glob("*.parquet")) for folder in folders]
    assert [item.size for item in found.generations] == on_disk
    assert f"read by {first}" in swept_text(found)
