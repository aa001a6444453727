"""How the studio bears fifty clients at once: pages, tunes, settings for four voices, votes.

Run from the repository's root, on a machine that does nothing else:

    python benchmarks/studio_load.py [--clients 50] [--turns 4]

Starts a studio of its own on loopback and in a folder that is thrown away, loads it, and writes
`benchmarks/results/studio-load.json` and the table in `docs/studio.md`. A tune or a setting counts
from the click to the score that can be shown: the request, its place in the queue, the process that
makes it, and the last event. A vote counts until it is on the disk. The clients run on the same
machine and take a part of its processors.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chromasonic.files import write_json, write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "studio-load.json"
PAGE = ROOT / "docs" / "studio.md"
TUNE = "C5 D5 E5 F5 | G5 A5 G5:2 | E5 F5 E5 D5 | C5:4"
LABELS = {
    "page": "Compose, the page",
    "asset": "a style sheet",
    "generate": "generate: 16 bars by `folk`, engraved",
    "harmonize": "harmonize: 4 bars, agent hybrid, engraved",
    "vote": "vote",
}


class Client:
    """One visitor: a connection that is kept, and JSON."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.cookie = ""

    async def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """The body of an answer; anything but success is an error."""
        if self._stream is None or self._stream[0].at_eof():
            self._stream = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._stream
        writer.write(self._request(method, path, body))
        status, headers = await self._head(reader)
        content = await reader.readexactly(int(headers["content-length"]))
        if "set-cookie" in headers:
            self.cookie = headers["set-cookie"].partition(";")[0]
        if status != 200:
            raise OSError(f"{method} {path}: {status} {content[:200]!r}")
        return content

    async def done(self, job: dict[str, Any]) -> dict[str, Any]:
        """Follow a job's events to its end; what it gave."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._request("GET", f"/api/jobs/{job['id']}/events", None))
            await self._head(reader)
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    now = json.loads(line[6:])
                    if now["state"] == "done":
                        return now["result"]
                    if now["state"] in ("failed", "cancelled"):
                        raise OSError(f"{now['state']}: {now['error']}")
            raise OSError("the events ended before the job")
        finally:
            writer.close()

    def _request(self, method: str, path: str, body: Any) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        kind = "Content-Type: application/json\r\n" if body is not None else ""
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{kind}{cookie}"
            f"Content-Length: {len(content)}\r\n\r\n"
        ).encode() + content

    @staticmethod
    async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
        status = int((await reader.readline()).split()[1])
        headers = {}
        while (line := (await reader.readline()).decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return status, headers


@dataclass
class Load:
    """What was measured of one kind of request."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    whole: float = 0.0

    def told(self) -> dict[str, Any]:
        """Figures for the file and the page."""
        cuts = statistics.quantiles(self.seconds, n=100, method="inclusive")
        return {
            "requests": len(self.seconds),
            "errors": len(self.errors),
            "error": self.errors[0] if self.errors else None,
            "per_second": round(len(self.seconds) / self.whole, 1),
            "p50_ms": round(1e3 * cuts[49], 1),
            "p99_ms": round(1e3 * cuts[98], 1),
        }


async def loaded(clients: list[Client], times: int, ask: Callable[..., Awaitable[Any]]) -> Load:
    """All clients ask at once, each so many times in turn."""
    load = Load()

    async def visit(number: int, client: Client) -> None:
        for turn in range(times):
            start = time.perf_counter()
            try:
                await ask(client, number * times + turn)
            except (OSError, KeyError, asyncio.IncompleteReadError) as error:
                load.errors.append(str(error))
            else:
                load.seconds.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(visit(number, client) for number, client in enumerate(clients)))
    load.whole = time.perf_counter() - start
    return load


async def generate(client: Client, number: int) -> None:
    """One tune from the model that ships."""
    wishes = {"model": "folk", "bars": 16, "seed": number}
    await client.done(json.loads(await client.ask("POST", "/api/compose/tunes", wishes)))


async def harmonize(client: Client, number: int) -> None:
    """One setting for four voices."""
    wishes = {"source": {"text": TUNE}, "agents": [{"agent": "hybrid"}], "seed": number}
    await client.done(json.loads(await client.ask("POST", "/api/harmonize/settings", wishes)))


async def measured(address: str, folder: Path, clients: int, turns: int) -> dict[str, Any]:
    """Everything, one after the other."""
    people = [Client(address) for _ in range(clients)]
    for ask in (generate, harmonize):
        await ask(people[0], 0)  # models are opened once
    found = {}
    for name, times, ask in (
        ("page", 40, lambda client, _: client.ask("GET", "/compose")),
        ("asset", 40, lambda client, _: client.ask("GET", "/web/kit/base.css")),
        ("generate", turns, generate),
        ("harmonize", turns, harmonize),
    ):
        found[name] = (await loaded(people, times, ask)).told()
        print(f"{name:10} {found[name]}", flush=True)
    found["vote"] = (await votes(address, folder, clients)).told()
    print(f"{'vote':10} {found['vote']}", flush=True)
    return found


