"""The loop: it learns, its updates are exact, it stops where it must, its caller is left alone."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from toy import CLASSES, ToyModel, ToyTask, plain, same_tensors

from chromasonic.errors import DataError, DeviceError, TrainingError, UsageError
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.config import TrainingConfig
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer


def config(**changes: object) -> TrainingConfig:
    values = {"epochs": 3, "batch_size": 8, "learning_rate": 0.01, "device": "cpu", **changes}
    return TrainingConfig(**values)  # type: ignore[arg-type]


def train(folder: Path | None, model: nn.Module | None = None, **changes: object):
    model = model or ToyModel()
    return fit(model, ToyTask(), config(**changes), folder=folder, name="toy"), model


def test_a_model_learns_what_can_be_learned(tmp_path: Path) -> None:
    history, _ = train(tmp_path, ToyModel(16, 0.0), epochs=60, learning_rate=0.05)
    assert history.best_val_loss < 0.02
    assert history.val_accuracies[-1] == 1.0
    assert history.val_losses[0] > 0.2


def test_it_leaves_the_named_files(tmp_path: Path) -> None:
    train(tmp_path, epochs=4, checkpoint_every=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "toy_best.pt", "toy_curves.png", "toy_epoch_2.pt", "toy_epoch_4.pt", "toy_final.pt",
        "toy_history.csv", "toy_history.json", "toy_latest.pt",
    ]  # fmt: skip


def test_every_tenth_epoch_is_kept_by_default(tmp_path: Path) -> None:
    train(tmp_path, epochs=20, patience=0)
    assert sorted(p.name for p in tmp_path.glob("*epoch*")) == [
        "toy_epoch_10.pt",
        "toy_epoch_20.pt",
    ]
    assert load_checkpoint(tmp_path / "toy_epoch_10.pt")["epoch"] == 10


def test_one_update_is_what_torch_does_by_hand() -> None:
    """One batch, no clipping, no decay: mean loss over all real targets, one AdamW step."""
    task, model, twin = ToyTask(train=6, noise=False), ToyModel(dropout=0), ToyModel(dropout=0)
    once = config(epochs=1, batch_size=6, grad_clip=0, weight_decay=0)
    fit(model, task, once, folder=None, name="toy")
    batches = task.epoch("train", seed=0, epoch=1, batch_size=6)
    ids = batches.batch(batches.plan[0]).tensors["ids"]
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.01, weight_decay=0)
    logits = twin(ids[:, :-1]).transpose(1, 2)
    functional.cross_entropy(logits, ids[:, 1:], ignore_index=0).backward()
    optimizer.step()
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


def test_accumulation_does_not_change_the_update() -> None:
    results = []
    for accumulation in (1, 3, 8, 30):  # 30 shares of 8 examples: some are empty
        model = ToyModel(dropout=0)
        history = fit(
            model, ToyTask(noise=False), config(accumulation=accumulation), folder=None, name="toy"
        )
        results.append((history, model))
    for history, model in results[1:]:
        assert history.train_losses == pytest.approx(results[0][0].train_losses, abs=1e-5)
        assert [e.targets for e in history.epochs] == [e.targets for e in results[0][0].epochs]
        for ours, first in zip(model.parameters(), results[0][1].parameters(), strict=True):
            torch.testing.assert_close(ours, first, rtol=1e-4, atol=1e-5)


def test_clipping_bounds_the_gradient_and_decay_spares_vectors() -> None:
    seen: dict[str, float] = {}

    class Spy(torch.optim.AdamW):
        def step(self, *args: object, **kwargs: object):  # type: ignore[override]
            norms = [p.grad.norm() for g in self.param_groups for p in g["params"]]
            seen["norm"] = max(seen.get("norm", 0), float(torch.stack(norms).norm()))
            seen["decays"] = [
                (p.ndim, g["weight_decay"]) for g in self.param_groups for p in g["params"]
            ]
            return super().step(*args, **kwargs)  # type: ignore[arg-type]

    from chromasonic.training import state

    patch = pytest.MonkeyPatch()
    patch.setattr(state.torch.optim, "AdamW", Spy)
    try:
        history, _ = train(None, grad_clip=0.1, weight_decay=0.3)
    finally:
        patch.undo()
    assert history.epochs[0].gradient_norm > 0.1
    assert seen["norm"] == pytest.approx(0.1, rel=1e-3)
    assert set(seen["decays"]) == {(2, 0.3), (1, 0.0)}


def test_same_seed_same_run_and_another_seed_another() -> None:
    (a, first), (b, second), (c, _) = train(None), train(None), train(None, seed=1)
    assert plain(a) == plain(b) != plain(c)
    assert same_tensors(first.state_dict(), second.state_dict())


def test_the_callers_generators_are_left_as_they_were() -> None:
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002
    expected = (torch.rand(2).tolist(), random.random(), np.random.rand())  # noqa: NPY002
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002
    train(None)
    assert (torch.rand(2).tolist(), random.random(), np.random.rand()) == expected  # noqa: NPY002


def test_the_best_weights_are_back_after_early_stopping(tmp_path: Path) -> None:
    history, model = train(
        tmp_path, epochs=200, learning_rate=1.0, patience=3, scheduler="step", grad_clip=0
    )
    assert history.end == "patience"
    assert len(history) == history.best_epoch + 3
    best = load_checkpoint(tmp_path / "toy_best.pt")
    assert best["epoch"] == history.best_epoch
    assert best["metrics"]["val_loss"] == history.best_val_loss
    assert same_tensors(model.state_dict(), best["model_state_dict"])
    final = load_checkpoint(tmp_path / "toy_final.pt")
    assert final["epoch"] == len(history)
    assert not same_tensors(final["model_state_dict"], best["model_state_dict"])
    assert not model.training


def test_without_a_folder_the_best_weights_are_kept_in_memory(tmp_path: Path) -> None:
    settings = {"epochs": 40, "learning_rate": 1.0, "patience": 3, "grad_clip": 0}
    _, in_memory = train(None, **settings)
    _, on_disk = train(tmp_path, **settings)
    assert same_tensors(in_memory.state_dict(), on_disk.state_dict())


def test_averaged_weights_are_validated_and_kept(tmp_path: Path) -> None:
    history, model = train(tmp_path, average_decay=0.9, epochs=4)
    best = load_checkpoint(tmp_path / "toy_best.pt")
    latest = load_checkpoint(tmp_path / "toy_latest.pt")
    assert history.best_epoch == 4
    assert same_tensors(best["model_state_dict"], model.state_dict())
    for name, weight in latest["average_state_dict"]["weights"].items():
        assert torch.equal(best["model_state_dict"][name], weight)
        assert not torch.equal(latest["model_state_dict"][name], weight)
    assert train(None, epochs=4)[0].val_losses != history.val_losses


def test_label_smoothing_changes_the_gradient_but_not_the_reported_loss() -> None:
    """The first batch's reported loss is that of the untouched weights, smoothing or not."""
    settings = {"epochs": 1, "batch_size": 24}
    plain_run, a = train(None, **settings)
    smooth_run, b = train(None, label_smoothing=0.2, **settings)
    assert plain_run.train_losses == smooth_run.train_losses
    assert not same_tensors(a.state_dict(), b.state_dict())


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_learns_as_full_precision_does(precision: str) -> None:
    full, _ = train(None, epochs=5)
    mixed, model = train(None, epochs=5, precision=precision)
    assert mixed.val_losses == pytest.approx(full.val_losses, rel=0.02)
    assert mixed.val_losses != full.val_losses
    assert all(p.dtype == torch.float32 for p in model.parameters())


