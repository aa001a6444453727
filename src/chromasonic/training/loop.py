"""The training loop: rate, batch, forward, loss, backward, clip, step, log, validate, save."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from chromasonic.errors import DataError, TrainingError
from chromasonic.training.batches import share
from chromasonic.training.config import TrainingConfig
from chromasonic.training.device import choose_device, choose_precision
from chromasonic.training.distributed import Processes, joined
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart
from chromasonic.training.parameters import parameter_count
from chromasonic.training.randomness import seeded
from chromasonic.training.saving import FLAT, Layout, Saver
from chromasonic.training.state import TrainingState, new_state, start_from
from chromasonic.training.sums import Means, Sums
from chromasonic.training.task import Batch, EpochBatches, Part, Task

FP16_HOPELESS_SCALE = 1e-3
"""A gradient that overflows even when scaled so low is not fp16's fault."""


def fit(
    model: nn.Module,
    task: Task,
    config: TrainingConfig,
    *,
    folder: Path | None,
    name: str,
    observers: Sequence[Observer] = (),
    resume: bool = False,
    overwrite: bool = False,
    init_from: Path | None = None,
    metadata: dict[str, Any] | None = None,
    layout: Layout = FLAT,
) -> TrainingHistory:
    """Train a model; afterwards it holds its best weights, in evaluation mode.

    Files in `folder`: NAME_latest.pt (each epoch, to resume from), NAME_best.pt (lowest validation
    loss), NAME_epoch_N.pt, NAME_final.pt (the last epoch's weights), NAME_history.json and .csv,
    NAME_curves.png.

    Args:
        model: any module that the task can compute a loss with.
        task: hands out batches and losses.
        config: the settings.
        folder: where files go; None writes none and keeps the best weights in memory.
        name: begins each file's name.
        observers: hear how it goes.
        resume: go on from NAME_latest.pt exactly; without one, begin.
        overwrite: whether checkpoints of another architecture under this name may be removed.
        init_from: a checkpoint or a run whose weights to begin with (not used when resuming).
        metadata: what is trained on what, plain values; goes into every checkpoint's `config`.
        layout: in which sub-folders of `folder` the files go, where several models share it.

    Returns:
        The history of all epochs, those before an interruption too.

    Raises:
        TrainingError: a loss or gradient is not finite; what was saved before stays usable.
        DataError: the training or the validation part is empty.
        CheckpointError: the checkpoint to begin with is damaged or does not fit; or another
            architecture lies in the folder under this name.
        StorageError: a file cannot be written; the old ones stay.
        DeviceError: the device is not here.
    """
    asked = choose_device(config.device)
    with joined(asked) as (processes, device), seeded(config.seed + processes.rank):
        run = _Run(
            task=task,
            config=config,
            observers=observers if processes.is_first else (),
            processes=processes,
            device=device,
            dtype=choose_precision(config.precision, device),
        )
        saver = Saver(folder, name, processes, layout)
        metadata = dict(metadata or {})
        model.to(device)
        if init_from is not None:
            start_from(model, Path(init_from), name, metadata)
        processes.begin_alike(model)  # before anything, such as an average, copies the weights
        state = new_state(model, config, metadata, name, fp16=run.dtype == torch.float16)
        if resume:
            saver.resume(state)
        else:
            saver.begin_anew(state, overwrite=overwrite)
        for observer in run.observers:
            observer.on_start(run.start(state, folder))
        wrapped = processes.wrap(model, device)

        while not state.is_done:
            epoch = _train_one_epoch(run, state, wrapped)
            is_best = state.stopping.update(epoch.epoch, epoch.val_loss)
            state.schedule.epoch_ended(epoch.val_loss)
            state.history.epochs.append(epoch)
            saver.save_epoch(state, is_best=is_best)
            for observer in run.observers:
                observer.on_epoch(epoch, is_best)

        saver.finish(state)
        model.eval()
        for observer in run.observers:
            observer.on_end(state.history)
        return state.history


