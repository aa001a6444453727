"""Keys: a spelled tonic and a mode."""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.music.pitch import LINE_OF_FIFTHS, fifths_of, name_of_fifths, pitch_class_of

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}
"""Mode name to the semitones of its scale above the tonic; minor is the natural (aeolian) one."""

FIFTHS_OF_MODE = {
    "lydian": 1, "major": 0, "mixolydian": -1, "dorian": -2,
    "minor": -3, "phrygian": -4, "locrian": -5,
}  # fmt: skip
"""How many sharps a mode's signature has beyond that of the major key on the same tonic."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key: spelled tonic ("D", "F#", "Bb") and a mode of `MODES`."""

    tonic: str = "C"
    mode: str = "major"

    def __post_init__(self) -> None:
        pitch_class_of(self.tonic)
        if self.mode not in MODES:
            raise ValueError(f"'{self.mode}' is no mode; known: {', '.join(MODES)}.")

    @property
    def tonic_pitch_class(self) -> int:
        """Pitch class of the tonic, 0 to 11."""
        return pitch_class_of(self.tonic)

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature."""
        return fifths_of(self.tonic) + FIFTHS_OF_MODE[self.mode]

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The seven pitch classes of the scale."""
        return frozenset((self.tonic_pitch_class + step) % 12 for step in MODES[self.mode])

    def signature(self) -> dict[str, int]:
        """Letter to semitones of the signature's accidentals; letters without one are absent."""
        fifths = self.fifths
        letters = LINE_OF_FIFTHS if fifths > 0 else LINE_OF_FIFTHS[::-1]
        sign = 1 if fifths > 0 else -1
        alterations: dict[str, int] = {}
        for index in range(abs(fifths)):  # beyond seven the letters come round again, doubled
            letter = letters[index % 7]
            alterations[letter] = alterations.get(letter, 0) + sign
        return alterations

    def transposed(self, semitones: int) -> Key:
        """The key so many semitones higher, spelled with the fewest accidentals (six: flats)."""
        return Key.of_pitch_class(self.tonic_pitch_class + semitones, self.mode)

    @classmethod
    def of_pitch_class(cls, tonic_pitch_class: int, mode: str) -> Key:
        """The key on a pitch class whose signature has the fewest accidentals (-6 before +6)."""
        offset = FIFTHS_OF_MODE[mode]
        signature = (tonic_pitch_class * 7 + offset + 6) % 12 - 6
        return cls(name_of_fifths(signature - offset), mode)

    def __str__(self) -> str:
        return f"{self.tonic} {self.mode}"
