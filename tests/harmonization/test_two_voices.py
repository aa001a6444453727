"""The two-voice game: its rules by hand, its candidates, and an optimum that is one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from chromasonic.errors import UsageError
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.reward import breaches
from chromasonic.harmonization.rules import RULES
from chromasonic.harmonization.two_voices import (
    TWO_VOICE_REWARD,
    candidates_of_two,
    exact_of_two,
    greedy_of_two,
    has_two_voices,
    lower_voices,
    random_reward_of_two,
    rules_of,
)
from chromasonic.harmonization.two_voices_rules import TWO_VOICE_RULES
from chromasonic.harmonization.voicings import NO_CHORD, Voicings
from chromasonic.music.key import Key


def beats_of(upper: list[int], *, tonic: int = 0, mode: str = "major", **marks: list[int]) -> Beats:
    size = len(upper)

    def marked(name: str) -> np.ndarray:
        return np.isin(np.arange(size), [row % size for row in marks.get(name, [])])

    return Beats(
        pitch=np.array(upper),
        leaving=np.array(marks.get("leaving", upper)),
        tones=np.eye(12)[np.array(upper) % 12],
        tonic=np.full(size, tonic),
        mode=np.full(size, MODE_NUMBERS[mode]),
        strength=np.zeros(size, int),
        is_held=np.zeros(size, bool),
        begins_phrase=marked("begins"),
        ends_phrase=marked("ends"),
        is_last=marked("last"),
    )


def broken(upper: list[int], lower: list[int], **marks: object) -> list[str]:
    """Names of the rules that two lines break, in time."""
    beats = beats_of(upper, **marks)  # type: ignore[arg-type]
    pitches = np.column_stack([upper, lower])
    voicings = Voicings(
        pitches=pitches,
        chord=np.full(len(pitches), NO_CHORD),
        tonic=beats.tonic,
        member=np.full(pitches.shape, -1),
    )
    return [breach.rule.name for breach in breaches(voicings, beats, TWO_VOICE_RULES)]


def melody_from(notes: str, key: Key) -> Melody:
    return melody_of_tune(read_typed_notes(notes, key=key), key=key)


def all_rewards(melody: Melody) -> np.ndarray:
    """The reward of every counter-melody that there is."""
    beats, sets = melody.beats, candidates_of_two(melody)
    rows = np.array(list(product(*[range(len(set_)) for set_ in sets])))
    lines = [set_[column] for set_, column in zip(sets, rows.T, strict=True)]
    each = [beats[np.full(len(rows), beat)] for beat in range(len(sets))]
    total = sum(
        TWO_VOICE_REWARD.of_voicings(line, on) for line, on in zip(lines, each, strict=True)
    )
    for beat in range(len(sets) - 1):
        total = total + TWO_VOICE_REWARD.motion_in_rows(
            lines[beat], lines[beat + 1], each[beat], each[beat + 1]
        )
    return np.asarray(total)


@pytest.mark.parametrize(
    ("upper", "lower", "marks", "names"),
    [
        # C5 over E3 to D5 over D3: the lower falls by step as the upper rises.
        ([72, 74], [52, 50], {}, {"contrary", "perfect_within"}),
        # C5 D5 over A3 B3: thirds in the same direction.
        ([72, 74], [57, 59], {}, {"similar"}),
        # C5 D5 over F3 G3: twelfths in parallel.
        ([72, 74], [53, 55], {}, {"similar", "parallel_fifths", "perfect_within"}),
        # C5 D5 over C4 D4: octaves in parallel.
        ([72, 74], [60, 62], {}, {"similar", "parallel_octaves", "perfect_within"}),
        # C5 over G3: an octave and a fourth.
        ([72], [55], {}, {"dissonance"}),
        # E4 over E4, a unison in the first beat of a phrase on no tonic.
        ([64], [64], {"begins": [0]}, {"unison", "opening", "range"}),
        # B4 over B3: the leading tone in both.
        ([71], [59], {}, {"doubled_leading_tone", "perfect_within"}),
        # D5 over F3 ends a phrase; D5 over G3 is a half cadence.
        ([74], [53], {"ends": [0]}, {"cadence"}),
        ([74], [55], {"ends": [0]}, set()),
        # C5 over A3 ends the piece; C5 over C4 is right.
        ([72], [57], {"last": [0], "ends": [0]}, {"final", "cadence"}),
        ([72], [60], {"last": [0], "ends": [0]}, set()),
        # A5 over F3: two octaves and a third.
        ([81], [53], {}, {"far_apart"}),
        # C5 over E3, the melody going down to D3 before the beat is over.
        ([72], [52], {"leaving": [50]}, {"crossing"}),
        # C5 C5 over E3 E3.
        ([72, 72], [52, 52], {}, {"stays"}),
        # C5 C5 over A3 C3: a sixth down.
        ([72, 72], [57, 48], {"begins": [1]}, {"skip", "leap", "wide_leap"}),
        # D5 D5 over F3 B3: a tritone.
        ([74, 74], [53, 59], {}, {"skip", "leap", "tritone_leap"}),
        # A minor: F3 up to G#3.
        ([74, 76], [53, 56], {"tonic": 9, "mode": "minor"},
         {"similar", "skip", "augmented_second"}),
        # A minor: G3 and then G#3, under B4.
        ([71, 71], [55, 56], {"tonic": 9, "mode": "minor"}, {"cross_relation"}),
        # C major: B3 leaps to G3, under D5 and E5.
        ([74, 76], [59, 55], {}, {"contrary", "leading_tone", "skip"}),
        # G4 E5 over E3 A3 (tenth to twelfth by leap upward in both): hidden.
        ([67, 76], [52, 57], {}, {"similar", "hidden_fifths", "perfect_within", "skip", "leap"}),
        # G4 C5 over B3 C4: sixth to octave, the upper leaping: hidden.
        ([67, 72], [59, 60], {}, {"similar", "hidden_octaves", "perfect_within"}),
        # G4 D5 over C4 G3: fifth to twelfth by contrary motion.
        ([67, 74], [60, 55], {},
         {"contrary", "contrary_perfect", "perfect_within", "skip", "leap"}),
        # E4 over C4, then A4 over F4: the lower goes beyond where the upper was.
        ([64, 69], [60, 65], {}, {"similar", "overlap", "skip", "leap", "range"}),
    ],
)  # fmt: skip
def test_rules_find_what_a_teacher_would_mark(
    upper: list[int], lower: list[int], marks: dict, names: set[str]
) -> None:
    assert set(broken(upper, lower, **marks)) == names


def test_contrary_motion_alone_is_a_merit_and_the_largest_of_all_steps() -> None:
    merits = {name for name, rule in TWO_VOICE_RULES.items() if rule.weight < 0}
    assert merits == {"contrary"}
    assert all(rule.source and rule.text for rule in TWO_VOICE_RULES.values())


def test_candidates_are_the_scale_within_the_voice_below_the_note() -> None:
    below = lower_voices(60, 0, "major")  # under middle C, from G2
    assert below.pitches[:, 1].tolist() == [43, 45, 47, 48, 50, 52, 53, 55, 57, 59, 60]
    assert (below.pitches[:, 0] == 60).all()
    assert (below.chord == NO_CHORD).all()


@pytest.mark.parametrize(
    ("mode", "has_leading_tone"), [("minor", True), ("dorian", True), ("mixolydian", False)]
)
def test_minor_modes_have_the_leading_tone_too(mode: str, has_leading_tone: bool) -> None:
    degrees = (lower_voices(76, 9, mode).pitches[:, 1] - 9) % 12
    assert (11 in degrees) == has_leading_tone
    assert 10 in degrees


def test_a_melody_too_low_for_a_second_voice_is_refused() -> None:
    with pytest.raises(UsageError, match="41 in bar 1 leaves no room"):
        candidates_of_two(melody_from("F2 G2", Key("C", "major")))


@pytest.mark.parametrize(
    ("notes", "key"),
    [
        ("E4 F4 D4", Key("C", "major")),
        ("A4 B4 A4", Key("A", "minor")),
        ("G4:1/2 A4:1/2 F4 D4:2", Key("D", "dorian")),
    ],
)
def test_no_other_counter_melody_pays_more_than_the_exact_one(notes: str, key: Key) -> None:
    melody = melody_from(notes, key)
    best = exact_of_two(melody)
    rewards = all_rewards(melody)
    assert len(rewards) > 1_000
    assert max(rewards) == pytest.approx(best.reward, abs=1e-5)
    assert best.reward == pytest.approx(TWO_VOICE_REWARD.of_path(best.voicings, melody.beats))
    assert greedy_of_two(melody).reward <= best.reward + 1e-6


def test_the_random_reward_is_the_mean_of_all_counter_melodies() -> None:
    melody = melody_from("C4 D4:3", Key("C", "major"))
    rewards = all_rewards(melody)
    assert random_reward_of_two(melody) == pytest.approx(np.mean(rewards), abs=1e-5)


def test_a_harmonization_knows_the_rules_it_was_made_under() -> None:
    melody = melody_from("C5 D5 C5:2", Key("C", "major"))
    two = exact_of_two(melody)
    assert has_two_voices(two)
    assert rules_of(two) is TWO_VOICE_RULES
    from chromasonic.harmonization.exact import harmonize_exactly

    assert rules_of(harmonize_exactly(melody)) is RULES
