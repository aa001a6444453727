"""How a model is trained: every number that the loop uses, validated at birth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromasonic.errors import ConfigError

Scheduler = Literal["reduce_on_plateau", "step", "cosine"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]

SCHEDULERS: tuple[Scheduler, ...] = ("reduce_on_plateau", "step", "cosine")
PRECISIONS: tuple[Precision, ...] = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The settings of one training.

    Attributes:
        epochs: passes over the training part at most.
        batch_size: sequences of one update, over all processes and all accumulated shares.
        accumulation: shares that a process cuts its part of the batch into, to save memory; the
            update stays the same.
        learning_rate: the highest rate that the schedule reaches; 1 at most, as AdamW moves weights
            by up to as much in each update.
        weight_decay: AdamW's, on matrices only (no biases, norms or embeddings of one axis).
        beta2: decay of AdamW's second moments for each update.
        grad_clip: longest gradient (Euclidean norm) that passes unscaled; 0 turns clipping off.
        label_smoothing: share of the target's mass that is spread over all classes.
        scheduler: what moves the rate: a validation plateau, every N epochs, or half a cosine.
        scheduler_patience: epochs without improvement before `reduce_on_plateau` cuts the rate.
        scheduler_factor: what `reduce_on_plateau` and `step` multiply the rate with.
        step_epochs: epochs between two cuts of `step`.
        min_learning_rate: no schedule falls below it (except while warming up).
        warmup_steps: updates over which the rate climbs linearly from near 0, in every schedule.
        patience: epochs without improvement before training stops; 0 never stops early.
        min_delta: how much lower (in units of the loss) counts as an improvement for `patience`.
        average_decay: decay of the moving average of the weights for each update, which then
            stands in for the weights in validation and in `best` and `final`; 0 turns it off.
        precision: arithmetic of the forward pass. `auto` is bf16 (else fp16) on CUDA, fp32
            elsewhere.
        device: auto, cpu, cuda, cuda:N or mps.
        seed: of everything that chance decides: order, augmentation, dropout.
        checkpoint_every: epochs between two `NAME_epoch_N.pt`; 0 keeps none.
    """

    epochs: int = 100
    batch_size: int = 32
    accumulation: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    beta2: float = 0.98
    grad_clip: float = 1.0
    label_smoothing: float = 0.0
    scheduler: Scheduler = "reduce_on_plateau"
    scheduler_patience: int = 5
    scheduler_factor: float = 0.5
    step_epochs: int = 20
    min_learning_rate: float = 1e-6
    warmup_steps: int = 0
    patience: int = 15
    min_delta: float = 0.0
    average_decay: float = 0.0
    precision: Precision = "auto"
    device: str = "auto"
    seed: int = 0
    checkpoint_every: int = 10

    def __post_init__(self) -> None:
        for field, is_right, allowed in (
            ("epochs", self.epochs >= 1, "1 or more"),
            ("batch_size", self.batch_size >= 1, "1 or more"),
            ("accumulation", self.accumulation >= 1, "1 or more"),
            ("learning_rate", 0 < self.learning_rate <= 1, "above 0, 1 at most (try 0.001)"),
            ("weight_decay", 0 <= self.weight_decay <= 1, "from 0 to 1"),
            ("beta2", 0 <= self.beta2 < 1, "from 0 to below 1 (0.98 or 0.999)"),
            ("grad_clip", 0 <= self.grad_clip < float("inf"), "0 (off) or more"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "from 0 to below 1"),
            ("scheduler", self.scheduler in SCHEDULERS, ", ".join(SCHEDULERS)),
            ("scheduler_patience", self.scheduler_patience >= 0, "0 or more"),
            ("scheduler_factor", 0 < self.scheduler_factor < 1, "between 0 and 1"),
            ("step_epochs", self.step_epochs >= 1, "1 or more"),
            (
                "min_learning_rate",
                0 <= self.min_learning_rate <= self.learning_rate,
                f"from 0 to learning_rate ({self.learning_rate})",
            ),
            ("warmup_steps", self.warmup_steps >= 0, "0 or more"),
            ("patience", self.patience >= 0, "0 (off) or more"),
            ("min_delta", 0 <= self.min_delta < float("inf"), "0 or more"),
            ("average_decay", 0 <= self.average_decay < 1, "from 0 (off) to below 1"),
            ("precision", self.precision in PRECISIONS, ", ".join(PRECISIONS)),
            ("seed", 0 <= self.seed < 2**32, "from 0 to 4294967295"),
            ("checkpoint_every", self.checkpoint_every >= 0, "0 (none) or more"),
        ):
            if not is_right:
                raise ConfigError(
                    f"{field} is {getattr(self, field)!r}; allowed: {allowed}. "
                    "Change it in the recipe or by its flag."
                )
