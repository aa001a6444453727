"""`chromasonic groove`: a MIDI file's drums played as the GroovePredictor has learned it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.errors import UsageError
from chromasonic.files import json_text
from chromasonic.registry.reference import located
from chromasonic.registry.shipped import default_model

if TYPE_CHECKING:
    from chromasonic.companion.groove_humanizing import HumanizedDrums

ENDINGS = (".mid", ".midi", ".wav", ".mp3", ".png", ".svg", ".pdf")
MIDI, SOUND = ENDINGS[:2], ENDINGS[2:4]

TRAIN_FIRST = (
    "Train one in a few minutes: 'chromasonic train companion --models groove --output "
    "runs/groove' (corpus: 'chromasonic data fetch groove-midi'), then give --model runs/groove."
)


def groove(
    drums: Annotated[
        Path,
        typer.Argument(
            metavar="DRUMS", help="A MIDI file with drums, or a pattern as text (.txt)."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN_OR_CHECKPOINT",
            help="A trained GroovePredictor: the folder of a training, a checkpoint (.pt), or "
            "NAME@VERSION. Left out: the one that ships (groove).",
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .mid, .wav or .mp3, .png .svg .pdf (written above humanized) by "
            "its ending; repeat it for more. Left out: only what would change is printed.",
        ),
    ] = None,
    amount: Annotated[
        float, typer.Option(help="0 leaves all as it was, 1 is as learned, up to 4 is more.")
    ] = 1.0,
    velocity: Annotated[
        float | None, typer.Option(help="The same of velocity alone.", show_default="amount")
    ] = None,
    timing: Annotated[
        float | None, typer.Option(help="The same of timing alone.", show_default="amount")
    ] = None,
    looseness: Annotated[
        float,
        typer.Option(help="Chance on top: 1 is as much as drummers differ from themselves."),
    ] = 0.0,
    quantize: Annotated[
        bool,
        typer.Option("--quantize", help="First put each hit on its sixteenth or triplet."),
    ] = False,
    channel: Annotated[int, typer.Option(help="The drums' channel, 1 to 16.")] = 10,
    seed: Annotated[int, typer.Option(help="Of looseness: the same seed, the same hits.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, with every hit.")
    ] = False,
) -> None:
    """Make a drum part breathe: each hit's strength and timing as drummers play it.

    Everything else in the file stays as it was.

    Examples:

    \b
      chromasonic groove drums.mid --output drums-played.mid
      chromasonic groove drums.mid --model runs/groove --amount 0.6 -o played.mp3 -o played.png
      chromasonic groove song.mid --model runs/groove --looseness 1 --seed 7 -o song-played.mid
      chromasonic groove drums.mid --model runs/groove --amount 0 --output straight.wav
    """
    outputs = output or []
    model = default_model("groove").folder if model is None else located(model)
    _check(drums, outputs, model)
    # Heavy modules come in after the arguments that can be judged without them.
    from chromasonic.companion.groove_humanizing import HumanizeSettings, humanize
    from chromasonic.companion.models import load_companion
    from chromasonic.formats.midi_drums import DrumFile, read_drum_file

    settings = HumanizeSettings(
        amount=amount,
        velocity=velocity,
        timing=timing,
        looseness=looseness,
        quantize=quantize,
        seed=seed,
    )
    if drums.suffix.lower() == ".txt":
        from chromasonic.formats.drum_pattern import read_drum_pattern

        channel = 10
        file = DrumFile(read_drum_pattern(drums), drums.name)
    else:
        file = read_drum_file(drums, channel=channel - 1)
    loaded = load_companion(model, "groove")
    played = humanize(file, loaded.network, settings)
    for path in outputs:
        _write(played, path, channel=channel - 1, title=drums.stem)
    if loaded.is_synthetic:
        typer.echo(
            f"Warning: {loaded.checkpoint} was trained on made-up bars: this is no drummer.",
            err=True,
        )
    if as_json:
        typer.echo(json_text(_document(played, drums, loaded.checkpoint, settings, outputs)))
    else:
        typer.echo(_summary(played))
        for path in outputs:
            typer.echo(str(path))


def _check(drums: Path, outputs: list[Path], model: Path) -> None:
    """Refuse what cannot be done before any work is done."""
    for path in outputs:
        if path.resolve() == drums.resolve():
            raise UsageError(
                f"--output {path} is the file that is read; it would be lost. Give another name."
            )
        if path.suffix.lower() not in ENDINGS:
            raise UsageError(
                f"Drums cannot be written as '{path.name}'. Allowed endings: {' '.join(ENDINGS)}."
            )
    if not model.exists():
        raise UsageError(f"There is no model at {model}. {TRAIN_FIRST}")


def _write(played: HumanizedDrums, path: Path, *, channel: int, title: str) -> None:
    """One file, in the format of its ending."""
    ending = path.suffix.lower()
    if ending in MIDI:
        from chromasonic.files import write_bytes

        write_bytes(path, played.data)
    elif ending in SOUND:
        from chromasonic.formats.drum_audio import write_midi_audio

        write_midi_audio(played.data, path, channel=channel)
    else:
        from chromasonic.formats.piano_roll import RolledHits, draw_drum_roll

        hits = RolledHits(
            pitch=played.pitch,
            quarters=played.quarters,
            new_quarters=played.new_quarters,
            velocity=played.velocity,
            new_velocity=played.new_velocity,
            shift_ms=played.shift_ms,
        )
        first = int(played.first_step[0]) / 4  # the bar of the first hit
        draw_drum_roll(hits, path, title=title, first_quarter=first)


def _summary(played: HumanizedDrums) -> str:
    """What was changed, drum by drum."""
    import numpy as np

    from chromasonic.music.drums import instrument_name

    lines = [f"{'drum':<24}{'hits':>7}{'velocity':>24}{'early/late (ms)':>24}"]
    for pitch in np.unique(played.pitch):
        mine = played.pitch == pitch
        before, after = played.velocity[mine], played.new_velocity[mine]
        low, high = np.quantile(played.shift_ms[mine], [0.05, 0.95])
        strength = f"{before.mean():.0f} -> {after.mean():.0f} ({after.min()} to {after.max()})"
        lines.append(
            f"{instrument_name(int(pitch)):<24}{mine.sum():>7}{strength:>24}"
            f"{f'{low:+.0f} to {high:+.0f}':>24}"
        )
    if played.is_meant.any():
        lines.append(
            f"{int(played.is_meant.sum())} of {len(played.pitch)} hits are written off the "
            "sixteenths (triplets, swing): their timing was left alone."
        )
    return "\n".join(lines)


def _document(
    played: HumanizedDrums, drums: Path, checkpoint: Path, settings: Any, outputs: list[Path]
) -> dict[str, Any]:
    """What --json prints."""
    from dataclasses import asdict

    from chromasonic.music.drums import instrument_name

    columns = (
        played.pitch, played.quarters, played.new_quarters, played.shift_ms, played.velocity,
        played.new_velocity, played.is_meant,
    )  # fmt: skip
    return {
        "drums": drums,
        "model": checkpoint,
        "settings": asdict(settings),
        "ticks_per_quarter": played.ticks_per_quarter,
        "files": outputs,
        "hits": [
            {
                "drum": instrument_name(pitch),
                "pitch": pitch,
                "quarters": round(old, 6),
                "new_quarters": round(new, 6),
                "shift_ms": round(shift, 3),
                "velocity": strength,
                "new_velocity": new_strength,
                "timing_left_alone": meant,
            }
            for pitch, old, new, shift, strength, new_strength, meant in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ],
    }
