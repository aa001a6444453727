"""`chromasonic gesture`: recordings to gestures, and gestures to music."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.errors import ChromasonicError, UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.gesture.models import GestureModel
    from chromasonic.gesture.playing import GestureMusic
    from chromasonic.gesture.recognizing import Recognition
    from chromasonic.gesture.spotting import Spotting
    from chromasonic.gesture.spotting_config import SpottingConfig
    from chromasonic.music.movement import Movement

gesture_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Recognize gestures in recordings and streams, and play music by them.",
)

STREAM = "-"
INTERRUPTED = 130
PLAYED_ENDINGS = (".mid", ".midi", ".wav", ".mp3", ".png", ".svg", ".pdf")

Model = Annotated[
    Path,
    typer.Option(
        "--model",
        "-m",
        metavar="RUN_OR_CHECKPOINT",
        help="A gesture training's folder, or a .pth of it.",
    ),
]
Nodes = Annotated[
    list[str] | None,
    typer.Option(
        "--nodes",
        metavar="RECORDING=MODEL",
        help="A landmark's name in the recording and in the model, where they differ; repeat it.",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(help="Frames a second, where the recording does not say; of --stream the pace."),
]
Performer = Annotated[
    str | None,
    typer.Option(help="Who moves, for a model that knows its performers.", show_default=False),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Recordings of whoever moves, of anything: the model gets to know their hands.",
    ),
]
Certainty = Annotated[
    float | None,
    typer.Option(help="From where on a gesture in a long recording is believed, 0 to 1. [0.6]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@gesture_app.command("recognize")
def recognize(
    recordings: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORDING...",
            help="Files (.bvh .amc .csv .npz .json .jsonl), folders of them, or - with --stream.",
        ),
    ],
    model: Model,
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
      chromasonic gesture recognize sign.csv --model runs/signs
      chromasonic gesture recognize recordings/ --model runs/signs --json
      chromasonic gesture recognize concert.npz --model runs/signs --segments
      sensor | chromasonic gesture recognize - --model runs/causal --stream
    """
    if stream != (recordings == [STREAM]):
        raise UsageError(
            "Streaming reads standard input: give - as the only recording, with --stream."
        )
    for other, name in ((segments, "--segments"), (as_json, "--json"), (nodes, "--nodes")):
        if stream and other:
            raise UsageError(f"{name} is not for --stream, which writes a line of JSON an event.")
    config = _spotting(certainty)
    paths = [] if stream else _files(recordings)
    loaded = _model(model, calibration, performer, rate, nodes)
    if stream:
        _listen(loaded, rate or loaded.rate_hz, config, performer or "", not events_only)
        return
    found, failed = _each(paths, loaded, nodes, rate, performer, len(paths) > 1)
    if segments:
        _tell_segments(found, loaded, config, as_json)
    else:
        _tell_recognitions(found, loaded, top, as_json)
    if failed:
        typer.echo(f"{failed} of {len(paths)} recordings could not be read.", err=True)
        raise typer.Exit(1)


