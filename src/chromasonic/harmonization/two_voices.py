"""The two-voice game: a counter-melody below a melody, its candidates, optimum and chance.

A harmonization in two voices is a `Harmonization` whose voicings have two columns (the melody and
the voice below it), `NO_CHORD` as chord and its reward from `TWO_VOICE_RULES`:

    breaches(harmonization.voicings, harmonization.melody.beats, TWO_VOICE_RULES)

explains it as it does four voices.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from chromasonic.errors import UsageError
from chromasonic.harmonization.baselines import expected_random_reward
from chromasonic.harmonization.chords import MODE_NUMBERS, is_minor_like
from chromasonic.harmonization.exact import Harmonization, n_best
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.rules import Rule
from chromasonic.harmonization.two_voices_rules import LOWER_RANGE, TWO_VOICE_RULES
from chromasonic.harmonization.voicings import NO_CHORD, Voicings
from chromasonic.music.key import MODES

TWO_VOICE_REWARD = Reward(rules=TWO_VOICE_RULES)
"""What the two-voice game pays."""

_MODE_NAMES = tuple(MODE_NUMBERS)


def has_two_voices(harmonization: Harmonization) -> bool:
    """Whether it is of the two-voice game, not of four voices."""
    return harmonization.voicings.pitches.shape[1] == 2


def rules_of(harmonization: Harmonization) -> dict[str, Rule]:
    """The rules that a harmonization was made under, by its number of voices."""
    from chromasonic.harmonization.rules import RULES

    return TWO_VOICE_RULES if has_two_voices(harmonization) else RULES


@lru_cache(maxsize=2048)
def lower_voices(upper: int, tonic: int, mode: str) -> Voicings:
    """All notes that may stand below a note: (N, 2), from low to high.

    The scale of the key within the lower voice's range and not above the note; in modes with a
    minor third and a natural seventh degree the leading tone as well.

    Args:
        upper: MIDI number of the melody.
        tonic: pitch class of the tonic.
        mode: one of `MODES`.
    """
    scale = set(MODES[mode])
    if is_minor_like(mode) and 10 in scale:
        scale.add(11)
    low, high = LOWER_RANGE
    pitches = [pitch for pitch in range(low, min(high, upper) + 1) if (pitch - tonic) % 12 in scale]
    rows = np.array([(upper, pitch) for pitch in pitches], np.int64).reshape(-1, 2)
    return Voicings(
        pitches=rows,
        chord=np.full(len(rows), NO_CHORD),
        tonic=np.full(len(rows), tonic),
        member=np.full((len(rows), 2), -1),
    )


def candidates_of_two(melody: Melody) -> list[Voicings]:
    """All candidates of each beat, as `exact.candidates` gives them for four voices.

    Raises:
        UsageError: a note leaves the lower voice no room.
    """
    beats, found = melody.beats, []
    for index in range(len(beats)):
        mode = _MODE_NAMES[int(beats.mode[index])]
        rows = lower_voices(int(beats.pitch[index]), int(beats.tonic[index]), mode)
        if not len(rows):
            raise UsageError(
                f"The note {int(beats.pitch[index])} in bar {melody.bar[index]} leaves no room "
                f"for a voice from {LOWER_RANGE[0]} (G2) on below it: transpose the tune up."
            )
        found.append(rows)
    return found


def exact_of_two(melody: Melody) -> Harmonization:
    """The counter-melody with the highest reward: the ceiling of the two-voice game."""
    return n_best(melody, 1, TWO_VOICE_REWARD, sets=candidates_of_two(melody))[0]


def random_reward_of_two(melody: Melody) -> float:
    """Mean reward of a note drawn uniformly among each beat's candidates: the game's zero."""
    return expected_random_reward(melody, TWO_VOICE_REWARD, sets=candidates_of_two(melody))


def greedy_of_two(melody: Melody) -> Harmonization:
    """At each beat the note that pays most now: what can be had without planning."""
    beats, sets = melody.beats, candidates_of_two(melody)
    rows = [sets[0][[int(TWO_VOICE_REWARD.of_voicings(sets[0], beats[0]).argmax())]]]
    for index in range(1, len(beats)):
        pays = TWO_VOICE_REWARD.of_voicings(sets[index], beats[index])
        pays = (
            pays
            + TWO_VOICE_REWARD.motion_of_all_pairs(
                rows[-1], sets[index], beats[index - 1], beats[index]
            )[0]
        )
        rows.append(sets[index][[int(pays.argmax())]])
    return harmonization_of_two(melody, Voicings.joined(rows), "greedy")


def harmonization_of_two(melody: Melody, voicings: Voicings, agent: str) -> Harmonization:
    """A harmonization from its voicings, its reward counted."""
    reward = TWO_VOICE_REWARD.of_path(voicings, melody.beats)
    return Harmonization(melody=melody, voicings=voicings, reward=reward, agent=agent)