def _train_one_epoch(run: _Run, state: TrainingState, model: nn.Module) -> Epoch:
    """One pass over the training part, then the validation part."""
    config, processes = run.config, run.processes
    number = state.epoch + 1
    batches = run.batches("train", number)
    parameters = [p for p in model.parameters() if p.requires_grad]
    tally = _Tally(sums=Sums(run.device), gradient_norm=torch.zeros((), device=run.device))
    model.train()
    start = time.perf_counter()

    for index, examples in enumerate(batches.plan):
        # Rate: by the updates and epochs made so far.
        rate = state.schedule.rate(
            step=state.step, epochs_done=state.epoch + index / len(batches.plan)
        )
        for group in state.optimizer.param_groups:
            group["lr"] = rate

        # Batch: this process's shares, and the targets in all shares of all processes.
        shares = [_share(batches, examples, i, run) for i in range(config.accumulation)]
        count = sum(batch.count for batch, weight in shares if weight)
        if processes.count > 1:
            count = int(processes.sum(torch.tensor(count, device=run.device)))

        # Forward, loss, backward: gradients of sums over one count are exact however it is cut.
        state.optimizer.zero_grad(set_to_none=True)
        is_finite = _backward(run, state, model, shares, count, tally)

        # Clip: to the longest gradient that may pass.
        state.scaler.unscale_(state.optimizer)
        norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
        if config.grad_clip:
            torch.nn.utils.clip_grads_with_norm_(parameters, config.grad_clip, norm)
        _check_finite(is_finite, norm, state, number, index + 1, len(batches.plan))

        # Step: the weights move, then their average.
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.step += 1
        if state.average:
            state.average.update(state.model)

        # Log.
        tally.updates += 1
        tally.gradient_norm += torch.nan_to_num(norm.detach(), posinf=0.0)
        for observer in run.observers:
            observer.on_batch(number, index + 1, len(batches.plan))

    seconds = time.perf_counter() - start
    train = tally.sums.total(processes)
    cells = torch.tensor([tally.cells, tally.padded], device=run.device)
    read, padded = processes.sum(cells).tolist()
    val = _validate_kept(run, state, model, number)
    return Epoch(
        epoch=number,
        learning_rate=float(state.optimizer.param_groups[0]["lr"]),
        train_loss=train.loss,
        val_loss=val.loss,
        train=train.metrics,
        val=val.metrics,
        gradient_norm=float(tally.gradient_norm) / tally.updates,
        padding_share=padded / read if read else 0.0,
        updates=tally.updates,
        targets=train.count,
        seconds=time.perf_counter() - start,
        tokens_per_second=train.count / max(seconds, 1e-9),
    )


@dataclass(kw_only=True)
class _Tally:
    """What an epoch's updates add up to, in this process."""

    sums: Sums
    gradient_norm: Tensor
    updates: int = 0
    cells: int = 0
    padded: int = 0


def _backward(
    run: _Run,
    state: TrainingState,
    model: nn.Module,
    shares: Sequence[tuple[Batch, float]],
    count: int,
    tally: _Tally,
) -> Tensor:
    """Add the gradients of one update's shares; whether every loss was finite."""
    is_finite = torch.ones((), dtype=torch.bool, device=run.device)
    for i, (batch, weight) in enumerate(shares):
        with _last_share_syncs(model, is_last=i == len(shares) - 1):
            with run.autocast():
                loss = run.task.loss(model, batch, label_smoothing=run.config.label_smoothing)
            # Processes average their gradients; times their number it is the sum again.
            objective = loss.objective_sum * (weight * run.processes.count / max(count, 1))
            state.scaler.scale(objective).backward()
        is_finite &= torch.isfinite(loss.loss_sum)
        if weight:
            tally.sums.add(loss, batch.count)
            tally.cells += batch.cells
            tally.padded += batch.padded
    return is_finite


def _validate_kept(run: _Run, state: TrainingState, model: nn.Module, epoch: int) -> Means:
    """Validate the weights that would be kept.

    Raises:
        TrainingError: their loss is not finite.
    """
    with state.judged_weights():
        val = _validate(run, model, epoch)
    if not math.isfinite(val.loss):
        raise TrainingError(
            f"The validation loss of {state.history.name} is {val.loss} after epoch {epoch}. "
            f"{_advice(state)}"
        )
    return val


