"""Learning the prior: the lower voices of chorales, given their melodies, in all keys that fit.

Two grids, one network class: beats, for harmonizing, and sixteenths, for the likelihood protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.errors import DataError
from chromasonic.harmonization.bach import melody_of_chorale, pitches_at_beats
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.prior_features import Steps, steps_of_beats, steps_of_sixteenths
from chromasonic.harmonization.prior_frames import LOWER, LOWEST, PITCHES
from chromasonic.music.chorale import SILENT, VOICES, Chorale
from chromasonic.music.key_finding import estimated_key
from chromasonic.training.batches import bucketed
from chromasonic.training.task import Batch, BatchLoss, Part

Integers = npt.NDArray[np.int64]

SINGABLE = np.array([(57, 81), (52, 74), (47, 69), (36, 64)])
"""Lowest and highest MIDI number to which each voice may be transposed."""

FARTHEST = 6
"""Semitones that a chorale is transposed at most."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Example:
    """A chorale in one key: what is given, and what is to be told.

    Attributes:
        steps: T steps of its melody.
        lower: (T, 3) MIDI numbers of alto, tenor and bass; `SILENT` where one rests.
    """

    steps: Steps
    lower: Integers

    def __len__(self) -> int:
        return len(self.lower)


def examples_on_beats(chorale: Chorale, *, in_all_keys: bool) -> list[Example]:
    """A chorale on its beats as written, and if wanted in the other keys that its ranges allow."""
    melody = melody_of_chorale(chorale)
    pitches = pitches_at_beats(chorale, melody)
    return [
        Example(steps=steps_of_beats(_beats_moved(melody.beats, by)), lower=pitches[:, 1:] + by)
        for by in moves(chorale.pitches, in_all_keys=in_all_keys)
    ]


def examples_on_sixteenths(chorale: Chorale, *, in_all_keys: bool) -> list[Example]:
    """A chorale on sixteenths; of its melody nothing is known but the pitches."""
    return [
        example_of_pitches(np.where(chorale.pitches == SILENT, SILENT, chorale.pitches + by))
        for by in moves(chorale.pitches, in_all_keys=in_all_keys)
    ]


def example_of_pitches(pitches: Integers) -> Example:
    """(T, 4) pitches on sixteenths as an example; the key is estimated from the soprano alone."""
    soprano = pitches[:, 0]
    counts = np.bincount(soprano[soprano != SILENT] % 12, minlength=12)
    key = estimated_key(counts)
    if key is None:
        raise DataError(
            f"A chorale of {len(pitches)} sixteenths has a silent soprano: nothing is given from "
            "which the other voices could be told. Leave it out."
        )
    steps = steps_of_sixteenths(soprano, key.tonic_pitch_class, key.mode)
    return Example(steps=steps, lower=pitches[:, 1:])


def moves(pitches: Integers, *, in_all_keys: bool) -> list[int]:
    """Semitones by which a chorale can be moved, 0 first."""
    if not in_all_keys:
        return [0]
    silent = pitches == SILENT
    low = np.where(silent, 127, pitches).min(0)
    high = pitches.max(0)
    fits = [
        by
        for by in range(-FARTHEST, FARTHEST + 1)
        if by and (low + by >= SINGABLE[:, 0]).all() and (high + by <= SINGABLE[:, 1]).all()
    ]
    return [0, *fits]


def _beats_moved(beats: Beats, by: int) -> Beats:
    return replace(
        beats,
        pitch=beats.pitch + by,
        leaving=beats.leaving + by,
        tones=np.roll(beats.tones, by, axis=1),
        tonic=(beats.tonic + by) % 12,
    )


