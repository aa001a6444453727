"""What the HarmonyPredictor hears: its memory by hand, numbers from the tonic, examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from harmony_pieces import piece
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.companion.harmony_features import (
    EXAMPLE_BEATS,
    FACTS,
    HISTORY,
    PLACE,
    TARGET,
    encoded,
    harmony_examples,
    turned,
    turned_classes,
)
from chromasonic.companion.harmony_memory import ORDER, HarmonyMemory
from chromasonic.music.chord import HOLD, NONE, OTHER, START, class_named
from chromasonic.music.progression import progression
from chromasonic.training.examples import FEATURES, MASK

C, F, G7, AM = (class_named(name) for name in ("C", "F", "G7", "Am"))


def heard(*classes: int) -> HarmonyMemory:
    memory = HarmonyMemory()
    for class_id in classes:
        memory.hear(class_id)
    return memory


def test_before_the_first_chord_only_start_is_on() -> None:
    block = heard(START, START).numbers()
    assert np.flatnonzero(block).tolist() == [START]
    assert block[START] == 1


def test_the_memory_by_hand_on_a_first_hearing() -> None:
    block = heard(C, C, HOLD, F, F).numbers()
    assert block[F] == 1
    assert block[C] == pytest.approx(0.15 * 0.6)
    assert block[HOLD] == pytest.approx(math.log2(3))
    assert block[START] == 0  # nobody knows how long F lasts
    assert np.count_nonzero(block) == 3


def test_the_memory_expects_what_came_the_last_time_and_when() -> None:
    memory = heard(C, C, F, F, F, G7, C)  # C lasted two beats, then came F
    block = memory.numbers()
    assert block[START] == -1  # too early
    assert block[F] == pytest.approx(0.15 * 0.6**2 + 0.25 + 0.25 / ORDER)
    memory.hear(HOLD)
    assert memory.numbers()[START] == 1  # now
    memory.hear(HOLD)
    assert memory.numbers()[START] == pytest.approx(0.3)  # overdue


def test_a_longer_run_of_chords_knows_better_than_a_short_one() -> None:
    # After C F comes G7, after Am F comes C; F alone was last followed by C.
    memory = heard(C, F, G7, AM, F, C, F)
    assert memory.expected == (G7, 1, 2)
    assert heard(C, F, G7, AM, F, C, AM, F).expected == (C, 1, 2)
    assert memory.numbers()[G7] == pytest.approx(0.15 * 0.6**4 + 0.25 + 0.25 * 2 / ORDER, rel=1e-5)


def test_a_copy_of_a_memory_goes_its_own_way() -> None:
    memory = heard(C, F, C)
    other = memory.copy()
    other.hear(G7)
    assert memory.current == C
    assert memory.expected == (F, 1, 1)
    assert memory.after[(C,)] == (F, 1)


def test_a_beat_by_hand() -> None:
    song = piece([-1, C, C, F, F, G7], melody=False)
    features, targets, history = encoded(song)
    assert targets.tolist() == [START, C, HOLD, F, HOLD, G7]
    assert features[3, PLACE["last_chord"]][C] == 1
    assert features[3, PLACE["last_chord"]][HOLD] == pytest.approx(math.log2(3))
    assert features[3, PLACE["beat"]].tolist() == [0, 0, 0, 1]
    assert features[4, PLACE["beat"]].tolist() == [1, 0, 0, 0]
    assert np.flatnonzero(features[0, PLACE["key"]]).tolist() == [0, 2, 4, 5, 7, 9, 11]
    assert not features[:, PLACE["melody"]].any()
    facts = dict(zip(FACTS, history[5].tolist(), strict=True))
    assert facts["beat"] == 64 + 4
    assert [facts[name] for name in ("chord0", "held0", "chord1", "held1")] == [F, 2, C, 2]
    assert [facts[name] for name in ("chord2", "held2")] == [-1, -1]
    assert [facts[name] for name in ("due", "expected", "found")] == [0, -1, 0]


def test_the_melody_is_heard_four_beats_ahead_and_ends_in_silence() -> None:
    song = piece([C] * 6)
    features, _, _ = encoded(song)
    melody = features[:, PLACE["melody"]].reshape(6, 4, 12)
    assert melody[1] == pytest.approx(song.melody[1:5].astype(np.float32))
    assert melody[5, 0] == pytest.approx(song.melody[5].astype(np.float32))
    assert not melody[5, 1:].any()


def test_metres_are_told_apart_by_the_number_in_the_beat_block() -> None:
    song = piece([C] * 3)
    waltz = progression(
        list(song.chords()), id="", title="", beat=[0, 1, 2], bar_beats=[3] * 3,
        tonic=[0] * 3, scale=song.scale,
    )  # fmt: skip
    assert encoded(waltz)[0][2, PLACE["beat"]].tolist() == [0, 0, 0.75, 0]


@given(
    st.lists(st.sampled_from([-1, C, F, G7, AM, NONE, OTHER]), min_size=1, max_size=40),
    st.integers(0, 11),
)
@settings(max_examples=40, deadline=None)
def test_a_piece_in_another_key_gives_the_same_numbers(classes: list[int], tonic: int) -> None:
    home = piece(classes)
    up = [c if c in (-1, NONE, OTHER) else int(turned_classes(np.array(c), tonic)) for c in classes]
    away = piece(up, tonic=tonic)
    moved = progression(
        list(away.chords()), id="", title="", beat=away.beat.tolist(),
        bar_beats=away.bar_beats.tolist(), tonic=away.tonic.tolist(), scale=away.scale,
        melody=np.roll(home.melody, tonic, axis=1),
    )  # fmt: skip
    for one, other in zip(encoded(home), encoded(moved), strict=True):
        assert one == pytest.approx(other)


@given(st.integers(-24, 24))
def test_turning_back_gives_the_same_features(semitones: int) -> None:
    features, targets, _ = encoded(piece([C, C, F, G7, G7, AM] * 3))
    there = turned(features, semitones)
    assert turned(there, -semitones) == pytest.approx(features)
    assert turned_classes(turned_classes(targets, semitones), -semitones).tolist() == (
        targets.tolist()
    )
    if semitones % 12:
        assert np.abs(there - features).max() > 0


def test_pieces_are_cut_into_examples_that_hold_each_beat_once() -> None:
    song = piece([C, C, F, G7] * 20, seed=3)
    examples = harmony_examples([(song, "corpus")], times={"corpus": 2})
    assert len(examples) == 2 * 3
    assert set(examples.pieces) == {"piece/3"}
    first = examples.items[:3]
    assert sum(int(item[MASK].sum()) for item in first) == 80
    assert all(item[FEATURES].shape == (EXAMPLE_BEATS, 128) for item in first)
    assert all(item[HISTORY].shape == (EXAMPLE_BEATS, len(FACTS)) for item in first)
    kept = np.concatenate([item[TARGET][item[MASK] > 0] for item in first])
    assert kept.tolist() == encoded(song)[1].tolist()
