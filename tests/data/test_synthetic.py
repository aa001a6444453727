"""Made tunes: the same by seed, of the lengths asked for, with the structure promised."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from chromasonic.data.synthetic import RHYTHMS, random_walk_tunes, structured_tunes
from chromasonic.errors import UsageError
from chromasonic.music.tune import Tune

MAKERS = [random_walk_tunes, structured_tunes]


def scale_steps(tune: Tune) -> list[int]:
    """Intervals counted in steps of the tune's scale."""
    scale = sorted(tune.key.pitch_classes, key=lambda p: (p - tune.key.tonic_pitch_class) % 12)
    pitches = [pitch for _, _, pitch in tune.sounding()]
    places = [7 * ((p - tune.key.tonic_pitch_class) // 12) + scale.index(p % 12) for p in pitches]
    return [after - before for before, after in pairwise(places)]


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_seed_gives_the_same_tunes_and_a_larger_number_only_adds(make) -> None:
    assert make(20, 4) == make(30, 4)[:20]
    assert make(20, 4) != make(20, 5)


@pytest.mark.parametrize("make", MAKERS)
def test_bars_are_full_and_notes_are_of_the_key(make) -> None:
    for tune in make(100, 0):
        assert all(bar.is_full for bar in tune.bars)
        assert {pitch % 12 for _, _, pitch in tune.sounding()} <= tune.key.pitch_classes


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("shortest", "longest"), [(16, 24), (30, 30), (40, 80)])
def test_lengths_in_notes_are_kept(make, shortest: int, longest: int) -> None:
    for tune in make(40, 1, min_length=shortest, max_length=longest):
        assert shortest <= len(list(tune.sounding())) <= longest


def test_random_walks_go_by_small_steps_of_the_scale() -> None:
    steps = Counter(step for tune in random_walk_tunes(200, 2) for step in scale_steps(tune))
    assert set(steps) == {-2, -1, 0, 1, 2}
    assert steps[1] + steps[-1] > steps[0] + steps[2] + steps[-2]


def test_structured_tunes_end_on_the_tonic_and_come_back_to_their_first_phrase() -> None:
    tunes = structured_tunes(200, 0)
    for tune in tunes:
        assert tune.bars[-1].notes[-1].pitch % 12 == tune.key.tonic_pitch_class
        first = tune.bars[0].notes
        assert sum(bar.notes == first for bar in tune.bars) >= 2
        assert tune.metre in RHYTHMS
    assert len({tune.metre for tune in tunes}) == len(RHYTHMS)
    assert len({tune.key.mode for tune in tunes}) == 4


@pytest.mark.parametrize("make", MAKERS)
def test_numbers_that_cannot_be_are_refused(make) -> None:
    with pytest.raises(UsageError, match="number of tunes is 0"):
        make(0, 0)
    with pytest.raises(UsageError, match="Lengths from 9 to 8"):
        make(1, 0, min_length=9, max_length=8)


def test_a_length_that_no_structured_tune_has_is_refused() -> None:
    with pytest.raises(UsageError, match="No structured tune with 1 to 2 notes"):
        structured_tunes(1, 0, min_length=1, max_length=2)