class PriorTask:
    """Telling the lower voices of chorales (a `training.task.Task`).

    Args:
        train: for each chorale its examples in all keys; one is drawn in each epoch.
        validation: one example for each chorale.
    """

    def __init__(self, train: Sequence[Sequence[Example]], validation: Sequence[Example]) -> None:
        for example in [*(one for keys in train for one in keys), *validation]:
            _check_range(example)
        self.train = train
        self.validation = validation

    def epoch(self, part: Part, *, seed: int, epoch: int, batch_size: int) -> PriorBatches:
        """The batches of an epoch; in training in an order and in keys of its own."""
        if part != "train":
            plan = bucketed([len(one) for one in self.validation], batch_size=batch_size, rng=None)
            return PriorBatches(self.validation, plan)
        rng = np.random.default_rng([seed, epoch])
        chosen = [keys[int(rng.random() * len(keys))] for keys in self.train]
        plan = bucketed([len(one) for one in chosen], batch_size=batch_size, rng=rng)
        return PriorBatches(chosen, plan)

    def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float) -> BatchLoss:
        """Negative log-likelihood of each note of the lower voices, in nats.

        Metrics: `accuracy`, `changed_nats` (notes with another pitch than the step before), and
        nats of `alto`, `tenor` and `bass`.
        """
        tensors = batch.tensors
        given = (tensors[name] for name in ("features", "soprano", "tonic", "lower"))
        logits_BTVW = model(*given, tensors["mask"].sum(1).cpu())
        mask_BTV = tensors["mask"][..., None].expand(tensors["lower"].shape)
        target_BTV = classes_of(tensors["lower"])
        nll_N = functional.cross_entropy(
            logits_BTVW[mask_BTV], target_BTV[mask_BTV], reduction="none"
        )
        objective = nll_N.sum()
        if label_smoothing:
            objective = functional.cross_entropy(
                logits_BTVW[mask_BTV],
                target_BTV[mask_BTV],
                reduction="sum",
                label_smoothing=label_smoothing,
            )
        with torch.no_grad():
            right_N = logits_BTVW[mask_BTV].argmax(-1) == target_BTV[mask_BTV]
            changed_N = changed(tensors["lower"])[mask_BTV]
            count = torch.tensor(len(nll_N))
            metrics = {
                "accuracy": (right_N.sum(), count),
                "changed_nats": (nll_N[changed_N].sum(), changed_N.sum()),
            }
            for index, voice in enumerate(LOWER):
                metrics[f"{voice}_nats"] = (nll_N.view(-1, 3)[:, index].sum(), count // 3)
        return BatchLoss(objective_sum=objective, loss_sum=nll_N.sum(), metrics=metrics)


@dataclass(frozen=True)
class PriorBatches:
    """Batches of one part in one epoch; see `training.task.EpochBatches`."""

    examples: Sequence[Example]
    plan: Sequence[Sequence[int]]

    def batch(self, examples: Sequence[int]) -> Batch:
        """Examples padded to one length."""
        return batch_of([self.examples[number] for number in examples])


def batch_of(examples: Sequence[Example]) -> Batch:
    """Examples padded with silence to one length; `mask` (B, T) is what counts."""
    B, T = len(examples), max(len(example) for example in examples)
    F = examples[0].steps.features.shape[1]
    features = np.zeros((B, T, F), np.float32)
    soprano, tonic = np.full((B, T), SILENT), np.zeros((B, T), np.int64)
    lower, mask = np.full((B, T, 3), SILENT), np.zeros((B, T), bool)
    for row, example in enumerate(examples):
        end = len(example)
        features[row, :end] = example.steps.features
        soprano[row, :end] = example.steps.soprano
        tonic[row, :end] = example.steps.tonic
        lower[row, :end], mask[row, :end] = example.lower, True
    arrays = {
        "features": features,
        "soprano": soprano,
        "tonic": tonic,
        "lower": lower,
        "mask": mask,
    }
    return Batch(
        tensors={name: torch.from_numpy(values) for name, values in arrays.items()},
        count=3 * int(mask.sum()),
        cells=mask.size,
        padded=int((~mask).sum()),
    )


def classes_of(lower: Tensor) -> Tensor:
    """(..., 3) classes of the pitches: 0 is silence."""
    lowest = torch.tensor(LOWEST, device=lower.device)
    return torch.where(lower < 0, 0, lower - lowest + 1)


def changed(lower: Tensor) -> Tensor:
    """(B, T, 3) whether a voice has another pitch than the step before; the first step counts."""
    found = torch.ones_like(lower, dtype=torch.bool)
    found[:, 1:] = lower[:, 1:] != lower[:, :-1]
    return found


def _check_range(example: Example) -> None:
    """Refuse pitches for which the network has no class."""
    low = np.array(LOWEST)
    is_out = (example.lower != SILENT) & ((example.lower < low) | (example.lower >= low + PITCHES))
    if is_out.any():
        step, voice = np.argwhere(is_out)[0]
        raise DataError(
            f"{VOICES[voice + 1]} sings {example.lower[step, voice]} at step {step}; allowed: "
            f"{LOWEST[voice]} to {LOWEST[voice] + PITCHES - 1}. Leave this chorale out."
        )
