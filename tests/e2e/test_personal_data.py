"""A planted personal value surfaces nowhere but in the rows that hold it: D5, typed as a person types it."""

from __future__ import annotations

from pathlib import Path

import customers as shop
import pytest
from product import Done, Folder, copy_of, post

PLANTED = "quetzalcoatl.montgomery-featherstonehaugh.the.seventh@canary.example"
CUT = PLANTED[:30]
"""What is left of it where a text is cut."""


@pytest.fixture(scope="module")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("people") / "shop"
    folder = shop.begin(root)
    plant(folder, "zoe7@post.example", PLANTED)
    assert folder.run("apply").code == 0
    return root


@pytest.fixture
def people(applied_once: Path, tmp_path: Path) -> Folder:
    return copy_of(applied_once, tmp_path / "shop")


def plant(folder: Folder, before: str, after: str) -> None:
    folder.edit("data/customers.csv", before, after)


def surfaced(folder: Folder, *said: Done) -> list[str]:
    """Where the planted value can be read: in outputs, and in every file of the workspace but stored rows."""
    found = [line for done in said for line in (done.out + done.err).splitlines() if CUT in line]
    files = [path for path in (folder.root / ".headway").rglob("*") if path.is_file()]
    return found + [str(path.relative_to(folder.root)) for path in files if CUT.encode() in path.read_bytes()]


def test_it_is_not_in_the_workspace_beside_stored_rows(people: Folder) -> None:
    looks = [
        people.run(*words)
        for words in (
            ["plan"],
            ["why", "feature_group.contact"],
            ["show", "source.customers"],
            ["show", "feature_group.contact@1", "--rows", "--limit", "100"],
            ["lineage", "endpoint.main"],
            ["search", "email"],
            ["status"],
        )
    ]
    assert [done.code for done in looks] == [0] * len(looks)
    stored = surfaced(people, *looks)
    assert all(path.endswith(".parquet") or "/blobs/" in path for path in stored), stored
    for path in stored:
        assert (people.root / path).read_bytes()[:4] == b"PAR1", f"{path} holds no rows"


FAULTS = [
    ("raise", "raise ValueError('cannot read ' + repr(list(email)))", 6),
    ("key", "{}[email[7]]", 6),
    ("print", "print('looked at', list(email)); raise RuntimeError('see above')", 6),
    ("exit", "raise SystemExit('bad ' + email[7])", 6),
    ("upper", "raise ValueError('user=' + email[7] + ';')", 6),
]


@pytest.mark.parametrize(("body", "code"), [item[1:] for item in FAULTS], ids=[item[0] for item in FAULTS])
def test_the_products_own_code_cannot_tell_it_by_failing(people: Folder, body: str, code: int) -> None:
    before = set(surfaced(people))
    people.edit("shop/contact.py", "def mail_length(email):\n", f"def mail_length(email):\n    {body}\n")
    failed = people.run("apply")
    assert failed.code == code, failed
    assert "[pii]" in failed.err
    why = people.run("why", "feature_group.contact")
    assert set(surfaced(people, failed, why)) == before


def test_what_code_prints_is_kept_without_it(people: Folder) -> None:
    before = set(surfaced(people))
    people.edit("shop/contact.py", "    return np.array(", "    print('mails', *email)\n    return np.array(")
    done = people.run("apply")
    assert done.code == 0, done.err
    why = people.run("why", "feature_group.contact")
    assert "[pii]" in why.out
    looked = [
        done,
        why,
        people.run(
            "show",
            f"run.{people.run('lineage', 'feature_group.contact', '--json').json['vertices'][0]['run']}",
        ),
    ]
    assert [path for path in surfaced(people, *looked) if path not in before] == []


