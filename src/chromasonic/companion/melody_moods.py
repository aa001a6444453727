"""How melodies of clips differ with their emotion: tempo, strength, register, mode, rhythm.

What steering does beside the network is taken from here, as it was counted on the training parts of
EMOPIA and VGMIDI (`moods.json` beside this page, made by `benchmarks/steering.py --count`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from chromasonic.companion.melody_lines import MelodyLine
from chromasonic.companion.melody_rhythm import LENGTHS, RhythmModel
from chromasonic.errors import DataError
from chromasonic.music.beats import estimate_beats
from chromasonic.music.emotion import EmotionClip

FORMAT = "chromasonic-moods-1"
FILE = "moods.json"
FIGURES = (
    "mean_pitch",
    "pitch_range",
    "interval",
    "is_major",
    "major_third",
    "notes_a_second",
    "velocity",
)
LOW_SHARE, HIGH_SHARE = 0.05, 0.95


@dataclass(frozen=True, kw_only=True)
class ClipFigures:
    """What is measured of one melody; semitones, seconds, MIDI velocity.

    Attributes:
        mean_pitch: MIDI number.
        pitch_range: semitones from its 5th to its 95th percentile.
        interval: mean absolute semitones from note to note.
        is_major: 1 where the key that its pitches speak for is major.
        major_third: of the time that the thirds above the tonic sound, the major one's share; NaN
            where neither sounds, or the tonic is not known.
        notes_a_second: notes over the time from the first onset to the last.
        velocity: mean of the melody's notes; NaN where there is none.
        tempo_bpm: estimated quarters a minute.
    """

    mean_pitch: float
    pitch_range: float
    interval: float
    is_major: float
    major_third: float
    notes_a_second: float
    velocity: float = float("nan")
    tempo_bpm: float = float("nan")


def figures_of_clip(clip: EmotionClip, line: MelodyLine) -> ClipFigures:
    """Figures of a clip's melody; the key is that of all its notes."""
    from chromasonic.formats.midi_skyline import skyline_of

    melody = skyline_of(clip.notes)
    seconds = float(melody.onset_seconds[-1] - melody.onset_seconds[0])
    tonic = int(line.tonic[0])
    return ClipFigures(
        **pitch_figures(line.pitch),
        is_major=float(line.key[0, (tonic + 4) % 12]),
        major_third=major_third(line.pitch, line.length, tonic),
        notes_a_second=(len(melody) - 1) / seconds if seconds > 0 else float("nan"),
        velocity=float(melody.velocity.mean()),
        tempo_bpm=60 / float(np.median(np.diff(estimate_beats(clip.notes).seconds))),
    )


def pitch_figures(pitch: np.ndarray) -> dict[str, float]:
    """Mean, range and interval of the pitches of a melody of two notes or more."""
    low, high = np.quantile(pitch, (LOW_SHARE, HIGH_SHARE))
    return {
        "mean_pitch": float(pitch.mean()),
        "pitch_range": float(high - low),
        "interval": float(np.abs(np.diff(pitch)).mean()),
    }


def major_third(pitch: np.ndarray, length: np.ndarray, tonic: int) -> float:
    """See `ClipFigures.major_third`; lengths in any unit."""
    step = (pitch.astype(int) - tonic) % 12
    minor, major = (float(length[step == third].sum()) for third in (3, 4))
    return major / (minor + major) if minor + major else float("nan")


@dataclass(frozen=True, kw_only=True)
class Moods:
    """What steering needs to know of the corpora.

    Attributes:
        tempo_bpm: (calm, excited) medians.
        velocity: (calm, excited) means.
        register: (calm, excited) lowest and highest pitch, the 5th and 95th percentile of notes.
        major_share: (sad, glad) share of clips in a major key.
        rhythm: chain of lengths.
        source: what it was counted on.
    """

    tempo_bpm: tuple[float, float]
    velocity: tuple[float, float]
    register: tuple[tuple[float, float], tuple[float, float]]
    major_share: tuple[float, float]
    rhythm: RhythmModel
    source: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        clips: Sequence[tuple[EmotionClip, MelodyLine]],
        *,
        recorded: Sequence[tuple[EmotionClip, MelodyLine]],
        source: Mapping[str, Any],
    ) -> Moods:
        """Count clips.

        Args:
            clips: of all corpora: modes and rhythm.
            recorded: those that someone played: tempo, strength and register. (A note value written
                by a program has the strength that the program gave it.)
            source: what to record of where they come from.
        """
        figures = [(clip, figures_of_clip(clip, line)) for clip, line in recorded]

        def by_arousal(name: str) -> tuple[float, float]:
            values = [
                [getattr(value, name) for clip, value in figures if clip.arousal == sign]
                for sign in (-1, 1)
            ]
            middle = np.median if name == "tempo_bpm" else np.mean
            return float(middle(values[0])), float(middle(values[1]))

        def register(sign: int) -> tuple[float, float]:
            pitch = np.concatenate([line.pitch for clip, line in recorded if clip.arousal == sign])
            low, high = np.quantile(pitch, (LOW_SHARE, HIGH_SHARE))
            return float(low), float(high)

        def major(sign: int) -> float:
            lines = [line for clip, line in clips if clip.valence == sign]
            return float(np.mean([line.key[0, (int(line.tonic[0]) + 4) % 12] for line in lines]))

        return cls(
            tempo_bpm=by_arousal("tempo_bpm"),
            velocity=by_arousal("velocity"),
            register=(register(-1), register(1)),
            major_share=(major(-1), major(1)),
            rhythm=RhythmModel.of([line for _, line in clips]),
            source=source,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "format": FORMAT,
            "source": dict(self.source),
            "tempo_bpm": list(self.tempo_bpm),
            "velocity": list(self.velocity),
            "register": [list(pair) for pair in self.register],
            "major_share": list(self.major_share),
            "lengths_sixteenths": list(LENGTHS),
            "rhythm_counts": self.rhythm.counts.tolist(),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Moods:
        """What `to_dict` gave.

        Raises:
            DataError: it is something else.
        """
        try:
            if value["format"] != FORMAT or tuple(value["lengths_sixteenths"]) != LENGTHS:
                raise ValueError("another format")
            counts = np.array(value["rhythm_counts"], np.int64)
            if counts.shape != (2, len(LENGTHS), 16, len(LENGTHS)):
                raise ValueError(f"counts of shape {counts.shape}")
            calm, excited = value["register"]
            return cls(
                tempo_bpm=tuple(value["tempo_bpm"]),
                velocity=tuple(value["velocity"]),
                register=(tuple(calm), tuple(excited)),
                major_share=tuple(value["major_share"]),
                rhythm=RhythmModel(counts),
                source=value["source"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"The statistics of moods are damaged: {error}. Install the package anew."
            ) from error


@lru_cache(maxsize=1)
def counted_moods() -> Moods:
    """The statistics that come with the package.

    Raises:
        DataError: they are damaged.
    """
    text = (resources.files("chromasonic.companion") / FILE).read_text(encoding="utf-8")
    return Moods.from_dict(json.loads(text))
