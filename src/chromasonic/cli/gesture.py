"""`chromasonic gesture`: recordings to gestures, and gestures to music."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.cli.gesture_listening import listen
from chromasonic.cli.gesture_play import play
from chromasonic.cli.gesture_reading import (
    STREAM,
    AsJson,
    Calibration,
    Certainty,
    Model,
    Nodes,
    Performer,
    Rate,
    files_of,
    model_of,
    names_for,
    read_recording,
    spotting_config,
)
from chromasonic.errors import ChromasonicError, UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.gesture.models import GestureModel
    from chromasonic.gesture.recognizing import Recognition
    from chromasonic.gesture.spotting_config import SpottingConfig
    from chromasonic.gesture.spotting_events import GestureEvent
    from chromasonic.music.movement import Movement

GESTURE_HELP = """Recognize gestures in recordings and streams, and play music by them.

Examples:

\b
  chromasonic gesture recognize sign.csv --model runs/signs
  chromasonic gesture play hand.csv --model runs/hands --map map.toml -o hand.mid
"""

WORTH_TELLING = 0.01
"""Certainty from which on a class besides the likeliest is told; --json has them all."""

gesture_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=GESTURE_HELP,
)


@gesture_app.command("recognize")
def recognize(
    recordings: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORDING...",
            help="Files (.bvh .amc .csv .tsv .npz .json .jsonl .sign), folders of them; or - with "
            "--stream.",
        ),
    ],
    model: Model = None,
    segments: Annotated[
        bool,
        typer.Option("--segments", help="A long recording: find the gestures in it, with times."),
    ] = False,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="JSON lines in (standard input), JSON lines out, at once."),
    ] = False,
    events_only: Annotated[
        bool, typer.Option("--events-only", help="With --stream: no answer at each frame.")
    ] = False,
    top: Annotated[int, typer.Option(help="So many classes, likeliest first.")] = 5,
    certainty: Certainty = None,
    nodes: Nodes = None,
    rate: Rate = None,
    performer: Performer = None,
    calibration: Calibration = None,
    as_json: AsJson = False,
) -> None:
    """Say which gesture a recording is, and how certain that is.

    Examples:

    \b
      chromasonic gesture recognize hand.npz
      chromasonic gesture recognize sign.csv --model runs/signs
      chromasonic gesture recognize recordings/ --model runs/signs --json
      chromasonic gesture recognize concert.npz --model runs/signs --segments
      sensor | chromasonic gesture recognize - --model runs/causal --stream
    """
    if stream != (recordings == [STREAM]):
        raise UsageError(
            "Streaming reads standard input: give - as the only recording, with --stream."
        )
    for other, name in ((segments, "--segments"), (as_json, "--json")):
        if stream and other:
            raise UsageError(f"{name} is not for --stream, which writes a line of JSON an event.")
    config = spotting_config(certainty)
    paths = [] if stream else files_of(recordings)
    loaded = model_of(model, calibration, performer, rate, nodes)
    if stream:
        listen(
            loaded,
            rate or loaded.rate_hz,
            config,
            performer or "",
            not events_only,
            names=names_for(nodes, loaded),
        )
        return
    found, failed = _each(paths, loaded, nodes, rate, performer, len(paths) > 1)
    if segments:
        _tell_segments(found, loaded, config, as_json)
    else:
        _tell_recognitions(found, loaded, top, config, as_json)
    if failed:
        typer.echo(f"{failed} of {len(paths)} recordings could not be read.", err=True)
        raise typer.Exit(1)


def _each(
    paths: list[Path],
    model: GestureModel,
    nodes: list[str] | None,
    rate: float | None,
    performer: str | None,
    goes_on: bool,
) -> tuple[list[tuple[Path, Movement]], int]:
    """Every recording; of several one that cannot be read is told, and the others go on."""
    found, failed = [], 0
    for path in paths:
        try:
            found.append((path, read_recording(path, model, nodes, rate, performer)))
        except UsageError:
            raise
        except ChromasonicError as error:
            if not goes_on:
                raise
            failed += 1
            typer.echo(f"Passed over: {error}", err=True)
    return found, failed


def _tell_recognitions(
    found: list[tuple[Path, Movement]],
    model: GestureModel,
    top: int,
    config: SpottingConfig,
    as_json: bool,
) -> None:
    from chromasonic.gesture.recognizing import recognize
    from chromasonic.gesture.spotting import gestures_in

    told = []
    for path, movement in found:
        one = recognize(model, movement, top=top)
        told.append((path, one, gestures_in(model, movement, config) if one.windows == 1 else None))
    if as_json:
        rows = [{"file": path, **one.to_dict(), "gestures": count} for path, one, count in told]
        typer.echo(json_text({"model": model.checkpoint, "recordings": rows}))
        return
    width = max([len(str(path)) for path, *_ in told], default=0)
    for path, one, count in told:
        others = ", ".join(
            f"{label} {share:.0%}" for label, share in one.ranking[1:] if share >= WORTH_TELLING
        )
        then = f"   (then {others})" if others else ""
        typer.echo(f"{path!s:{width}}  {one.label}  {one.certainty:.0%}{then}")
        for remark in _remarks(one, count or 1):
            typer.echo(f"{'':{width}}  {remark}")


def _remarks(one: Recognition, gestures: int) -> list[str]:
    """What a user should know of how a recording was read."""
    from chromasonic.gesture.names import listed

    remarks = []
    if gestures > 1:
        remarks.append(
            f"{gestures} gestures seem to be in these {one.seconds:.1f} s, and this is one answer "
            "for all of it: --segments tells each"
        )
    if one.unseen:
        never = f"; never seen: {listed(one.never_seen)}" if one.never_seen else ""
        remarks.append(f"{one.unseen:.1%} of its numbers were not seen and are filled in{never}")
    if one.frames == 1:
        remarks.append("one frame only: a movement needs more")
    if one.windows > 1:
        remarks.append(
            f"{one.frames:,} frames are no one gesture: this is the mean of {one.windows} pieces; "
            "--segments finds the gestures in it"
        )
    return remarks


def _tell_segments(
    found: list[tuple[Path, Movement]],
    model: GestureModel,
    config: SpottingConfig,
    as_json: bool,
) -> None:
    from chromasonic.gesture.spotting import spot

    told = [(path, movement, spot(model, movement, config)) for path, movement in found]
    if as_json:
        rows = [
            {
                "file": path,
                "seconds": movement.seconds,
                "segments": [event.to_dict() for event in spotting.events],
            }
            for path, movement, spotting in told
        ]
        typer.echo(json_text({"model": model.checkpoint, "recordings": rows}))
        return
    for path, movement, spotting in told:
        typer.echo(f"{path}: {movement.seconds:.1f} s, {len(spotting.known)} gestures")
        for event in spotting.events:
            assert event.end is not None
            label = event.label or f"({_why_none(event, config)}; nearest {event.nearest})"
            typer.echo(
                f"  {event.start:8.2f} s to {event.end:8.2f} s  {event.certainty:4.0%}  {label}"
            )


def _why_none(event: GestureEvent, config: SpottingConfig) -> str:
    """Why a movement was none of the gestures."""
    if event.certainty < config.certainty:
        return "none of them"
    return f"none for {config.hold_seconds:g} s at a stretch"


gesture_app.command("play")(play)
