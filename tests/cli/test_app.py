"""The entry point: what it answers, and how failures leave it."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import chromasonic
from chromasonic.cli import app as cli
from chromasonic.errors import ChromasonicError, StorageError, UsageError


def run_command_that(
    monkeypatch: pytest.MonkeyPatch, body: Callable[[], None], *arguments: str
) -> tuple[int, str, str]:
    """Run a command `probe` with the given body through the real entry point."""

    def probe() -> None:
        body()

    module = types.ModuleType("probe_module")
    module.__dict__["probe"] = probe
    monkeypatch.setitem(sys.modules, "probe_module", module)
    monkeypatch.setitem(cli.COMMANDS, "probe", ("probe_module", "probe", "Probe."))
    result = CliRunner().invoke(cli.app, ["probe", *arguments])
    return result.exit_code, result.stdout, result.stderr


def raising(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError("Bars is 0."), 2), (StorageError("Disk full."), 1), (ChromasonicError("No."), 1)],
)
def test_a_foreseen_failure_is_its_message_on_stderr_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: ChromasonicError, code: int
) -> None:
    exit_code, stdout, stderr = run_command_that(monkeypatch, raising(error))
    assert exit_code == code
    assert stdout == ""
    assert stderr == f"Error: {error}\n"


def test_an_interrupted_command_ends_calmly_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    exit_code, _, stderr = run_command_that(monkeypatch, raising(KeyboardInterrupt()))
    assert exit_code == 130
    assert "Interrupted" in stderr
    assert "Traceback" not in stderr


def test_an_unforeseen_failure_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    exit_code, _, stderr = run_command_that(monkeypatch, raising(ZeroDivisionError()))
    assert exit_code == 1
    assert "Error:" not in stderr


def test_an_unknown_option_is_misuse(monkeypatch: pytest.MonkeyPatch) -> None:
    exit_code, _, stderr = run_command_that(monkeypatch, lambda: None, "--no-such-flag")
    assert exit_code == 2
    assert "--no-such-flag" in stderr


def test_a_misspelt_command_is_misuse_and_names_the_near_one() -> None:
    result = CliRunner().invoke(cli.app, ["generat"])
    assert result.exit_code == 2
    assert "generate" in result.stderr


def test_version_is_the_package_version() -> None:
    result = CliRunner().invoke(cli.app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout == f"chromasonic {chromasonic.__version__}\n"


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    script = """
import sys, types
from chromasonic.cli import app as cli

def flood():
    while True:
        print("x" * 999)

sys.modules["flood"] = types.ModuleType("flood")
sys.modules["flood"].flood = flood
cli.COMMANDS["flood"] = ("flood", "flood", "Flood.")
sys.argv = ["chromasonic", "flood"]
cli.main()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.readline()
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(timeout=300) == cli.EXIT_BROKEN_PIPE


def test_output_that_finds_no_room_is_an_error_without_a_traceback() -> None:
    command = "from chromasonic.cli.app import main; main()"
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-c", command, "harmonize", "C4 D4 C4", "--agent", "exact"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == cli.EXIT_FAILED
    assert result.stderr.startswith("Error: Cannot write: No space left on device.")
    assert "Traceback" not in result.stderr
