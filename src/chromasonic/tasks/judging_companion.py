"""Companion models judged piece by piece, by the metrics of their own task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic import files
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.companion import Companion
from chromasonic.companion.evaluating import found_models, material_of, remarks_on
from chromasonic.companion.models import (
    LoadedCompanion,
    checkpoint_folder,
    load_companion,
    names_of,
)
from chromasonic.companion.scoring import PieceSums, sums_by_piece
from chromasonic.data.progress import Progress
from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation.judged import Judged, PieceScores
from chromasonic.tasks.judging_settings import recipe_hash
from chromasonic.training.examples import Examples


@dataclass(frozen=True, kw_only=True)
class Told:
    """A metric of a model's loss, as it is compared.

    Attributes:
        metric: its name in the loss.
        name: what it is called.
        unit: what a 1 is.
        is_lower_better: which way is better.
    """

    metric: str
    name: str
    unit: str
    is_lower_better: bool = True


UNITS = {
    "emotion_recognizer": "song",
    "melody_transformer": "melody",
    "harmony_predictor": "piece",
    "dynamics_engine": "performance",
    "groove_predictor": "take",
}
"""Model to what its piece is: the unit of every interval."""

METRICS: dict[str, tuple[Told, ...]] = {
    "emotion_recognizer": (
        Told(
            metric="quadrant accuracy",
            name="quadrant accuracy",
            unit="of clips",
            is_lower_better=False,
        ),
        Told(metric="valence MAE", name="valence error", unit="of the plane"),
        Told(metric="arousal MAE", name="arousal error", unit="of the plane"),
    ),
    "melody_transformer": (
        Told(metric="pitch_bits", name="pitch bits", unit="bits a note"),
        Told(
            metric="pitch_accuracy", name="pitch accuracy", unit="of notes", is_lower_better=False
        ),
    ),
    "harmony_predictor": (
        Told(metric="accuracy", name="accuracy", unit="of beats", is_lower_better=False),
        Told(
            metric="accuracy at changes",
            name="accuracy at changes",
            unit="of changes",
            is_lower_better=False,
        ),
        Told(metric="loss", name="surprise", unit="nats a beat"),
    ),
    "dynamics_engine": (Told(metric="velocity MAE", name="velocity error", unit="MIDI units"),),
    "groove_predictor": (
        Told(metric="velocity MAE", name="velocity error", unit="MIDI units"),
        Told(metric="timing MAE", name="timing error", unit="of a step"),
    ),
}
"""Model to what it is compared by; the first decides, and is the model's own headline."""


def judge_companion(
    path: Path,
    name: str,
    *,
    corpus: str | None,
    part: str,
    kind: str | None,
    data_dir: files.PathLike | None,
    device: str,
    on_progress: Progress | None,
) -> list[Judged]:
    """See `judging.judge`; the networks compute on the CPU."""
    del device
    models = None if kind is None else names_of(kind)
    files_of, _ = found_models(checkpoint_folder(path), models)
    found: list[Judged] = []
    for model, file in files_of.items():
        loaded = load_companion(file, model)
        companion = COMPANIONS[loaded.name]
        material = material_of(companion, loaded, data_dir, False, on_progress)
        if on_progress is not None:
            on_progress(f"{name}: {loaded.spec.title}", len(found), len(files_of))
        examples = material.data.test() if part == "test" else material.data.validation
        known = tuple(manifest.name for manifest in material.data.manifests) or ("made up",)
        chosen = of_corpus(examples, corpus, known, loaded.spec.title)
        if not len(chosen):
            raise EvaluationError(
                f"{loaded.spec.title} has nothing to be judged on in the {part} part of "
                f"{corpus or ', '.join(known)}."
            )
        sums = sums_by_piece(companion, loaded.network, chosen)
        ids = tuple(dict.fromkeys(chosen.pieces))
        found.append(
            Judged(
                model=name if len(files_of) == 1 else f"{name} ({loaded.name})",
                task="companion",
                kind=loaded.name,
                seed=_training(loaded).get("seed"),
                corpus=corpus or ", ".join(known),
                part=part,
                unit=UNITS[loaded.name],
                pieces=ids,
                scores=scores_of(companion, sums),
                group_of=works_of(loaded.name, ids),
                recipe=_recipe(loaded),
                remarks=tuple(remarks_on(loaded, material)),
            )
        )
    return found


def of_corpus(
    examples: Examples, corpus: str | None, known: tuple[str, ...], title: str
) -> Examples:
    """The examples of one corpus among those that a model learned from.

    Raises:
        UsageError: it learned from others.
    """
    if corpus is None or (corpus,) == known:
        return examples
    names = examples.groups.get("corpus")
    if corpus not in known or names is None:
        raise UsageError(
            f"The {title} is judged on what it learned from: {', '.join(known)}; '{corpus}' is "
            "not among them. Leave the corpus out, or name one of these."
        )
    kept = [number for number, its in enumerate(names) if its == corpus]
    return Examples(
        [examples.items[number] for number in kept],
        [examples.pieces[number] for number in kept],
        {
            division: [labels[number] for number in kept]
            for division, labels in examples.groups.items()
        },
    )


def scores_of(companion: Companion, sums: PieceSums) -> dict[str, PieceScores]:
    """What a model is compared by, out of its sums by piece."""
    return {
        told.name: PieceScores(
            unit=told.unit,
            is_lower_better=told.is_lower_better,
            sums_N=np.array(sums.sums[told.metric]),
            counts_N=np.array(sums.counts[told.metric]),
        )
        for told in METRICS[companion.spec.name]
    }


def works_of(model: str, pieces: tuple[str, ...]) -> dict[str, str]:
    """Performance to its composition, of which there are often several performances."""
    if model != "dynamics_engine":
        return {}
    return {piece: piece.rpartition("/")[0] or piece for piece in pieces}


def _training(loaded: LoadedCompanion) -> dict[str, Any]:
    told = loaded.info.get("training")
    return dict(told) if isinstance(told, dict) else {}


def _recipe(loaded: LoadedCompanion) -> str:
    data = loaded.info.get("data")
    settings = data.get("settings", {}) if isinstance(data, dict) else {}
    return recipe_hash(
        {"model": loaded.info.get("model", {}), "training": _training(loaded), "data": settings}
    )
