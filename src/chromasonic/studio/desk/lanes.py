"""Lanes: how the work of a kind is run, so that long work never stands before short."""

from __future__ import annotations

from dataclasses import dataclass

GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Lane:
    """How jobs of a kind are run.

    Args:
        is_warm: the process stays and keeps its models; else each job gets a fresh one (which
            has been started before, while there was nothing to do).
        seconds: wall-clock limit of one job.
        memory_bytes: what a process may take beside what it has when its job begins; 0 is no such
            limit (torch maps far more addresses than it uses: `most_bytes` watches it).
        processes: how many work at once; None: as many as the studio has makers.
        most_bytes: memory in use at which a job is ended.
        grown_bytes: memory in use after which a process that stays is replaced between two jobs.
        niceness: 0, or up to 19 for work that gives way to everything else.
        ahead: modules that a process imports before it gets work.
        starts_early: the first process is started with the studio.
        keeps_engraver: its processes engrave so often that their engraver stays.
    """

    is_warm: bool
    seconds: float
    memory_bytes: int = 0
    processes: int | None = None
    most_bytes: int = 8 * GIGABYTE
    grown_bytes: int = 3 * GIGABYTE
    niceness: int = 0
    ahead: tuple[str, ...] = ()
    starts_early: bool = False
    keeps_engraver: bool = False


LANES: dict[str, Lane] = {
    # Trained models at work.
    "make": Lane(
        is_warm=True,
        seconds=300,
        ahead=(
            "torch",
            "chromasonic.melody_generation.models",
            "chromasonic.melody_generation.generation",
            "chromasonic.studio.rendering",
            "chromasonic.formats.tunes",
        ),
        starts_early=True,
        keeps_engraver=True,
    ),
    # What strangers' files go through: a fresh process with narrow limits for each.
    "read": Lane(
        is_warm=False,
        seconds=20,
        memory_bytes=GIGABYTE + GIGABYTE // 2,
        processes=2,
        ahead=("numpy", "chromasonic.formats.melodies", "chromasonic.formats.movements"),
        starts_early=True,
    ),
    # Recordings of strangers, many at a time: as "read", with more time.
    "sounds": Lane(is_warm=False, seconds=180, memory_bytes=GIGABYTE + GIGABYTE // 2, processes=1),
    # Work of minutes, such as the clips of a listening test.
    "long": Lane(is_warm=True, seconds=3_600, processes=1, niceness=5),
    # The registry of models; a process that stays, as its store takes a second to open.
    "registry": Lane(is_warm=True, seconds=120, processes=1),
    # Models judged on whole corpora, before one is put in use.
    "judge": Lane(is_warm=False, seconds=3_600, processes=1, niceness=5),
}
