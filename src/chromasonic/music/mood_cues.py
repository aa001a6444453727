"""What a mood asks of music: mode, tempo, register, density of notes, loudness.

Which cue goes with which feeling, and in which direction, is what listening studies agree on: mode
and register with valence, tempo, density and loudness with arousal, and somewhat with valence too.
How far each goes is ours, chosen so that the corners of the plane stay playable; the figures below
are all there is.

Source: Gabrielsson and Lindstrom, "The role of structure in the musical expression of emotions", in
Juslin and Sloboda, "Handbook of Music and Emotion" (2010); Eerola, Friberg and Bresin, "Emotional
expression in music: contribution, linearity, and additivity of primary musical cues", Frontiers in
Psychology 4 (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.music.emotion_words import check_place, word_for

MIDDLE_TEMPO_BPM = 100.0
TEMPO_OCTAVES = {"valence": 0.15, "arousal": 0.55}
"""Doublings of the tempo from the middle of the plane to its edge: 62 to 162 in the corners."""

MIDDLE_VELOCITY = 74.0
VELOCITY_STEPS = {"valence": 2.0, "arousal": 20.0}
REGISTER_SEMITONES = {"valence": 4.0, "arousal": 2.0}
"""By how much the middle of the melody is asked to be higher."""

DENSITY_OCTAVES = {"valence": 0.15, "arousal": 0.7}
"""Doublings of the notes a beat that are asked for."""


@dataclass(frozen=True, kw_only=True)
class MoodCues:
    """What a place on the plane asks for.

    Attributes:
        valence: -1 sad to 1 glad.
        arousal: -1 calm to 1 excited.
        mode: "major" or "minor"; 0 counts as glad.
        tempo_bpm: felt beats a minute.
        velocity: mean MIDI velocity, 1 to 127.
        register_semitones: how much higher than it would be without a mood.
        density_octaves: how many doublings more notes a beat than without a mood.
    """

    valence: float
    arousal: float
    mode: str
    tempo_bpm: float
    velocity: float
    register_semitones: float
    density_octaves: float

    @property
    def word(self) -> str:
        """What the place is called."""
        return word_for(self.valence, self.arousal)

    def reasons(self) -> dict[str, str]:
        """Cue to why it is so, in a sentence."""
        glad = "glad" if self.valence >= 0 else "sad"
        high = "higher" if self.register_semitones >= 0 else "lower"
        dense = "more" if self.density_octaves >= 0 else "fewer"
        return {
            "mode": f"{self.mode.capitalize()}: the mood is rather {glad} "
            f"(valence {self.valence:+.2f}).",
            "tempo": f"{self.tempo_bpm:.0f} beats a minute: arousal {self.arousal:+.2f} "
            "sets the pace, valence a little of it; fewer where the beat is longer than a quarter.",
            "register": f"About {abs(self.register_semitones):.1f} semitones {high}, "
            "mostly by valence.",
            "density": f"{dense.capitalize()} notes a beat, by arousal.",
            "loudness": f"Struck with about {self.velocity:.0f} of 127, by arousal.",
        }


def cues_of(valence: float, arousal: float) -> MoodCues:
    """What a place on the plane asks for.

    Raises:
        UsageError: it lies outside the plane.
    """
    check_place(valence, arousal)

    def along(weights: dict[str, float]) -> float:
        return weights["valence"] * valence + weights["arousal"] * arousal

    return MoodCues(
        valence=valence,
        arousal=arousal,
        mode="major" if valence >= 0 else "minor",
        tempo_bpm=round(MIDDLE_TEMPO_BPM * 2 ** along(TEMPO_OCTAVES), 1),
        velocity=MIDDLE_VELOCITY + along(VELOCITY_STEPS),
        register_semitones=along(REGISTER_SEMITONES),
        density_octaves=along(DENSITY_OCTAVES),
    )
