"""Builds the C++ side with CMake, once for all test processes of a checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
LIMIT_SECONDS = 900
"""Of one build or one program: they share the cores with the other tests."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else is in a block with the same path, in this or another process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(
    name: str = "cpp",
    *,
    targets: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
    build_type: str = "Release",
) -> Path:
    """Configure and build; what is built already is not built again.

    Args:
        name: of the folder in `build/`.
        targets: what to build; none: everything.
        options: of CMake, such as "-DCHROMASONIC_SANITIZE=thread".
        build_type: CMake's.

    Returns:
        The folder of the executables.

    Raises:
        AssertionError: a tool is missing, or the compiler says no; with what it said.
    """
    assert shutil.which("cmake"), "cmake is missing: run 'make cpp-tools', which says how to get it"
    folder = BUILD / name
    with locked(BUILD / f".{name}.lock"):
        ninja = ("-G", "Ninja") if shutil.which("ninja") else ()
        configure = ("cmake", "-S", str(ROOT / "cpp"), "-B", str(folder), *ninja,
                     "-DCHROMASONIC_TESTS=ON", "-DCHROMASONIC_TOOLS=ON",
                     "-DCHROMASONIC_QUICK_TESTS=ON", *options,
                     f"-DCMAKE_BUILD_TYPE={build_type}")  # fmt: skip
        stamp = folder / "configured"
        if not stamp.exists() or stamp.read_text() != repr(configure):
            shutil.rmtree(folder, ignore_errors=True)
        _run(*configure)  # always: somebody may have configured the folder by hand
        stamp.write_text(repr(configure))
        wanted = ("--target", *targets) if targets else ()
        jobs = str(min(os.cpu_count() or 1, 4))
        _run("cmake", "--build", str(folder), "-j", jobs, *wanted)
    return folder


def _run(*command: str) -> None:
    """Run a command; what it said is shown only where it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    said = (done.stdout + done.stderr)[-6000:]
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{said}"