class Poisoned(ToyTask):
    """Gives a loss or a gradient that is not finite in one batch of one epoch."""

    def __init__(self, what: str, epoch: int, batch: int) -> None:
        super().__init__()
        self.what, self.at, self.now, self.seen = what, (epoch, batch), 0, 0

    def epoch(self, part, *, seed, epoch, batch_size):  # type: ignore[no-untyped-def]
        self.now, self.seen = epoch, 0
        return super().epoch(part, seed=seed, epoch=epoch, batch_size=batch_size)

    def loss(self, model, batch, *, label_smoothing):  # type: ignore[no-untyped-def]
        loss = super().loss(model, batch, label_smoothing=label_smoothing)
        self.seen += model.training
        if model.training and (self.now, self.seen) == self.at:
            if self.what == "loss":
                bad = loss.loss_sum * math.nan
                return type(loss)(objective_sum=bad, loss_sum=bad, metrics=loss.metrics)
            weight = model.output.weight
            spike = (weight[0, 0] - weight[0, 0].detach()).sqrt()  # 0, with an infinite slope
            return type(loss)(
                objective_sum=loss.objective_sum + spike,
                loss_sum=loss.loss_sum,
                metrics=loss.metrics,
            )
        return loss


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_stops_before_the_step(tmp_path: Path, what: str) -> None:
    model = ToyModel()
    with pytest.raises(TrainingError, match=rf"{what} of toy is not finite in epoch 3, batch 2 of"):
        fit(model, Poisoned(what, 3, 2), config(epochs=9), folder=tmp_path, name="toy")
    assert all(torch.isfinite(p).all() for p in model.parameters())
    for name in ("best", "latest"):
        content = load_checkpoint(tmp_path / f"toy_{name}.pt")
        assert content["epoch"] == 2
        assert all(torch.isfinite(w).all() for w in content["model_state_dict"].values())
    resumed = fit(ToyModel(), ToyTask(), config(epochs=4), folder=tmp_path, name="toy", resume=True)
    assert len(resumed) == 4


