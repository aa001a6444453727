"""Training a model that ships, by its recipe; and measuring it as it ships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.config import merged_values, read_toml
from chromasonic.registry.judgements import Judgement
from chromasonic.tasks.evaluated import RESULTS, judgements_on_test
from chromasonic.tasks.judging import judge
from chromasonic.tasks.measuring import judgement_of
from chromasonic.tasks.shipping_plans import Plan

BASELINE = "folk-markov"
"""The shipped model beside which the other melody models are measured."""


def recipe_of(plan: Plan, recipes: files.PathLike, *, tiny: bool = False) -> dict[str, Any]:
    """A shipped model's recipe as nested plain values.

    Args:
        plan: of the model.
        recipes: the folder of the recipes.
        tiny: with settings laid over it for a training of seconds, by the same corpora.

    Raises:
        ConfigError: there is no such file, or it is broken.
    """
    values = read_toml(Path(recipes) / plan.recipe)
    return merged_values(values, plan.tiny) if tiny else values


def train_plan(
    plan: Plan, recipe: Mapping[str, Any], output: files.PathLike, *, download: bool = False
) -> Path:
    """Train a model that ships.

    Args:
        plan: which.
        recipe: as `recipe_of` gives it.
        output: the run directory; a run that lies there is replaced.
        download: whether the network may be asked for a corpus (melodies come with music21).

    Returns:
        The run directory.

    Raises:
        ConfigError: the recipe is broken.
        CorpusError: a corpus is not there.
        TrainingError: the training cannot go on.
    """
    where = f"recipe of {plan.name}"
    if plan.task == "melody":
        from chromasonic.melody_generation import recipe as melody
        from chromasonic.melody_generation.runs import train_melody

        train_melody(melody.recipe_from(recipe, where=where), output, overwrite=True)
    elif plan.task == "companion":
        from chromasonic.companion import recipe as companion
        from chromasonic.companion.runs import train_companions

        train_companions(
            companion.recipe_from(recipe, where=where), output, overwrite=True, download=download
        )
    else:
        from chromasonic.gesture import recipe as gesture
        from chromasonic.gesture.runs import train_gesture

        train_gesture(
            gesture.recipe_from(dict(recipe), where=where),
            output,
            overwrite=True,
            download=download,
        )
    return Path(output)


def measured(plan: Plan, root: files.PathLike, *, test: bool) -> list[Judgement]:
    """What a shipped model is worth on the parts of its own corpora, with intervals.

    Args:
        plan: of a model that `ship` has put there.
        root: the folder of all shipped models.
        test: whether the test parts may be opened: once, when nothing is chosen any more.

    Raises:
        CorpusError: its corpora are not there.
    """
    folder = Path(root) / plan.name
    parts = ("validation", "test") if test else ("validation",)
    if plan.task == "companion":
        found = [judgement_of(one) for one in judge(folder)]
        return [*found, *_companion_tests(plan, folder)] if test else found
    judged = [one for part in parts for one in judge(folder, part=part)]
    found = [judgement_of(one) for one in judged]
    if plan.task != "melody" or plan.name == BASELINE:
        return found
    baseline = Path(root) / BASELINE
    return [
        replace(own, remarks=(*own.remarks, *_beside(baseline, part)))
        for own, part in zip(found, parts, strict=True)
    ]


def _beside(baseline: Path, part: str) -> tuple[str, ...]:
    """What the counted model gets on the same tunes."""
    if not baseline.is_dir():
        return ()
    (other,) = [judgement_of(one) for one in judge(baseline, part=part)]
    name, figure = next(iter(other.figures.items()))
    low, high = figure["low"], figure["high"]
    told = f"{figure['value']:.3f} [{low:.3f}, {high:.3f}] {figure['unit']}"
    return (f"beside it, {BASELINE} on the same {other.pieces} tunes: {name} {told}",)


def _companion_tests(plan: Plan, folder: Path) -> list[Judgement]:
    """The table of the test parts with its baselines, read back as judgements."""
    import tempfile

    from chromasonic.companion.evaluating import evaluate_companions

    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        for name in ("run.json", "recipe.toml", "split.json"):
            files.write_bytes(run / name, (folder / name).read_bytes())
        files.write_json(run / RESULTS, evaluate_companions(folder).to_dict())
        return judgements_on_test(run, plan.kind)
