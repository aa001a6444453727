"""What a melody training begins with: the weights of another, and where they came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.errors import CheckpointError
from chromasonic.melody_generation.recipe import MarkovRecipe, MelodyRecipe, recipe_from
from chromasonic.registry.lineage import began_from
from chromasonic.registry.reference import located
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.state import find_checkpoint


def weights_for(kind: str, source: files.PathLike | None) -> Path | None:
    """Where a kind of model finds the weights to begin with: a run has a folder for each."""
    if source is None:
        return None
    place = located(source)
    own = RunDirectory(place).checkpoints(kind)
    return own if own.is_dir() else place


def origins_of(recipe: MelodyRecipe, source: files.PathLike | None) -> dict[str, Any]:
    """What run.json says of the weights that the networks begin with."""
    found = {}
    for kind, part in recipe.models.items():
        where = None if isinstance(part, MarkovRecipe) else weights_for(kind, source)
        if where is not None:
            found[kind] = find_checkpoint(where, f"melody_{kind}")
    return began_from(source, found)


def recipe_like(source: files.PathLike, recipe: MelodyRecipe) -> MelodyRecipe:
    """A recipe whose networks have the sizes of the weights that they shall begin with.

    Args:
        source: a checkpoint, a run, NAME@VERSION or NAME@ALIAS.
        recipe: the recipe to change.

    Raises:
        CheckpointError: there is no checkpoint of such a kind.
    """
    changed: dict[str, Any] = {}
    for kind, part in recipe.models.items():
        if isinstance(part, MarkovRecipe):
            continue
        where = weights_for(kind, source)
        assert where is not None
        path = find_checkpoint(where, f"melody_{kind}")
        model = load_checkpoint(path).get("config", {}).get("model", {})
        if model.get("kind") != kind:
            raise CheckpointError(
                f"{path} holds a model of kind '{model.get('kind')}', not '{kind}'. "
                f"Train that kind (--model {model.get('kind')}), or give another checkpoint."
            )
        values = {kind: {"model": model["config"]}}
        changed[kind] = replace(part, model=getattr(recipe_from(values), kind).model)
    return replace(recipe, **changed)