async def votes(address: str, folder: Path, clients: int, trials: int = 20) -> Load:
    """Every listener votes on every pair that they are asked about."""
    key = made_test(folder, trials)
    people, pairs = [Client(address) for _ in range(clients)], []
    for one in people:
        told = json.loads(await one.ask("POST", f"/api/hear/{key}/join", {}))
        pairs += [pair["token"] for pair in told["pairs"]]

    async def vote(client: Client, number: int) -> None:
        sent = {"token": pairs[number], "choice": "first", "confidence": 2, "heard_ms": [800, 800]}
        await client.ask("POST", f"/api/hear/{key}/votes", sent)

    return await loaded(people, trials, vote)


def made_test(folder: Path, trials: int) -> str:
    """A listening test of tones in the studio's folder; its key."""
    import numpy as np

    from chromasonic.abtest.clips import items_in
    from chromasonic.abtest.design import Arm, Design
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.abtest.guards import GuardRules
    from chromasonic.abtest.paired_sound import RATE_HZ, write_clips
    from chromasonic.formats.audio import Sound
    from chromasonic.studio.listen.invitations import CLIPS, Invitations

    def tone(hertz: float) -> Sound:
        times = np.arange(RATE_HZ) / RATE_HZ
        return Sound((0.2 * np.sin(2 * np.pi * hertz * times)).astype(np.float32), RATE_HZ)

    invitations = Invitations(folder / "listening")
    key, building = invitations.begin()
    for number in range(trials):
        pair = {"A": tone(300 + 5 * number), "B": tone(500 + 5 * number)}
        write_clips(building / CLIPS, f"item-{number}", pair)
    design = Design(
        name=f"load-{secrets.token_hex(4)}",
        arms=(Arm(label="A", version="a"), Arm(label="B", version="b")),
        items=items_in(building / CLIPS, "AB"),
        salt=secrets.token_hex(8),
        trials=trials,
        repeats=0,
        guards=GuardRules(listeners_per_address=10_000),
    )
    with Experiments() as experiments:
        experiments.create(design)
    invitations.keep(key, design.name, title="Load", versions={"A": "a", "B": "b"})
    return key


def started(folder: Path) -> tuple[subprocess.Popen[str], str, float]:
    """A studio, its address, and the seconds until it answered."""
    command = (sys.executable, "-m", "chromasonic.cli.app", "studio", "--no-browser", "--port", "0")
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--folder", str(folder), "--runs", str(folder / "runs")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"http://[\d.:]+", process.stdout.readline())
    assert found, "the studio did not start"
    return process, found[0], time.perf_counter() - begun


def table(told: dict[str, Any]) -> str:
    """The figures as Markdown."""
    rows = [
        "| what is asked for | requests a second | p50, ms | p99, ms | errors |",
        "|---|---|---|---|---|",
    ]
    for name, row in told["loads"].items():
        rows.append(
            f"| {LABELS[name]} | {row['per_second']:,} | {row['p50_ms']:,} | {row['p99_ms']:,} | "
            f"{row['errors']} of {row['requests'] + row['errors']} |"
        )
    rows.append(
        f"\n{told['clients']} clients at once on loopback, {told['processors']} processors shared "
        f"by studio and clients; the studio answered {told['start_seconds']} s after its command."
    )
    return "\n".join(rows)


def main() -> None:
    """Measure, print, write."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--clients", type=int, default=50)
    asked.add_argument("--turns", type=int, default=4, help="tunes and settings of each client")
    asked.add_argument("--output", type=Path, default=RESULTS)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["CHROMASONIC_REGISTRY"] = f"{name}/registry"
        process, address, seconds = started(Path(name))
        try:
            loads = asyncio.run(measured(address, Path(name), options.clients, options.turns))
        finally:
            process.terminate()
            process.wait(30)
    told = {
        "command": "python benchmarks/studio_load.py",
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "processors": os.cpu_count(),
        "clients": options.clients,
        "start_seconds": round(seconds, 2),
        "loads": loads,
    }
    write_json(options.output, told)
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    marks = r"(<!-- load: begin -->\n).*?(\n<!-- load: end -->)"
    if options.output == RESULTS and re.search(marks, text, re.DOTALL):
        whole = re.sub(marks, lambda m: m[1] + table(told) + m[2], text, flags=re.DOTALL)
        write_text(PAGE, whole)
    print(table(told))


if __name__ == "__main__":
    main()
