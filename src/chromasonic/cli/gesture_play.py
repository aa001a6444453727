"""`chromasonic gesture play`: a recording of gestures as music."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.gesture_listening import listen
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
from chromasonic.errors import UsageError
from chromasonic.files import json_text
from chromasonic.registry.shipped import default_model

if TYPE_CHECKING:
    from chromasonic.gesture.playing import GestureMusic
    from chromasonic.gesture.spotting import Spotting
    from chromasonic.music.movement import Movement

ENDINGS = (".mid", ".midi", ".wav", ".mp3", ".png", ".svg", ".pdf")


def play(
    recording: Annotated[
        Path,
        typer.Argument(
            metavar="RECORDING",
            help="One recording; or -: JSON lines in (standard input), MIDI messages as JSON lines "
            "out, at once.",
        ),
    ],
    mapping: Annotated[
        Path, typer.Option("--map", metavar="MAPPING", help="What gestures play, as TOML.")
    ],
    model: Model = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, by its ending: .mid; .wav or .mp3; .png .svg .pdf (speed, "
            "certainty, gestures and notes in time); repeat it for more.",
        ),
    ] = None,
    certainty: Certainty = None,
    nodes: Nodes = None,
    rate: Rate = None,
    performer: Performer = None,
    calibration: Calibration = None,
    as_json: AsJson = False,
) -> None:
    """Turn a recording of gestures into music, as a mapping file says.

    Examples:

    \b
      chromasonic gesture play hand.csv --map mapping.toml -o hand.mid
      chromasonic gesture play hand.csv --model runs/hands --map mapping.toml -o hand.mp3 -o hand.png
      tracker | chromasonic gesture play - --model runs/causal --map mapping.toml
    """  # noqa: E501 - an example stands on one line
    outputs = output or []
    is_live = str(recording) == STREAM
    if is_live and (outputs or as_json):
        raise UsageError(
            "What is streamed is written to standard output, a line of JSON a message: leave "
            "--output and --json out."
        )
    if not is_live and not outputs:
        raise UsageError("Say where to write: --output hand.mid (.wav, .mp3, .png, ...).")
    _check_outputs(outputs, recording, mapping)
    config = spotting_config(certainty)
    from chromasonic.gesture.mapping_file import read_mapping
    from chromasonic.gesture.playing import play as play_gestures
    from chromasonic.gesture.spotting import spot

    wanted = read_mapping(mapping)
    paths = [] if is_live else files_of([str(recording)])
    loaded = model_of(model, calibration, performer, rate, nodes)
    wanted.check(loaded.classes, loaded.skeleton)
    if is_live:
        names = names_for(nodes, loaded)
        listen(loaded, rate or loaded.rate_hz, config, performer or "", False, wanted, names=names)
        return
    (path,) = paths
    movement = read_recording(path, loaded, nodes, rate, performer)
    spotting = spot(loaded, movement, config)
    music = play_gestures(wanted, movement, spotting)
    called = model or default_model("gesture").name
    for file in outputs:
        _write(music, spotting, movement, file, f"{path.name}, by {called}, as {mapping.name} says")
    if as_json:
        typer.echo(json_text(_music_document(music, movement, outputs)))
        return
    typer.echo(_music_table(music))
    if not music.notes:
        typer.echo(
            "No note was played: no gesture that the mapping knows was recognized. 'chromasonic "
            "gesture recognize RECORDING --segments' tells what was; --certainty lowers the bar.",
            err=True,
        )
    for file in outputs:
        typer.echo(str(file))


def _check_outputs(outputs: list[Path], recording: Path, mapping: Path) -> None:
    """Refuse what cannot be written before any work is done."""
    for path in outputs:
        for source in (recording, mapping):
            if path.resolve() == source.resolve():
                raise UsageError(
                    f"--output {path} is a file that is read; it would be lost. Give another name."
                )
        if path.suffix.lower() not in ENDINGS:
            raise UsageError(
                f"Music cannot be written as '{path.name}'. Allowed endings: {' '.join(ENDINGS)}."
            )


def _write(
    music: GestureMusic, spotting: Spotting, movement: Movement, path: Path, title: str
) -> None:
    ending = path.suffix.lower()
    if ending in (".mid", ".midi"):
        from chromasonic.files import write_bytes

        write_bytes(path, music.midi(title=movement.id))
    elif ending in (".wav", ".mp3"):
        from chromasonic.formats.drum_audio import write_midi_audio

        write_midi_audio(music.midi(), path)
    else:
        from chromasonic.gesture.playing_picture import draw_timeline

        draw_timeline(music, spotting, path, title=title)


def _music_table(music: GestureMusic) -> str:
    lines = [f"{'time (s)':>9}  {'gesture':<20} {'certain':>7}  plays"]
    for one in music.events:
        does = ", ".join(one.did) or "-"
        event = one.event
        lines.append(f"{one.time:9.2f}  {event.label:<20} {event.certainty:7.0%}  {does}")
    lines.append(
        f"{len(music.notes)} notes, {len(music.controls)} controller changes, "
        f"{len(music.programs)} program changes, {music.seconds:.1f} s"
    )
    return "\n".join(lines)


def _music_document(music: GestureMusic, movement: Movement, outputs: list[Path]) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "recording": movement.id,
        "seconds": movement.seconds,
        "files": outputs,
        "events": [
            {"played": one.time, **one.event.to_dict(), "did": one.did} for one in music.events
        ],
        "notes": [asdict(note) for note in music.notes],
        "controls": [asdict(change) for change in music.controls],
        "programs": [asdict(change) for change in music.programs],
    }
