"""The desk: jobs wait in lanes, are done at seats, and can be watched and cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from chromasonic.errors import UsageError
from chromasonic.studio.desk.job import Job
from chromasonic.studio.desk.lanes import LANES
from chromasonic.studio.desk.seat import Seat
from chromasonic.studio.desk.table import WORK

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 500
"""Jobs that are over and can still be asked for ..."""
MOST_REMEMBERED_BYTES = 50_000_000
"""... as long as their results together take no more than this."""


class BusyError(UsageError):
    """More jobs wait than the studio takes on."""


class Desk:
    """Takes jobs, has them done in child processes, tells how far they are.

    Args:
        makers: processes of each lane that does not say how many it wants.
        waiting: jobs that may wait in one lane.
        warm: start the first process of the lanes that want it when the desk starts.
    """

    def __init__(self, *, makers: int = 2, waiting: int = 200, warm: bool = True) -> None:
        self._most_waiting, self._warm = waiting, warm
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, deque[Job]] = {name: deque() for name in LANES}
        self._seats = {
            name: [Seat(name) for _ in range(lane.processes or makers)]
            for name, lane in LANES.items()
        }
        self._idle = {name: list(seats) for name, seats in self._seats.items()}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._over: deque[Job] = deque()
        self._over_bytes = 0
        self._is_open = False

    async def start(self) -> None:
        """Begin to work; call within a running event loop."""
        self._is_open = True
        for name, lane in LANES.items():
            if self._warm and lane.starts_early:
                self._spawn(self._seats[name][0].prepare())
            self._dispatch(name)

    async def stop(self) -> None:
        """End every child process; jobs that are not over are cancelled."""
        self._is_open = False
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(seat.end() for seats in self._seats.values() for seat in seats))
        for job in self._jobs.values():
            if not job.is_over:
                job.update(state="cancelled")

    def submit(self, kind: str, params: dict[str, Any]) -> Job:
        """Put a job into its lane.

        Args:
            kind: a key of `table.WORK`.
            params: what its function is given; JSON.

        Raises:
            BusyError: too many wait.
        """
        lane = WORK[kind][0]
        if len(self._waiting[lane]) >= self._most_waiting:
            raise BusyError("The studio has more to do than it can take on. Try again in a moment.")
        job = Job(kind=kind, params=params)
        self._jobs[job.id] = job
        self._waiting[lane].append(job)
        self._dispatch(lane)
        return job

    def get(self, job_id: str) -> Job | None:
        """The job with an id, as long as it is remembered."""
        return self._jobs.get(job_id)

    def cancel(self, job_id: str) -> None:
        """Take a job out of its lane, or end the process that does it."""
        job = self._jobs.get(job_id)
        if job is None or job.is_over:
            return
        lane = WORK[job.kind][0]
        if job in self._waiting[lane]:
            self._waiting[lane].remove(job)
            self._remember(job)
        job.update(state="cancelled", message="")
        for seat in self._seats[lane]:
            if seat.job is job:
                self._spawn(seat.end())

    def ahead_of(self, job: Job) -> int:
        """How many jobs of its lane are done before a job begins; 0 when it has begun."""
        waiting = self._waiting[WORK[job.kind][0]]
        return waiting.index(job) + 1 if job in waiting else 0

    async def finished(self, job: Job) -> Job:
        """Wait for a job's end."""
        async for _ in self.changes(job):
            pass
        return job

    async def changes(self, job: Job) -> AsyncIterator[Job]:
        """The job now and after each change, until it is over."""
        while True:
            event = job.changed
            yield job
            if job.is_over:
                return
            await event.wait()

    def _dispatch(self, lane: str) -> None:
        """Give the jobs that wait to the seats that are free: those that are warm first."""
        waiting, idle = self._waiting[lane], self._idle[lane]
        while self._is_open and waiting and idle:
            seat = next((one for one in idle if one.is_ready), idle[0])
            idle.remove(seat)
            self._spawn(self._work(lane, seat, waiting.popleft()))

    async def _work(self, lane: str, seat: Seat, job: Job) -> None:
        """Do a job at a seat, and make the seat ready for the next."""
        try:
            outcome = await seat.do(job)
        except Exception:
            logger.exception("The desk failed at a job of the kind %s", job.kind)
            outcome = {"state": "failed", "error": "The studio failed at this."}
            await seat.end()
        wants_rest = seat.wants_rest
        if not wants_rest:
            self._idle[lane].insert(0, seat)  # first: it has the models that were used last
        if not job.is_over:
            job.update(**outcome)
        self._remember(job)
        if wants_rest:
            await seat.end()
            self._idle[lane].insert(0, seat)
        self._dispatch(lane)
        if self._is_open and LANES[lane].starts_early:
            await seat.prepare()

    def _remember(self, job: Job) -> None:
        """Keep what a job gave for a while; forget the oldest beyond the bounds."""
        job.params = {}
        self._over.append(job)
        self._over_bytes += job.size
        while len(self._over) > MOST_REMEMBERED or self._over_bytes > MOST_REMEMBERED_BYTES:
            oldest = self._over.popleft()
            self._over_bytes -= oldest.size
            self._jobs.pop(oldest.id, None)

    def _spawn(self, work: Any) -> None:
        """Run something beside, and hold it until it is done."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
