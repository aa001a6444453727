"""What the demo trains, and for how many epochs: as much as its minutes allow on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chromasonic.errors import UsageError

if TYPE_CHECKING:
    from chromasonic.melody_generation.data_loader import MelodyData
    from chromasonic.melody_generation.recipe import MelodyRecipe

TRAINING_SHARE = 0.6
"""Share of the minutes for training; the rest judges, writes tunes, engraves and renders."""

FEWEST_EPOCHS, MOST_EPOCHS = 2, 60
PROBE_TUNES = 64
VALIDATION_COST = 1.05
"""Time of an epoch with its validation, as a multiple of the time of its training."""


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """What a demo does.

    Attributes:
        output: folder for everything that it leaves.
        dataset: a corpus, or "auto": the best that is reachable.
        data_dir: where the corpus lies; None looks in the usual places.
        minutes: how long it should take in all, after downloads; training adapts to it.
        seed: of everything that chance decides.
        tunes_each: tunes that each model writes for the page.
        judged_tunes: tunes that each model writes to be judged by.
        num_sequences: tunes to make, for synthetic corpora; 0 makes their usual number.
        sound: whether the page has sound.
    """

    output: Path = Path("demo")
    dataset: str = "auto"
    data_dir: Path | None = None
    minutes: float = 10.0
    seed: int = 0
    tunes_each: int = 3
    judged_tunes: int = 24
    num_sequences: int = 0
    sound: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.minutes < 24 * 60:
            raise UsageError(f"--minutes is {self.minutes}; allowed: above 0, below 1440.")
        if not 1 <= self.tunes_each <= 20:
            raise UsageError(f"--tunes is {self.tunes_each}; allowed: 1 to 20 for each model.")
        if not 0 <= self.seed < 2**32:
            raise UsageError(f"--seed is {self.seed}; allowed: 0 to 4294967295.")

    @property
    def key(self) -> dict[str, object]:
        """What must be equal for a demo that was killed to go on."""
        return {
            "dataset": self.dataset,
            "data_dir": str(self.data_dir or ""),
            "minutes": self.minutes,
            "seed": self.seed,
            "num_sequences": self.num_sequences,
        }


def demo_recipe(settings: DemoSettings) -> MelodyRecipe:
    """The demo's models: the default sizes with less dropout, for a few epochs are all they get."""
    from chromasonic.melody_generation.lstm import LstmConfig
    from chromasonic.melody_generation.recipe import (
        LstmRecipe,
        MarkovRecipe,
        MelodyData,
        MelodyRecipe,
        TransformerRecipe,
    )
    from chromasonic.melody_generation.transformer import TransformerConfig
    from chromasonic.training.config import TrainingConfig

    training = TrainingConfig(
        batch_size=8,
        learning_rate=4e-3,
        scheduler="cosine",
        min_learning_rate=2e-5,
        warmup_steps=50,
        average_decay=0.99,
        patience=0,
        seed=settings.seed,
    )
    return MelodyRecipe(
        data=MelodyData(
            dataset=settings.dataset,
            data_dir=str(settings.data_dir or ""),
            num_sequences=settings.num_sequences,
        ),
        lstm=LstmRecipe(
            model=LstmConfig(hidden_size=192, dropout=0.25, recurrent_dropout=0.15),
            training=training,
        ),
        transformer=TransformerRecipe(
            model=TransformerConfig(hidden_size=128, num_layers=3, dropout=0.1),
            training=replace(training, learning_rate=3e-3),
        ),
        markov=MarkovRecipe(),
    )


def with_epochs(recipe: MelodyRecipe, data: MelodyData, minutes: float) -> MelodyRecipe:
    """The recipe with as many epochs for each network as fit into its share of the minutes.

    A few tunes are trained on to see how fast this machine is; that model is thrown away. The
    schedule of the rate needs the number of epochs in advance, so a deadline would not do.
    """
    budget_s = minutes * 60 * TRAINING_SHARE / 2
    assert recipe.lstm is not None
    assert recipe.transformer is not None
    return replace(
        recipe,
        lstm=replace(recipe.lstm, training=_timed("lstm", recipe, data, budget_s)),
        transformer=replace(
            recipe.transformer, training=_timed("transformer", recipe, data, budget_s)
        ),
    )


def _timed(kind: str, recipe: MelodyRecipe, data: MelodyData, budget_s: float):  # type: ignore[no-untyped-def]
    """The training settings of a network with the epochs that its budget allows."""
    from chromasonic.config import to_dict
    from chromasonic.melody_generation.models import build_model
    from chromasonic.melody_generation.task import MelodyTask
    from chromasonic.training.loop import fit

    part = recipe.models[kind]
    training = part.training  # type: ignore[union-attr]
    step = max(1, len(data.train) // PROBE_TUNES)
    probe, val = data.train[::step][:PROBE_TUNES], data.validation[: PROBE_TUNES // 8]
    history = fit(
        build_model(kind, to_dict(part.model)),
        MelodyTask(probe, val, window=recipe.data.window, transpose=recipe.data.transpose),
        replace(training, epochs=3, checkpoint_every=0),
        folder=None,
        name=kind,
    )
    speed = max(epoch.tokens_per_second for epoch in history.epochs)  # others may use the machine
    seconds_an_epoch = VALIDATION_COST * sum(map(len, data.train)) / speed
    epochs = round(budget_s / seconds_an_epoch)
    return replace(training, epochs=min(max(epochs, FEWEST_EPOCHS), MOST_EPOCHS))
