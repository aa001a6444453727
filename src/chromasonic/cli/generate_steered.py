"""`chromasonic generate` with a companion model: melodies steered by valence and arousal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from chromasonic.cli.generate_mood import ChosenMood
from chromasonic.cli.generate_options import Wishes
from chromasonic.errors import ChromasonicError, UsageError

if TYPE_CHECKING:
    from chromasonic.companion.melody_steering import SteeredMelody, Steering

MODEL = "melody_transformer"


def is_companion(path: Path) -> bool:
    """Whether a path is a companion's checkpoint, or a folder with the MelodyTransformer's."""
    if path.is_dir():
        return any(path.glob(f"{MODEL}_*.pt")) or any(path.glob(f"checkpoints/{MODEL}_*.pt"))
    if path.suffix != ".pt" or not path.is_file():
        return False
    from chromasonic.companion.models import load_companion

    try:
        load_companion(path)
    except ChromasonicError:
        return False
    return True


def steered_melodies(path: Path, wishes: Wishes, mood: ChosenMood | None) -> list[SteeredMelody]:
    """The melodies asked for; without a mood, valence and arousal are 0.

    Raises:
        UsageError: a wish cannot be met.
        CheckpointError: there is no MelodyTransformer at the path.
    """
    from chromasonic.companion.melody_steering import steer
    from chromasonic.companion.models import load_companion
    from chromasonic.training.device import choose_device

    if wishes.count < 1:
        raise UsageError(f"--count is {wishes.count}; allowed: 1 or more.")
    wanted = steering_of(wishes, mood)
    loaded = load_companion(path, MODEL)
    if loaded.is_synthetic:
        typer.echo(
            f"Warning: {loaded.checkpoint} was trained on made-up tunes: it knows no music.",
            err=True,
        )
    network = loaded.network.to(choose_device(wishes.device))
    return [
        steer(network, wanted, seed=wishes.seed, number=number)
        for number in range(1, wishes.count + 1)
    ]


def steering_of(wishes: Wishes, mood: ChosenMood | None) -> Steering:
    """The options as a value that was checked.

    Raises:
        UsageError: one of them cannot be read, or is out of range.
    """
    from chromasonic.companion.melody_steering import COMMON_TIME, Steering
    from chromasonic.melody_generation.opening import parse_metre
    from chromasonic.music.key_text import parse_key

    return Steering(
        valence=mood.valence if mood else 0.0,
        arousal=mood.arousal if mood else 0.0,
        bars=wishes.bars,
        key=None if wishes.key is None else parse_key(wishes.key),
        metre=COMMON_TIME if wishes.metre is None else parse_metre(wishes.metre),
        temperature=wishes.temperature,
        top_k=wishes.top_k,
        top_p=wishes.top_p,
    )


def save(melody: SteeredMelody, path: Path) -> Path:
    """Write a melody; a MIDI file gets its strength too."""
    from chromasonic.formats.midi import write_midi
    from chromasonic.formats.tunes import save_tune

    if path.suffix.lower() in (".mid", ".midi"):
        return write_midi(melody.tune, path, velocity=melody.velocity)
    return save_tune(melody.tune, path)


def settings_document(wishes: Wishes, mood: ChosenMood | None) -> dict[str, Any]:
    """What --json says of the settings."""
    wanted = steering_of(wishes, mood)
    return {
        "valence": wanted.valence,
        "arousal": wanted.arousal,
        "bars": wanted.bars,
        "key": None if wanted.key is None else str(wanted.key),
        "metre": str(wanted.metre),
        "temperature": wanted.temperature,
        "top_k": wanted.top_k,
        "top_p": wanted.top_p,
    }
