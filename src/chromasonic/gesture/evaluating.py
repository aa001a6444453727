"""Judging trained gesture models on the test part, beside simple classifiers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chromasonic import files
from chromasonic.companion.companion import Row
from chromasonic.data.corpus import Corpus
from chromasonic.data.progress import Progress
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import PairedTest, holm
from chromasonic.gesture import baselines, scores
from chromasonic.gesture.models import GestureModel
from chromasonic.gesture.overlaps import groups_of
from chromasonic.gesture.preparing import movements_of
from chromasonic.gesture.published import PUBLISHED
from chromasonic.gesture.results import NETWORK, TOGETHER, GestureResults
from chromasonic.gesture.results_answers import (
    TestPart,
    baseline_answers,
    model_for,
    network_answers,
    test_part_of,
)
from chromasonic.gesture.results_runs import JudgedRun, Which, gather
from chromasonic.gesture.scores import Answers
from chromasonic.music.movement import Movement
from chromasonic.training.parameters import parameter_count

Answered = dict[str, dict[str, list[Answers]]]
"""Name of a method to its folds."""


def evaluate_gesture(
    paths: Sequence[files.PathLike],
    *,
    with_baselines: bool = True,
    which: Which = "best",
    data_dir: files.PathLike | None = None,
    download: bool = False,
    on_progress: Progress | None = None,
    on_data: Callable[[Corpus[Movement]], None] = lambda _: None,
) -> GestureResults:
    """Judge folds and seeds of one training together. This opens the test part.

    Args:
        paths: run directories, checkpoints in them, or folders of run directories.
        with_baselines: whether simple classifiers learn and answer the same.
        which: checkpoint is judged where a path names none: "best" by the validation part, or
            "final".
        data_dir: where the corpus is now, if not where it was.
        download: whether the network may be asked for the corpus.
        on_progress: told how it goes.
        on_data: told the corpus before anything is judged.

    Raises:
        CheckpointError: there is no finished run, or a checkpoint is damaged.
        EvaluationError: the runs do not belong together, or the corpus is not theirs.
        CorpusError: the corpus is not there.
    """
    folds = gather(paths, which=which)
    first = next(iter(folds.values()))[0]
    data = first.recipe.data
    if data_dir is not None:
        data = replace(data, data_dir=str(data_dir))
    corpus = movements_of(data, download=download, on_progress=on_progress)
    on_data(corpus)
    answered, parts, parameters = _answers(folds, corpus, with_baselines, on_progress)
    rows = [_row(first, method, answered[method]) for method in answered]
    if all(len(seeds) > 1 for seeds in answered[NETWORK].values()):
        rows.insert(1, _row(first, TOGETHER, scores.together(answered[NETWORK])))
    rows += _published_rows(first, corpus.name)
    network = answered[NETWORK]
    return GestureResults(
        runs=folds,
        manifest=corpus.manifest.to_dict(),
        classes=next(iter(parts.values())).classes,
        parameters=parameters,
        rows=tuple(rows),
        by_seed=tuple(scores.accuracies_by_seed(network)),
        over_performers=scores.over_performers(network) if len(network) > 1 else None,
        by_performer=_by_performer(answered),
        confusion=scores.confusion_of(network),
        paired=_paired(answered),
        sizes=scores.sizes_of(network),
        remarks=tuple(_remarks(folds, corpus, parts)),
    )


def _answers(
    folds: Mapping[str, Sequence[JudgedRun]],
    corpus: Corpus[Movement],
    with_baselines: bool,
    on_progress: Progress | None,
) -> tuple[Answered, dict[str, TestPart], int]:
    """What every method says of every fold, the folds' parts, and the network's size."""
    by_id = corpus.by_id
    units = dict(zip((m.id for m in corpus.pieces), groups_of(corpus.pieces), strict=True))
    every = {id for runs in folds.values() for part in runs[0].split.values() for id in part}
    classes = sorted({by_id[id].label for id in every if id in by_id})
    names = list(baselines.BASELINES) if with_baselines else []
    total = sum(len(runs) + len(names) for runs in folds.values())
    answered: Answered = {method: {} for method in (NETWORK, *names)}
    parts: dict[str, TestPart] = {}
    done = parameters = 0

    def tell(what: str) -> None:
        nonlocal done
        if on_progress is not None:
            on_progress(what, done, total)
        done += 1

    for fold, runs in folds.items():
        part = parts[fold] = test_part_of(runs[0], by_id, units, classes)
        models: list[GestureModel] = []
        for run in runs:
            tell(f"Judging {fold}, seed {run.seed}")
            models.append(model_for(run, part))
            answered[NETWORK].setdefault(fold, []).append(network_answers(models[-1], part))
        parameters = parameter_count(models[0].network)
        for name in names:
            tell(f"{fold}: {name}")
            answers = baseline_answers(name, part, models[0])
            if answers is not None:
                answered[name][fold] = [answers]
    whole = {method: found for method, found in answered.items() if set(found) == set(folds)}
    return whole, parts, parameters


def _row(run: JudgedRun, method: str, folds: scores.Folds) -> Row:
    figures = scores.figures_of(folds)
    if method == baselines.FREQUENT:  # a mark to measure by: nothing to resample, nothing sure
        figures = {
            name: replace(figures[name], low=math.nan, high=math.nan)
            for name in (scores.ACCURACY, scores.MACRO_F1, scores.TOP_5)
        }
    return Row(
        model="gesture",
        test=f"{run.data.get('dataset')}, {run.recipe.data.protocol}",
        method=method,
        figures=figures,
        is_baseline=method not in (NETWORK, TOGETHER),
        better=scores.BETTER,
    )


def _published_rows(run: JudgedRun, corpus: str) -> list[Row]:
    """What others report of this corpus by this protocol."""
    return [
        Row(
            model="gesture",
            test=f"{run.data.get('dataset')}, {run.recipe.data.protocol}",
            method=f"published: {published.who}",
            figures={
                scores.ACCURACY: Figure(
                    value=published.accuracy,
                    n=published.recordings,
                    low=math.nan,
                    high=math.nan,
                    reason="as published",
                )
            },
            is_baseline=True,
            better=scores.BETTER,
        )
        for published in PUBLISHED.get((corpus, run.recipe.data.protocol), ())
    ]


def _by_performer(answered: Answered) -> dict[str, dict[str, Figure]]:
    """The network's and the trees' accuracy on each performer."""
    found: dict[str, dict[str, Figure]] = {}
    for method in (NETWORK, *baselines.TREES_NAMES):
        if method not in answered:
            continue
        for name, figure in scores.accuracy_by_performer(answered[method]).items():
            found.setdefault(name, {})[method] = figure
    return found


def _paired(answered: Answered) -> tuple[PairedTest, ...]:
    """The network beside each baseline, with p-values adjusted for being several."""
    tests = [
        scores.compare(answered[NETWORK], answered[name], names=(NETWORK, name))
        for name in answered
        if name not in (NETWORK, baselines.FREQUENT)
    ]
    adjusted = holm([test.p_value for test in tests])
    return tuple(
        replace(test, p_adjusted=value) for test, value in zip(tests, adjusted, strict=True)
    )


def _remarks(
    folds: Mapping[str, Sequence[JudgedRun]],
    corpus: Corpus[Movement],
    parts: Mapping[str, TestPart],
) -> list[str]:
    first = next(iter(folds.values()))[0]
    remarks = [str(remark) for remark in first.facts.get("remarks", [])]
    if first.data.get("fingerprint") != corpus.manifest.fingerprint:
        remarks.append(
            "Not the files that it was trained on (their fingerprints differ), so it may know some "
            "of the test recordings."
        )
    if first.recipe.data.protocol == "unseen":
        everyone = {m.performer for part in parts.values() for m in (*part.learn, *part.test)}
        missing = sorted(everyone - set(folds))
        if missing:
            remarks.append(
                f"Only {len(folds)} of {len(everyone)} performers were left out; the mean lacks "
                f"{', '.join(missing)}."
            )
    counts = {len(runs) for runs in folds.values()}
    if len(counts) > 1:
        remarks.append(f"The folds have from {min(counts)} to {max(counts)} seeds.")
    if first.recipe.features.asks_who:
        remarks.append(
            "Whom the network does not know in the test part (or whose session) is standardized by "
            "all of their recordings there, without labels."
        )
    unlearned = sorted(
        {m.label for part in parts.values() for m in part.test}
        - {m.label for part in parts.values() for m in part.learn}
    )
    if unlearned:
        remarks.append(f"Nobody was there to learn from: {', '.join(unlearned[:8])}.")
    return remarks
