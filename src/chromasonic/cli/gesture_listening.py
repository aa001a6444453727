"""What `chromasonic gesture` streams: lines in, lines out, while the movement goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from chromasonic.gesture.mapping import Mapping
    from chromasonic.gesture.models import GestureModel
    from chromasonic.gesture.spotting_config import SpottingConfig

INTERRUPTED = 130


def listen(
    model: GestureModel,
    rate: float,
    config: SpottingConfig,
    performer: str,
    answers: bool,
    mapping: Mapping | None = None,
    *,
    names: dict[str, str] | None = None,
) -> None:
    """Standard input to standard output, line by line, until the input ends or Ctrl-C.

    With a mapping a clock runs: what is due is played though no line comes.
    """
    from chromasonic.gesture.playing_live import LivePlayer
    from chromasonic.gesture.streaming import Listener
    from chromasonic.gesture.streaming_input import UntilInterrupted
    from chromasonic.gesture.streaming_lines import Conversation

    listener = Listener(model, rate, config, performer=performer)
    player = None if mapping is None else LivePlayer(mapping, model.skeleton, rate)
    talk = Conversation(model, listener, rate, answers=answers, player=player, names=names)
    for greeting in talk.greeting():
        _say(greeting)
    lines = UntilInterrupted(_lines(has_clock=player is not None))
    came = time.monotonic()
    for line in lines:
        if line is None:
            for message in talk.wait(time.monotonic() - came):
                _say(message)
            continue
        for answer in talk.hear(line):
            _say(answer)
        came = time.monotonic()
    for answer in talk.finish():
        _say(answer)
    if lines.was_interrupted:
        raise typer.Exit(INTERRUPTED)


def _lines(*, has_clock: bool) -> Iterator[str | None]:
    """Standard input's lines; with a clock None while none comes."""
    from chromasonic.gesture.streaming_input import Arriving, read_lines

    if has_clock:
        try:
            return Arriving(sys.stdin.fileno())
        except OSError:  # no file, and so never late
            pass
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")
    return read_lines(sys.stdin)


def _say(line: str) -> None:
    """A line that whoever listens has at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
