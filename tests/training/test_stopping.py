"""A training is ended from another process, and only the one that is meant."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chromasonic.errors import UsageError
from chromasonic.training.holding import ask_to_stop, held, is_held, is_stopping, was_stopped
from chromasonic.training.stopping import HOLDER, WISH, whole_steps
from interruptions import ctrl_c_works

TRAINS = """
import pathlib, signal, sys, time
# As a shell starts it, whatever the tests were started with (that of `pytest &` is to ignore it).
is_background = "background" in sys.argv
signal.signal(signal.SIGINT, signal.SIG_IGN if is_background else signal.default_int_handler)
from chromasonic.training.holding import held
from chromasonic.training.stopping import StopAskedError
try:
    with held(pathlib.Path(sys.argv[1]), go_on="chromasonic train melody --resume HERE"):
        try:
            print("begun", flush=True)  # from here on whatever interrupts meets the "finally"
            time.sleep(300)
        finally:
            print("tidied", flush=True)
except StopAskedError as error:
    print(error)
    sys.exit(130)
"""

LONGEST_SECONDS = 300
"""How long a process is waited for that ends by itself; one that does not fails the test."""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that trains in a folder."""
    begun: list[subprocess.Popen[str]] = []

    def start(folder: Path, *how: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", TRAINS, str(folder), *how]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait(LONGEST_SECONDS)


@pytest.mark.parametrize("how", [(), ("background",)])
def test_a_training_that_is_asked_to_end_says_who_asked_and_how_to_go_on(
    tmp_path: Path, start: Start, how: tuple[str, ...]
) -> None:
    training = start(tmp_path, *how)
    told = ask_to_stop(tmp_path, by="the studio")
    assert told["pid"] == training.pid
    output, _ = training.communicate(timeout=LONGEST_SECONDS)
    assert training.returncode == 130
    assert output == (
        "tidied\nStopped, as was asked in the studio. What was finished before is on the disk, "
        "whole. Go on with it: chromasonic train melody --resume HERE\n"
    )
    assert not is_held(tmp_path)
    assert was_stopped(tmp_path)
    with held(tmp_path):
        assert not was_stopped(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_nobody_trains_nothing_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to stop"):
        ask_to_stop(tmp_path, by="a test")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_training_left_means_nobody(tmp_path: Path, start: Start) -> None:
    training = start(tmp_path)
    training.kill()
    training.wait(LONGEST_SECONDS)
    assert (tmp_path / HOLDER).exists()
    with pytest.raises(UsageError, match="nothing to stop"):
        ask_to_stop(tmp_path, by="a test")
    assert not (tmp_path / WISH).exists()


def test_a_wish_for_the_training_before_does_not_end_the_next(tmp_path: Path, start: Start) -> None:
    before = start(tmp_path)
    token = json.loads((tmp_path / HOLDER).read_text())["token"]
    before.kill()
    before.wait(LONGEST_SECONDS)
    training = start(tmp_path)
    (tmp_path / WISH).write_text(json.dumps({"token": token, "by": "one who was late"}))
    assert not is_stopping(tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        training.wait(1.0)  # four looks at the wish
    training.send_signal(signal.SIGSTOP)  # it hears nothing while it is looked at here
    ask_to_stop(tmp_path, by="a test")
    assert is_stopping(tmp_path)
    training.send_signal(signal.SIGCONT)
    output, _ = training.communicate(timeout=LONGEST_SECONDS)
    assert "as was asked in a test" in output


def test_ctrl_c_stays_an_interruption_of_its_own(tmp_path: Path, start: Start) -> None:
    training = start(tmp_path)
    training.send_signal(signal.SIGINT)
    output, _ = training.communicate(timeout=LONGEST_SECONDS)
    assert output == "tidied\n"  # no word of anybody who asked
    assert training.returncode not in (0, 130)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_waits_for_the_end_of_a_step_and_a_second_one_does_not() -> None:
    with ctrl_c_works():
        with pytest.raises(KeyboardInterrupt), whole_steps() as let_through:
            signal.raise_signal(signal.SIGINT)
            step = "whole"
            let_through()
        assert step == "whole"
        with pytest.raises(KeyboardInterrupt), whole_steps():
            signal.raise_signal(signal.SIGINT)  # nobody asks: it comes at the end
            step = "the last"
        assert step == "the last"
        with pytest.raises(KeyboardInterrupt), whole_steps():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            step = "too far"
        assert step == "the last"
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_trains_beside_the_main_thread_is_not_reached(tmp_path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def train() -> None:
        with held(tmp_path):
            begun.set()
            may_end.wait(LONGEST_SECONDS)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        assert begun.wait(LONGEST_SECONDS)
        with pytest.raises(UsageError, match="cannot be reached from here"):
            ask_to_stop(tmp_path, by="a test")
    finally:
        may_end.set()
        thread.join(60)


def test_a_folder_that_was_made_for_a_training_stopped_at_once_is_taken_away(
    tmp_path: Path, start: Start
) -> None:
    training = start(tmp_path / "new")
    ask_to_stop(tmp_path / "new", by="a test")
    training.communicate(timeout=LONGEST_SECONDS)
    assert not (tmp_path / "new").exists()
