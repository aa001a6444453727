"""Gesture networks judged recording by recording: right or not, and how surprised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from chromasonic import files
from chromasonic.data.progress import Progress
from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation import classification
from chromasonic.evaluation.judged import Judged, PieceScores
from chromasonic.gesture.overlaps import groups_of
from chromasonic.gesture.preparing import movements_of
from chromasonic.gesture.recipe import recipe_to_dict
from chromasonic.gesture.results_answers import model_for, network_answers, test_part_of
from chromasonic.gesture.results_runs import JudgedRun, read_run
from chromasonic.gesture.scores import Answers
from chromasonic.tasks.judging_settings import recipe_hash

FEWEST_PERFORMERS = 6
"""With fewer performers nothing can be said of performers in general; then recordings are the unit,
and what is said holds for these performers."""


def judge_gesture(
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
    """See `judging.judge`; the network computes on the CPU."""
    del kind, device
    run = read_run(path.parent, path) if path.is_file() else read_run(path)
    own = str(run.data.get("dataset", ""))
    if corpus not in (None, own):
        raise UsageError(
            f"{name} knows the gestures of '{own}' and cannot be judged on '{corpus}'. "
            f"Give --on {own}:{part}."
        )
    data = run.recipe.data
    if data_dir is not None:
        data = replace(data, data_dir=str(data_dir))
    recordings = movements_of(data, on_progress=on_progress)
    known = run.data.get("fingerprint") == recordings.manifest.fingerprint
    answers = _answers(run, part, recordings.by_id, on_progress)
    groups, remark = _groups(answers)
    remarks = [remark] if remark else []
    if not known:
        remarks.append(
            f"{name}: these are not the files that it was trained on (their fingerprints differ)."
        )
    settings = recipe_to_dict(run.recipe)
    settings["data"] = {
        key: value
        for key, value in settings["data"].items()
        if key not in ("performer", "validation_performer")
    }
    return [
        Judged(
            model=name,
            task="gesture",
            kind="gesture",
            seed=run.seed,
            corpus=own,
            part=part,
            unit="recording",
            pieces=answers.ids,
            scores=scores_of(answers),
            group_of=groups,
            recipe=recipe_hash(settings),
            remarks=tuple(remarks),
        )
    ]


def _answers(run: JudgedRun, part: str, by_id, on_progress: Progress | None) -> Answers:  # type: ignore[no-untyped-def]
    """What the network says of a part's recordings."""
    asked = tuple(run.split[part])
    if not asked:
        raise EvaluationError(f"The {part} part of {run.path} is empty; take another part.")
    learned = tuple(run.split["train"])
    known = set(learned) & set(asked)
    if known:
        raise EvaluationError(f"{run.path} was trained on {len(known)} of its {part} recordings.")
    judged = replace(run, split={"train": learned, "validation": (), "test": asked})
    there = [by_id[id] for id in (*learned, *asked) if id in by_id]
    units = dict(zip((m.id for m in there), groups_of(there), strict=True))
    classes = sorted({movement.label for movement in there})
    material = test_part_of(judged, by_id, units, classes)
    if on_progress is not None:
        on_progress("judging gestures", 0, len(asked))
    return network_answers(model_for(run, material), material)


def _groups(answers: Answers) -> tuple[dict[str, str], str]:
    """Recording to its performer, or to those that share frames with it; and a word of that."""
    performers = {name for name in answers.performers if name}
    if len(performers) >= FEWEST_PERFORMERS:
        return dict(zip(answers.ids, answers.performers, strict=True)), ""
    units = dict(zip(answers.ids, answers.units or answers.ids, strict=True))
    if not performers:
        return units, ""
    who = "1 performer" if len(performers) == 1 else f"{len(performers)} performers"
    return units, (
        f"The recordings are of {who}: what is said holds for them, not for people in general."
    )


def scores_of(answers: Answers) -> dict[str, PieceScores]:
    """Accuracy (decides), and the surprise at the true class."""
    ones = np.ones(len(answers.ids))
    return {
        "accuracy": PieceScores(
            unit="of recordings", is_lower_better=False, sums_N=answers.is_right, counts_N=ones
        ),
        "surprise": PieceScores(
            unit="nats a recording",
            is_lower_better=True,
            sums_N=classification.surprise(answers.truth, answers.probabilities),
            counts_N=ones,
        ),
    }
