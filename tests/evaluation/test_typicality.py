"""Human tunes lie in the upper bands, and tunes that were spoilt lie below 0.5."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chromasonic.data import Corpus, load
from chromasonic.errors import EvaluationError
from chromasonic.evaluation.controls import CONTROLS
from chromasonic.evaluation.descriptors import METRICS
from chromasonic.evaluation.metric_check import HUMAN, check_metrics
from chromasonic.evaluation.outline import outline_of
from chromasonic.evaluation.reference import default_reference, reference_of
from chromasonic.evaluation.typicality import SCALE, Reference, scaled
from chromasonic.music.tune import Tune


def assert_the_bands_hold(reference: Reference, held_out: Sequence[Tune]) -> None:
    checked = check_metrics(reference, held_out)
    assert set(checked) == {HUMAN, *CONTROLS}
    for name, figures in checked.items():
        for metric in METRICS:
            value = figures[metric].value
            assert value >= 0.7 if name == HUMAN else value < 0.5, (metric, name, value)


@pytest.fixture(scope="module")
def folk_reference(folk: Corpus) -> Reference:
    return reference_of(folk.part("train"), name="folk-pd, train")


def test_held_out_folk_tunes_are_typical_and_controls_are_not(
    folk: Corpus, folk_reference: Reference
) -> None:
    held_out = folk.part("validation")
    assert not {tune.id for tune in held_out} & {tune.id for tune in folk.part("train")}
    assert_the_bands_hold(folk_reference, held_out[::2])


@pytest.mark.corpus
def test_held_out_nottingham_tunes_are_typical_and_controls_are_not(corpus_folder: Path) -> None:
    corpus = load("nottingham", data_dir=corpus_folder, download=False)
    reference = reference_of(corpus.part("train"), name="nottingham, train")
    assert_the_bands_hold(reference, corpus.part("validation"))


def test_reference_tunes_are_not_nearer_to_the_middle_than_others(folk: Corpus) -> None:
    # Few reference tunes and many descriptors: judged by a middle that they had drawn themselves,
    # they would push every other human tune down the percentiles.
    tunes = folk.part("train")
    small = Reference(tunes[:: len(tunes) // 60], name="few")
    percentiles = [small.score(tune, "coherence").percentile for tune in folk.part("validation")]
    assert 0.35 < float(np.nanmedian(percentiles)) < 0.65


def test_the_scale_puts_the_borders_of_the_bands_at_a_fifth_and_a_third() -> None:
    assert [scaled(p) for p in (0, 1 / 5, 1 / 3, 1)] == pytest.approx([0, 0.5, 0.7, 1])
    assert [p for p, _ in SCALE] == sorted(p for p, _ in SCALE)


def test_a_tune_in_another_key_scores_the_same(folk: Corpus, folk_reference: Reference) -> None:
    for tune in folk.part("validation")[:10]:
        for metric in METRICS:
            first, second = (folk_reference.score(t, metric) for t in (tune, tune.transposed(3)))
            assert first.score == pytest.approx(second.score, nan_ok=True)


@pytest.mark.parametrize("metric", METRICS)
def test_every_descriptor_is_a_number_free_of_the_key(
    metric: str, fixture_tunes: tuple[Tune, ...]
) -> None:
    for name, descriptor in METRICS[metric].items():
        values = [descriptor(outline_of(tune)) for tune in fixture_tunes]
        moved = [descriptor(outline_of(tune.transposed(-2))) for tune in fixture_tunes]
        assert values == pytest.approx(moved, nan_ok=True), name
        assert not all(math.isnan(value) for value in values), name
        assert not any(math.isinf(value) for value in values), name
        assert descriptor.__doc__


def test_too_much_of_a_good_thing_is_atypical_too(folk: Corpus, folk_reference: Reference) -> None:
    tune = folk.part("validation")[0]
    bar = next(bar for bar in tune.bars if bar.is_full)
    same_bar_for_ever = replace(tune, bars=(bar,) * 16)
    assert folk_reference.score(same_bar_for_ever, "musicality").score < 0.5


def test_a_tune_of_a_few_notes_is_undefined_with_a_reason(
    folk: Corpus, folk_reference: Reference
) -> None:
    tune = folk.part("validation")[0]
    short = replace(tune, bars=tune.bars[:1])
    score = folk_reference.score(short, "coherence")
    assert math.isnan(score.score)
    assert "too few" in score.reason


def test_the_reference_names_its_tunes(folk: Corpus) -> None:
    tunes = folk.part("train")[:50]
    facts = Reference(tunes, name="fifty").facts
    assert (facts.name, facts.count) == ("fifty", 50)
    assert facts == Reference(tunes[::-1], name="fifty").facts  # the order does not matter
    assert facts.ids_hash != Reference(folk.part("train")[1:51], name="fifty").facts.ids_hash


def test_without_a_corpus_the_folk_tunes_that_are_installed_stand_in() -> None:
    facts = default_reference().facts
    assert facts.name == "folk-pd, train"
    assert facts.count >= 300


def test_a_handful_of_tunes_is_no_reference(fixture_tunes: tuple[Tune, ...]) -> None:
    with pytest.raises(EvaluationError, match="percentiles need at least 30"):
        Reference(fixture_tunes, name="twelve")
