"""Diversity and memorization, by hand and against the slow way."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from chromasonic.data import Corpus
from chromasonic.errors import EvaluationError
from chromasonic.evaluation.bands import band_of
from chromasonic.evaluation.diversity import diversity_of, moves
from chromasonic.evaluation.memorization import copied_runs, memorization_of
from chromasonic.formats.abc import read_abc
from chromasonic.music.tune import Tune


def tune_of(abc: str, key: str = "C") -> Tune:
    text = f"X:1\nT:t\nM:4/4\nL:1/4\nK:{key}\n{abc}\n"
    return read_abc(text, source="a test").tunes[0]


def test_diversity_by_hand() -> None:
    # First: moves +2 +2 +1 +2 +2 (all quarters): two 4-grams, both different. Second: a scale in
    # seconds of 2 semitones each: two equal 4-grams. Nothing in common.
    first, second = tune_of("C D E F|G A"), tune_of("C D E ^F|^G ^A")
    result = diversity_of([first, second])
    assert result.distinct.value == pytest.approx((2 / 2 + 1 / 2) / 2)
    assert result.self_similarity.value == 0
    assert result.value.value == pytest.approx(math.sqrt(0.75))
    assert result.value.n == 2


def test_the_same_tune_over_and_over_has_no_diversity() -> None:
    tune = tune_of("C D E F|G A B c|")
    assert diversity_of([tune, tune.transposed(5), tune]).value.value == 0


def test_one_note_over_and_over_is_too_repetitive() -> None:
    tunes = [tune_of("C C C C|" * 16), tune_of("D2 D2|" * 16)]
    assert band_of("diversity", diversity_of(tunes).value.value) == "too repetitive"


def test_human_tunes_are_of_high_variety_whatever_their_number(folk: Corpus) -> None:
    tunes = folk.part("validation")
    few, many = (diversity_of(tunes[::step]).value.value for step in (40, 4))
    assert band_of("diversity", many) == "high variety"
    assert few == pytest.approx(many, abs=0.05)


def test_fewer_than_two_tunes_have_no_diversity_and_say_why() -> None:
    value = diversity_of([tune_of("C D E F|G A"), tune_of("C D|")]).value
    assert math.isnan(value.value)
    assert "1 of 2 tunes" in value.reason


def test_moves_are_free_of_the_key() -> None:
    tune = tune_of("C E2 G-|G4|")
    assert moves(tune) == moves(tune.transposed(4))
    assert [interval for interval, _ in moves(tune)] == [4, 3]


def slow_runs(query: list[int], training: list[list[int]]) -> list[int]:
    """The longest match from each place, by trying every place of every training sequence."""
    best = []
    for start in range(len(query)):
        longest = 0
        for other in training:
            for place in range(len(other)):
                length = 0
                while (
                    start + length < len(query)
                    and place + length < len(other)
                    and query[start + length] == other[place + length]
                ):
                    length += 1
                longest = max(longest, length)
        best.append(longest)
    return best


@pytest.mark.parametrize("symbols", [1, 2, 5])
def test_the_fast_index_finds_what_the_slow_search_finds(symbols: int) -> None:
    rng = np.random.default_rng(symbols)
    for _ in range(15):
        training = [rng.integers(0, symbols, rng.integers(0, 20)).tolist() for _ in range(4)]
        queries = [rng.integers(0, symbols, rng.integers(0, 15)).tolist() for _ in range(3)]
        expected = [slow_runs(query, training) for query in queries]
        assert [run.tolist() for run in copied_runs(queries, training)] == expected


def test_a_training_tune_in_another_key_is_copied_whole() -> None:
    tune = tune_of("C D E F|G A B c|d e f g|")
    result = memorization_of([tune.transposed(-3)], [tune, tune_of("C4|E4|G4|")])
    assert result.copied_share.value == 1
    assert (result.longest_run_of_all, result.whole_tunes) == (12, 1)


def test_only_runs_of_eight_notes_count_as_copied() -> None:
    training = [tune_of("C D E F|G A B c|")]
    copied = tune_of("C D E F|G A B c|C c C c|C c C c|")  # 8 notes of 16
    almost = tune_of("C D E F|G A B C|C c C c|C c C c|")  # 7 notes
    result = memorization_of([copied, almost], training)
    assert result.copied_share.value == pytest.approx(8 / 32)
    assert result.runs_N == (8, 7)
    assert result.longest_run.value == 7.5
    assert result.whole_tunes == 0


def test_another_rhythm_is_no_copy() -> None:
    tune = tune_of("C D E F|G A B c|")
    swung = replace(tune_of("C3/2 D/2 E3/2 F/2|G3/2 A/2 B3/2 c/2|"), id="swung")
    assert memorization_of([swung], [tune]).copied_share.value == 0


def test_memorization_against_nothing_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="1 and 0"):
        memorization_of([tune_of("C D E F|")], [])


@pytest.mark.parametrize(
    ("metric", "value", "word"),
    [
        ("accuracy", 0.71, "excellent"),
        ("accuracy", 0.7, "good"),
        ("accuracy", 0.5, "good"),
        ("accuracy", 0.49, "needs improvement"),
        ("perplexity", 9.9, "excellent"),
        ("perplexity", 10, "good"),
        ("perplexity", 50, "good"),
        ("perplexity", 50.1, "uncertain"),
        ("diversity", 0.39, "too repetitive"),
        ("diversity", 0.7, "balanced"),
        ("coherence", 0.6, "acceptable"),
        ("musicality", 0.2, "random-sounding"),
        ("musicality", math.nan, "undefined"),
    ],
)
def test_the_specified_words(metric: str, value: float, word: str) -> None:
    assert band_of(metric, value) == word
