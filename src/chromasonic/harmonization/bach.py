"""Bach's own harmonization as the rules see it: his four pitches at each beat, labelled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.melodies import TICKS_PER_STEP, melody_of_steps
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import SOPRANO, Voicings, chords_in_key
from chromasonic.music.chorale import SILENT, Chorale

Integers = npt.NDArray[np.int64]

MODE_NAMES = tuple(MODE_NUMBERS)


def melody_of_chorale(chorale: Chorale) -> Melody:
    """A chorale's soprano as a melody to be harmonized.

    Keys and phrases are found as in a user's tune; home key and fermatas are used where known.

    Raises:
        UsageError: the soprano has no note.
    """
    return melody_of_steps(
        chorale.pitches[:, SOPRANO],
        metre=chorale.metre,
        pickup_steps=chorale.pickup_steps,
        fermatas=chorale.fermatas,
        key=chorale.key,
        is_onset=None if chorale.is_onset is None else chorale.is_onset[:, SOPRANO],
        id=chorale.id,
        title=chorale.title,
    )


def bachs_harmonization(
    chorale: Chorale, melody: Melody | None = None, reward: Reward | None = None
) -> Harmonization:
    """What Bach wrote, as one voicing a beat.

    His pitches are taken where each beat's voicing is struck; of what comes within the beat nothing
    is seen. The chords are those of the key in force that give the best total reward (dynamic
    programming over the labels); passing and suspended tones cost as foreign tones.

    Args:
        chorale: four parts.
        melody: of this chorale; None: `melody_of_chorale`.
        reward: the rules; all by default.

    Raises:
        UsageError: a voice is silent all the time.
    """
    melody = melody_of_chorale(chorale) if melody is None else melody
    voicings = labelled(pitches_at_beats(chorale, melody), melody.beats, reward)
    total = (reward or Reward()).of_path(voicings, melody.beats)
    return Harmonization(melody=melody, voicings=voicings, reward=total, agent="bach")


def pitches_at_beats(chorale: Chorale, melody: Melody) -> Integers:
    """(B, 4) the sounding pitches where voicings are struck; a silent voice keeps its last one."""
    steps = np.clip(melody.onset // TICKS_PER_STEP, 0, len(chorale) - 1)
    columns = []
    for voice in range(4):
        line = chorale.pitches[:, voice]
        sounding = np.flatnonzero(line != SILENT)
        if not len(sounding):
            raise UsageError(
                f"Voice {voice + 1} of chorale '{chorale.id}' is silent from beginning to end; "
                "four sounding parts are needed. Leave this chorale out."
            )
        last = np.searchsorted(sounding, steps, side="right") - 1
        columns.append(line[sounding[np.maximum(last, 0)]])
    pitches = np.column_stack(columns)
    pitches[:, SOPRANO] = melody.beats.pitch
    return pitches


def labelled(
    pitches: Integers,
    beats: Beats,
    reward: Reward | None = None,
    readings: Callable[[Integers, Beats], Voicings] | None = None,
) -> Voicings:
    """Given pitches with the chords, one a beat, that give the best total reward.

    Args:
        pitches: (B, 4) MIDI numbers.
        beats: B beats.
        reward: the rules; all by default.
        readings: of four pitches on a beat, the chords to choose from; `likely_chords` by default.
    """
    reward, read = reward or Reward(), readings or likely_chords
    sets = [read(pitches[index], beats[index]) for index in range(len(beats))]
    score = reward.of_voicings(sets[0], beats[0])
    back: list[Integers] = []
    for index in range(1, len(sets)):
        pairs = reward.motion_of_all_pairs(
            sets[index - 1], sets[index], beats[index - 1], beats[index]
        )
        ways = score[:, None] + pairs
        back.append(ways.argmax(0))
        score = ways.max(0) + reward.of_voicings(sets[index], beats[index])
    path = [int(score.argmax())]
    for origin in reversed(back):
        path.append(int(origin[path[-1]]))
    return Voicings.joined([set_[[row]] for set_, row in zip(sets, reversed(path), strict=True)])


def likely_chords(pitches: Integers, beat: Beats) -> Voicings:
    """All chords of the key in force that share the most tones with a sonority, or one fewer."""
    chords, tonic = chords_in_key(int(beat.tonic[0]), MODE_NAMES[int(beat.mode[0])])
    voicings = Voicings.of(pitches[None], chords, tonic)
    foreign = (voicings.member < 0).sum(1)
    return voicings[foreign <= foreign.min() + 1]
