"""The prior: what it sees, and that NumPy and PyTorch compute the same."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_priors import chorale, network, prior_of
from small_melodies import melodies, melody_of

from chromasonic.errors import CheckpointError, DataError
from chromasonic.harmonization.exact import candidates
from chromasonic.harmonization.prior_features import steps_of_beats, steps_of_sixteenths
from chromasonic.harmonization.prior_frames import (
    CLASSES,
    COLUMNS,
    LOWEST,
    NONE,
    NOWHERE,
    PITCHES,
    SEEN,
    WIDTH,
    scored_columns,
    seen_below,
    seen_degrees,
)
from chromasonic.harmonization.prior_training import (
    PriorTask,
    batch_of,
    changed,
    example_of_pitches,
    examples_on_beats,
    examples_on_sixteenths,
)
from chromasonic.training.config import TrainingConfig
from chromasonic.training.loop import judge

TUNE = melody_of([67, 69, 71, 72, 74, 72, 71, 72], leaving=[67, 69, 72, 72, 74, 72, 71, 72])
BEAT_FEATURES = steps_of_beats(TUNE.beats).features.shape[1]


def random_lower(rng: np.random.Generator, steps: int, silence: float = 0.1) -> np.ndarray:
    """(T, 3) pitches within the classes of each voice, some of them silent."""
    pitches = np.array(LOWEST) + rng.integers(0, PITCHES, (steps, 3))
    return np.where(rng.random((steps, 3)) < silence, -1, pitches)


def torch_log_likelihoods(made, steps, lower):
    logits = made(
        torch.from_numpy(steps.features)[None],
        torch.from_numpy(np.asarray(steps.soprano))[None],
        torch.from_numpy(np.asarray(steps.tonic))[None],
        torch.from_numpy(lower)[None],
    )[0].log_softmax(-1)
    classes = np.where(lower < 0, 0, lower - np.array(LOWEST) + 1)
    return logits.gather(-1, torch.from_numpy(classes)[..., None])[..., 0].detach().numpy()


@pytest.mark.parametrize("memory", [0, 5])
def test_numpy_computes_what_pytorch_computes(memory):
    made = network(BEAT_FEATURES, memory=memory)
    steps = steps_of_beats(TUNE.beats)
    for seed in range(5):
        lower = random_lower(np.random.default_rng(seed), len(steps))

        ours = prior_of(made).log_likelihoods(steps, lower)

        assert np.abs(ours - torch_log_likelihoods(made, steps, lower)).max() < 1e-5


def test_numpy_computes_what_pytorch_computes_where_the_melody_rests():
    soprano = np.array([-1, -1, 67, 67, 69, -1, 71, 72])
    steps = steps_of_sixteenths(soprano, 0, "major")
    made = network(steps.features.shape[1], memory=4)
    lower = random_lower(np.random.default_rng(1), len(steps), silence=0.4)

    ours = prior_of(made).log_likelihoods(steps, lower)

    assert np.abs(ours - torch_log_likelihoods(made, steps, lower)).max() < 1e-5


@settings(max_examples=15, deadline=None)
@given(melodies(most_beats=4), st.integers(0, 99))
def test_likelihoods_of_all_pairs_are_those_of_each_pair_by_itself(melody, seed):
    prior = prior_of(network(BEAT_FEATURES, seed=seed))
    steps, sets = steps_of_beats(melody.beats), candidates(melody)
    rng = np.random.default_rng(seed)
    path = np.array([set_.pitches[rng.integers(len(set_)), 1:] for set_ in sets])
    context = prior.context(steps)

    singly = prior.log_likelihoods(steps, path).sum(1)

    before = np.full((1, 3), NONE)
    for beat, set_ in enumerate(sets):
        after = set_.pitches[:, 1:]
        row = int(np.flatnonzero((after == path[beat]).all(1))[0])
        pairs = prior.of_all_pairs(
            context[beat], int(steps.soprano[beat]), int(steps.tonic[beat]), before, after
        )
        assert pairs.shape == (len(before), len(after))
        assert abs(pairs[-1, row] - singly[beat]) < 1e-4
        before = np.concatenate([after[:3], path[beat : beat + 1]])


def test_all_pitches_of_a_voice_have_together_the_probability_1():
    prior = prior_of(network(BEAT_FEATURES))
    steps = steps_of_beats(TUNE.beats)
    rng = np.random.default_rng(3)
    lower = random_lower(rng, len(steps), silence=0)
    for voice in range(3):
        total = np.zeros(len(steps))
        for pitch in (-1, *range(LOWEST[voice], LOWEST[voice] + PITCHES)):
            at_last = lower.copy()
            at_last[-1, voice] = pitch
            total += np.exp(prior.log_likelihoods(steps, at_last)[:, voice])
        assert abs(total[-1] - 1) < 1e-5


def test_a_model_with_a_memory_refuses_all_pairs():
    prior = prior_of(network(BEAT_FEATURES, memory=3))
    rows = np.array([[60, 55, 48]])

    with pytest.raises(CheckpointError, match="remembers more than one voicing"):
        prior.of_all_pairs(np.zeros(12, np.float32), 67, 0, rows, rows)


def test_what_comes_later_in_the_lower_voices_changes_nothing_before():
    prior = prior_of(network(BEAT_FEATURES, memory=4))
    steps = steps_of_beats(TUNE.beats)
    lower = random_lower(np.random.default_rng(0), len(steps), silence=0)
    other = lower.copy()
    other[5:] = random_lower(np.random.default_rng(1), len(steps) - 5, silence=0)

    ours, theirs = prior.log_likelihoods(steps, lower), prior.log_likelihoods(steps, other)

    assert np.array_equal(ours[:5], theirs[:5])
    assert not np.allclose(ours[5:], theirs[5:])


def test_a_voice_does_not_know_those_that_are_set_after_it():
    prior = prior_of(network(BEAT_FEATURES))
    steps = steps_of_beats(TUNE.beats)
    lower = random_lower(np.random.default_rng(0), len(steps), silence=0)
    other = lower.copy()
    other[-1, 0] = lower[-1, 0] + 1 if lower[-1, 0] < LOWEST[0] + PITCHES - 1 else LOWEST[0]

    ours, theirs = prior.log_likelihoods(steps, lower), prior.log_likelihoods(steps, other)

    assert np.array_equal(ours[:, 1:], theirs[:, 1:])  # tenor and bass are set before the alto


def test_features_are_the_same_in_every_key_but_for_the_height():
    low = steps_of_beats(melody_of([62, 64, 66, 67], tonic=2).beats).features
    high = steps_of_beats(melody_of([65, 67, 69, 70], tonic=5).beats).features

    differing = np.flatnonzero((low != high).any(0))

    assert len(differing) == 5  # the soft classes of the melody's height
    assert (np.diff(differing) == 1).all()


@given(
    voice=st.integers(0, 2),
    pitch=st.integers(0, PITCHES - 1),
    soprano=st.integers(57, 81),
    tonic=st.integers(0, 11),
    before=st.integers(0, PITCHES - 1),
)
def test_every_frame_has_its_own_columns_and_tables_hold_all_rows(
    voice, pitch, soprano, tonic, before
):
    low = LOWEST[voice]
    arguments = (np.array([value]) for value in (low + pitch, soprano, tonic, low + before))

    columns = [int(one[0]) for one in scored_columns(voice, *arguments)]

    for column, frame in zip(columns, ("pitch", "degree", "below", "motion"), strict=True):
        assert COLUMNS[frame].start <= column < COLUMNS[frame].stop
    assert columns[0] == pitch + 1
    assert columns[3] - COLUMNS["motion"].start == pitch - before + PITCHES - 1
    for seen in (
        seen_degrees(np.array(low + pitch), np.array(tonic)),
        seen_below(np.array(low + pitch), np.array(soprano)),
    ):
        assert 0 <= int(seen) < SEEN
    assert COLUMNS["pitch"].stop == CLASSES
    assert WIDTH == NOWHERE


def test_silence_and_the_beginning_are_seen_as_such():
    pitch, tonic, soprano = np.array([60, -1, NONE]), np.zeros(3, int), np.full(3, 72)

    assert len(set(seen_degrees(pitch, tonic).tolist())) == 3
    assert len(set(seen_below(pitch, soprano).tolist())) == 3


def test_a_chorale_stands_in_all_keys_that_its_ranges_allow():
    piece = chorale("I", "IV", "V", "I")  # soprano 71 to 72, alto 67 to 69, tenor 62 to 65, bass 43
    examples = examples_on_beats(piece, in_all_keys=True)

    # The alto may go up to 74, the tenor to 69: 4 upwards; downwards 6, the farthest.
    assert len(examples) == 11
    assert examples[0].lower[:, 0].tolist() == [67, 69, 67, 67]
    assert sorted(int(one.lower[0, 2]) for one in examples) == list(range(42, 53))
    tonics = {(int(one.steps.tonic[0]) - int(one.lower[0, 2])) % 12 for one in examples}
    assert tonics == {0}


def test_the_likelihood_protocol_knows_the_soprano_alone():
    piece = chorale("I", "IV", "V", "I").pitches
    other = piece.copy()
    other[:, 1:] -= 1

    ours, theirs = example_of_pitches(piece), example_of_pitches(other)

    assert np.array_equal(ours.steps.features, theirs.steps.features)


def test_a_silent_soprano_is_refused():
    silent = np.full((8, 4), 60)
    silent[:, 0] = -1

    with pytest.raises(DataError, match="silent soprano"):
        example_of_pitches(silent)


def test_padding_counts_nowhere():
    short = examples_on_sixteenths(chorale("I", "V"), in_all_keys=False)[0]
    long = examples_on_sixteenths(chorale("I", "IV", "ii", "V", "I"), in_all_keys=False)[0]
    made = network(short.steps.features.shape[1], memory=3)
    task = PriorTask([[short]], [short, long])

    together, *apart = (
        task.loss(made, batch_of(examples), label_smoothing=0).loss_sum.detach()
        for examples in ([short, long], [short], [long])
    )

    assert batch_of([short, long]).count == 3 * (len(short) + len(long))
    assert abs(float(together) - sum(map(float, apart))) < 1e-2


def test_the_loss_is_the_mean_negative_log_likelihood_of_the_prior():
    example = examples_on_beats(chorale("I", "IV", "V", "I"), in_all_keys=False)[0]
    made = network(BEAT_FEATURES)
    task = PriorTask([[example]], [example])

    means = judge(made, task, "validation", TrainingConfig(epochs=1, device="cpu"))

    assert means.loss == pytest.approx(
        -prior_of(made).log_likelihoods(example.steps, example.lower).mean(), abs=1e-5
    )


def test_changed_notes_are_those_with_another_pitch_than_before():
    lower = torch.tensor([[[60, 55, 48], [60, 57, 48], [62, 57, 48]]])

    assert changed(lower)[0].tolist() == [[True] * 3, [False, True, False], [True, False, False]]


def test_a_pitch_that_has_no_class_is_refused():
    piece = chorale("I", "V")
    piece.pitches[3, 3] = 20

    with pytest.raises(DataError, match="bass sings 20 at step 3; allowed: 33 to 67"):
        PriorTask([examples_on_sixteenths(piece, in_all_keys=False)], [])


def test_the_hybrid_harmonizes_without_pytorch():
    code = (
        "import sys, chromasonic.harmonization.hybrid, chromasonic.harmonization.agents;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
