"""Runs the console blocks of a documentation page, and compares what they print with what the page shows.

    python tools/pages.py docs/tutorial.md       # runs the page in a temporary folder, prints the outcome

A page that begins with `<!-- continues: OTHER -->` is run after that page, in the same shell and folder.

Three kinds of fenced blocks count; every other one is only shown:

- `console`: lines that begin with `$ ` are commands (a line that ends with a backslash goes on in the
  next); what follows is the output, or a part of it. Every command must end well.
- any block after `<!-- file: PATH -->` is written to that file.
- a `console` block after `<!-- not run -->` is left out.

All commands of a page run in one shell, so `cd`, variables and background jobs last. Output is compared
loosely: the lines shown must occur in this order, numbers, digests and times may differ, and `...`
stands for anything.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PORT = "8000"
"""The port that pages show; another one is taken when they run."""

_FENCE = re.compile(
    r"(?:<!-- (?P<mark>[^\n]+?) -->\n\s*)?^(?P<indent> *)```(?P<kind>\w*)\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_CONTINUES = re.compile(r"<!-- continues: (\S+) -->\n")
_MASKS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)?"), "TIME"),
    (re.compile(r"\d[\d.,]*(?:e-?\d+)? (?:us|ms|s|min)\b"), "SPAN"),
    (re.compile(r"\b\d+\.\d+(?:e-?\d+)?\b"), "N"),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{8,64}\b"), "DIGEST"),
    (re.compile(r"\d+(?:[.,]\d+)*(?:e-?\d+)?"), "N"),
    (re.compile(r"\s+"), " "),
)

CURL = '''\
#!{python}
"""As much of curl as the pages use; waits until somebody listens."""
import sys, time, urllib.error, urllib.request

words, headers, data, url = sys.argv[1:], {{}}, None, ""
while words:
    word = words.pop(0)
    if word == "--json":
        given = words.pop(0)
        data = open(given[1:], "rb").read() if given.startswith("@") else given.encode()
        headers["content-type"] = "application/json"
    elif word == "-s":
        pass
    elif word.startswith("-"):
        sys.exit(f"the pages' curl does not know {{word}}")
    else:
        url = word if "://" in word else f"http://{{word}}"
for attempt in range(200):
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30)
        break
    except urllib.error.HTTPError as refused:
        answer = refused
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit(f"nobody answers at {{url}}")
print(answer.read().decode())
'''


class Command(NamedTuple):
    """One command of a page, and the lines that the page shows of its output."""

    text: str
    shown: tuple[str, ...]
    line: int


class Written(NamedTuple):
    """A file that the page writes."""

    path: str
    text: str


class Ran(NamedTuple):
    """What became of a command."""

    command: Command
    output: str
    code: int


def steps(page: str) -> list[Command | Written]:
    """Everything that a page does, in its order."""
    found: list[Command | Written] = []
    for fence in _FENCE.finditer(page):
        mark, kind, width = fence["mark"] or "", fence["kind"], len(fence["indent"])
        body = "".join(
            line[width:] if line.strip() else line for line in fence["body"].splitlines(keepends=True)
        )
        if mark.startswith("file: "):
            found.append(Written(mark.removeprefix("file: ").strip(), body))
        elif kind == "console" and mark != "not run":
            found += _commands(body, page.count("\n", 0, fence.start("body")) + 1)
    return found


def _commands(body: str, first: int) -> list[Command]:
    commands: list[tuple[list[str], list[str], int]] = []
    goes_on = False
    for number, line in enumerate(body.splitlines(), first):
        if line.startswith("$ "):
            commands.append(([line[2:]], [], number))
            goes_on = line.endswith("\\")
        elif goes_on:
            commands[-1][0].append(line.removeprefix("> "))
            goes_on = line.endswith("\\")
        elif commands:
            commands[-1][1].append(line)
    return [Command("\n".join(text), tuple(shown), line) for text, shown, line in commands]


def chain(path: Path) -> list[Path]:
    """A page after all that it continues."""
    found = _CONTINUES.match(path.read_text())
    return [*(chain(path.parent / found[1]) if found else []), path]


def run(page: str, folder: Path, *, port: int, seconds: float = 240) -> list[Ran]:
    """Run a page in a folder; stops at the first command that fails.

    Args:
        page: Its text.
        folder: An empty folder, which becomes HOME too.
        port: A free port, taken where the page shows 8000.
        seconds: After which the shell, and all that it began, is ended.
    """
    done = steps(page.replace(PORT, str(port)))
    commands = [step for step in done if isinstance(step, Command)]
    tools = folder / ".bin"
    tools.mkdir()
    (tools / "curl").write_text(CURL.format(python=sys.executable))
    (tools / "curl").chmod(0o755)
    script = folder / ".bin" / "page.sh"
    script.write_text(_script(done))
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "HOME": str(folder), "NO_COLOR": "1", "COLUMNS": "100"}
    with subprocess.Popen(
        ["bash", str(script)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as shell:
        try:
            output, _ = shell.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            shell.terminate()  # the shell's trap ends what it began
            output, _ = shell.communicate(timeout=10)
    return _outcomes(commands, output)


def _script(done: list[Command | Written]) -> str:
    """One bash script; a mark before and after each command keeps their outputs apart."""
    lines = ["trap 'kill $(jobs -p) 2>/dev/null' EXIT", "trap 'exit 1' TERM"]
    number = 0
    for step in done:
        if isinstance(step, Written):
            lines += [f"mkdir -p $(dirname '{step.path}')", f"cat > '{step.path}' <<'END OF FILE'"]
            lines += [step.text.removesuffix("\n"), "END OF FILE"]
            continue
        lines += [f"printf '\\n@@begin {number}\\n'", _waiting(step.text, number), "code=$?"]
        lines += [f"printf '\\n@@end {number} %s\\n' $code", "[ $code = 0 ] || exit 1"]
        number += 1
    return "\n".join(lines) + "\n"


def _waiting(text: str, number: int) -> str:
    """A server in the background is waited for, so that what it says stands where the page shows it."""
    if not (text.startswith("headway serve") and text.endswith("&")):
        return text
    log = f"$HOME/.bin/{number}.log"
    wait = f"for _ in $(seq 300); do grep -q serving {log} && break; kill -0 $! 2>/dev/null || break; sleep 0.1; done"
    return f"{text[:-1]} > {log} 2>&1 &\n{wait}\ncat {log}; grep -q serving {log}"


def _outcomes(commands: list[Command], output: str) -> list[Ran]:
    found = []
    for number, command in enumerate(commands):
        ran = re.search(
            rf"^@@begin {number}\n(.*?)(?:^@@end {number} (\d+)$|\Z)", output, re.MULTILINE | re.DOTALL
        )
        if ran:
            found.append(Ran(command, ran[1], int(ran[2]) if ran[2] else -1))
    return found


def differences(ran: list[Ran]) -> list[str]:
    """What a page shows and its commands do not do; empty when it tells the truth."""
    wrong = []
    for command, output, code in ran:
        if code != 0:
            wrong.append(f"line {command.line}: `{command.text}` ends with {code}\n{output.strip()}")
            continue
        lines = iter([masked(line) for line in output.splitlines()])
        for shown in command.shown:
            wanted = masked(shown)
            if wanted.strip(" .") and not any(_matches(wanted, line) for line in lines):
                wrong.append(
                    f"line {command.line}: `{command.text}` does not print\n  {shown}\nbut\n{output.strip()}"
                )
                break
    return wrong


def masked(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, word in _MASKS:
        line = pattern.sub(word, line)
    return line.strip()


def _matches(wanted: str, line: str) -> bool:
    pattern = ".*".join(re.escape(part.strip()) for part in wanted.split("..."))
    return re.fullmatch(pattern, line) is not None


def main() -> int:
    """Run the pages that are named, and show what they print."""
    code = 0
    for name in sys.argv[1:]:
        page = "\n".join(path.read_text() for path in chain(Path(name)))
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "examples").symlink_to(ROOT / "examples")
            ran = run(page, Path(folder), port=8765)
        for command, output, ended in ran:
            print(f"$ {command.text}\n{output.strip()}\n[{ended}]")
        wrong = differences(ran)
        unrun = sum(isinstance(step, Command) for step in steps(page)) - len(ran)
        print("\n".join(["", *wrong, f"{name}: {len(ran)} ran, {unrun} did not, {len(wrong)} differ"]))
        code = code or bool(wrong or unrun)
    return code


if __name__ == "__main__":
    sys.exit(main())