def test_training_code_cannot_tell_it_either(people: Folder) -> None:
    """The model's own process never read the source; what lies behind it is masked all the same."""
    before = set(surfaced(people))
    people.edit(
        "shop/training.py",
        "    numbers = [",
        "    import pathlib\n    raise ValueError(pathlib.Path('data/customers.csv').read_text()[:900])\n    numbers = [",
    )
    failed = people.run("apply")
    assert failed.code == 6
    assert set(surfaced(people, failed, people.run("why", "model.main"))) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c8,zoe8@post.example,28,1", f"c8,{PLANTED.replace('@', '_')},28,1"),  # breaks `matches`
        ("c8,zoe8@post.example,28,1", f"c8,zoe8@post.example,{CUT},1"),  # no number, in a column tagged pii
        ("c8,zoe8@post.example,28,1", f'c8,"{PLANTED}" x,28,1'),  # no CSV
        ("c8,zoe8@post.example,28,1", f"c8,{PLANTED},28,1,9,9"),
    ],
    ids=["contract", "cell", "quote", "ragged"],
)
def test_rows_that_break_their_contract_are_told_without_it(people: Folder, before: str, after: str) -> None:
    known = set(surfaced(people))
    plant(people, before, after)
    failed = people.run("apply")
    assert failed.code == 3, failed
    assert set(surfaced(people, failed, people.run("why", "source.customers"))) == known


def test_short_values_and_numbers_are_masked_in_the_contract_report(people: Folder) -> None:
    plant(people, "c8,zoe8@post.example,28,1", "c8,Bo,7,1")
    failed = people.run("apply")
    assert failed.code == 3
    assert "`email`: expected" in failed.err
    assert "`Bo`" not in failed.err
    assert "`7`" not in failed.err
    assert "`[pii]`" in failed.err


def test_the_prediction_log_is_shown_without_it_unless_somebody_asks_and_that_is_written_down(
    people: Folder,
) -> None:
    people.edit("contracts/orders.yaml", "customer: {", "customer: {tags: [pii], ")
    row = {"at": "2026-03-01T00:00:00Z", "customer": "c31", "amount": 3.5}
    with people.serving() as url:
        status, answer = post(f"{url}/predict/main", row)
    assert status == 200, answer
    name = answer["predictions"][0]["prediction_id"]
    for words in (
        ["predictions"],
        ["predictions", "--json"],
        ["show", name],
        ["lineage", name],
        ["show", name, "--json"],
    ):
        done = people.run(*words)
        assert done.code == 0, done.err
        assert "c31" not in done.out, words
        assert "[pii]" in done.out
        assert "3.5" in done.out
    (shown,) = people.run("predictions", "--json").json["predictions"]
    assert shown["sent"]["customer"] == shown["features"]["mail_length"] == "[pii]"
    (shown,) = people.run("predictions", "--reveal", "--json").json["predictions"]
    assert shown["sent"]["customer"] == "c31"
    assert b"reveal predictions" in (people.root / ".headway" / "ledger.db").read_bytes() + b"".join(
        path.read_bytes() for path in (people.root / ".headway").glob("ledger.db-*")
    )


def test_slices_by_a_personal_column_are_refused(people: Folder) -> None:
    people.edit("contracts/orders.yaml", "customer: {", "customer: {tags: [pii], ")
    people.edit("headway.yaml", "metrics: [roc_auc], ", "metrics: [roc_auc], slices: {by: [customer]}, ")
    done = people.run("check")
    assert done.code == 2
    assert "slices.by[0]: `customer` is tagged pii, and a slice is named by its value" in done.err


def test_where_the_file_is_wrong_every_value_counts_as_personal(people: Folder) -> None:
    with people.serving() as url:
        status, _ = post(
            f"{url}/predict/main", {"at": "2026-02-01T12:00:00Z", "customer": "c7", "amount": 8.5}
        )
        assert status == 200
    assert people.run("predictions", "--json").json["predictions"][0]["sent"]["amount"] == 8.5
    people.edit("headway.yaml", "predict_at: at", "predict_att: at")
    done = people.run("predictions", "--json")
    assert "every value is hidden, since the product file is wrong: headway check" in done.err
    (hidden,) = done.json["predictions"]
    assert set(hidden["sent"].values()) | set(hidden["features"].values()) == {"[pii]"}
    shown = people.run("show", "feature_group.contact@1", "--rows", "--json")
    assert {value for row in shown.json["rows"] for value in row.values()} == {"[pii]"}
