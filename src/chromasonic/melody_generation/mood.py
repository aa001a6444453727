"""A mood for any model of token streams, though it has never heard of moods.

The mode is asked for in the stream's header, as every tune of its training names its own. Tempo and
loudness stand outside the stream: they are written on the tune. How many notes a beat and how high
they lie is asked for by leaning on the model: each draw's logits get a small slope over durations
and over pitches, which is exponential tilting: the model's own distribution, bent as little as
suffices to move the mean. The slopes were set by `benchmarks/mood_steering.py`, which also says
what they cost in likelihood.

What is meant by a place on the plane is in `music/mood_cues.py`. The MelodyTransformer of the
companion models learned valence and arousal, and has steering of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from torch import nn

from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
from chromasonic.melody_generation.progress import OnProgress
from chromasonic.melody_generation.tokens import VOCABULARY, Kind
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.mood_cues import MoodCues, cues_of
from chromasonic.music.tune import Tune

DURATION_SLOPE = 1.2
"""Logits an octave of duration, for each octave of density that is asked for."""

PITCH_SLOPE = 0.015
"""Logits a semitone, for each semitone of register that is asked for."""

MIDDLE_PITCH = 67
COMFORT = (57, 81)
"""Pitches between which a leaning melody is softly kept; they move with half the register."""

EDGE = 0.03
"""Logits a squared semitone beyond that range."""

MOST_NOTES_A_SECOND = 6.5
"""On average over a tune. Eerola and others' fastest version of a melody had 6 a second."""


@dataclass(frozen=True, kw_only=True)
class MoodTune:
    """A tune in a mood.

    Attributes:
        tune: with its tempo.
        cues: that it was written to; its mode is not that of the cues where a key or an opening
            was given.
    """

    tune: Tune
    cues: MoodCues


def generate_in_mood(
    model: nn.Module,
    count: int = 1,
    *,
    valence: float,
    arousal: float,
    settings: GenerationSettings | None = None,
    seed: int = 0,
    opening: Tune | str | Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> list[MoodTune]:
    """Generate tunes for a place on the plane; otherwise as `generation.generate_tunes`.

    A key, a mode or an opening that is given is kept: then only the other cues follow the mood.

    Raises:
        UsageError: a place outside the plane, and whatever `generate_tunes` refuses.
    """
    cues = cues_of(valence, arousal)
    settings = settings or GenerationSettings()
    if settings.key is None and settings.mode is None and opening is None:
        settings = replace(settings, mode=cues.mode)
    tunes = generate_tunes(
        model,
        count,
        settings=settings,
        seed=seed,
        opening=opening,
        lean_V=lean_of(cues),
        on_progress=on_progress,
    )
    return [
        MoodTune(tune=replace(tune, tempo_bpm=tempo_for(cues, tune)), cues=cues) for tune in tunes
    ]


def lean_of(cues: MoodCues) -> npt.NDArray[np.float64]:
    """(V,) to add to a model's logits: shorter notes for more density, higher ones for register."""
    lean = np.zeros(VOCABULARY.size)
    for kind in (Kind.NOTE, Kind.REST, Kind.HOLD):
        ids = VOCABULARY.ids_of(kind)
        octaves = np.log2(VOCABULARY.value[ids] / TICKS_PER_QUARTER)
        lean[ids] = -DURATION_SLOPE * cues.density_octaves * octaves
    ids = VOCABULARY.ids_of(Kind.PITCH)
    pitches = VOCABULARY.value[ids]
    low, high = (edge + cues.register_semitones / 2 for edge in COMFORT)
    beyond = np.maximum(pitches - high, 0) + np.maximum(low - pitches, 0)
    slope = PITCH_SLOPE * cues.register_semitones * (pitches - MIDDLE_PITCH)
    lean[ids] = slope - EDGE * beyond**2
    return lean


def tempo_for(cues: MoodCues, tune: Tune) -> float:
    """Felt beats a minute for a tune.

    A long beat comes less often than a quarter would, by the root of its length; and a tune of many
    short notes is not rushed beyond `MOST_NOTES_A_SECOND`.
    """
    beat = tune.metre.beat_ticks if tune.metre else TICKS_PER_QUARTER
    tempo = cues.tempo_bpm * math.sqrt(TICKS_PER_QUARTER / beat)
    beats = sum(bar.duration for bar in tune.bars) / beat
    notes_a_beat = sum(1 for _ in tune.sounding()) / beats
    return float(round(min(tempo, 60 * MOST_NOTES_A_SECOND / notes_a_beat)))
