"""Many listeners at once, and a server that is killed between two votes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
from tests.studio.listening import Listener, made_test, open_pairs
from tests.studio.running import LONGEST_WAIT_MS, RunningStudio, ended, run_async, started_studio

LISTENERS = 200


async def listen_through(http: httpx.AsyncClient, api: str, number: int) -> int:
    """Join, hear a clip, vote as a double click does; how many pairs were acknowledged."""
    told = (await http.post(f"{api}/join", json={})).json()
    cookie = {"Cookie": f"chromasonic_listener={http.cookies['chromasonic_listener']}"}
    http.cookies.clear()
    stored = 0
    for token in open_pairs(told):
        heard = await http.get(f"{api}/clips/{token}/first", headers=cookie)
        assert heard.status_code == 200
        vote = {"token": token, "choice": ("first", "second")[number % 2], "confidence": 1}
        sent = [http.post(f"{api}/votes", json=vote, headers=cookie) for _ in range(2)]
        answers = await asyncio.gather(*sent)  # a double click
        assert [one.status_code for one in answers] == [200, 200]
        stored += 1
    return stored


def test_two_hundred_listeners_at_once_lose_no_vote(studio: RunningStudio) -> None:
    invitation, experiment = made_test(studio.folder, items=2, trials=1, repeats=0)

    async def crowd() -> list[int]:
        api = f"{studio.address}/api/hear/{invitation.key}"
        limits = httpx.Limits(max_connections=1)
        options = {
            "timeout": LONGEST_WAIT_MS / 1000,
            "limits": limits,
            "verify": False,
        }  # loopback: no certificates
        clients = [httpx.AsyncClient(**options) for _ in range(LISTENERS)]
        try:
            return await asyncio.gather(
                *(listen_through(http, api, number) for number, http in enumerate(clients))
            )
        finally:
            await asyncio.gather(*(http.aclose() for http in clients))

    stored = run_async(crowd())
    assert sum(stored) == LISTENERS
    assert experiment.verify() == LISTENERS
    votes = experiment.votes()
    assert len({vote.listener for vote in votes}) == LISTENERS
    assert len({(vote.listener, vote.trial) for vote in votes}) == LISTENERS


def test_a_server_killed_between_two_votes_loses_none(tmp_path: Path) -> None:
    invitation, experiment = made_test(tmp_path, items=3, trials=3, repeats=0)
    first = started_studio(tmp_path)
    with Listener(first.address, invitation.key) as listener:
        tokens = open_pairs(listener.join())
        assert listener.vote(tokens[0]).status_code == 200
        first.process.kill()
        first.process.wait()
        cookie = listener.http.cookies["chromasonic_listener"]
    second = started_studio(tmp_path)
    try:
        with Listener(second.address, invitation.key) as listener:
            listener.http.headers["Cookie"] = f"chromasonic_listener={cookie}"
            assert open_pairs(listener.state()) == tokens[1:]
            assert listener.vote(tokens[0]).status_code == 200  # sent again, as nobody answered
            assert listener.vote(tokens[1]).status_code == 200
            assert open_pairs(listener.state()) == tokens[2:]
    finally:
        ended(second)
    told = subprocess.run(
        [sys.executable, "-m", "chromasonic.cli.app", "ab", "verify", experiment.name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (told.returncode, "2 votes, each as it was cast" in told.stdout) == (0, True)
