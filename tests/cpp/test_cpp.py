"""Builds the C++ side and runs its own tests, also under the compilers' sanitizers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from building import LIMIT_SECONDS, ROOT, build

ON_RTNEURAL = {"rtneural_test"}  # test_rtneural.py builds and runs it
TESTS = sorted({path.stem for path in (ROOT / "cpp/tests").glob("*_test.cpp")} - ON_RTNEURAL)


def run(program: Path, models: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a test program on exported models."""
    environment = {**os.environ, "CHROMASONIC_MODELS": str(models)}
    command = [str(program), *arguments]

    def once(*prefix: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, *command], capture_output=True, text=True, check=False,
            env=environment, timeout=LIMIT_SECONDS,
        )  # fmt: skip

    done = once()
    if "unexpected memory mapping" in done.stderr and shutil.which("setarch"):
        # Some kernels spread addresses wider than thread and address sanitizers can follow.
        done = once("setarch", "-R")
    return done


def check(done: subprocess.CompletedProcess[str]) -> str:
    """What it said, if all is well."""
    said = done.stdout[-8000:] + done.stderr[-8000:]
    assert done.returncode == 0, said
    assert "Status: SUCCESS!" in done.stdout, said
    return said


def real_time_compiler() -> str | None:
    """A clang++ whose RealtimeSanitizer there is (20 and newer)."""
    for name in (*(f"clang++-{version}" for version in range(30, 19, -1)), "clang++"):
        if path := shutil.which(name):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
            version = re.search(r"clang version (\d+)", said.stdout)
            if version and int(version[1]) >= 20 and "Apple" not in said.stdout:
                return path
    return None


@pytest.mark.parametrize("name", TESTS)
def test_a_program_of_tests_passes(name: str, built: Path, exported_models: Path) -> None:
    check(run(built / name, exported_models))


def test_steps_make_no_system_call(built: Path, exported_models: Path) -> None:
    said = check(run(built / "real_time_test", exported_models, "-tc=*system call*"))
    if "NOT CHECKED" in said or "0 passed" in said:
        pytest.skip("this machine lets no process guard itself against system calls (seccomp)")


def test_without_models_a_program_says_what_is_missing(built: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "CHROMASONIC_MODELS"}
    done = subprocess.run(
        [built / "native_network_test"], capture_output=True, text=True, env=environment
    )
    assert done.returncode != 0
    assert "CHROMASONIC_MODELS is not set: give the folder" in done.stdout


def test_hostile_files_leave_memory_as_it_should_be(exported_models: Path) -> None:
    folder = build(
        "cpp-address",
        targets=("fuzz_test",),
        options=("-DCHROMASONIC_SANITIZE=address,undefined", "-DCMAKE_CXX_FLAGS=-O1"),
        build_type="None",
    )
    check(run(folder / "fuzz_test", exported_models))


def test_models_are_swapped_without_a_race(exported_models: Path) -> None:
    folder = build(
        "cpp-thread",
        targets=("swap_test",),
        options=("-DCHROMASONIC_SANITIZE=thread", "-DCMAKE_CXX_FLAGS=-O1"),
        build_type="None",
    )
    check(run(folder / "swap_test", exported_models))


def test_a_compiler_that_knows_of_real_time_finds_nothing(exported_models: Path) -> None:
    compiler = real_time_compiler()
    if compiler is None:
        pytest.skip("no clang++ 20 or newer here, so no RealtimeSanitizer")
    folder = build(
        "cpp-realtime",
        targets=("real_time_test",),
        options=(
            "-DCHROMASONIC_SANITIZE=realtime",
            f"-DCMAKE_CXX_COMPILER={compiler}",
            "-DCMAKE_CXX_FLAGS=-O1 -Werror=function-effects",
        ),
        build_type="None",
    )
    program = folder / "real_time_test"
    check(run(program, exported_models))
    deliberate = run(program, exported_models, "--no-skip", "-tc=a deliberate*")
    assert deliberate.returncode != 0
    assert "RealtimeSanitizer: unsafe-library-call" in deliberate.stderr
