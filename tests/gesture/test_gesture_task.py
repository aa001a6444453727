"""What the loop is given: examples that chance changes by their own number, and honest sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_movements import LABELS, made_corpus
from torch.nn.functional import cross_entropy

from chromasonic.gesture.augmentation_config import AugmentationConfig
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.models import build
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.preparing import prepare
from chromasonic.gesture.recipe import GestureData, GestureRecipe
from chromasonic.gesture.runs import task_of
from chromasonic.gesture.task import GestureTask, at_last_frame, rising_cross_entropy
from chromasonic.training.config import TrainingConfig
from chromasonic.training.loop import fit

TINY = NetworkConfig(
    spatial_dim=8, spatial_layers=1, temporal_dim=12, temporal_layers=1, classifier_dim=16,
    dropout=0.0,
)  # fmt: skip
CHANGES = AugmentationConfig(time_warp=0.2, rotation_degrees=20, noise=0.1, joint_dropout=0.2,
                             mixing=0.4)  # fmt: skip


def task(augmentation: AugmentationConfig | None = None, workers: int = 0) -> GestureTask:
    recipe = GestureRecipe(augmentation=augmentation or AugmentationConfig())
    made = task_of(recipe, prepare(made_corpus(), GestureData(), FeatureConfig(bones=True)))
    return replace(made, workers=workers)


def network(**sizes: object) -> torch.nn.Module:
    data = prepare(made_corpus(), GestureData(), FeatureConfig(bones=True))
    return build(replace(TINY, **sizes), data.skeleton, data.classes, data.reader.config)


def batches(of: GestureTask, part: str, epoch: int = 1) -> list[dict[str, torch.Tensor]]:
    made = of.epoch(part, seed=3, epoch=epoch, batch_size=8)
    return [dict(made.batch(examples).tensors) for examples in made.plan]


def same(left: list[dict[str, torch.Tensor]], right: list[dict[str, torch.Tensor]]) -> bool:
    return all(
        a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
        for a, b in zip(left, right, strict=True)
    )


def test_an_epoch_is_the_same_again_and_another_one_is_not() -> None:
    of = task(CHANGES)
    assert same(batches(of, "train", 1), batches(of, "train", 1))
    shapes = [{name: t.sum().item() for name, t in b.items()} for b in batches(of, "train", 2)]
    assert shapes != [
        {name: t.sum().item() for name, t in b.items()} for b in batches(of, "train", 1)
    ]


def test_an_example_does_not_hang_on_its_batch() -> None:
    of = task(CHANGES)
    made = of.epoch("train", seed=3, epoch=1, batch_size=8)
    whole = made.batch(made.plan[0]).tensors
    for place, number in enumerate(made.plan[0]):
        alone = made.batch([number]).tensors["features"][0]
        assert torch.equal(whole["features"][place, : len(alone)], alone)
        assert not whole["features"][place, len(alone) :].any()


def test_loading_processes_change_nothing() -> None:
    assert same(batches(task(CHANGES, workers=2), "train"), batches(task(CHANGES), "train"))


def test_validation_is_never_changed() -> None:
    assert same(batches(task(CHANGES), "validation", 1), batches(task(), "validation", 2))


def test_training_features_stand_around_nought() -> None:
    of = task()
    values = np.concatenate([of.reader.read(m) for m in of.train.movements])
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)
    deviation = values.std(axis=0)
    assert np.all((np.abs(deviation - 1) < 1e-3) | (deviation == 0))


def test_the_counts_are_movements_and_the_padding_is_said() -> None:
    made = task().epoch("train", seed=0, epoch=1, batch_size=8)
    for examples in made.plan:
        batch = made.batch(examples)
        lengths = batch.tensors["mask"].sum(1)
        assert batch.count == len(examples)
        assert batch.padded == batch.cells - int(lengths.sum())


def test_loss_and_metrics_are_those_of_each_movement_alone() -> None:
    of, model = task(), network().eval()
    made = of.epoch("validation", seed=0, epoch=1, batch_size=64)
    examples = [number for part in made.plan for number in part]
    together = of.loss(model, made.batch(examples), label_smoothing=0.0)
    alone, right = 0.0, 0
    for number in examples:
        tensors = made.batch([number]).tensors
        with torch.no_grad():
            logits = model(tensors["features"])
        label = int(tensors["target"].argmax())
        alone += float(cross_entropy(logits, torch.tensor([label])))
        right += int(logits.argmax() == label)
    assert float(together.loss_sum) == pytest.approx(alone, rel=1e-4)
    assert int(together.metrics["accuracy"][0]) == right


def test_rising_weights_sum_to_one_and_see_no_padding() -> None:
    logits = torch.randn(2, 5, 3)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]).bool()
    target = torch.eye(3)[[0, 2]]
    by_hand = sum(
        float(cross_entropy(logits[0, t], torch.tensor(0))) * (t + 1) / 15 for t in range(5)
    ) + sum(float(cross_entropy(logits[1, t], torch.tensor(2))) * (t + 1) / 3 for t in range(2))
    assert float(rising_cross_entropy(logits, mask, target)) == pytest.approx(by_hand, rel=1e-5)
    logits[1, 2:] = 1e6
    assert float(rising_cross_entropy(logits, mask, target)) == pytest.approx(by_hand, rel=1e-5)
    assert torch.equal(at_last_frame(logits, mask), torch.stack([logits[0, 4], logits[1, 1]]))


@pytest.mark.parametrize("causal", [False, True])
def test_a_small_network_learns_three_movements(causal: bool) -> None:
    of, model = task(CHANGES), network(causal=causal)
    config = TrainingConfig(
        epochs=15, batch_size=8, learning_rate=0.02, scheduler="cosine", patience=0, device="cpu"
    )
    torch.manual_seed(0)
    history = fit(model, of, config, folder=None, name="made")
    best = history.best
    assert best is not None
    assert best.val["accuracy"].value >= 0.9
    assert len(LABELS) == 3
