"""Two sides as they are named on a command line, judged and compared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from chromasonic import files
from chromasonic.abtest.comparing import Comparison, compare
from chromasonic.data.progress import Progress
from chromasonic.errors import UsageError
from chromasonic.evaluation.judged import Judged
from chromasonic.registry.reference import located
from chromasonic.tasks.judging import PARTS, judge, task_at

BETWEEN = "vs"
"""The word between two sides of several runs."""


def sides_in(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The two sides that some words name: A B, or A... vs B...

    Raises:
        UsageError: the words are of another form, or name a model twice.
    """
    if words.count(BETWEEN) == 1:
        place = list(words).index(BETWEEN)
        first, second = list(words[:place]), list(words[place + 1 :])
    elif len(words) == 2 and BETWEEN not in words:
        first, second = [words[0]], [words[1]]
    else:
        raise UsageError(
            f"{len(words)} models were named ({' '.join(words[:4])}{' ...' if words[4:] else ''}). "
            "Name two, A B; or several runs of each recipe with one 'vs' between them: "
            "A1 A2 vs B1 B2."
        )
    if not first or not second:
        raise UsageError("A side of 'vs' is empty; name at least one model on each.")
    return first, second


def corpus_and_part(on: str | None) -> tuple[str | None, str]:
    """What CORPUS:PART says; None for the corpus takes the models' own.

    Raises:
        UsageError: it is of another form.
    """
    if on is None:
        return None, "validation"
    corpus, colon, part = on.rpartition(":")
    if not colon or not corpus or part not in PARTS:
        raise UsageError(
            f"--on is '{on}'; give CORPUS:PART, where PART is {' or '.join(PARTS)}, such as "
            f"{(corpus if colon else on) or 'nottingham'}:validation."
        )
    return corpus, part


def compare_models(
    first: Sequence[str],
    second: Sequence[str],
    *,
    on: str | None = None,
    kind: str | None = None,
    metrics: Sequence[str] | None = None,
    margin: float | None = None,
    detect: float | None = None,
    data_dir: files.PathLike | None = None,
    seed: int = 0,
    device: str = "auto",
    on_progress: Progress | None = None,
) -> list[Comparison]:
    """Judge and compare two sides.

    Args:
        first: paths or NAME@VERSION: one model, or runs of one recipe.
        second: the other side, about which the verdict is.
        on: CORPUS:PART; None takes the first's own corpus, and validation.
        kind: of runs with several models, this one.
        metrics: see `compare`.
        margin: see `compare`.
        detect: see `compare`.
        data_dir: where corpora lie.
        seed: see `compare`.
        device: where models compute.
        on_progress: told how it goes.

    Returns:
        A comparison for each kind that both sides have; or the one of two models of other kinds.

    Raises:
        UsageError: a model is on both sides, or the words are of another form.
        ChromasonicError: as `tasks.judging.judge` and `compare`.
    """
    corpus, part = corpus_and_part(on)
    _refuse_same(first, second)
    _refuse_other_tasks(first, second)
    judged: list[list[Judged]] = []
    for side in (first, second):
        found: list[Judged] = []
        for model in side:
            found += judge(
                model, corpus=corpus, part=part, kind=kind, data_dir=data_dir, device=device,
                on_progress=on_progress,
            )  # fmt: skip
            corpus = corpus or found[0].corpus
        judged.append(found)
    return [
        compare(
            ours,
            theirs,
            names=(_called(first, ours), _called(second, theirs)),
            metrics=metrics,
            margin=margin,
            detect=detect,
            seed=seed,
        )
        for ours, theirs in _pairs(judged[0], judged[1])
    ]


def _refuse_same(first: Sequence[str], second: Sequence[str]) -> None:
    places: dict[Path, str] = {}
    for model in (*first, *second):
        place = located(model).absolute().resolve()
        if place in places:
            raise UsageError(
                f"{places[place]} and {model} are the same model: every difference is 0. "
                "Name two different ones."
            )
        places[place] = model


def _refuse_other_tasks(first: Sequence[str], second: Sequence[str]) -> None:
    tasks = {model: task_at(located(model)) for model in (*first, *second)}
    head = first[0]
    for model, task in tasks.items():
        if task != tasks[head]:
            raise UsageError(
                f"{head} is a {tasks[head]} model and {model} a {task} model: they have nothing "
                "that could be compared. Name models of one task."
            )


def _pairs(first: list[Judged], second: list[Judged]) -> list[tuple[list[Judged], list[Judged]]]:
    """Which are compared with which: kind by kind."""
    sides = [{one.kind: [other for other in side if other.kind == one.kind] for one in side}
             for side in (first, second)]  # fmt: skip
    if len(sides[0]) == len(sides[1]) == 1:
        return [(first, second)]
    shared = [kind for kind in sides[0] if kind in sides[1]]
    if not shared:
        raise UsageError(
            f"{first[0].model} has {', '.join(sides[0])} and {second[0].model} has "
            f"{', '.join(sides[1])}: no kind is in both. Name one model on each side by its folder "
            "or its checkpoint."
        )
    return [(sides[0][kind], sides[1][kind]) for kind in shared]


def _called(side: Sequence[str], judged: Sequence[Judged]) -> str:
    """How a side is called: its path or reference; of several what they begin with."""
    kind, names = judged[0].kind, [name.rstrip("/") for name in side]
    if len(names) == 1:
        return names[0] if kind in names[0] else f"{names[0]} ({kind})"
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    shared = "".join(letters[0] for letters in alike)
    name = f"{shared}*" if shared else f"{names[0]}, ..."
    return f"{name} ({len(names)} runs, {kind})"
