"""What a gesture training begins with: the sizes of the network whose weights it takes."""

from __future__ import annotations

from dataclasses import replace

from chromasonic.files import PathLike
from chromasonic.gesture.models import load_gesture
from chromasonic.gesture.recipe import GestureRecipe


def recipe_like(source: PathLike, recipe: GestureRecipe) -> GestureRecipe:
    """A recipe whose network and features are those of the weights that it shall begin with.

    Args:
        source: a checkpoint, a run, NAME@VERSION or NAME@ALIAS.
        recipe: the recipe to change.

    Raises:
        CheckpointError: there is no gesture model.
    """
    model = load_gesture(source)
    return replace(recipe, network=model.network.config, features=model.reader.config)