def test_a_diverging_rate_says_so() -> None:
    class Exploding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(CLASSES, CLASSES))

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return (self.weight[ids] ** 9).exp()

    with pytest.raises(TrainingError, match="Lower the learning rate"):
        train(None, Exploding(), learning_rate=1.0, grad_clip=0, epochs=50)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_an_empty_part_is_an_error(part: str) -> None:
    with pytest.raises(DataError, match=f"The {part} part holds nothing"):
        fit(ToyModel(), ToyTask(**{part: 0}), config(), folder=None, name="toy")


def test_a_module_without_parameters_is_refused() -> None:
    with pytest.raises(UsageError, match="no parameters to train"):
        fit(nn.Identity(), ToyTask(), config(), folder=None, name="toy")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_here_is_named_with_those_that_are() -> None:
    with pytest.raises(DeviceError, match=r"no 'cuda' device on this machine; there is: .*cpu"):
        train(None, device="cuda")
    with pytest.raises(DeviceError, match="Unknown device 'gpu'"):
        train(None, device="gpu")


def test_observers_hear_everything_in_order_and_may_end_the_run() -> None:
    heard: list[str] = []

    class Ear(Observer):
        def on_start(self, start):  # type: ignore[no-untyped-def]
            heard.append(f"start {start.name} {start.device} {start.parameters}")

        def on_batch(self, epoch: int, batch: int, batches: int) -> None:
            heard.append(f"batch {epoch} {batch}/{batches}")

        def on_epoch(self, epoch, is_best):  # type: ignore[no-untyped-def]
            heard.append(f"epoch {epoch.epoch} {is_best}")
            if epoch.epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(ToyModel(), ToyTask(), config(), folder=None, name="toy", observers=[Ear()])
    assert heard == [
        "start toy cpu 135", "batch 1 1/3", "batch 1 2/3", "batch 1 3/3", "epoch 1 True",
        "batch 2 1/3", "batch 2 2/3", "batch 2 3/3", "epoch 2 True",
    ]  # fmt: skip


def test_a_new_run_does_not_pass_off_an_old_ones_epochs_as_its_own(tmp_path: Path) -> None:
    train(tmp_path, epochs=20, patience=0)
    train(tmp_path, epochs=3, seed=1)
    assert not list(tmp_path.glob("toy_epoch_*.pt"))
    assert load_checkpoint(tmp_path / "toy_latest.pt")["epoch"] == 3
    assert load_checkpoint(tmp_path / "toy_previous.pt")["epoch"] == 20  # not lost either
