"""`make cpp-tools` on machines that lack something, with an apt-get that only pretends."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
TOOLS = ("sh", "cat", "cp", "mktemp", "rm", "sed", "tail", "make")

# Knows the CMake packages that the file `has` lists, as the real one would say it.
PRETENDING_CMAKE = """#!/bin/sh
for name in nlohmann_json doctest Eigen3; do
  case " $(cat MACHINE/has) " in *" $name "*) ;; *) echo "-- missing $name" ;; esac
done
"""
PRETENDING_APT = """#!/bin/sh
echo "$*" >> MACHINE/apt.log
case "$*" in
  *install*)
    [ ! -f MACHINE/broken ] || exit 0
    cp MACHINE/cmake MACHINE/bin/cmake
    cp MACHINE/cmake MACHINE/bin/g++
    echo 'nlohmann_json doctest Eigen3' > MACHINE/has ;;
esac
"""


class Machine:
    """A machine with chosen commands and headers."""

    def __init__(self, folder: Path, *, commands: tuple[str, ...], headers: str) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool}"))
        (folder / "has").write_text(headers)
        self.write(folder / "cmake", PRETENDING_CMAKE)
        for command in commands:
            shutil.copy(folder / "cmake", self.bin / command)

    def write(self, path: Path, text: str) -> None:
        path.write_text(text.replace("MACHINE", str(self.folder)))
        path.chmod(0o755)

    def run(self, *, user: int, system: str, has_apt: bool) -> subprocess.CompletedProcess[str]:
        self.write(self.bin / "id", f"#!/bin/sh\necho {user}\n")
        self.write(self.bin / "uname", f"#!/bin/sh\necho {system}\n")
        if has_apt:
            self.write(self.bin / "apt-get", PRETENDING_APT)
        return subprocess.run(
            ["make", "cpp-tools"],
            cwd=REPOSITORY,
            env={"PATH": str(self.bin), "TMPDIR": str(self.folder)},
            capture_output=True,
            text=True,
        )

    def apt_runs(self) -> list[str]:
        log = self.folder / "apt.log"
        return log.read_text().splitlines() if log.exists() else []


ALL = "nlohmann_json doctest Eigen3"


def test_a_machine_that_has_all_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands=("cmake", "c++"), headers=ALL)
    done = machine.run(user=0, system="Linux", has_apt=True)
    assert (done.returncode, done.stderr, machine.apt_runs()) == (0, "", [])


def test_root_on_debian_gets_what_is_missing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands=(), headers="")
    done = machine.run(user=0, system="Linux", has_apt=True)
    assert done.returncode == 0, done.stderr
    update, install = machine.apt_runs()
    assert update.startswith("update")
    wanted = "cmake g++ nlohmann-json3-dev doctest-dev libeigen3-dev"
    assert install.endswith(f"--no-install-recommends {wanted}")


def test_only_what_is_missing_is_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands=("cmake", "g++"), headers="nlohmann_json Eigen3")
    assert machine.run(user=0, system="Linux", has_apt=True).returncode == 0
    assert machine.apt_runs()[1].endswith("--no-install-recommends doctest-dev")


def test_what_could_not_be_installed_is_an_error(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands=("cmake", "g++"), headers="doctest Eigen3")
    (tmp_path / "broken").touch()
    done = machine.run(user=0, system="Linux", has_apt=True)
    assert done.returncode != 0
    assert "still missing or too old: nlohmann_json" in done.stderr


def test_another_user_is_told_the_packages_and_nothing_is_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands=("cmake",), headers=ALL)
    done = machine.run(user=1000, system="Linux", has_apt=True)
    assert done.returncode != 0
    assert "missing or too old: compiler nlohmann_json doctest Eigen3" in done.stderr
    packages = "g++ nlohmann-json3-dev doctest-dev libeigen3-dev"
    assert f"sudo apt-get install {packages}\n" in done.stderr
    assert machine.apt_runs() == []


def test_on_macos_the_packages_are_homebrews(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands=("c++",), headers="")
    done = machine.run(user=501, system="Darwin", has_apt=False)
    assert done.returncode != 0
    assert "brew install cmake nlohmann-json doctest eigen\n" in done.stderr


def test_the_tests_ask_for_the_tools_first() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert "\ntest: cpp-tools " in makefile
