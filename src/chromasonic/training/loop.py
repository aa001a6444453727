"""The training loop: rate, batch, forward, loss, backward, clip, step, log, validate, save."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from chromasonic.errors import DataError, TrainingError
from chromasonic.training.batches import share
from chromasonic.training.checkpoint import load_checkpoint, load_weights, save_checkpoint
from chromasonic.training.config import TrainingConfig
from chromasonic.training.device import choose_device, choose_precision
from chromasonic.training.distributed import Processes, joined
from chromasonic.training.history import Epoch, Metric, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart
from chromasonic.training.randomness import rng_state, seeded
from chromasonic.training.state import (
    CheckpointFiles,
    TrainingState,
    new_state,
    start_from,
)
from chromasonic.training.task import Batch, BatchLoss, EpochBatches, Task

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
    init_from: Path | None = None,
    metadata: dict[str, Any] | None = None,
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
        init_from: a checkpoint or a run whose weights to begin with (not used when resuming).
        metadata: what is trained on what, plain values; goes into every checkpoint's `config`.

    Returns:
        The history of all epochs, those before an interruption too.

    Raises:
        TrainingError: a loss or gradient is not finite; what was saved before stays usable.
        DataError: the training or the validation part is empty.
        CheckpointError: the checkpoint to begin with is damaged or does not fit.
        StorageError: a file cannot be written; the old ones stay.
        DeviceError: the device is not here.
    """
    asked = choose_device(config.device)
    with joined(asked) as (processes, device), seeded(config.seed + processes.rank):
        run = _Run(
            task=task,
            config=config,
            files=CheckpointFiles(Path(folder), name) if folder is not None else None,
            observers=observers if processes.is_first else (),
            processes=processes,
            device=device,
            dtype=choose_precision(config.precision, device),
        )
        model.to(device)
        metadata = dict(metadata or {})
        state = new_state(model, config, metadata, name, fp16=run.dtype == torch.float16)
        is_resumed = run.go_on(state) if resume else False
        if init_from is not None and not is_resumed:
            start_from(model, Path(init_from), name, metadata)
            state = new_state(model, config, metadata, name, fp16=run.dtype == torch.float16)
        run.announce(state)
        wrapped = processes.wrap(model, device)

        while not state.is_done:
            epoch = _train_one_epoch(run, state, wrapped)
            is_best = state.stopping.update(epoch.epoch, epoch.val_loss)
            state.schedule.epoch_ended(epoch.val_loss)
            state.history.epochs.append(epoch)
            run.save_epoch(state, is_best)
            for observer in run.observers:
                observer.on_epoch(epoch, is_best)

        run.finish(state)
        return state.history


def _train_one_epoch(run: _Run, state: TrainingState, model: nn.Module) -> Epoch:
    """One pass over the training part, then the validation part."""
    config, processes = run.config, run.processes
    number = state.epoch + 1
    batches = run.batches("train", number)
    parameters = [p for p in model.parameters() if p.requires_grad]
    sums = _Sums(run.device)
    gradient_norm = torch.zeros((), device=run.device)
    cells = padded = updates = 0
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
        is_finite = torch.ones((), dtype=torch.bool, device=run.device)
        for i, (batch, weight) in enumerate(shares):
            with _last_share_syncs(model, is_last=i == len(shares) - 1):
                with run.autocast():
                    loss = run.task.loss(model, batch, label_smoothing=config.label_smoothing)
                # Processes average their gradients; times their number it is the sum again.
                objective = loss.objective_sum * (weight * processes.count / max(count, 1))
                state.scaler.scale(objective).backward()
            is_finite &= torch.isfinite(loss.loss_sum)
            if weight:
                sums.add(loss, batch.count)
                cells, padded = cells + batch.cells, padded + batch.padded

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
        updates += 1
        gradient_norm += torch.nan_to_num(norm.detach(), posinf=0.0)
        for observer in run.observers:
            observer.on_batch(number, index + 1, len(batches.plan))

    seconds = time.perf_counter() - start
    train = sums.total(processes)
    cells, padded = processes.sum(torch.tensor([cells, padded], device=run.device)).tolist()

    # Validate: on the weights that would be kept.
    with state.judged_weights():
        val = _validate(run, model, number)
    if not math.isfinite(val.loss):
        raise TrainingError(
            f"The validation loss of {state.history.name} is {val.loss} after epoch {number}. "
            f"{_ADVICE} Checkpoints up to epoch {state.epoch} stay usable."
        )
    return Epoch(
        epoch=number,
        learning_rate=float(state.optimizer.param_groups[0]["lr"]),
        train_loss=train.loss,
        val_loss=val.loss,
        train=train.metrics,
        val=val.metrics,
        gradient_norm=float(gradient_norm) / updates,
        padding_share=padded / cells if cells else 0.0,
        updates=updates,
        targets=train.count,
        seconds=time.perf_counter() - start,
        tokens_per_second=train.count / max(seconds, 1e-9),
    )


def _validate(run: _Run, model: nn.Module, epoch: int) -> _Means:
    """Loss and metrics of the validation part, without dropout, smoothing or gradients."""
    batches = run.batches("validation", epoch)
    sums = _Sums(run.device)
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


