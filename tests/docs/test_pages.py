"""Every command that a page shows is run, and prints what the page says."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).parents[2]
ALL = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
CHAINS = [pages.chain(path) for path in ALL if pages.steps(path.read_text())]
LAST = {chain[-1] for chain in CHAINS} - {page for chain in CHAINS for page in chain[:-1]}
"""Pages that no other one continues; running one runs all before it."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("last", sorted(LAST), ids=name)
def test_the_commands_of_a_page_do_what_it_shows(last: Path, tmp_path: Path) -> None:
    page = "\n".join(path.read_text() for path in pages.chain(last))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    ran = pages.run(page, tmp_path, port=free_port())
    assert pages.differences(ran) == []
    assert len(ran) == sum(isinstance(step, pages.Command) for step in pages.steps(page))


def test_the_readme_the_tutorial_and_every_how_to_page_are_run() -> None:
    run = {page for chain in CHAINS for page in chain}
    assert {ROOT / "README.md", ROOT / "docs/tutorial.md", *ROOT.glob("docs/how-to/*.md")} <= run


def anchor(heading: str) -> str:
    """The name that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    broken = []
    for target, fragment in _LINK.findall(page.read_text()):
        path = (page.parent / target) if target else page
        headings = (
            re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            if path.suffix == ".md" and path.exists()
            else []
        )
        if not path.exists() or (fragment and fragment[1:] not in map(anchor, headings)):
            broken.append(target + fragment)
    assert broken == []


def test_a_page_that_shows_something_else_is_found_out(tmp_path: Path) -> None:
    page = "```console\n$ echo 12 flights in 3 ms\n14 flights in 2.5 ms\n$ echo late\nin time\n$ false\n$ echo never\n```\n"
    ran = pages.run(page, tmp_path, port=1)
    assert [item.code for item in ran] == [0, 0, 1]
    wrong = pages.differences(ran)
    assert [text.partition("\n")[0] for text in wrong] == [
        "line 4: `echo late` does not print",
        "line 6: `false` ends with 1",
    ]


def test_pages_name_no_machine_and_no_person() -> None:
    words = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w|\bassistant\b", re.IGNORECASE)
    named = {path.name: words.findall(path.read_text()) for path in ALL}
    assert {name: found for name, found in named.items() if found} == {}
