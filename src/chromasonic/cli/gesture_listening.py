"""What `chromasonic gesture` streams: lines in, lines out, while the movement goes on."""

from __future__ import annotations

import sys
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
) -> None:
    """Standard input to standard output, line by line, until the input ends or Ctrl-C."""
    from chromasonic.gesture.playing_live import LivePlayer
    from chromasonic.gesture.streaming import Listener
    from chromasonic.gesture.streaming_lines import Conversation, UntilInterrupted, read_lines

    listener = Listener(model, rate, config, performer=performer)
    player = None if mapping is None else LivePlayer(mapping, model.skeleton, rate)
    talk = Conversation(model, listener, rate, answers=answers, player=player)
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")
    for greeting in talk.greeting():
        _say(greeting)
    lines = UntilInterrupted(read_lines(sys.stdin))
    for line in lines:
        for answer in talk.hear(line):
            _say(answer)
    for answer in talk.finish():
        _say(answer)
    if lines.was_interrupted:
        raise typer.Exit(INTERRUPTED)


def _say(line: str) -> None:
    """A line that whoever listens has at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
