"""Power: parity with published tables and with simulation; verdicts by their thresholds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from chromasonic.abtest.power import (
    Spread,
    detectable,
    pieces_needed,
    power_of,
    runs_needed,
)
from chromasonic.abtest.verdicts import Verdict, verdict_of
from chromasonic.errors import UsageError


@pytest.mark.parametrize(("effect", "pieces"), [(0.2, 199), (0.3, 90), (0.5, 34), (0.8, 15)])
def test_as_many_pieces_are_needed_as_gpower_says_for_paired_t_tests(
    effect: float, pieces: int
) -> None:
    """G*Power 3.1, difference between two dependent means, two-sided 5%, power 80%."""
    assert pieces_needed(effect * 3.0, Spread(deviation=3.0)) == pieces


def test_power_is_that_of_simulated_t_tests() -> None:
    rng = np.random.default_rng(0)
    gaps = rng.normal(0.4, 1, (4000, 30))
    seen = (stats.ttest_1samp(gaps, 0, axis=1).pvalue < 0.05).mean()
    assert power_of(0.4, Spread(deviation=1.0), 30) == pytest.approx(seen, abs=0.025)


def test_power_of_recipes_is_that_of_simulated_tests_of_their_runs() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 0.1, (4000, 5)), rng.normal(0.2, 0.1, (4000, 5))
    seen = (stats.ttest_ind(b, a, axis=1).pvalue < 0.05).mean()
    spread = Spread(deviation=0.0, seed_variance=2 * 0.1**2 / 5, runs=5, seed_freedom=8)
    assert power_of(0.2, spread, 100) == pytest.approx(seen, abs=0.025)


def test_what_is_detectable_needs_just_the_pieces_that_there_are() -> None:
    spread = Spread(deviation=0.2)
    for pieces in (8, 34, 108):
        smallest = detectable(spread, pieces)
        assert power_of(smallest, spread, pieces) == pytest.approx(0.8, abs=1e-4)
        assert pieces_needed(smallest * 1.0001, spread) == pieces


def test_no_number_of_pieces_is_enough_where_runs_vary_too_much_but_runs_are() -> None:
    spread = Spread(deviation=0.2, seed_variance=2 * 0.1**2 / 3, runs=3, seed_freedom=4)
    assert pieces_needed(0.1, spread) is None
    runs = runs_needed(0.1, spread, 500)
    assert runs is not None
    assert power_of(0.1, spread.with_runs(runs), 500) >= 0.8
    assert power_of(0.1, spread.with_runs(runs - 1), 500) < 0.8


def test_no_difference_needs_no_number_of_pieces() -> None:
    assert pieces_needed(0.0, Spread(deviation=1.0)) is None
    assert runs_needed(0.1, Spread(deviation=1.0), 50) is None  # one run a side: no spread of runs


def test_unknown_spreads_and_single_pieces_have_no_power() -> None:
    assert math.isnan(power_of(0.1, Spread(deviation=math.nan), 50))
    assert math.isnan(power_of(0.1, Spread(deviation=1.0), 1))
    assert math.isnan(detectable(Spread(deviation=1.0), 1))


def test_a_power_out_of_range_is_refused() -> None:
    for power in (0.05, 1.0, 2.0):
        with pytest.raises(UsageError, match="power is"):
            pieces_needed(0.1, Spread(deviation=1.0), power=power)


def said(
    low: float, gain: float, high: float, *, p: float = 0.5, pieces: int = 100, **options: float
) -> Verdict:
    spread = Spread(deviation=1.0)
    return verdict_of(
        gain=gain, low=low, high=high, p_value=p, pieces=pieces, spread=spread, **options
    )  # type: ignore[arg-type]


def test_verdicts_follow_their_thresholds() -> None:
    assert said(0.1, 0.2, 0.3, p=0.01) is Verdict.BETTER
    assert said(-0.3, -0.2, -0.1, p=0.01) is Verdict.WORSE
    assert said(0.1, 0.2, 0.3, p=0.06) is Verdict.NO_DIFFERENCE
    assert said(-0.01, 0.2, 0.3, p=0.01) is Verdict.NO_DIFFERENCE  # both must agree
    assert said(0.1, 0.2, 0.3, p=0.01, pieces=5) is Verdict.TOO_FEW
    assert said(-0.1, 0.1, 0.3, pieces=33) is Verdict.TOO_FEW
    assert said(-0.1, 0.1, 0.3, pieces=34) is Verdict.NO_DIFFERENCE
    assert said(math.nan, math.nan, math.nan) is Verdict.UNDEFINED


def test_margins_tell_equivalent_from_no_worse() -> None:
    assert said(-0.1, 0.0, 0.15, margin=0.2) is Verdict.EQUIVALENT
    assert said(-0.1, 0.1, 0.35, margin=0.2) is Verdict.NO_WORSE
    assert said(-0.3, 0.0, 0.1, margin=0.2) is Verdict.NO_DIFFERENCE
    assert said(-0.15, -0.1, -0.05, p=0.01, margin=0.2) is Verdict.WORSE


def test_a_difference_that_must_be_seen_decides_whether_pieces_are_too_few() -> None:
    assert said(-0.1, 0.1, 0.3, pieces=100, detect=0.3) is Verdict.NO_DIFFERENCE
    assert said(-0.1, 0.1, 0.3, pieces=80, detect=0.3) is Verdict.TOO_FEW


def test_two_recipes_of_a_few_runs_are_too_few_where_nothing_is_called() -> None:
    def said_with(runs: int) -> Verdict:
        spread = Spread(
            deviation=0.1, seed_variance=2 / runs, runs=runs, seed_freedom=2 * (runs - 1)
        )
        return verdict_of(gain=0.3, low=-1, high=1.6, p_value=0.4, pieces=500, spread=spread)

    # Two samples of 4 have a power of 0.77 at d = 2.33, of 5 one of 0.89 (two-sided t test, 5%).
    assert [said_with(runs) for runs in (2, 4)] == [Verdict.TOO_FEW] * 2
    assert said_with(5) is Verdict.NO_DIFFERENCE
