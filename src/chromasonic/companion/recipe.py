"""Recipes of companion trainings: one frozen value, one TOML file, a table for each model.

    [emotion_recognizer]           dropout
    [emotion_recognizer.data]      which data it learns from
    [emotion_recognizer.training]  how it is trained (`TrainingConfig`)
    [melody_transformer]           ...

A model is trained if its table is there. What a table leaves out is the model's own default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.splitting import check_share
from chromasonic.config import from_dict, merged_values, to_dict, without_search
from chromasonic.errors import ConfigError
from chromasonic.training.config import TrainingConfig

FEWEST_MADE_UP, FEWEST_BATCHES = 1000, 16
"""Settings were chosen on corpora: with fewer batches an epoch, networks would hardly move."""


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """What a model learns from.

    Attributes:
        data_dir: folder that holds the corpora; empty looks in the usual places.
        corpora: learn from these alone, such as those whose licences let a model be given away;
            empty: from all of the model's own that are at hand.
        validation_split: share of train and validation together, by work, that is validation; left
            out, the corpora's own split stands. The test part is never touched.
        synthetic: made-up examples, even where a corpus is at hand.
        synthetic_examples: how many to learn from where they are made up (a quarter as many to
            validate by, and to test on); 0 makes `FEWEST_MADE_UP`, or as many as fill
            `FEWEST_BATCHES` batches.
        seed: of the division, and of made-up examples.
    """

    data_dir: str = ""
    corpora: tuple[str, ...] = ()
    validation_split: float | None = None
    synthetic: bool = False
    synthetic_examples: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.validation_split is not None:
            check_share(self.validation_split)
        for name, is_right, allowed in (
            (
                "synthetic_examples",
                self.synthetic_examples == 0 or self.synthetic_examples >= 4,
                "4 or more, or 0 (as many as the batches want)",
            ),
            ("seed", 0 <= self.seed < 2**32, "from 0 to 4294967295"),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")

    def for_batches(self, batch_size: int) -> DataSettings:
        """The same with a number of made-up examples that suits batches of this size."""
        if self.synthetic_examples:
            return self
        return replace(self, synthetic_examples=max(FEWEST_MADE_UP, FEWEST_BATCHES * batch_size))


@dataclass(frozen=True, kw_only=True)
class ModelRecipe:
    """One model's data and training.

    Attributes:
        data: what it learns from.
        training: how.
        dropout: share of the values between layers that training sets to 0.
    """

    data: DataSettings = field(default_factory=DataSettings)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout is {self.dropout}; allowed: from 0 to below 1 (try 0.2).")


@dataclass(frozen=True, kw_only=True)
class CompanionRecipe:
    """The models that are trained, each with its settings."""

    emotion_recognizer: ModelRecipe | None = None
    melody_transformer: ModelRecipe | None = None
    harmony_predictor: ModelRecipe | None = None
    dynamics_engine: ModelRecipe | None = None
    groove_predictor: ModelRecipe | None = None

    @property
    def models(self) -> dict[str, ModelRecipe]:
        """Those that are there, by name."""
        found = {name: getattr(self, name) for name in COMPANIONS}
        return {name: part for name, part in found.items() if part is not None}


def default_model_recipe(name: str) -> ModelRecipe:
    """A model's own settings, as its page has them."""
    companion = COMPANIONS[name]
    # No more than latest and best are kept, unless a recipe says so.
    training = replace(companion.training, checkpoint_every=0)
    return ModelRecipe(training=training, dropout=companion.dropout)


def default_recipe(names: Sequence[str] = tuple(COMPANIONS)) -> CompanionRecipe:
    """The default recipe of some of the models."""
    return CompanionRecipe(**{name: default_model_recipe(name) for name in names})


def with_models(recipe: CompanionRecipe, names: Sequence[str]) -> CompanionRecipe:
    """A recipe with just these models: its own where it has them, else the default ones."""
    parts = {name: recipe.models.get(name) or default_model_recipe(name) for name in names}
    return CompanionRecipe(**parts)


def with_settings(
    recipe: CompanionRecipe, *, data: Mapping[str, Any], training: Mapping[str, Any]
) -> CompanionRecipe:
    """A recipe with some values set, for all its models alike.

    Args:
        recipe: the recipe to change.
        data: fields of `DataSettings`.
        training: fields of `TrainingConfig`.

    Raises:
        UsageError: a value out of range.
    """
    return replace(
        recipe,
        **{
            name: replace(
                part, data=replace(part.data, **data), training=replace(part.training, **training)
            )
            for name, part in recipe.models.items()
        },
    )


def recipe_from(values: Mapping[str, Any], *, where: str = "recipe") -> CompanionRecipe:
    """A recipe from nested plain values; what a table leaves out is the model's default.

    Raises:
        ConfigError: an unknown key, a wrong type, a value out of range, or no model.
    """
    merged = {
        name: merged_values(to_dict(default_model_recipe(name)), value)
        if name in COMPANIONS and isinstance(value, dict)
        else value
        for name, value in without_search(values).items()
    }
    recipe = from_dict(CompanionRecipe, merged, where=where)
    if not recipe.models:
        raise ConfigError(
            f"{where} names no model. Add a table for one: "
            f"{', '.join(f'[{name}.training]' for name in COMPANIONS)}."
        )
    return recipe


def recipe_to_dict(recipe: CompanionRecipe) -> dict[str, Any]:
    """A recipe as nested plain values, for TOML and back."""
    return {name: to_dict(part) for name, part in recipe.models.items()}
