"""Recipes: everything that decides a melody training, as one frozen value and as TOML.

    [data]               corpus, limits, split
    [lstm.model]         sizes of a model (the tables of its config class)
    [lstm.training]      how it is trained (`TrainingConfig`)
    [transformer.model]  ...
    [markov.model]       fitted, not trained

A model is trained if its table is there. What a recipe leaves out is taken from `DEFAULTS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chromasonic.config import from_dict, merged_values, to_dict, without_search
from chromasonic.errors import ConfigError, UsageError
from chromasonic.melody_generation.lstm import LstmConfig
from chromasonic.melody_generation.markov import MarkovConfig
from chromasonic.melody_generation.transformer import TransformerConfig
from chromasonic.training.config import TrainingConfig

LSTM_TRAINING = TrainingConfig(
    epochs=30,
    batch_size=8,
    learning_rate=4e-3,
    scheduler="cosine",
    warmup_steps=100,
    average_decay=0.999,
    patience=10,
)
TRANSFORMER_TRAINING = replace(LSTM_TRAINING, epochs=20, learning_rate=2e-3)
"""Default settings of each network's training, chosen on the validation part (see docs)."""

DEFAULT_WINDOW = 1024
"""Tokens of a window: nearly every folk tune stands whole in one."""


@dataclass(frozen=True, kw_only=True)
class MelodyData:
    """What is learned from.

    Attributes:
        dataset: a corpus by name, or "auto": the best that is reachable.
        num_sequences: tunes to make, for generated corpora; 0 makes their usual number.
        min_melody_length: sounding notes; shorter tunes are left out and counted.
        max_melody_length: sounding notes; longer tunes are cut at a bar line, without END, and
            counted; 0 leaves tunes whole.
        expand_repeats: whether repeats are played out (a repeat is then copied, not predicted).
        window: longest stretch of tokens read at once.
        transpose: whether each tune stands in a random key in each epoch. It makes no difference to
            the models here, which count pitches from the tonic.
        split_file: a split as JSON in place of the corpus's own; empty takes its own.
        data_dir: folder that holds the corpus; empty looks in the usual places.
        without_copies_of: another corpus on which the model will be judged, as when it is trained
            on one and fine-tuned on the other: near-duplicates of its held-out tunes are left out.
        seed: of the split, and of made tunes.
    """

    dataset: str = "auto"
    num_sequences: int = 0
    min_melody_length: int = 4
    max_melody_length: int = 0
    expand_repeats: bool = False
    window: int = DEFAULT_WINDOW
    transpose: bool = False
    split_file: str = ""
    data_dir: str = ""
    without_copies_of: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, is_right, allowed in (
            ("num_sequences", self.num_sequences >= 0, "0 (the usual number) or more"),
            ("min_melody_length", self.min_melody_length >= 1, "1 note or more"),
            (
                "max_melody_length",
                self.max_melody_length == 0 or self.max_melody_length >= self.min_melody_length,
                f"0 (whole) or min_melody_length ({self.min_melody_length}) and more",
            ),
            ("window", self.window >= 8, "8 tokens or more"),
            ("seed", 0 <= self.seed < 2**32, "from 0 to 4294967295"),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")


@dataclass(frozen=True, kw_only=True)
class LstmRecipe:
    """The LSTM's sizes and training."""

    model: LstmConfig = field(default_factory=LstmConfig)
    training: TrainingConfig = LSTM_TRAINING


@dataclass(frozen=True, kw_only=True)
class TransformerRecipe:
    """The Transformer's sizes and training."""

    model: TransformerConfig = field(default_factory=TransformerConfig)
    training: TrainingConfig = TRANSFORMER_TRAINING


@dataclass(frozen=True, kw_only=True)
class MarkovRecipe:
    """The Markov model's shape."""

    model: MarkovConfig = field(default_factory=MarkovConfig)


@dataclass(frozen=True, kw_only=True)
class MelodyRecipe:
    """A melody training: data, and the models that are trained on it."""

    data: MelodyData = field(default_factory=MelodyData)
    lstm: LstmRecipe | None = None
    transformer: TransformerRecipe | None = None
    markov: MarkovRecipe | None = None

    @property
    def models(self) -> dict[str, LstmRecipe | TransformerRecipe | MarkovRecipe]:
        """The models that are there, by kind."""
        found = {kind: getattr(self, kind) for kind in KINDS}
        return {kind: recipe for kind, recipe in found.items() if recipe is not None}


DEFAULTS: dict[str, LstmRecipe | TransformerRecipe | MarkovRecipe] = {
    "lstm": LstmRecipe(),
    "transformer": TransformerRecipe(),
    "markov": MarkovRecipe(),
}
"""The one place of default sizes and settings, by kind of model."""

KINDS = tuple(DEFAULTS)

CHOICES: dict[str, tuple[str, ...]] = {
    "lstm": ("lstm",),
    "transformer": ("transformer",),
    "markov": ("markov",),
    "both": ("lstm", "transformer"),
    "all": ("lstm", "transformer", "markov"),
}
"""What `--model` may say, and the models that it means."""


def kinds_of(choice: str) -> tuple[str, ...]:
    """The kinds of models that a choice means.

    Raises:
        UsageError: an unknown choice.
    """
    if choice not in CHOICES:
        raise UsageError(f"--model is '{choice}'; allowed: {', '.join(CHOICES)}.")
    return CHOICES[choice]


def default_recipe(kinds: Sequence[str]) -> MelodyRecipe:
    """The default recipe of some models on the best corpus that is reachable."""
    return with_models(MelodyRecipe(), kinds)


def with_models(recipe: MelodyRecipe, kinds: Sequence[str]) -> MelodyRecipe:
    """A recipe with just these models: its own where it has them, else the default ones."""
    parts: dict[str, Any] = {kind: getattr(recipe, kind) or DEFAULTS[kind] for kind in kinds}
    return MelodyRecipe(data=recipe.data, **parts)


def recipe_from(values: Mapping[str, Any], *, where: str = "recipe") -> MelodyRecipe:
    """A recipe from nested plain values; what a table leaves out comes from `DEFAULTS`.

    Raises:
        ConfigError: an unknown key, a wrong type, a value out of range, or no model.
    """
    merged = {
        key: merged_values(to_dict(DEFAULTS[key]), value)
        if key in DEFAULTS and isinstance(value, dict)
        else value
        for key, value in without_search(values).items()
    }
    recipe = from_dict(MelodyRecipe, merged, where=where)
    if not recipe.models:
        raise ConfigError(
            f"{where} names no model. Add a table for one: "
            f"{', '.join(f'[{kind}.model]' for kind in KINDS)}."
        )
    return recipe


def recipe_to_dict(recipe: MelodyRecipe) -> dict[str, Any]:
    """A recipe as nested plain values, for TOML and back."""
    values = to_dict(recipe)
    return {key: value for key, value in values.items() if value is not None}


def with_settings(
    recipe: MelodyRecipe,
    *,
    data: Mapping[str, Any],
    model: Mapping[str, Any],
    training: Mapping[str, Any],
) -> MelodyRecipe:
    """A recipe with some values set, for all its models alike.

    Args:
        recipe: the recipe to change.
        data: fields of `MelodyData`.
        model: fields of the networks' configs; the Markov model takes none of them.
        training: fields of `TrainingConfig`; the Markov model takes none of them.

    Raises:
        ConfigError: a value out of range.
    """
    changed: dict[str, Any] = {"data": replace(recipe.data, **data)}
    for kind, part in recipe.models.items():
        if not isinstance(part, MarkovRecipe):
            sizes: Any = part.model  # of the one config class or the other
            changed[kind] = replace(
                part,
                model=replace(sizes, **model),
                training=replace(part.training, **training),
            )
    return replace(recipe, **changed)
