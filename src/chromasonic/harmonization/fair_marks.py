"""Marks on a written setting as a teacher would make them: once, and not against the textbook.

An agent sets chords beat by beat, and its rules are asked at each beat. What a person writes is
held: a half note is one note, and a six-four of two beats one chord. So what only goes on is not
marked again, and where the rules of the reward are simpler than what is taught, the textbook wins.

Source: E. Aldwell and C. Schachter, "Harmony and Voice Leading" (4th ed.), unit 19.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromasonic.harmonization.embellishing import Line
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.fair_resolutions import is_well_resolved
from chromasonic.harmonization.fair_six_fours import OF_SIX_FOURS, six_four_marks
from chromasonic.harmonization.melodies import notes_to_harmonize
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.phrases import written_ends
from chromasonic.harmonization.placing import Mark, marks
from chromasonic.harmonization.rules import RULES, Scope
from chromasonic.harmonization.voicings import BASS
from chromasonic.music.tune import Tune

OF_PITCHES = frozenset({"range", "spacing", "low_gap", "crossing", "unison"})
"""Rules on one voicing that ask for no chord."""
OF_ENDS = frozenset({"cadence", "close_without_dominant", "inverted_close", "late_tonic"})
"""Rules on the chord with which a phrase ends."""


def plain_marks(plain: Harmonization, tune: Tune, lines: Sequence[Line]) -> list[Mark]:
    """The marks of a setting without its ornaments, fit for somebody who wrote it.

    Args:
        plain: one voicing a beat, ornaments resolved.
        tune: the highest voice.
        lines: of the four voices as they sound, highest first.
    """
    found = [mark for mark in marks(plain, tune) if mark.remark.rule not in OF_SIX_FOURS]
    found += six_four_marks(plain, tune, lines)
    ends, begins = _written(plain.melody, tune)
    kept = []
    for mark in found:
        rule = mark.remark.rule
        is_guessed = (rule in OF_ENDS and mark.tick not in ends) or (
            rule == "opening" and mark.tick not in begins
        )
        if not (is_guessed or is_well_resolved(mark, plain, lines)):
            kept.append(mark)
    return once(kept, lines)


def once(found: Sequence[Mark], lines: Sequence[Line]) -> list[Mark]:
    """Marks without those that say again of held notes what was said of their beginning.

    Args:
        found: marks, in time.
        lines: of the four voices as they sound, highest first.
    """
    kept, said = [], set[tuple[object, ...]]()
    for mark in sorted(found, key=lambda mark: mark.tick):
        rule = mark.remark.rule
        starts = tuple(_start(lines[voice], mark.tick) for voice in mark.voices)
        if rule == "idle_bass" and starts[-1] < mark.tick:
            continue
        if RULES[rule].scope is Scope.VOICING:
            numerals = () if rule in OF_PITCHES else mark.numerals
            key = (rule, mark.voices, mark.sung, numerals, starts)
            if key in said:
                continue
            said.add(key)
        kept.append(mark)
    return kept


def is_fair_motion(mark: Mark, heard: Harmonization) -> bool:
    """Whether a mark on motion stands: an octave of the bass is no motion of all voices."""
    if mark.remark.rule != "same_direction":
        return True
    row = int(np.searchsorted(heard.melody.onset, mark.tick))
    before, here = heard.voicings.pitches[row - 1 : row + 1, BASS].tolist()
    return bool((before - here) % 12)


def _written(melody: Melody, tune: Tune) -> tuple[set[int], set[int]]:
    """Moments at which a phrase ends as written, not guessed; and those at which one begins."""
    notes = notes_to_harmonize(tune)
    spans = [range(notes[one].onset, notes[one].end) for one in written_ends(tune, notes)]
    onsets = melody.onset.tolist()
    closes = [row for row, onset in enumerate(onsets) if any(onset in span for span in spans)]
    begins = {0, *(row + 1 for row in closes if row + 1 < len(onsets))}
    return {onsets[row] for row in closes}, {onsets[row] for row in begins}


def _start(line: Line, tick: int) -> int:
    """When the note that sounds at a moment, or sounded last, began."""
    return int(line.onset[max(int(line.place(np.array(tick))), 0)])
