"""Rates on sixteenths: counted by hand, by another program, and reproducing known figures."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_melodies import melody_of

from chromasonic.errors import UsageError
from chromasonic.harmonization.exact import harmonize_exactly
from chromasonic.harmonization.melodies import melody_of_steps
from chromasonic.harmonization.rates import (
    RATES,
    count_rates,
    rates_over_pieces,
    voices_on_sixteenths,
)

BY_HAND = np.array(
    [
        (72, 67, 60, 48),  # C major
        (74, 69, 62, 50),  # all a tone up: octaves S-T, S-B, T-B; fifths A-T, A-B
        (74, 69, 62, 50),  # held
        (72, 62, 65, 41),  # alto and tenor cross; the bass falls a sixth
        (-1, 62, 65, 41),  # the soprano rests
        (76, 60, 55, 48),  # alto 16 semitones below the soprano
    ]
)


def test_a_few_chords_counted_by_hand():
    found = count_rates(BY_HAND)

    assert found["parallel_octaves"] == (3, 2)  # out of two changed steps
    assert found["parallel_fifths"] == (2, 2)
    assert found["crossing"] == (1, 5)  # the fifth chord rests
    assert found["wide_gap"] == (1, 5)
    # The lower voices move three times, then three times: the bass by nine, the alto by seven.
    assert found["wide_leap"] == (1, 6)
    assert found["contrary"] == (0, 2)  # soprano and bass rise together, then fall together
    # 74/50 to 72/41: the outer voices go from an octave to a compound sixth; nothing is hidden.
    assert found["hidden_octaves"] == (0, 2)
    # The crossing alto comes down to the tenor's last tone, not below it.
    assert found["overlap"] == (0, 2)


def test_contrary_motion_counts_only_where_both_outer_voices_move():
    pitches = [(72, 48), (74, 47), (74, 45), (76, 47), (74, 48)]

    assert count_rates(pitches)["contrary"] == (2, 3)


def counted_slowly(pitches: list[list[int]]) -> dict[str, tuple[int, int]]:
    """The same rates, voice by voice and step by step, from their definitions in words."""
    names = ("parallel_fifths", "parallel_octaves", "crossing", "wide_gap", "contrary", "overlap")
    found = dict.fromkeys(names, 0)
    steps = outer = 0
    frames = [row for row in pitches if min(row) >= 0]
    for row in frames:
        found["crossing"] += any(row[v] < row[v + 1] for v in range(3))
        found["wide_gap"] += row[0] - row[1] > 12 or row[1] - row[2] > 12
    for old, new in pairwise(pitches):
        if min(*old, *new) < 0 or old == new:
            continue
        steps += 1
        for a, b in combinations(range(4), 2):
            moves = new[a] - old[a], new[b] - old[b]
            if moves[0] * moves[1] <= 0:
                continue
            intervals = {abs(old[a] - old[b]) % 12, abs(new[a] - new[b]) % 12}
            found["parallel_fifths"] += intervals == {7}
            found["parallel_octaves"] += intervals == {0}
        for v in range(3):
            found["overlap"] += new[v + 1] > old[v] or new[v] < old[v + 1]
        if old[0] != new[0] and old[3] != new[3]:
            outer += 1
            found["contrary"] += (new[0] > old[0]) != (new[3] > old[3])
    out_of = {"crossing": len(frames), "wide_gap": len(frames), "contrary": outer}
    return {name: (count, out_of.get(name, steps)) for name, count in found.items()}


@settings(deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(2, 12), st.just(4)),
              elements=st.sampled_from([-1, 48, 50, 55, 57, 60, 62, 67, 69, 72, 74])))  # fmt: skip
def test_counts_agree_with_counting_voice_by_voice(pitches):
    found, slow = count_rates(pitches), counted_slowly(pitches.tolist())

    assert {name: found[name] for name in slow} == slow


@settings(deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(1, 12), st.integers(2, 4)),
              elements=st.integers(40, 80)), st.integers(-5, 5))  # fmt: skip
def test_transposition_changes_no_rate(pitches, semitones):
    assert count_rates(pitches + semitones) == count_rates(pitches)


def test_rates_over_pieces_divide_sums_and_have_intervals():
    once = count_rates([(72, 60), (74, 59), (76, 61)])  # contrary, then similar
    twice = count_rates([(72, 60), (74, 59), (76, 57), (77, 55)])  # contrary throughout

    figure = rates_over_pieces([once, twice, once])["contrary"]

    assert figure.value == pytest.approx((1 + 3 + 1) / (2 + 3 + 2))
    assert figure.low < figure.value < figure.high
    assert figure.n == 3


def test_a_rate_of_nothing_is_undefined_and_not_zero():
    figure = rates_over_pieces([count_rates([(72, 60), (72, 60)])])["contrary"]

    assert not figure.is_defined


def test_every_rate_says_what_it_is_divided_by():
    found = count_rates(BY_HAND)

    assert set(found) == set(RATES)
    assert all(rate.over and rate.text for rate in RATES.values())


@pytest.mark.parametrize("pitches", [[60, 62], [[60], [62]], np.zeros((2, 2, 2))])
def test_what_is_no_table_of_voices_is_refused(pitches):
    with pytest.raises(UsageError, match="one row a sixteenth and one column a voice"):
        count_rates(pitches)


def test_an_agents_voices_stand_under_the_melodys_own_sixteenths():
    soprano = np.repeat([67, 69, 71, 72], 4)
    soprano[6:8] = 71  # within the second beat the melody moves on
    melody = melody_of_steps(soprano)
    one = harmonize_exactly(melody)

    pitches = voices_on_sixteenths(one, soprano)

    np.testing.assert_array_equal(pitches[:, 0], soprano)
    np.testing.assert_array_equal(pitches[:, 1:], np.repeat(one.voicings.pitches[:, 1:], 4, 0))


def test_where_no_beat_sounds_the_lower_voices_are_silent():
    soprano = np.array([67] * 4 + [-1] * 4 + [72] * 4)
    one = harmonize_exactly(melody_of_steps(soprano))

    pitches = voices_on_sixteenths(one, soprano)

    assert (pitches[4:8] == -1).all()
    assert (pitches[:4] >= 0).all()


def test_the_optimum_of_a_scale_breaks_none_of_the_grave_rules():
    melody = melody_of([60, 62, 64, 65, 67, 69, 71, 72])
    one = harmonize_exactly(melody)

    found = count_rates(one.voicings.pitches)

    for name in ("parallel_fifths", "parallel_octaves", "crossing", "wide_gap"):
        assert found[name][0] == 0


@pytest.mark.corpus
def test_bachs_rates_are_those_known_of_the_test_chorales(corpus_folder):
    """Figures counted beforehand by another program, over all six pairs of voices."""
    from chromasonic.data import load

    corpus = load("jsb-chorales", data_dir=corpus_folder, download=False)
    figures = rates_over_pieces([count_rates(piece.pitches) for piece in corpus.part("test")])

    assert figures["parallel_octaves"].value == pytest.approx(0.0008, abs=0.0001)
    assert figures["crossing"].value == pytest.approx(0.020, abs=0.0005)
    assert figures["wide_gap"].value == pytest.approx(0.016, abs=0.0005)
    assert figures["contrary"].value == pytest.approx(0.587, abs=0.0005)
    # 0.25% in that count, which took crossed fourths for fifths, and steps into rests (5 of 18).
    assert figures["parallel_fifths"].value == pytest.approx(0.0018, abs=0.0001)
