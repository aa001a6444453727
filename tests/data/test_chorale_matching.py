"""Which settings are the same, and which tunes: on music made here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.data.chorale_matching import (
    doubles,
    local_alignment,
    match_settings,
    reduced_tune,
    shared_passages,
    tune_groups,
    tune_similarity,
)
from chromasonic.music.chorale import SILENT, Integers


def made_up(steps: int, seed: int) -> Integers:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.integers(48, 72, (steps // 4, 4)), 4, axis=0).astype(np.int64)


def slow_local_alignment(first: list[int], second: list[int]) -> float:
    """Smith and Waterman's recurrence, cell by cell."""
    table = [[0.0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            table[i][j] = max(
                0.0,
                table[i - 1][j - 1] + (1.0 if a == b else -1.0),
                table[i - 1][j] - 1.0,
                table[i][j - 1] - 1.0,
            )
    return max(max(row) for row in table)


tunes = st.lists(st.integers(60, 64), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(tunes, tunes)
def test_the_local_alignment_is_smith_and_watermans(first: list[int], second: list[int]) -> None:
    fast = local_alignment(np.array(first), np.array(second))
    assert fast == slow_local_alignment(first, second)


def test_the_same_setting_is_found_in_another_key_and_with_its_repeat_written_out() -> None:
    scores = {name: made_up(96, seed) for name, seed in (("a", 1), ("b", 2), ("c", 3))}
    chorales = {
        "x": np.concatenate([scores["b"][:32], scores["b"]]) - 2,
        "y": scores["c"].copy(),
        "z": made_up(96, 9),
    }
    found = match_settings(chorales, scores)
    assert {name: score for name, (score, _) in found.items()} == {"x": "b", "y": "c"}
    assert found["x"][1].transposition == -2
    assert found["x"][1].agreement == 1.0


def test_doubles_name_the_first_edition() -> None:
    score = made_up(96, 1)
    same = doubles({"a": score, "b": made_up(96, 2), "c": score + 5, "d": score[16:]})
    assert same == {"c": "a", "d": "a"}


TUNE = [67, 69, 71, 67, 72, 71, 69, 67, 74, 72, 71, 69, 67, 66, 67, 62, 64, 66, 67, 69, 71, 69, 67]


def sung(beats: list[int]) -> Integers:
    return np.repeat(np.array(beats, np.int64), 4)


def test_a_tune_is_reduced_to_its_beats_without_repeated_notes_and_rests() -> None:
    soprano = sung([67, 67, 69, 71])
    soprano[10:12] = 70  # a passing sixteenth
    soprano = np.concatenate([soprano, np.full(4, SILENT), sung([71, 72])])
    assert reduced_tune(soprano).tolist() == [67, 69, 71, 72]


def ornamented(tune: list[int]) -> list[int]:
    """The tune with a note put between and one changed."""
    return [*tune[:6], 70, *tune[6:15], tune[15] + 1, *tune[16:]]


def groups(variant: list[int], titles: list[str]) -> list[int]:
    other = np.random.default_rng(0).integers(60, 76, 24).tolist()
    return tune_groups([reduced_tune(sung(tune)) for tune in (TUNE, other, variant)], titles)


@pytest.mark.parametrize(
    "variant",
    [[note + 5 for note in TUNE], ornamented(TUNE), [note for note in TUNE for _ in range(2)]],
    ids=["transposed", "ornamented", "augmented"],
)
def test_variants_of_a_tune_are_one_group(variant: list[int]) -> None:
    assert groups(variant, ["", "", ""]) == [0, 1, 0]


def test_phrases_in_another_order_are_one_group_where_the_title_says_so() -> None:
    variant = [*TUNE[12:], *TUNE[:15]]  # two thirds of the tune in a row
    assert groups(variant, ["", "", ""]) == [0, 1, 2]
    assert groups(variant, ["one", "", "one"]) == [0, 1, 0]


def test_one_title_does_not_make_two_tunes_one() -> None:
    other = np.random.default_rng(0).integers(60, 76, 24)
    reduced = [reduced_tune(sung(t)) for t in (TUNE, other.tolist())]
    assert tune_groups(reduced, ["one", "one"]) == [0, 1]
    assert tune_groups(reduced, ["one", "one"], same=[(0, 1)]) == [0, 0]


def test_similarity_is_the_share_of_the_shorter_tune() -> None:
    tune = np.array(TUNE)
    assert tune_similarity(tune, tune + 2) == 1.0
    assert tune_similarity(tune[:12], tune + 2) == 1.0
    assert tune_similarity(tune, np.array([], np.int64)) == 0.0


def test_ten_beats_in_common_are_a_shared_passage_and_nine_are_not() -> None:
    first, second, third = made_up(96, 1), made_up(96, 2), made_up(96, 3)
    second[8:48] = first[40:80] + 4
    third[0:36] = first[40:76]
    assert shared_passages([first, second, third]) == [(0, 1)]
    second[20, 2] = SILENT
    assert shared_passages([first, second, third]) == []