_ADVICE = (
    "Lower the learning rate (--learning-rate 0.0001), warm up (--warmup-steps 500), clip "
    "gradients (--grad-clip 1.0) or compute in fp32."
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
        f"{batches}; training stopped before the step. {_ADVICE} "
        f"Checkpoints up to epoch {state.epoch} stay usable."
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
class _Means:
    """What a pass over a part gave: mean loss, metrics, and the number of targets."""

    loss: float
    count: int
    metrics: dict[str, Metric]


class _Sums:
    """Adds up losses and metrics on the device, so that no batch waits for the CPU."""

    def __init__(self, device: torch.device) -> None:
        self.dtype = torch.float32 if device.type == "mps" else torch.float64
        self.device = device
        self.names: list[str] = []
        self.values = torch.zeros(0, dtype=self.dtype, device=device)
        self.count = 0

    def add(self, loss: BatchLoss, count: int) -> None:
        if not self.names:
            self.names = list(loss.metrics)
            self.values = torch.zeros(1 + 2 * len(self.names), dtype=self.dtype, device=self.device)
        numbers = [loss.loss_sum.detach()]
        for name in self.names:
            numbers += loss.metrics[name]
        self.values += torch.stack([number.to(self.dtype) for number in numbers])
        self.count += count

    def total(self, processes: Processes) -> _Means:
        """Means over all that was added, in all processes."""
        names: list[str] = max(processes.gather(self.names), key=len)
        values = self.values
        if not len(values):
            values = torch.zeros(1 + 2 * len(names), dtype=self.dtype, device=self.device)
        count = int(processes.sum(torch.tensor(self.count, device=self.device)))
        loss, *metrics = processes.sum(values).tolist()
        return _Means(
            loss=loss / count if count else math.nan,
            count=count,
            metrics={
                name: Metric(sum=metrics[2 * i], count=metrics[2 * i + 1])
                for i, name in enumerate(names)
            },
        )


@dataclass
class _Run:
    """What stays fixed during a training, and its files."""

    task: Task
    config: TrainingConfig
    files: CheckpointFiles | None
    observers: Sequence[Observer]
    processes: Processes
    device: torch.device
    dtype: torch.dtype | None
    best_in_memory: dict[str, Tensor] = field(default_factory=dict)
    has_saved: bool = False

    def autocast(self) -> AbstractContextManager[Any]:
        """The arithmetic of the forward pass."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def batches(self, part: Any, epoch: int) -> EpochBatches:
        """The batches of an epoch; an empty part is an error."""
        config = self.config
        batches = self.task.epoch(part, seed=config.seed, epoch=epoch, batch_size=config.batch_size)
        if not len(batches.plan):
            raise DataError(
                f"The {part} part holds nothing to learn from. "
                "Check the split, the limits on length, and the corpus."
            )
        return batches

    def go_on(self, state: TrainingState) -> bool:
        """Resume from `latest`, if there is one."""
        if self.files is None or not self.files.path("latest.pt").exists():
            return False
        state.resume(self.files.path("latest.pt"), self.processes)
        self.has_saved = True
        return True

    def announce(self, state: TrainingState) -> None:
        if self.files is not None and self.processes.is_first:
            self.files.remove_unfinished()
        start = TrainingStart(
            name=state.history.name,
            config=self.config,
            device=str(self.device),
            precision=str(self.dtype or torch.float32).removeprefix("torch."),
            parameters=sum(p.numel() for p in state.model.parameters() if p.requires_grad),
            processes=self.processes.count,
            first_epoch=state.epoch + 1,
            folder=self.files.folder if self.files else None,
            metadata=state.metadata,
        )
        for observer in self.observers:
            observer.on_start(start)

    def save_epoch(self, state: TrainingState, is_best: bool) -> None:
        """Write what an epoch leaves. `latest` comes after `best`: whoever is killed in between
        resumes from the epoch before, and makes the same best again."""
        rng_states = self.processes.gather(rng_state())
        if self.files is None:
            if is_best:
                with state.judged_weights():
                    self.best_in_memory = copy.deepcopy(state.model.state_dict())
            return
        if self.processes.is_first:
            if not self.has_saved:
                self.files.remove_old()
                self.has_saved = True
            every = self.config.checkpoint_every
            with state.judged_weights():
                judged = state.checkpoint(rng_states)
                if is_best:
                    save_checkpoint(self.files.path("best.pt"), judged)
                if every and state.epoch % every == 0:
                    save_checkpoint(self.files.path(f"epoch_{state.epoch}.pt"), judged)
            save_checkpoint(self.files.path("latest.pt"), state.checkpoint(rng_states))
            self.save_history(state.history)
        self.processes.wait()

    def save_history(self, history: TrainingHistory) -> None:
        assert self.files is not None
        history.save(self.files.path("history.json"))
        history.save(self.files.path("history.csv"))

    def finish(self, state: TrainingState) -> None:
        """Write the final weights and the curves, and put the best weights into the model."""
        state.history.end = "patience" if state.epoch < self.config.epochs else "epochs"
        if self.files is not None:
            if self.processes.is_first:
                rng_states = [rng_state()]
                with state.judged_weights():
                    save_checkpoint(self.files.path("final.pt"), state.checkpoint(rng_states))
                self.save_history(state.history)
                state.history.plot_curves(self.files.path("curves.png"))
            self.processes.wait()
            best = load_checkpoint(self.files.path("best.pt"))
            load_weights(state.model, best, source=self.files.path("best.pt"))
        elif self.best_in_memory:
            state.model.load_state_dict(self.best_in_memory)
        state.model.eval()
        for observer in self.observers:
            observer.on_end(state.history)
