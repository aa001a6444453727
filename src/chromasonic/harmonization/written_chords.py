"""Chords of a setting that somebody wrote, named by what sounds and not by how it goes on.

The reward names Bach's chords by the reading that costs least. In a student's work that would turn
a seventh that rises into an ornament, and its chord into a triad: the mistake would explain itself.
So rules on resolution have no say here, and a sonority that is a seventh chord stays one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.bach import labelled, likely_chords
from chromasonic.harmonization.chords import TABLE
from chromasonic.harmonization.embellishing import STEP, Line
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

Integers = npt.NDArray[np.int64]

NOT_ASKED = frozenset({"seventh", "leading_tone", "inner_leading_tone"})
"""Rules that a chord is not named by: they judge how its tones go on."""
SEVENTH = 3
MAJOR_SEVENTH = 11


def written_chords(
    pitches: Integers, lines: Sequence[Line], melody: Melody, reward: Reward | None = None
) -> Voicings:
    """Pitches with their chords, one a beat; seventh chords stay what they are.

    Args:
        pitches: (B, 4) MIDI numbers.
        lines: of the four voices as they sound, highest first.
        melody: of B beats.
        reward: the rules; all by default.
    """
    reward = reward or Reward()
    asked = {name: rule for name, rule in reward.rules.items() if name not in NOT_ASKED}
    onsets = iter(melody.onset.tolist())

    def readings(row: Integers, beat: Beats) -> Voicings:
        tick = next(onsets)
        found = likely_chords(row, beat)
        is_whole = np.array([_is_seventh_chord(found, n) for n in range(len(found))])
        sevenths = found[is_whole]
        if not len(sevenths):
            return found
        if _is_dominant(sevenths).any() or not _is_ornamented(lines, tick):
            return sevenths
        return found

    return labelled(pitches, melody.beats, Reward(rules=asked), readings)


def _is_dominant(voicings: Voicings) -> npt.NDArray[np.bool_]:
    """Major third and minor seventh: there is a tritone, and no doubt."""
    members = TABLE.members[voicings.chord]
    return (members[:, 1] == 4) & (members[:, SEVENTH] == 10)


def _is_seventh_chord(voicings: Voicings, row: int) -> bool:
    """A chord with a minor or diminished seventh, all of it there but a dominant's fifth."""
    one = voicings[[row]]
    seventh = int(TABLE.members[one.chord[0], SEVENTH])
    if seventh < 0 or seventh == MAJOR_SEVENTH:
        return False
    needed = {0, 1, SEVENTH} if _is_dominant(one)[0] else {0, 1, 2, SEVENTH}
    there = set(one.member[0].tolist())
    return needed <= there and -1 not in there


def _is_ornamented(lines: Sequence[Line], tick: int) -> bool:
    """A voice goes on by step while all others stand still, so that its tone may be an ornament."""
    for voice, line in enumerate(lines):
        note = int(line.place(np.array(tick)))
        if note < 0:
            continue
        _, after = line.beside(note)
        if after is None or not 1 <= abs(after - int(line.pitch[note])) <= STEP:
            continue
        moments = np.array([tick, int(line.end[note])])
        others = [other.at(moments) for place, other in enumerate(lines) if place != voice]
        if all(here == later for here, later in others):
            return True
    return False
