"""A small product in a folder, driven as a person drives it: through the command's own process."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

HEADWAY = Path(sys.executable).parent / "headway"


class Done(NamedTuple):
    """What a command left on the screen."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Folder:
    """A product's folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.within: list[str] = []
        """Words before the command, which change what it may do."""

    def run(self, *words: str, **environment: str) -> Done:
        done = subprocess.run(
            [*self.within, str(HEADWAY), *words],
            cwd=self.root,
            env=os.environ | {"NO_COLOR": "1", "HEADWAY_USER": "tester"} | environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(HEADWAY), *words],
            cwd=self.root,
            env=os.environ | {"NO_COLOR": "1", "HEADWAY_USER": "tester"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert before in text, f"`{before}` is not in {name}"
        path.write_text(text.replace(before, after))

    def statuses(self, env: str = "dev") -> dict[str, str]:
        return {
            step["node"]: step["status"] for step in self.run("plan", "--env", env, "--json").json["steps"]
        }

    def pointers(self, env: str = "dev") -> dict[str, str]:
        found = self.run("status", "--json").json["environments"]
        return next(item["pointers"] for item in found if item["name"] == env)

    @contextmanager
    def serving(self, env: str = "dev") -> Generator[str]:
        """A server on a free port; SIGTERM ends it, and it must end well."""
        process = self.start("serve", "--env", env, "--port", "0")
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            assert " on http" in line, line + process.stderr.read()
            yield line.strip().rpartition(" ")[2]
        finally:
            process.send_signal(signal.SIGTERM)
            _, rest = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "requests in flight are answered" in rest


def begin(root: Path) -> Folder:
    """The product that `headway init` writes, with a model that fits in a blink."""
    folder = Folder(root)
    assert folder.run("init", "--name", "parcels").code == 0
    folder.edit(
        "parcels/training.py",
        "HistGradientBoostingClassifier(**params, random_state=seed)",
        "LogisticRegression(C=params['learning_rate'], max_iter=params['max_iter'])",
    )
    folder.edit(
        "parcels/training.py",
        "from sklearn.ensemble import HistGradientBoostingClassifier",
        "from sklearn.linear_model import LogisticRegression",
    )
    return folder


def lock(folder: Folder) -> None:
    """Pin what is installed, as a lock file of the product."""
    from importlib.metadata import distributions

    pins = sorted({f"{item.metadata['Name']}=={item.version}" for item in distributions()})
    (folder.root / "requirements.txt").write_text("\n".join(pins) + "\n")
    folder.edit("headway.yaml", 'owner: ""', 'owner: ""\nlock: requirements.txt')


def copy_of(source: Path, target: Path) -> Folder:
    shutil.copytree(source, target, symlinks=True)
    return Folder(target)


def post(url: str, body: Any, raw: bytes | None = None, kind: str = "application/json") -> tuple[int, Any]:
    data = json.dumps(body).encode() if raw is None else raw
    request = urllib.request.Request(url, data, {"content-type": kind})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def on_a_terminal(folder: Folder, *words: str) -> tuple[int, str]:
    """(exit code, everything drawn) of a command whose output is a terminal."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [str(HEADWAY), *words],
        cwd=folder.root,
        env=environment | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal, suppress(OSError):  # raised at the other end's close
        while some := terminal.read(65_536):
            drawn += some
    return process.wait(timeout=20), drawn.decode()