@gesture_app.command("play")
def play(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="One recording.")],
    model: Model,
    mapping: Annotated[
        Path, typer.Option("--map", metavar="MAPPING", help="What gestures play, as TOML.")
    ],
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            help="File to write, by its ending: .mid; .wav or .mp3; .png .svg .pdf (speed, "
            "certainty, gestures and notes in time); repeat it for more.",
        ),
    ],
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
      chromasonic gesture play hand.csv --model runs/hands --map mapping.toml -o hand.mid
      chromasonic gesture play hand.csv --model runs/hands --map mapping.toml -o hand.mp3 -o hand.png
    """  # noqa: E501 - an example stands on one line
    _check_outputs(output, recording, mapping)
    config = _spotting(certainty)
    from chromasonic.gesture.mapping_file import read_mapping
    from chromasonic.gesture.playing import play as play_gestures
    from chromasonic.gesture.spotting import spot

    wanted = read_mapping(mapping)
    (path,) = _files([str(recording)])
    loaded = _model(model, calibration, performer, rate, nodes)
    wanted.check(loaded.classes, loaded.skeleton)
    movement = _read(path, loaded, nodes, rate, performer)
    spotting = spot(loaded, movement, config)
    music = play_gestures(wanted, movement, spotting)
    for file in output:
        _write(music, spotting, movement, file)
    if as_json:
        typer.echo(json_text(_music_document(music, movement, output)))
        return
    typer.echo(_music_table(music))
    if not music.notes:
        typer.echo(
            "No note was played: no gesture that the mapping knows was recognized. 'chromasonic "
            "gesture recognize RECORDING --segments' tells what was; --certainty lowers the bar.",
            err=True,
        )
    for file in output:
        typer.echo(str(file))


def _spotting(certainty: float | None) -> SpottingConfig:
    from chromasonic.gesture.spotting_config import SpottingConfig

    default = SpottingConfig()
    if certainty is None:
        return default
    return SpottingConfig(
        certainty=certainty,
        release=max(0.0, min(1.0, certainty)) * default.release / default.certainty,
    )


def _files(recordings: list[str]) -> list[Path]:
    """The files that are meant; folders stand for what is in them.

    Raises:
        UsageError: there is no such file or folder, or nothing to read in it.
    """
    from chromasonic.formats.movements import READABLE as ENDINGS

    found: list[Path] = []
    for name in recordings:
        path = Path(name)
        if path.is_dir():
            inside = sorted(
                file
                for file in path.rglob("*")
                if file.suffix.lower() in ENDINGS and file.is_file()
            )
            if not inside:
                raise UsageError(
                    f"{path} has no recording in it. Endings that are read: {' '.join(ENDINGS)}."
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"There is no recording at {path}.")
    return found


def _model(
    path: Path,
    calibration: Path | None,
    performer: str | None,
    rate: float | None,
    nodes: list[str] | None,
) -> GestureModel:
    """The model, acquainted with whoever moves."""
    if not path.exists():
        raise UsageError(
            f"There is no model at {path}. Train one: 'chromasonic train gesture --output {path}'."
        )
    from chromasonic.gesture.models import load_gesture

    loaded = load_gesture(path)
    if calibration is None:
        if performer is not None and performer not in loaded.reader.performers:
            known = ", ".join(sorted(loaded.reader.performers)) or "none: it needs none"
            raise UsageError(
                f"The model knows no performer '{performer}'; it knows {known}. Give recordings of "
                "theirs with --calibration."
            )
        return loaded
    recordings = [
        _read(file, loaded, nodes, rate, performer) for file in _files([str(calibration)])
    ]
    return loaded.with_performers(recordings)


def _read(
    path: Path,
    model: GestureModel,
    nodes: list[str] | None,
    rate: float | None,
    performer: str | None,
) -> Movement:
    from dataclasses import replace

    from chromasonic.gesture.matching import parse_names, read_for

    names = parse_names(nodes or [])
    movement = read_for(path, model.skeleton, names=names, rate_hz=rate)
    return replace(movement, performer=performer or "")


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
            found.append((path, _read(path, model, nodes, rate, performer)))
        except UsageError:
            raise
        except ChromasonicError as error:
            if not goes_on:
                raise
            failed += 1
            typer.echo(f"Passed over: {error}", err=True)
    return found, failed


def _listen(
    model: GestureModel, rate: float, config: SpottingConfig, performer: str, answers: bool
) -> None:
    """Standard input to standard output, line by line, until the input ends or Ctrl-C."""
    from chromasonic.gesture.streaming import Listener
    from chromasonic.gesture.streaming_lines import Conversation, UntilInterrupted, read_lines

    listener = Listener(model, rate, config, performer=performer)
    talk = Conversation(model, listener, rate, answers=answers)
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")
    _say(talk.greeting())
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


def _tell_recognitions(
    found: list[tuple[Path, Movement]], model: GestureModel, top: int, as_json: bool
) -> None:
    from chromasonic.gesture.recognizing import recognize

    told = [(path, recognize(model, movement, top=top)) for path, movement in found]
    if as_json:
        rows = [{"file": path, **one.to_dict()} for path, one in told]
        typer.echo(json_text({"model": model.checkpoint, "recordings": rows}))
        return
    width = max([len(str(path)) for path, _ in told], default=0)
    for path, one in told:
        others = ", ".join(f"{label} {share:.0%}" for label, share in one.ranking[1:])
        then = f"   (then {others})" if others else ""
        typer.echo(f"{path!s:{width}}  {one.label}  {one.certainty:.0%}{then}")
        for remark in _remarks(one):
            typer.echo(f"{'':{width}}  {remark}")


def _remarks(one: Recognition) -> list[str]:
    """What a user should know of how a recording was read."""
    from chromasonic.gesture.names import listed

    remarks = []
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
            label = event.label or f"(none of them; nearest {event.nearest})"
            typer.echo(
                f"  {event.start:8.2f} s to {event.end:8.2f} s  {event.certainty:4.0%}  {label}"
            )


def _check_outputs(outputs: list[Path], recording: Path, mapping: Path) -> None:
    """Refuse what cannot be written before any work is done."""
    for path in outputs:
        for source in (recording, mapping):
            if path.resolve() == source.resolve():
                raise UsageError(
                    f"--output {path} is a file that is read; it would be lost. Give another name."
                )
        if path.suffix.lower() not in PLAYED_ENDINGS:
            raise UsageError(
                f"Music cannot be written as '{path.name}'. Allowed endings: "
                f"{' '.join(PLAYED_ENDINGS)}."
            )


def _write(music: GestureMusic, spotting: Spotting, movement: Movement, path: Path) -> None:
    ending = path.suffix.lower()
    if ending in (".mid", ".midi"):
        from chromasonic.files import write_bytes

        write_bytes(path, music.midi(title=movement.id))
    elif ending in (".wav", ".mp3"):
        from chromasonic.formats.drum_audio import write_midi_audio

        write_midi_audio(music.midi(), path)
    else:
        from chromasonic.gesture.playing_picture import draw_timeline

        draw_timeline(music, spotting, path, title=movement.id)


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
