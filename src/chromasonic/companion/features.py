"""The one page of features: what each number means that goes into a companion model.

Python, the metadata of an exported model and the C++ side read this page; the encoders beside it
write exactly these blocks in this order.
"""

from __future__ import annotations

from chromasonic.export.spec import Block

INPUTS: dict[str, tuple[Block, ...]] = {
    "emotion_recognizer": (
        Block(
            "log_mel",
            128,
            "loudness of each mel band in this frame, low to high: 0 is 60 dB under a sine at full "
            "scale, each 15 dB are 1, -4/3 is silence; see `formats.log_mel` for every constant",
        ),
    ),
    "melody_transformer": (
        Block(
            "last_pitch_class",
            13,
            "one-hot, C to B: the last note that sounded; and 1 in the last place if silence has "
            "come after it, or nothing has sounded yet",
        ),
        Block(
            "last_octave",
            8,
            "one-hot: MIDI pitch // 12 - 2 of the last note; the ends take what lies beyond",
        ),
        Block(
            "sixteenth",
            16,
            "one-hot: where in the bar the next note begins; a bar of more than 16 sixteenths is "
            "counted in groups of 12 (9/8, 12/8) or 8 (6/4, 3/2); all 0: unknown",
        ),
        Block("chord", 12, "1 for each pitch class of the chord that sounds then; all 0: unknown"),
        Block(
            "key",
            12,
            "1 for the tonic's pitch class, 0.5 for the others of the scale; all 0: unknown",
        ),
        Block(
            "last_duration",
            1,
            "of the last note: log2 of its sixteenths / 4 (a quarter is 0.5, a whole note 1), "
            "-0.25 to 1.5; 0 before the first",
        ),
        Block("valence", 1, "-1 to 1; 0: unknown"),
        Block("arousal", 1, "-1 to 1; 0: unknown"),
    ),
    "harmony_predictor": (
        Block(
            "last_chord",
            64,
            "the chords so far, by class, roots counted from the tonic (see music/chord.py): 1 for "
            "the one that sounds; for others 0.15 x 0.6^(chord changes since they began), plus "
            "0.25 + 0.25 x L / 8 for the one that came next the last time that the same L chords "
            "led here (the longest run of up to 8 that was met before). In place of hold: log2(1 + "
            "beats that it has sounded). In place of start: whether it has sounded as long as that "
            "last time: 1 yes, -1 not yet, 0.3 longer, 0 unknown. Before the first chord: 1 for "
            "start alone",
        ),
        Block(
            "melody",
            48,
            "how long each pitch class, counted from the tonic, sounds in this beat and in each of "
            "the next three, as a share of the beat; all 0: no melody",
        ),
        Block(
            "key",
            12,
            "1 for each pitch class of the scale, counted from the tonic; the tonic alone where "
            "the mode is unknown; all 0: unknown (pitch classes are then counted from C)",
        ),
        Block(
            "beat",
            4,
            "in the place of this beat of the bar (the fourth stands for later ones too) beats in "
            "the bar / 4; all 0: unknown",
        ),
    ),
    "dynamics_engine": (
        Block(
            "onset_weight", 16, "how many notes begin on each sixteenth, at most 8, over 8: 0 to 1"
        ),
        Block(
            "mean_height",
            16,
            "their mean MIDI pitch less 60, over 24: about -1.6 to 2; 0 where no note begins",
        ),
    ),
    "groove_predictor": (
        Block("kick", 16, "1 where it is struck on that sixteenth of the bar, else 0"),
        Block("snare", 16, "the same of snare, rim, side stick, clap"),
        Block("hat_or_cymbal", 16, "the same of hi-hat, ride, crash and other cymbals"),
        Block("other", 16, "the same of toms and everything else"),
    ),
}


OUTPUTS: dict[str, tuple[Block, ...]] = {
    "emotion_recognizer": (
        Block("cell", 64, "probability of each cell of the valence-arousal plane, 8 x 8"),
    ),
    "melody_transformer": (Block("pitch", 128, "probability of each MIDI pitch"),),
    "harmony_predictor": (
        Block(
            "chord",
            64,
            "probability of each class of music/chord.py for this beat, roots counted from the "
            "tonic: 12 x quality + root for major, minor, diminished, dominant seventh and minor "
            "seventh, then none, hold (the chord stays), other, start (no chord has begun yet)",
        ),
    ),
    "dynamics_engine": (Block("velocity", 16, "of each sixteenth, 0 to 1"),),
    "groove_predictor": (
        Block("velocity", 16, "of each sixteenth's loudest hit, 0 to 1 (1 is MIDI velocity 127)"),
        Block(
            "offset",
            16,
            "when that hit comes, as a share of a sixteenth: below 0 early, above 0 late; what "
            "either block says of a sixteenth that nothing strikes means nothing",
        ),
    ),
}
"""What each number means that comes out of a companion model."""
