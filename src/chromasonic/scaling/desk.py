"""Between workers and the process that asked for the work: events one way, go on or stop the other.

It is an actor of the cluster: it outlives a worker that is killed, and ends with the driver.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class WorkerProcess:
    """A process that does the work.

    Attributes:
        rank: its number, from 0.
        pid: on its machine.
        machine: by name.
        attempt: 1, or more where a worker was lost before.
    """

    rank: int
    pid: int
    machine: str
    attempt: int = 1


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker is told when it begins.

    Attributes:
        attempt: 1, or more where a worker was lost before.
        goes_on: whether the training had begun before, so that what it left is to be resumed.
        is_over: whether nothing is left to do: it failed for good, or was stopped.
    """

    attempt: int
    goes_on: bool
    is_over: bool


@dataclass(frozen=True)
class Event:
    """Something that a worker told.

    Attributes:
        kind: what happened.
        values: of what.
        number: by which it is answered; 0 where no answer is awaited.
    """

    kind: str
    values: tuple[Any, ...] = ()
    number: int = field(default=0, compare=False)


MOST_WAITING = 100_000
"""Workers that may wait for an answer at once; one more would keep the answers themselves out."""


def opened_desk() -> Any:
    """A desk on this process's machine, so that no other machine's end takes it away."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(Desk).options(
        num_cpus=0, max_concurrency=MOST_WAITING, scheduling_strategy=here
    )
    return actor.remote()


class Desk:
    """The actor. A worker calls `begin`, `tell`, `ask`; the driver `take`, `answer`."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._numbers = itertools.count(1)
        self._attempts: dict[int, int] = {}
        self._has_started = False
        self._is_over = False

    async def begin(self, rank: int, pid: int, machine: str) -> Order:
        """A worker is there."""
        attempt = self._attempts[rank] = self._attempts.get(rank, 0) + 1
        process = WorkerProcess(rank=rank, pid=pid, machine=machine, attempt=attempt)
        await self._events.put(Event("worker", (process,)))
        return Order(attempt=attempt, goes_on=self._has_started, is_over=self._is_over)

    async def tell(self, kind: str, *values: Any) -> None:
        """Something happened; the worker does not wait."""
        self._is_over |= kind in ("result", "error")
        await self._events.put(Event(kind, values))

    async def ask(self, kind: str, *values: Any) -> bool:
        """Something happened; the worker waits until the driver has heard it.

        Returns:
            Whether to go on.
        """
        self._has_started = True
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._events.put(Event(kind, values, number))
        return await answer

    async def take(self, seconds: float) -> list[Event]:
        """The next events in their order; none after so many seconds without one."""
        try:
            events = [await asyncio.wait_for(self._events.get(), seconds)]
        except TimeoutError:
            return []
        while not self._events.empty():
            events.append(self._events.get_nowait())
        return events

    async def answer(self, number: int, goes_on: bool) -> None:
        """The driver has heard an event."""
        self._is_over |= not goes_on
        answer = self._answers.pop(number, None)
        if answer is not None and not answer.done():
            answer.set_result(goes_on)
