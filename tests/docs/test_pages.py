"""Every command that a page shows is run, and prints what the page says."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    if pages.steps(path.read_text())
)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_do_what_it_shows(name: str, tmp_path: Path) -> None:
    page = (ROOT / name).read_text()
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    ran = pages.run(page, tmp_path, port=free_port())
    assert pages.differences(ran) == []
    assert len(ran) == sum(isinstance(step, pages.Command) for step in pages.steps(page))


def test_the_readme_and_the_tutorial_are_among_the_pages_that_are_run() -> None:
    assert {"README.md", "docs/tutorial.md"} <= set(PAGES)


def anchor(heading: str) -> str:
    """The name that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize(
    "page",
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
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
    words = re.compile(r"/work/|/tmp/hw|/root\b|\bassistant|\bsession\b", re.IGNORECASE)
    named = {
        path.name: words.findall(path.read_text())
        for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    }
    assert {name: found for name, found in named.items() if found} == {}
