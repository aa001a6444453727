"""`chromasonic generate` in a mood: by valence and arousal, or by the colours of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from chromasonic.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from chromasonic.melody_generation.generation import GenerationSettings
    from chromasonic.music.colour_mood import PaletteMood
    from chromasonic.music.tune import Tune


@dataclass(frozen=True, kw_only=True)
class ChosenMood:
    """The mood that was asked for.

    Attributes:
        valence: -1 sad to 1 glad.
        arousal: -1 calm to 1 excited.
        picture: the file whose colours set it, or None.
        palette: what was read from it, or None.
    """

    valence: float
    arousal: float
    picture: Path | None = None
    palette: PaletteMood | None = None


def chosen_mood(
    valence: float | None, arousal: float | None, picture: Path | None
) -> ChosenMood | None:
    """The mood that the options ask for; None where they ask for none.

    Raises:
        UsageError: a value is out of range, or both a picture and a place are given.
        FormatError: the picture cannot be read.
    """
    from chromasonic.music.emotion_words import check_place

    if picture is not None:
        if valence is not None or arousal is not None:
            raise UsageError(
                "--from-image sets the mood by itself. Leave out --valence and --arousal, or the "
                "picture."
            )
        from chromasonic.formats.picture_palette import palette_of_file
        from chromasonic.music.colour_mood import mood_of_palette

        palette = mood_of_palette(palette_of_file(picture))
        return ChosenMood(
            valence=palette.cues.valence,
            arousal=palette.cues.arousal,
            picture=picture,
            palette=palette,
        )
    if valence is None and arousal is None:
        return None
    check_place(valence or 0.0, arousal or 0.0)
    return ChosenMood(valence=valence or 0.0, arousal=arousal or 0.0)


def tunes_in_mood(
    model: nn.Module,
    count: int,
    *,
    mood: ChosenMood | None,
    settings: GenerationSettings,
    seed: int,
    opening: Tune | str | None,
) -> list[Tune]:
    """Tunes of a melody model, in the mood if there is one.

    Raises:
        UsageError: a value that cannot be used.
    """
    from chromasonic.melody_generation.generation import generate_tunes
    from chromasonic.melody_generation.mood import generate_in_mood

    if mood is None:
        return generate_tunes(model, count, settings=settings, seed=seed, opening=opening)
    written = generate_in_mood(
        model,
        count,
        valence=mood.valence,
        arousal=mood.arousal,
        settings=settings,
        seed=seed,
        opening=opening,
    )
    return [one.tune for one in written]


def mood_writer(mood: ChosenMood | None) -> Callable[[Tune, Path], Path] | None:
    """Writes a tune; a MIDI file gets the mood's loudness too. None without a mood."""
    if mood is None:
        return None
    from chromasonic.formats.midi import write_midi
    from chromasonic.formats.tunes import save_tune
    from chromasonic.music.mood_cues import cues_of

    velocity = cues_of(mood.valence, mood.arousal).velocity

    def write(tune: Tune, path: Path) -> Path:
        if path.suffix.lower() in (".mid", ".midi"):
            return write_midi(tune, path, velocity=velocity)
        return save_tune(tune, path)

    return write


def tell_picture(mood: ChosenMood) -> None:
    """Say what was read from a picture, beside the tunes."""
    if mood.palette is None:
        return
    colours = "  ".join(f"{one.hex} {one.share:.0%}" for one in mood.palette.swatches)
    cues = mood.palette.cues
    for line in (
        f"{mood.picture}: {colours}",
        *(
            f"  {one.word}: valence {one.valence:+.2f}, arousal {one.arousal:+.2f}"
            for one in mood.palette.influences
        ),
        f"  together {cues.word}: valence {cues.valence:+.2f}, arousal {cues.arousal:+.2f}",
        *(f"  {reason}" for reason in cues.reasons().values()),
    ):
        typer.echo(line, err=True)


def mood_document(mood: ChosenMood | None) -> dict[str, Any]:
    """What --json says of the mood; nothing where there is none."""
    if mood is None:
        return {}
    told: dict[str, Any] = {"valence": mood.valence, "arousal": mood.arousal}
    if mood.palette is not None:
        cues = mood.palette.cues
        told |= {
            "picture": mood.picture,
            "palette": [{"hex": one.hex, "share": one.share} for one in mood.palette.swatches],
            "word": cues.word,
            "mode": cues.mode,
            "tempo_bpm": cues.tempo_bpm,
            "reasons": cues.reasons(),
        }
    return {"mood": told}
