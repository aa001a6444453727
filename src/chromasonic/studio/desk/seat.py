"""A seat at the desk: one child process at a time, started, watched and replaced."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from chromasonic.limits import resident_bytes
from chromasonic.studio.answers import without_paths
from chromasonic.studio.desk.job import Job
from chromasonic.studio.desk.lanes import LANES, Lane
from chromasonic.studio.desk.table import WORK

LONGEST_LINE = 4_000_000
"""The largest answer of a job: what is larger belongs into a file of a piece."""
START_SECONDS = 120.0
WATCH_SECONDS = 0.5
LONGEST_MESSAGE = 300
ENDED_EARLY = "The process that worked on this ended early. Try again, or something smaller."


class Seat:
    """Does one job after the other in a child process.

    Args:
        lane: name of its lane.
    """

    def __init__(self, lane: str) -> None:
        self.lane = LANES[lane]
        self._child: asyncio.subprocess.Process | None = None
        self._leaving: list[asyncio.subprocess.Process] = []
        self._is_prepared = False
        self._preparing = asyncio.Lock()
        self.job: Job | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a process is there and has at hand what it needs."""
        return self._is_prepared and self._child is not None and self._child.returncode is None

    @property
    def process(self) -> int | None:
        """Process id of the child that is there."""
        return None if self._child is None else self._child.pid

    async def prepare(self) -> bool:
        """Start a process if there is none; whether it is ready."""
        async with self._preparing:
            if self.is_ready:
                return True
            await self.end()
            starting = asyncio.ensure_future(_started(self.lane))
            try:
                await asyncio.shield(starting)
            finally:  # a process that is being started when the desk closes is not forgotten
                self._child = child = await starting
            assert child.stdout is not None
            with suppress(TimeoutError, ValueError):
                async with asyncio.timeout(START_SECONDS):
                    self._is_prepared = bool(await child.stdout.readline())
            return self.is_ready

    async def do(self, job: Job) -> dict[str, Any]:
        """Do a job.

        Returns:
            how it ended, as values of `Job`; nothing when it was cancelled. The caller sets them,
            so that nobody hears of the end before this seat can be given the next job.
        """
        self.job = job
        try:
            if not await self.prepare():
                return {"state": "failed", "error": "The studio cannot start a process for this."}
            if job.is_over:
                return {}
            job.update(state="running")
            return await self._watched(job)
        finally:
            self.job = None

    @property
    def wants_rest(self) -> bool:
        """Whether the process has done what it is there for, or has grown too much."""
        if not self.lane.is_warm:
            return True
        return self.process is not None and resident_bytes(self.process) > self.lane.grown_bytes

    async def end(self) -> None:
        """End the process, and all that it started; wait until it has gone."""
        child, self._child, self._is_prepared = self._child, None, False
        if child is not None:
            kill(child.pid)
            for number in (0, 1):  # what it said last is not read
                pipe = child._transport.get_pipe_transport(number)  # type: ignore[attr-defined]
                if pipe is not None:
                    pipe.close()
            self._leaving.append(child)
        while self._leaving:
            await self._leaving[-1].wait()
            self._leaving = [one for one in self._leaving if one.returncode is None]

    async def _watched(self, job: Job) -> dict[str, Any]:
        """Talk with the child until the job is over or has taken too much."""
        child = self._child
        assert child is not None
        talking = asyncio.create_task(_talk(job, child))
        deadline = time.monotonic() + self.lane.seconds
        try:
            while not job.is_over:
                await asyncio.wait({talking}, timeout=WATCH_SECONDS)
                if talking.done():
                    outcome, is_in_step = talking.result()
                    if not is_in_step:
                        await self.end()
                    return {} if job.is_over else outcome
                if time.monotonic() > deadline:
                    error = f"That took more than {self.lane.seconds:g} s; it was ended."
                elif resident_bytes(child.pid) > self.lane.most_bytes:
                    error = "That needs more memory than is allowed for it. Try something smaller."
                else:
                    continue
                await self.end()
                return {"state": "failed", "error": error}
            await self.end()  # what the child may still say belongs to the job that was cancelled
            return {}
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


async def _talk(job: Job, child: asyncio.subprocess.Process) -> tuple[dict[str, Any], bool]:
    """Give a job to a child and take its answers.

    Returns:
        how the job ended; whether the child can be given the next one.
    """
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        _, module, function = WORK[job.kind]
        told = {"module": module, "function": function, "params": job.params}
        child.stdin.write(json.dumps(told).encode() + b"\n")
        await child.stdin.drain()
    while True:
        try:
            line = await child.stdout.readline()
        except ValueError:
            error = "The answer to this is too large. Try something smaller."
            return {"state": "failed", "error": error}, False
        if not line:
            return {"state": "failed", "error": ENDED_EARLY}, False
        said = json.loads(line)
        if "progress" in said:
            if not job.is_over:
                message = without_paths(said["message"])
                job.update(progress=said["progress"], message=message[:LONGEST_MESSAGE])
        elif "error" in said:
            return {"state": "failed", "error": without_paths(said["error"])}, True
        else:
            done = {"state": "done", "progress": 1.0, "message": "", "result": said["result"]}
            return {**done, "size": len(line)}, True


async def _started(lane: Lane) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chromasonic.studio.desk.worker"),
        *(json.dumps(asdict(lane)), str(os.getpid())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
        start_new_session=True,  # Ctrl-C is for the studio, which then ends its children
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def kill(process: int) -> None:
    """End a child and what it started: they are a session of their own."""
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(process) == process:
            os.killpg(process, signal.SIGKILL)
