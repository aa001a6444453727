"""The desk: jobs are done in child processes; whatever happens to those, the studio goes on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.studio.running import run_async

from chromasonic.studio.desk import desk as desk_module
from chromasonic.studio.desk.desk import BusyError, Desk
from chromasonic.studio.desk.job import Job
from chromasonic.studio.desk.lanes import LANES, Lane
from chromasonic.studio.desk.table import WORK

MEGABYTE = 1_000_000
PATIENCE = 300.0
LONG = 10 * PATIENCE
"""What takes so long is not over before a test ends it."""
QUICK = {
    "stays": Lane(is_warm=True, seconds=LONG, processes=1),
    "two": Lane(is_warm=True, seconds=LONG, processes=2),
    "fresh": Lane(is_warm=False, seconds=LONG, processes=1, memory_bytes=200 * MEGABYTE),
    # What its jobs need is imported before, so that an answer takes no time to speak of.
    "short": Lane(is_warm=True, seconds=2.5, processes=1, ahead=("tests.studio.desk_work",)),
    "narrow": Lane(is_warm=True, seconds=LONG, processes=1, most_bytes=200 * MEGABYTE),
    "grows": Lane(is_warm=True, seconds=LONG, processes=1, grown_bytes=1),
}
FUNCTIONS = "answer wait crash refuse fail fill spin chatter pour bear".split()


@pytest.fixture(autouse=True)
def _quick_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    for lanes in (LANES, WORK):
        for name in list(lanes):
            monkeypatch.delitem(lanes, name)  # type: ignore[attr-defined]
    for lane, told in QUICK.items():
        monkeypatch.setitem(LANES, lane, told)
        for function in FUNCTIONS:
            work = (lane, "tests.studio.desk_work", function)
            monkeypatch.setitem(WORK, f"{lane} {function}", work)


def at_desk(story: Callable[[Desk], Awaitable[None]], **options: Any) -> None:
    """Tell a story at a desk that is open."""

    async def whole() -> None:
        desk = Desk(**options)
        await desk.start()
        try:
            async with asyncio.timeout(PATIENCE):
                await story(desk)
        finally:
            await desk.stop()

    run_async(whole())


async def done(desk: Desk, kind: str, **params: Any) -> Job:
    return await desk.finished(desk.submit(kind, params))


async def begun(desk: Desk, job: Job) -> int:
    """Wait until a job says that it has begun; the process that it names."""
    async for now in desk.changes(job):
        if now.message.startswith("process "):
            return int(now.message.removeprefix("process "))
    raise AssertionError(f"the job ended before it began: {job.error}")


async def gone(process: int) -> None:
    """Wait until a process is no more (or is only waited for by a parent that has gone)."""
    while True:
        try:
            os.kill(process, 0)
            with open(f"/proc/{process}/stat", encoding="utf-8") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except (ProcessLookupError, FileNotFoundError):
            return
        await asyncio.sleep(0.02)


def test_a_job_tells_its_progress_and_then_its_result() -> None:
    async def story(desk: Desk) -> None:
        job = desk.submit("stays answer", {"tune": "Ä"})
        seen = [(now.state, now.progress) async for now in desk.changes(job)]
        assert seen[0] == ("waiting", 0.0)
        assert ("running", 0.5) in seen
        assert seen[-1] == ("done", 1.0)
        assert job.result is not None
        assert job.result["given"] == {"tune": "Ä"}
        assert job.result["process"] != os.getpid()

    at_desk(story)


def test_a_warm_process_stays_and_a_fresh_one_does_not() -> None:
    async def story(desk: Desk) -> None:
        warm = [(await done(desk, "two answer")).result for _ in range(3)]
        assert len({one["process"] for one in warm if one}) == 1, "one job at a time needs one"
        fresh = [(await done(desk, "fresh answer")).result for _ in range(3)]
        assert len({one["process"] for one in fresh if one}) == 3

    at_desk(story)


def test_two_jobs_run_beside_one_another_and_a_long_lane_does_not_hold_up_a_short_one() -> None:
    async def story(desk: Desk) -> None:
        long = desk.submit("stays wait", {"seconds": LONG})
        await begun(desk, long)
        first, second = (desk.submit("two wait", {"seconds": LONG}) for _ in range(2))
        await begun(desk, first)
        await begun(desk, second)
        assert (first.state, second.state) == ("running", "running")
        desk.cancel(first.id)
        assert (await done(desk, "two answer")).state == "done"
        assert long.state == "running"

    at_desk(story)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("stays crash", "ended early"),
        ("stays fail", "its terminal says more"),
        ("stays refuse", "tune.mid is no MIDI file"),
        ("short spin", "more than 2.5 s"),
        ("short wait", "more than 2.5 s"),
    ],
)
def test_a_job_that_fails_says_why_and_the_next_is_done(kind: str, says: str) -> None:
    async def story(desk: Desk) -> None:
        job = await done(desk, kind, seconds=LONG)
        assert job.state == "failed"
        assert says in (job.error or "")
        assert "/home" not in (job.error or "")
        assert (await done(desk, f"{kind.split()[0]} answer")).state == "done"

    at_desk(story)


def test_memory_is_limited_for_files_and_watched_for_models() -> None:
    async def story(desk: Desk) -> None:
        large = await done(desk, "fresh fill", bytes=900 * MEGABYTE)
        assert (large.state, "memory" in (large.error or "")) == ("failed", True)
        small = await done(desk, "fresh fill", bytes=20 * MEGABYTE)
        assert small.state == "done"
        watched = await done(desk, "narrow fill", bytes=400 * MEGABYTE, seconds=LONG)
        assert (watched.state, "memory" in (watched.error or "")) == ("failed", True)

    at_desk(story)


def test_a_process_that_has_grown_is_replaced_between_two_jobs() -> None:
    async def story(desk: Desk) -> None:
        first, second = [(await done(desk, "grows answer")).result for _ in range(2)]
        assert first is not None
        assert second is not None
        assert first["process"] != second["process"]

    at_desk(story)


def test_what_a_library_prints_is_no_answer_and_a_long_message_is_cut() -> None:
    async def story(desk: Desk) -> None:
        job = desk.submit("stays chatter", {})
        said = [(now.progress, now.message) async for now in desk.changes(job)]
        assert job.result is not None
        assert "forged" not in job.result
        assert max(len(message) for _, message in said) == 300
        assert max(share for share, _ in said) == 1.0

    at_desk(story)


def test_an_answer_that_is_too_large_is_refused_and_results_are_forgotten_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk_module, "MOST_REMEMBERED_BYTES", 2_500_000)

    async def story(desk: Desk) -> None:
        too_large = await done(desk, "stays pour", bytes=9_000_000)
        assert "too large" in (too_large.error or "")
        jobs = [await done(desk, "stays pour", bytes=1_000_000) for _ in range(3)]
        assert [job.state for job in jobs] == ["done"] * 3
        assert [desk.get(job.id) is not None for job in jobs] == [False, True, True]

    at_desk(story)


def test_no_more_jobs_are_remembered_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MOST_REMEMBERED", 3)

    async def story(desk: Desk) -> None:
        jobs = [await done(desk, "stays answer") for _ in range(5)]
        assert [desk.get(job.id) is not None for job in jobs] == [False, False, True, True, True]

    at_desk(story)


def test_a_running_job_can_be_cancelled_and_its_process_and_what_it_started_end() -> None:
    async def story(desk: Desk) -> None:
        job = desk.submit("stays bear", {})
        grandchild = await begun(desk, job)
        desk.cancel(job.id)
        assert job.state == "cancelled"
        await gone(grandchild)
        after = await done(desk, "stays answer")
        assert (after.state, after.result is not None) == ("done", True)

    at_desk(story)


def test_a_waiting_job_can_be_cancelled_and_leaves_its_place() -> None:
    async def story(desk: Desk) -> None:
        first = desk.submit("stays wait", {"seconds": LONG})
        await begun(desk, first)
        second, third = (desk.submit("stays answer", {"number": n}) for n in (2, 3))
        assert (desk.ahead_of(first), desk.ahead_of(second), desk.ahead_of(third)) == (0, 1, 2)
        desk.cancel(second.id)
        assert desk.ahead_of(third) == 1
        desk.cancel(first.id)
        assert (await desk.finished(third)).state == "done"
        assert second.state == "cancelled"
        assert second.result is None

    at_desk(story)


def test_a_full_lane_refuses_for_the_moment_and_other_lanes_still_take() -> None:
    async def story(desk: Desk) -> None:
        await begun(desk, desk.submit("stays wait", {"seconds": LONG}))
        for _ in range(4):
            desk.submit("stays answer", {})
        with pytest.raises(BusyError, match="more to do than it can take on"):
            desk.submit("stays answer", {})
        assert (await done(desk, "two answer")).state == "done"

    at_desk(story, waiting=4)


def test_when_the_desk_closes_all_processes_end_and_jobs_are_cancelled() -> None:
    found: list[int] = []
    jobs: list[Job] = []

    async def story(desk: Desk) -> None:
        jobs.append(desk.submit("stays bear", {}))
        found.append(await begun(desk, jobs[0]))
        jobs.append(desk.submit("stays answer", {}))

    at_desk(story)
    assert [job.state for job in jobs] == ["cancelled", "cancelled"]
    run_async(asyncio.wait_for(gone(found[0]), PATIENCE))
