"""What a companion model is, from its corpora to its table of results, as one value each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from chromasonic import files
from chromasonic.companion.network import CompanionNetwork
from chromasonic.data.corpus import Manifest
from chromasonic.data.progress import Progress
from chromasonic.evaluation.figure import Figure
from chromasonic.export.spec import ModelSpec
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import Augment, Examples
from chromasonic.training.task import BatchLoss


@dataclass(frozen=True, kw_only=True)
class DataRequest:
    """Which data a companion model shall learn from.

    Attributes:
        data_dir: where corpora lie, one sub-folder each; None asks the usual places.
        corpora: those to learn from, by name; empty: all of the model's own that are at hand.
        validation_split: None keeps the corpora's own split; a share re-splits train and
            validation by work, with the seed, and leaves the test part alone.
        seed: of re-splitting.
        download: whether the network may be asked for what is not there.
        on_progress: told how loading goes.
    """

    data_dir: files.PathLike | None = None
    corpora: tuple[str, ...] = ()
    validation_split: float | None = None
    seed: int = 0
    download: bool = False
    on_progress: Progress | None = None

    def chosen(self, own: tuple[str, ...]) -> tuple[str, ...]:
        """The corpora to learn from: those that were named, else the model's own."""
        return self.corpora or own


@dataclass(frozen=True, kw_only=True)
class CompanionData:
    """Examples of a model's corpora.

    Attributes:
        train: to learn from.
        validation: to choose by.
        test: makes the test part; called by evaluation only.
        manifests: of the corpora that were read.
        remarks: what the user should know (a corpus that is absent, pieces that were left out).
    """

    train: Examples
    validation: Examples
    test: Callable[[], Examples]
    manifests: tuple[Manifest, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table of results: a model or a baseline on one test set.

    Attributes:
        model: file name of the companion model that it belongs to, such as "groove_predictor".
        test: what it was measured on: corpus, part, division ("groove-midi", "style: funk").
        method: who answered: "model", or the baseline's name.
        figures: name of the metric (with its unit, such as "velocity MAE") to figure.
        is_baseline: whether it is one.
        better: for each metric whether "lower" or "higher" is better.
    """

    model: str
    test: str
    method: str
    figures: Mapping[str, Figure]
    is_baseline: bool = False
    better: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Companion:
    """One of the five.

    Attributes:
        spec: its network's numbers.
        corpora: names of the corpora that it learns from, best first.
        more_corpora: others that it can learn from, where a recipe names them.
        load: reads those that are there; CorpusError where none is.
        synthetic: (number of examples, seed) to made-up examples with a structure to be learned.
        loss: (model, tensors of a batch) to sums of loss and metrics.
        training: how it is trained by default.
        dropout: between its layers in training.
        headline: the metric that its curves show.
        evaluate: (network, data) to rows, those of the baselines too; opens the test part.
        augment: see `ExampleTask`.
    """

    spec: ModelSpec
    corpora: tuple[str, ...]
    load: Callable[[DataRequest], CompanionData]
    synthetic: Callable[[int, int], Examples]
    loss: Callable[[nn.Module, Mapping[str, Tensor]], BatchLoss]
    training: TrainingConfig
    headline: str
    evaluate: Callable[[CompanionNetwork, CompanionData], Sequence[Row]]
    dropout: float = 0.0
    augment: Augment | None = None
    more_corpora: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
