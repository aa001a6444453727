"""Recipes of gesture trainings: one frozen value, one TOML file.

    output          where the run goes, unless another folder is given
[data]          which movements, by which protocol
[features]      what of a movement the network sees (`FeatureConfig`)
[augmentation]  how examples are changed in training (`AugmentationConfig`)
[network]       its sizes (`NetworkConfig`)
[training]      how it is trained (`TrainingConfig`)
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from chromasonic.config import from_dict, to_dict, without_search
from chromasonic.errors import ConfigError
from chromasonic.gesture.augmentation_config import AugmentationConfig
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.network_config import PLAIN, SIZES, NetworkConfig
from chromasonic.training.config import TrainingConfig

Protocol = Literal["seen", "unseen", "official"]

PROCESSED = "data/processed"
OUTPUT = "outputs/combined"
"""Where the specification's training looks for recordings and leaves its checkpoints."""

SPECIFICATION_TRAINING = TrainingConfig(
    epochs=100,
    batch_size=64,
    learning_rate=1e-3,
    weight_decay=1e-4,
    beta2=0.999,
    scheduler="cosine",
    min_learning_rate=1e-5,
    grad_clip=1.0,
    label_smoothing=0.0,
    patience=0,
    checkpoint_every=25,
)
"""The specification's defaults: a cosine to a hundredth of the rate over all epochs."""


@dataclass(frozen=True, kw_only=True)
class GestureData:
    """Which movements are learned from, and which are kept to be judged by.

    Attributes:
        dataset: a corpus by name, or the path of a folder of recordings of your own, one
            sub-folder a class (`FOLDER/LABEL/RECORDING`), or FOLDER/PERFORMER/LABEL/RECORDING.
        protocol: "seen": performers stand in every part, parts are drawn by class and performer;
            "unseen": all of one performer is the test part; "official": the corpus's own split.
        performer: who is left out under "unseen".
        validation_performer: another performer, all of whom is the validation part; empty draws it
            from the others by class and performer.
        test_share: share of the recordings that is test under "seen", by class and performer.
        validation_share: share of what is not test that is validation, by class and performer.
        movements: how many to make, for corpora that are made; 0 makes their usual number.
        longest_seconds: longer recordings are cut to their middle in training; 0 leaves them whole.
        data_dir: folder that holds the corpus; empty looks in the usual places.
        workers: processes that prepare batches; 0 prepares them in the training's own.
        seed: of the division.
    """

    dataset: str = "auto"
    protocol: Protocol = "seen"
    performer: str = ""
    validation_performer: str = ""
    test_share: float = 0.2
    validation_share: float = 0.1
    movements: int = 0
    longest_seconds: float = 10.0
    data_dir: str = ""
    workers: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, is_right, allowed in (
            (
                "protocol",
                self.protocol in ("seen", "unseen", "official"),
                "seen, unseen, official",
            ),
            (
                "performer",
                bool(self.performer) == (self.protocol == "unseen"),
                "a performer's name with the protocol 'unseen' (--performer NAME; 'chromasonic "
                "data info' lists them), else empty",
            ),
            (
                "validation_performer",
                not self.validation_performer
                or (self.protocol != "seen" and self.validation_performer != self.performer),
                "with the protocols 'unseen' and 'official', another than performer, else empty",
            ),
            ("test_share", 0 < self.test_share < 1, "between 0 and 1 (try 0.2)"),
            ("validation_share", 0 < self.validation_share < 1, "between 0 and 1 (try 0.1)"),
            ("movements", self.movements >= 0, "0 (the usual number) or more"),
            ("longest_seconds", self.longest_seconds >= 0, "0 (whole) or more"),
            ("workers", 0 <= self.workers <= 64, "from 0 to 64"),
            ("seed", 0 <= self.seed < 2**32, "from 0 to 4294967295"),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")


@dataclass(frozen=True, kw_only=True)
class GestureRecipe:
    """A gesture training, whole."""

    output: str = "runs/gesture"
    data: GestureData = field(default_factory=GestureData)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    network: NetworkConfig = PLAIN
    training: TrainingConfig = SPECIFICATION_TRAINING


def recipe_from(values: dict[str, Any], *, where: str = "recipe") -> GestureRecipe:
    """A recipe from nested plain values; what they leave out is the default.

    Raises:
        ConfigError: an unknown name, or a value that is not allowed.
    """
    defaults = recipe_to_dict(GestureRecipe())
    for name, table in without_search(values).items():
        if name in defaults and isinstance(table, dict):
            defaults[name] = {**defaults[name], **table}
        else:
            defaults[name] = table
    return from_dict(GestureRecipe, defaults, where=where)


def recipe_to_dict(recipe: GestureRecipe) -> dict[str, Any]:
    """A recipe as nested plain values, for TOML and run directories."""
    tables = (field.name for field in fields(recipe) if field.name != "output")
    return {"output": recipe.output, **{name: to_dict(getattr(recipe, name)) for name in tables}}


def specification_recipe() -> GestureRecipe:
    """The specification's own: its folders, its eight loading processes, its plain size."""
    return GestureRecipe(output=OUTPUT, data=GestureData(dataset=PROCESSED, workers=8))


def with_settings(recipe: GestureRecipe, **settings: Any) -> GestureRecipe:
    """A recipe with some settings laid over it, by their names; None leaves the recipe's.

    Args:
        recipe: what is changed.
        settings: names of `TrainingConfig`, `GestureData` and `FeatureConfig`, and `size` (of
            `SIZES`); `seed` is the training's: the division stays.

    Raises:
        ConfigError: a value that is not allowed, or no such size.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    size = given.pop("size", None)
    if size is not None:
        if size not in SIZES:
            raise ConfigError(f"The size is '{size}'; allowed: {', '.join(SIZES)}.")
        recipe = replace(recipe, network=SIZES[size])
        if recipe.network.causal:  # then neither network nor features look ahead
            recipe = replace(recipe, features=replace(recipe.features, causal=True))
    parts = {}
    for table in ("training", "data", "features"):
        old = getattr(recipe, table)
        own = {name: given.pop(name) for name in list(given) if hasattr(old, name)}
        if table == "training" and "learning_rate" in own:  # the cosine still ends at a hundredth
            share = old.min_learning_rate / old.learning_rate
            own.setdefault("min_learning_rate", own["learning_rate"] * share)
        parts[table] = replace(old, **own)
    return replace(recipe, **parts)


def with_seed(recipe: GestureRecipe, seed: int) -> GestureRecipe:
    """The same training from other weights in another order; the division stays."""
    return replace(recipe, training=replace(recipe.training, seed=seed))
