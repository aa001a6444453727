"""Melody models judged tune by tune: bits a note."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic import files
from chromasonic.data.progress import Progress
from chromasonic.errors import EvaluationError
from chromasonic.evaluation.judged import Judged, PieceScores
from chromasonic.evaluation.likelihood import StreamScores, score_streams
from chromasonic.melody_generation.likelihood import CLASS_NAMES, MELODY_CLASSES, pitch_sums
from chromasonic.melody_generation.subjects import Subject, find_subjects, find_tunes
from chromasonic.melody_generation.tokens import encode_all
from chromasonic.tasks.judging_settings import recipe_hash


def judge_melody(
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
    """See `judging.judge`."""
    subjects = find_subjects([path], kind=kind, device=device)
    own = next((_corpus_of(subject) for subject in subjects if subject.run is not None), "")
    melody, _ = find_tunes(
        subjects, dataset=None if corpus == own else corpus, part=part, data_dir=data_dir
    )
    encoded = encode_all(melody.tunes[part])
    if not encoded.sequences:
        raise EvaluationError(
            f"None of the {len(melody.tunes[part])} tunes of {melody.manifest.name}:{part} fits "
            "the vocabulary; judge on another corpus."
        )
    found = []
    for subject in subjects:
        scores = score_streams(
            subject.model,
            encoded.sequences,
            MELODY_CLASSES,
            on_progress=_told(on_progress, f"{name}: {subject.kind}"),
        )
        found.append(
            Judged(
                model=name if len(subjects) == 1 else f"{name} ({subject.kind})",
                task="melody",
                kind=subject.kind,
                seed=_seed_of(subject),
                corpus=melody.manifest.name,
                part=part,
                unit="tune",
                pieces=tuple(encoded.ids),
                scores=scores_of(scores),
                recipe=_recipe_of(subject),
            )
        )
    return found


def scores_of(scores: StreamScores) -> dict[str, PieceScores]:
    """Bits a note of pitches (durations given; decides), of rhythm, and of everything.

    Rhythm is that of rests and ties too, over the number of notes; the training's own `rhythm_bits`
    divides by durations instead, of which there are a few more.
    """
    pitch_bits, notes = pitch_sums(scores)

    def bits(values: np.ndarray) -> PieceScores:
        return PieceScores(
            unit="bits a note",
            is_lower_better=True,
            sums_N=np.where(notes > 0, values, 0.0),
            counts_N=notes,
        )

    return {
        "pitch bits": bits(pitch_bits),
        "rhythm bits a note": bits(scores.of("rhythm").bits[:, 0]),
        "all bits": bits(scores.of(*CLASS_NAMES).bits[:, 0]),
    }


def _corpus_of(subject: Subject) -> str:
    facts = subject.run.facts() if subject.run is not None else {}
    return str(facts.get("corpus", {}).get("manifest", {}).get("name", ""))


def _seed_of(subject: Subject) -> int | None:
    """Of the training; the Markov model knows no chance."""
    training = _own_recipe(subject).get("training")
    return training.get("seed") if isinstance(training, dict) else None


def _own_recipe(subject: Subject) -> dict[str, Any]:
    recipe = subject.run.recipe() if subject.run is not None else {}
    return dict(recipe.get(subject.kind, {}))


def _recipe_of(subject: Subject) -> str:
    if subject.run is None:
        return ""
    return recipe_hash({"data": subject.run.recipe().get("data", {}), **_own_recipe(subject)})


def _told(on_progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    if on_progress is None:
        return None
    return lambda done, total: on_progress(what, done, total)
