"""`--track/--no-track`, and what the user is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chromasonic.registry.tracking import Outcome
    from chromasonic.training.observers import Observer

Track = Annotated[
    bool | None,
    typer.Option(
        "--track/--no-track",
        help="Record the training in the store of runs, or not; see docs/tracking.md. "
        "CHROMASONIC_TRACKING=off switches it off for good.",
        show_default=False,
    ),
]


@contextmanager
def tracked(
    task: str, output: Path, *, resume: bool, wanted: bool | None = None
) -> Iterator[list[Observer]]:
    """The observers that track a training: one, or none where that is switched off.

    Afterwards the user is told, on stderr, where it can be seen, or why not.

    Args:
        task: melody, companion, harmonizer or gesture.
        output: the run directory.
        resume: whether the training goes on with what lies there.
        wanted: the flag; None leaves it to the environment.
    """
    from chromasonic.registry.tracking import Tracker, is_tracked

    if not is_tracked(wanted):
        yield []
        return
    tracker = Tracker(task, output, resume=resume)
    try:
        yield [tracker]
    except BaseException as failure:
        tell(tracker.close(failure, seconds=1.0), output)
        raise
    tell(tracker.close(on_wait=_say), output)


def tell(outcome: Outcome, output: Path) -> None:
    """Say how tracking ended."""
    if outcome.state == "sent":
        _say("Tracked: chromasonic track list")
    elif outcome.state == "waiting":
        _say("Tracking goes on in the background; chromasonic track list shows it in a moment.")
    elif outcome.state == "kept":
        _say(f"Not tracked yet: {outcome.trouble}")
        _say(f"Nothing is lost: the next training sends it, or: chromasonic track sync {output}")
    elif outcome.state == "lost":
        _say(f"Not tracked: {outcome.trouble}. The training is not touched by it.")


def _say(text: str) -> None:
    if text:
        typer.echo(text, err=True)
