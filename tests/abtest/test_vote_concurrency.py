"""Many listeners at once, servers killed: no vote that was acknowledged is lost, none is there
twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sql
from listening import make_design

from chromasonic.abtest.experiments import Experiments
from chromasonic.abtest.vote import Answer

ANSWER = Answer(choice="first", heard_ms=(8000, 8000))
PATIENCE = 300.0
"""Seconds for which writers wait for each other: a slow disk is no failure."""

SERVERS_NAME = "a server of these tests"

# A server: each line on its input is a listener, who votes on everything; each stored vote is
# acknowledged on its output. Every vote is sent twice, as an impatient page does.
SERVER = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from chromasonic.abtest.experiments import Experiments
from chromasonic.abtest.vote import Answer
address, threads, how_many = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
experiments = Experiments(address, lock_seconds=300)
experiment = experiments.get("taste")
turn = threading.Lock()
def listen(name):
    for trial in experiment.plan(name)[:how_many]:
        for _ in range(2):
            vote = experiment.cast(name, trial.token, Answer(choice="first")).vote
        with turn:
            print(vote.listener, vote.trial, flush=True)
names = [line.strip() for line in sys.stdin]
print("ready", flush=True)
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(listen, names))
"""


def server(address: str, *, threads: int, how_many: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, address, str(threads), str(how_many)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PGAPPNAME": SERVERS_NAME},
    )  # fmt: skip


def until_gone(experiments: Experiments) -> None:
    """Until PostgreSQL is done with servers that were killed: it may still store what they sent."""
    if not experiments.store.is_postgres:
        return
    there = sql.text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
    end = time.monotonic() + PATIENCE
    while True:
        with experiments.store.reading() as connection:
            if not connection.execute(there, {"name": SERVERS_NAME}).scalar():
                return
        assert time.monotonic() < end
        time.sleep(0.05)


def tell(process: subprocess.Popen[str], names: list[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n".join(names))
    process.stdin.close()
    process.stdin = None


def test_two_hundred_listeners_at_once_lose_nothing(address: str) -> None:
    """200 threads at one moment, each listener's vote sent by two of them."""
    with Experiments(address, lock_seconds=PATIENCE) as experiments:
        experiment = experiments.create(make_design())
        gate = threading.Barrier(200)

        def listen(number: int) -> bool:
            name = f"listener {number // 2}"
            trial = experiment.plan(name)[0]
            gate.wait(PATIENCE)
            return experiment.cast(name, trial.token, ANSWER).is_new

        with ThreadPoolExecutor(200) as pool:
            new = list(pool.map(listen, range(200)))
        assert sum(new) == 100
        votes = experiment.votes()
        assert len({vote.listener for vote in votes}) == len(votes) == 100
        assert experiment.verify() == 100


def test_several_servers_share_one_experiment(address: str) -> None:
    with Experiments(address) as experiments:
        experiment = experiments.create(make_design())
        servers = [server(address, threads=8, how_many=3) for _ in range(2)]
        for number, process in enumerate(servers):  # 10 listeners are on both servers at once
            tell(process, [f"listener {10 * number + i}" for i in range(20)])
        for process in servers:
            process.communicate(timeout=PATIENCE)
            assert process.returncode == 0
        assert experiment.verify() == 30 * 3
        assert len({(vote.listener, vote.trial) for vote in experiment.votes()}) == 90


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_server_killed_between_votes_loses_none_that_it_acknowledged(address: str) -> None:
    with Experiments(address, lock_seconds=PATIENCE) as experiments:
        experiment = experiments.create(make_design())
        acknowledged: set[tuple[str, int]] = set()
        for enough in (25, 50):
            process = server(address, threads=4, how_many=12)
            tell(process, [f"listener {i}" for i in range(40)])
            assert process.stdout is not None
            for line in process.stdout:
                if line != "ready\n":
                    listener, trial = line.split()
                    acknowledged.add((listener, int(trial)))
                if len(acknowledged) >= enough:
                    break
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=PATIENCE)
            for line in process.stdout:  # what it had said and we had not read yet
                if line.endswith("\n") and len(line.split()) == 2:
                    acknowledged.add((line.split()[0], int(line.split()[1])))
            process.stdout.close()
            until_gone(experiments)
        stored = {(vote.listener, vote.trial) for vote in experiment.votes()}
        assert acknowledged <= stored
        assert experiment.verify() == len(stored)
        for name in (f"listener {i}" for i in range(41)):  # and one more, who comes after it all
            trial = experiment.next_trial(name)
            if trial is not None:  # some may have voted on all already
                assert experiment.cast(name, trial.token, ANSWER).is_new


def test_two_processes_that_open_a_new_database_at_once_make_its_tables_once(
    address: str, tmp_path: Path
) -> None:
    script = "import sys\nfrom chromasonic.abtest.experiments import Experiments\n"
    script += "sys.stdin.read(); print(len(Experiments(sys.argv[1]).all()))"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in both:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    assert [process.communicate(timeout=PATIENCE)[0] for process in both] == ["0\n", "0\n"]
