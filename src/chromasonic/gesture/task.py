"""What the training loop learns a gesture network from: movements, changed anew in each epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from chromasonic.gesture.augmentation import augment
from chromasonic.gesture.augmentation_config import AugmentationConfig
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import compute
from chromasonic.gesture.mixing import draw_share, mix
from chromasonic.gesture.statistics import Statistics, whose
from chromasonic.music.movement import Movement
from chromasonic.training.batches import bucketed
from chromasonic.training.examples import FEATURES, MASK, collate
from chromasonic.training.task import Batch, BatchLoss, Part

TARGET = "target"

Performers = Mapping[str, Statistics]
"""Name of a performer to where their landmarks usually are; empty where nobody asks for it."""


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Movements of one part, ready to compute with.

    Attributes:
        movements: cleaned (`features.clean`).
        classes: (B,) number of each one's class.
    """

    movements: Sequence[Movement]
    classes: Sequence[int]

    def __len__(self) -> int:
        return len(self.movements)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How a cleaned movement becomes what a network reads.

    Attributes:
        config: which features.
        performers: their statistics by `whose` name, for the normalizations that ask for them.
        standardization: mean and deviation of each node's features over the training part.
    """

    config: FeatureConfig
    performers: Performers
    standardization: Statistics

    def read(self, movement: Movement, performer: Statistics | None = None) -> np.ndarray:
        """(T, N, F) float32 around 0; what is not known stands at the mean."""
        known = performer or self.performers.get(whose(movement, self.config))
        features = compute(movement, self.config, performer=known)
        return np.nan_to_num(self.standardization.standardize(features), copy=False)


@dataclass(frozen=True, kw_only=True)
class GestureTask:
    """Movements to classes (a `training.task.Task`).

    Attributes:
        train: to learn from.
        validation: to judge by.
        reader: makes features.
        class_count: K.
        augmentation: how each training example is changed anew in each epoch.
        workers: processes that prepare batches ahead; 0 prepares them when they are wanted.
    """

    train: Examples
    validation: Examples
    reader: Reader
    class_count: int
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    workers: int = 0

    def epoch(self, part: Part, *, seed: int, epoch: int, batch_size: int) -> GestureBatches:
        """The batches of an epoch, in training in an order and with changes of its own."""
        is_training = part == "train"
        examples = self.train if is_training else self.validation
        order = np.random.default_rng([seed, epoch]) if is_training else None
        lengths = [len(movement) for movement in examples.movements]
        return GestureBatches(
            self, examples, bucketed(lengths, batch_size=batch_size, rng=order),
            (seed, epoch) if is_training else None,
        )  # fmt: skip

    def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float) -> BatchLoss:
        """Cross-entropy in nats a movement, and whether the class stands first, or in five.

        A causal network gives a class at each frame: it is judged at the last one, and learns from
        all, the more the later.
        """
        target = batch.tensors[TARGET]
        mask = batch.tensors[MASK].bool()
        logits = model(batch.tensors[FEATURES], mask)
        if logits.ndim == 3:
            objective = rising_cross_entropy(logits, mask, target, label_smoothing=label_smoothing)
            logits = at_last_frame(logits, mask)
            loss = cross_entropy(logits.float(), target, reduction="sum")
        else:
            loss = cross_entropy(logits.float(), target, reduction="sum")
            objective = loss
            if label_smoothing:
                objective = cross_entropy(
                    logits.float(), target, reduction="sum", label_smoothing=label_smoothing
                )
        label = target.argmax(1, keepdim=True)
        best = logits.topk(min(5, logits.shape[1]), dim=1).indices
        count = torch.tensor(len(target), device=target.device)
        return BatchLoss(
            objective_sum=objective,
            loss_sum=loss.detach(),
            metrics={
                "accuracy": ((best[:, :1] == label).sum(), count),
                "top_5_accuracy": ((best == label).sum(), count),
            },
        )

    def example(
        self, examples: Examples, number: int, seed: tuple[int, ...] | None
    ) -> dict[str, np.ndarray]:
        """One example as the network sees it in an epoch; `seed` None leaves it as recorded."""
        if seed is None:
            return self._item(examples, number, None)
        # By the example's own number, so that it does not matter which batch or process it is in.
        rng = np.random.default_rng([*seed, number])
        item = self._item(examples, number, rng)
        if self.augmentation.mixing:
            share = draw_share(self.augmentation.mixing, rng)
            item = mix(item, self._item(examples, int(rng.integers(len(examples))), rng), share)
        return item

    def _item(
        self, examples: Examples, number: int, rng: np.random.Generator | None
    ) -> dict[str, np.ndarray]:
        movement = examples.movements[number]
        if rng is not None:
            movement = augment(movement, self.augmentation, rng)
        target = np.zeros(self.class_count, np.float32)
        target[examples.classes[number]] = 1
        features = self.reader.read(movement)
        return {FEATURES: features, MASK: np.ones(len(features), np.float32), TARGET: target}


class GestureBatches:
    """Batches of one part in one epoch; see `training.task.EpochBatches`.

    Args:
        task: makes examples.
        examples: the part.
        plan: for each update the numbers of its examples.
        seed: of what is changed by chance; None changes nothing.
    """

    def __init__(
        self,
        task: GestureTask,
        examples: Examples,
        plan: Sequence[Sequence[int]],
        seed: tuple[int, ...] | None,
    ) -> None:
        self.plan = plan
        self._task, self._examples, self._seed = task, examples, seed
        self._ahead = self._prepared_ahead() if task.workers and seed else None
        self._next = 0

    def batch(self, examples: Sequence[int]) -> Batch:
        """Some examples, padded at the end (the mask is 0 there)."""
        wanted = list(examples)
        if self._ahead and self._next < len(self.plan) and wanted == list(self.plan[self._next]):
            self._next += 1
            tensors = next(self._ahead)
        else:  # a share of an update: what is prepared ahead are whole ones
            tensors = self[wanted]
        mask = tensors[MASK]
        filled = int(mask.sum())
        return Batch(
            tensors=tensors,
            count=len(wanted),
            cells=mask.numel(),
            padded=mask.numel() - filled,
        )

    def __getitem__(self, examples: Sequence[int]) -> dict[str, Tensor]:
        return collate([self._task.example(self._examples, n, self._seed) for n in examples])

    def _prepared_ahead(self) -> Iterator[dict[str, Tensor]]:
        """The batches of the plan in order, made by other processes."""
        loader: Iterable[dict[str, Tensor]] = torch.utils.data.DataLoader(
            self,  # type: ignore[arg-type]
            sampler=self.plan,
            batch_size=None,
            num_workers=self._task.workers,
        )
        return iter(loader)


def at_last_frame(logits_BTK: Tensor, mask_BT: Tensor) -> Tensor:
    """(B, K): what is said at each movement's last frame."""
    last = mask_BT.sum(1).long() - 1
    return logits_BTK[torch.arange(len(last), device=last.device), last]


def rising_cross_entropy(
    logits_BTK: Tensor, mask_BT: Tensor, target_BK: Tensor, *, label_smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy of all frames, summed over movements; later frames count for more.

    The weights rise evenly from the first frame to the last and are 1 in sum for each movement:
    who has seen little of a movement should not be pressed to know it.
    """
    length = mask_BT.sum(1, keepdim=True)
    position = torch.arange(1, mask_BT.shape[1] + 1, device=mask_BT.device)
    weight = mask_BT * position * 2 / (length * (length + 1))
    classes = logits_BTK.shape[2]
    soft = target_BK * (1 - label_smoothing) + label_smoothing / classes
    nats_BT = -(logits_BTK.float().log_softmax(2) * soft[:, None]).sum(2)
    return (nats_BT * weight).sum()
