"""The README of a folder of models of every task: those in it, and those in the folders in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chromasonic.errors import ChromasonicError, UsageError
from chromasonic.files import PathLike, write_text
from chromasonic.registry.card_words import words_for
from chromasonic.registry.model import ModelFacts, TrainedModel
from chromasonic.registry.readme import (
    METADATA,
    MODEL_FILES,
    README,
    TRAINING_DATA,
    Described,
    Snippet,
    entries_of,
    readme_page,
)
from chromasonic.tasks.finding import models_at
from chromasonic.tasks.finding_runs import WHOLE

RUN_FILES: dict[str, tuple[str, str]] = {
    "recipe.toml": (METADATA, "Every setting of the training"),
    "run.json": (METADATA, "Corpus, seed, versions, command, results"),
    "split.json": (METADATA, "The pieces of each part"),
    "tracking.json": (METADATA, "Where the training was tracked"),
    "cards/": (METADATA, "Model cards"),
    "history/": (TRAINING_DATA, "Figures of each epoch"),
    "plots/": (TRAINING_DATA, "Learning curves"),
    "results/": (TRAINING_DATA, "What an evaluation found"),
    "comparison_results/": (TRAINING_DATA, "Models side by side"),
    "checkpoints/": (MODEL_FILES, "Checkpoints: best, latest"),
}
"""What the run directories of all tasks hold, by name."""


def write_models_readme(folder: PathLike) -> Path:
    """Write README.md of a folder of models.

    Raises:
        UsageError: it is no folder, or no trained model is in it.
        StorageError: the file cannot be written.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder. Give one that trainings were written into.")
    return write_text(folder / README, models_readme_text(folder))


def models_readme_text(folder: Path) -> str:
    """The README's text (Markdown), from the facts of every model that is found.

    Raises:
        UsageError: no trained model is in the folder.
    """
    from chromasonic.harmonization import models_readme as harmonizers
    from chromasonic.harmonization.models_directory import ARCHIVE

    found = _found(folder)
    if not found:
        raise UsageError(
            f"No trained model is in {folder}, nor in a folder in it. Train one: chromasonic train "
            "melody --output FOLDER."
        )
    uses = {**harmonizers.uses(), **RUN_FILES, **_uses(found)}
    entries = entries_of(folder, uses, without=(ARCHIVE,))
    own = harmonizers.described(folder, entries)
    is_harmonizers = any(model.facts.task == "harmonizer" for model in found.get("", ()))
    place = folder.resolve().name
    loading = harmonizers.snippets(folder, {entry.name for entry in entries})
    return readme_page(
        intro=(
            "Trained models, and what is known of each from the files of its training. This page "
            f"is written by `chromasonic models readme {place}`.\n\n"
            f"Run the lines under Usage from the folder that `{place}` lies in."
        ),
        entries=entries,
        snippets=[*(loading if is_harmonizers else ()), *_snippets(place, found)],
        models=[*own, *_described(found)],
        management=_management(place, found),
    )


def _found(folder: Path) -> dict[str, list[TrainedModel]]:
    """Folder's name ("" for the folder itself) to its models; sets are told one by one."""
    found = {}
    for place in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        try:
            models = models_at(place)
        except ChromasonicError:  # no model is there
            continue
        singles = [model for model in models if model.facts.kind != WHOLE]
        found["" if place == folder else place.name] = singles
    return found


def _uses(found: Mapping[str, list[TrainedModel]]) -> dict[str, tuple[str, str]]:
    """What the folders and the models' own files are for."""
    uses = {
        f"{name}/": (MODEL_FILES, "; ".join(model.facts.title for model in models))
        for name, models in found.items()
        if name
    }
    for model in found.get("", ()):
        if model.facts.task == "harmonizer":
            continue
        for name in model.files:
            first, *rest = Path(name).parts
            key = f"{first}/" if rest else first
            if key not in RUN_FILES:
                uses.setdefault(key, (MODEL_FILES, _title(model.facts)))
    return uses


def _title(facts: ModelFacts) -> str:
    return facts.title or words_for(facts.task, facts.kind).title


def _described(found: Mapping[str, list[TrainedModel]]) -> list[Described]:
    """What each model is; the harmonizers of the folder itself are told by their own page."""
    told = []
    for place, models in found.items():
        for model in models:
            if not place and model.facts.task == "harmonizer":
                continue
            title = _title(model.facts)
            told.append(
                Described(
                    heading=f"{title} (`{place}`)" if place else title,
                    facts=model.facts,
                    size_bytes=sum(path.stat().st_size for path in model.files.values()),
                    lines=_lines(model.facts),
                )
            )
    return told


def _lines(facts: ModelFacts) -> dict[str, str]:
    date = str(facts.code.get("date", ""))[:10]
    return {
        "Description": words_for(facts.task, facts.kind).summary,
        "Trained": ", ".join(
            part for part in (date, "" if facts.seed is None else f"seed {facts.seed}") if part
        ),
    }


def _snippets(place: str, found: Mapping[str, list[TrainedModel]]) -> list[Snippet]:
    """The first command of each kind, with the place of its model."""
    lines = []
    for name, models in found.items():
        for model in models:
            commands = words_for(model.facts.task, model.facts.kind).commands
            if commands and (name or model.facts.task != "harmonizer"):
                where = f"{place}/{name}" if name else place
                lines.append(commands[0].replace("MODEL", where))
    unique = "\n".join(dict.fromkeys(lines))
    return [Snippet(heading="From the Command Line", language="bash", text=unique)] if lines else []


def _management(place: str, found: Mapping[str, list[TrainedModel]]) -> list[str]:
    first = next(iter(found))
    where = f"{place}/{first}" if first else place
    return [
        f"Keep a model under a name, its files checked on each load: `chromasonic models register "
        f"{where} --name NAME`",
        "What is kept: `chromasonic models list`; what is in use: `NAME@champion`",
        f"Write this page anew: `chromasonic models readme {place}`",
    ]