def _validate(run: _Run, model: nn.Module, epoch: int, part: Part = "validation") -> Means:
    """Loss and metrics of a part, without dropout, smoothing or gradients."""
    batches = run.batches(part, epoch)
    sums = Sums(run.device)
    module = getattr(model, "module", model) if run.processes.count > 1 else model
    module.eval()
    with torch.no_grad():
        for examples in batches.plan:
            batch, weight = _share(batches, examples, 0, run, shares=1)
            if weight:
                with run.autocast():
                    loss = run.task.loss(module, batch, label_smoothing=0.0)
                sums.add(loss, batch.count)
    return sums.total(run.processes)


def judge(
    model: nn.Module, task: Task, part: Part, config: TrainingConfig, *, epoch: int = 1
) -> Means:
    """Loss and metrics of a model on a part, in this process alone, as training would count them.

    Raises:
        DataError: the part is empty.
    """
    device = choose_device(config.device)
    run = _Run(task, config, (), Processes(), device, choose_precision(config.precision, device))
    return _validate(run, model.to(device), epoch, part)


def _advice(state: TrainingState) -> str:
    """What to change, and what is left of a training whose loss is not finite."""
    half = ", or compute in fp32 (--precision fp32)" if state.scaler.is_enabled() else ""
    return (
        "Lower the learning rate (--learning-rate 0.0001), warm up (--warmup-steps 500) or clip "
        f"gradients (--grad-clip 1.0){half}. "
        + (
            f"Checkpoints up to epoch {state.epoch} stay usable."
            if state.epoch
            else "No epoch had ended, so there is no checkpoint."
        )
    )


def _check_finite(
    is_finite: Tensor, norm: Tensor, state: TrainingState, epoch: int, batch: int, batches: int
) -> None:
    """Stop before the step if a loss or the gradient is not finite.

    Under fp16 a gradient may overflow now and then: the scaler passes over that step.
    """
    overflow_is_normal = (
        state.scaler.is_enabled() and state.scaler.get_scale() > FP16_HOPELESS_SCALE
    )
    if bool(is_finite & (torch.isfinite(norm) | overflow_is_normal)):
        return
    what = "gradient" if bool(is_finite) else "loss"
    raise TrainingError(
        f"The {what} of {state.history.name} is not finite in epoch {epoch}, batch {batch} of "
        f"{batches}; training stopped before the step. {_advice(state)}"
    )


def _share(
    batches: EpochBatches, examples: Sequence[int], index: int, run: _Run, shares: int | None = None
) -> tuple[Batch, float]:
    """This process's share of a batch on its device, and its weight.

    A share that is empty (fewer examples than shares) gets one example of weight 0, so that every
    process runs the same number of backward passes.
    """
    local = shares or run.config.accumulation
    mine = share(examples, run.processes.rank * local + index, run.processes.count * local)
    weight = 1.0 if mine else 0.0
    return batches.batch(mine or examples[:1]).to(run.device), weight


def _last_share_syncs(model: nn.Module, *, is_last: bool) -> AbstractContextManager[None]:
    """Let processes exchange gradients once an update, on the last share."""
    if is_last or not isinstance(model, nn.parallel.DistributedDataParallel):
        return nullcontext()
    return model.no_sync()


@dataclass(frozen=True)
class _Run:
    """What stays fixed during a training."""

    task: Task
    config: TrainingConfig
    observers: Sequence[Observer]
    processes: Processes
    device: torch.device
    dtype: torch.dtype | None

    def autocast(self) -> AbstractContextManager[Any]:
        """The arithmetic of the forward pass."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def batches(self, part: Part, epoch: int) -> EpochBatches:
        """The batches of an epoch; an empty part is an error."""
        config = self.config
        batches = self.task.epoch(part, seed=config.seed, epoch=epoch, batch_size=config.batch_size)
        if not len(batches.plan):
            raise DataError(
                f"The {part} part holds nothing to learn from. "
                "Check the split, the limits on length, and the corpus."
            )
        return batches

    def start(self, state: TrainingState, folder: Path | None) -> TrainingStart:
        """What observers hear first."""
        return TrainingStart(
            name=state.history.name,
            config=self.config,
            device=str(self.device),
            precision=str(self.dtype or torch.float32).removeprefix("torch."),
            parameters=parameter_count(state.model),
            processes=self.processes.count,
            first_epoch=state.epoch + 1,
            folder=folder,
            metadata=state.metadata,
        )
