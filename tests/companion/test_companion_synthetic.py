"""Made-up examples can be learned: a trained network beats every constant answer by far."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromasonic import companion
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.scoring import best_constant, sums_by_piece
from chromasonic.companion.spec import SPECS
from chromasonic.errors import UsageError
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK, ExampleTask
from chromasonic.training.loop import fit
from chromasonic.training.randomness import seeded

DATASETS = {
    "emotion_recognizer": (companion.SyntheticEmotionDataset, "emotion"),
    "melody_transformer": (companion.SyntheticMelodyDataset, "melody"),
    "harmony_predictor": (companion.SyntheticHarmonyDataset, "harmony"),
    "dynamics_engine": (companion.SyntheticDynamicsDataset, "expression"),
    "groove_predictor": (companion.SyntheticGrooveDataset, "groove"),
}
ALL = pytest.mark.parametrize("name", DATASETS)


def made(name: str, count: int, seed: int = 0):
    return DATASETS[name][0](num_samples=count, seed=seed)


@ALL
def test_each_example_has_the_true_shapes(name: str) -> None:
    data, key = made(name, 12), DATASETS[name][1]
    assert len(data) == len(data.pieces) == 12
    for example in data:
        assert set(example) == {FEATURES, key, MASK}
        features, target, mask = example[FEATURES], example[key], example[MASK]
        assert features.dtype == torch.float32
        assert features.shape[-1] == SPECS[name].inputs
        assert features.ndim == (1 if name in ("dynamics_engine", "groove_predictor") else 2)
        assert torch.isfinite(features).all()
        assert float(mask.sum()) > 0
        if key in ("melody", "harmony"):
            assert target.dtype == torch.int64
            assert 0 <= int(target.min()) <= int(target.max()) < SPECS[name].outputs
            assert target.shape == mask.shape
        else:
            assert target.shape[-1] == SPECS[name].outputs
        if key == "emotion":
            assert torch.allclose(target.sum(-1), torch.ones(len(target)))


@ALL
def test_the_same_seed_makes_the_same_examples_and_a_longer_set_begins_alike(name: str) -> None:
    first, again, longer, other = made(name, 5), made(name, 5), made(name, 9), made(name, 5, 1)
    for number in range(5):
        for key, value in first[number].items():
            assert torch.equal(value, again[number][key])
            assert torch.equal(value, longer[number][key])
    assert any(
        first[0][FEATURES].shape != other[0][FEATURES].shape
        or not torch.equal(first[n][FEATURES], other[n][FEATURES])
        for n in range(5)
    )


def test_a_set_of_no_examples_is_refused() -> None:
    with pytest.raises(UsageError, match="num_samples is 0"):
        companion.SyntheticGrooveDataset(num_samples=0)


def test_they_work_in_a_torch_loader() -> None:
    loader = torch.utils.data.DataLoader(
        companion.SyntheticDynamicsDataset(num_samples=10), batch_size=4
    )
    assert [tuple(batch["expression"].shape) for batch in loader] == [(4, 16), (4, 16), (2, 16)]


# Of the loss that the best constant answer has, what a trained network may still have at most.
WIDE_MARGIN = {
    "emotion_recognizer": 0.75,  # a bell on the plane has an entropy of its own, which stays
    "melody_transformer": 0.6,
    "harmony_predictor": 0.3,
    "dynamics_engine": 0.5,
    "groove_predictor": 0.7,
}


@ALL
def test_a_trained_network_beats_the_best_constant_answer_by_far_and_an_untrained_does_not(
    name: str,
) -> None:
    task = COMPANIONS[name]
    is_sequence = name not in ("dynamics_engine", "groove_predictor")
    count = {"emotion_recognizer": 48}.get(name, 96) if is_sequence else 1000
    train, held_out = made(name, count, 0), made(name, count // 3, 1)
    with seeded(0):
        network = CompanionNetwork(task.spec)
    untrained = loss_on(name, network, held_out)
    constant = loss_on(name, best_constant(task, train), held_out)
    fit(
        network,
        ExampleTask(train, held_out, task.loss, is_sequence=is_sequence),
        TrainingConfig(
            epochs=10,
            batch_size=8 if is_sequence else 64,
            learning_rate=3e-3,
            device="cpu",
            patience=0,
        ),
        folder=None,
        name=name,
    )
    trained = loss_on(name, network, held_out)
    assert trained < WIDE_MARGIN[name] * constant
    assert untrained > 0.95 * constant


def loss_on(name: str, model: torch.nn.Module, examples: companion.SyntheticMelodyDataset) -> float:
    pieces = sums_by_piece(COMPANIONS[name], model, examples)
    return float(np.sum(pieces.sums["loss"]) / np.sum(pieces.counts["loss"]))


def test_swing_can_be_told_from_the_hats() -> None:
    from chromasonic.companion.synthetic import synthetic_groove

    examples = synthetic_groove(400, 0)
    swung, straight = [], []
    for item in examples.items:
        hats, timing, struck = item[FEATURES][32:48], item["groove"][16:], item[MASK][16:]
        off_beats = struck[2::4] > 0
        (straight if hats[1::2].sum() > 4 else swung).extend(timing[2::4][off_beats].tolist())
    assert np.mean(swung) > 0.2
    assert abs(np.mean(straight)) < 0.05
