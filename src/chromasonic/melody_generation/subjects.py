"""Who is judged, and on what: models found by path, and the tunes that they may be judged on.

A run directory names its corpus and split, so nobody has to repeat them; and tunes that one of the
models was trained on are refused as test tunes, as its likelihood of them would mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from chromasonic import files
from chromasonic.data import CORPORA
from chromasonic.data.catalogue import names_of_tunes
from chromasonic.data.corpus import PARTS
from chromasonic.errors import CheckpointError, EvaluationError, UsageError
from chromasonic.evaluation.reference import default_reference, reference_of
from chromasonic.evaluation.typicality import FEWEST_TUNES, Reference
from chromasonic.melody_generation import models
from chromasonic.melody_generation.data_loader import MelodyData, load_dataset
from chromasonic.melody_generation.recipe import KINDS, recipe_from
from chromasonic.melody_generation.runs import load_streams
from chromasonic.music.tune import Tune
from chromasonic.registry.reference import is_version_folder, located, reference_in
from chromasonic.training.run_directory import RunDirectory


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model that is judged.

    Attributes:
        name: how it is called; unique among those that are judged together.
        kind: lstm, transformer or markov.
        model: its best weights.
        run: the run directory in which it stands, if it stands in one.
    """

    name: str
    kind: str
    model: nn.Module
    run: RunDirectory | None


@dataclass(frozen=True, kw_only=True)
class TestMaterial:
    """What models are judged on.

    Attributes:
        dataset: the corpus.
        part: train, validation or test.
        tunes: the tunes of that part.
        reference: the human tunes for coherence and musicality.
        training: the tunes that the first model learned from; empty where that is not known.
    """

    __test__ = False  # no test case, whatever its name begins with

    dataset: str
    part: str
    tunes: Sequence[Tune]
    reference: Reference
    training: Sequence[Tune]


def find_subjects(
    paths: Sequence[files.PathLike], *, kind: str | None = None, device: str = "auto"
) -> list[Subject]:
    """The models at some paths.

    Args:
        paths: run directories (all models in them), checkpoints, NAME@VERSION or NAME@ALIAS.
        kind: take only this kind from run directories.
        device: where they shall compute.

    Raises:
        CheckpointError: a path holds no model.
        RegistryError: no such version is registered, or its files were changed.
    """
    from chromasonic.training.device import choose_device

    where = choose_device(device)
    found: list[tuple[Path, RunDirectory | None, str, nn.Module]] = []
    for given in map(Path, paths):
        path = located(given, of="melody")
        run = run_of(path)
        if run is not None and run.path == path:
            kinds = [kind] if kind else _kinds_in(path)
            loaded = [models.load_model(path, kind=one) for one in kinds]
        else:
            loaded = [models.load_model(path)]
        found += [(given, run, one.kind, one.model.to(where)) for one in loaded]
    names = _names([(path, run, kind) for path, run, kind, _ in found])
    return [
        Subject(name=name, kind=kind, model=model, run=run)
        for name, (_, run, kind, model) in zip(names, found, strict=True)
    ]


def run_of(path: Path) -> RunDirectory | None:
    """The run directory that a path is, or lies in (a folder of checkpoints, a checkpoint)."""
    for folder in (path, *path.absolute().parents[:2]):
        if RunDirectory(folder).is_there:
            return RunDirectory(folder)
    return None


def find_material(
    subjects: Sequence[Subject],
    *,
    dataset: str | None = None,
    part: str = "test",
    data_dir: files.PathLike | None = None,
    split_file: files.PathLike | None = None,
) -> TestMaterial:
    """The tunes to judge models on, with human tunes beside them; see `find_tunes`."""
    melody, trained_on = find_tunes(
        subjects, dataset=dataset, part=part, data_dir=data_dir, split_file=split_file
    )
    return TestMaterial(
        dataset=melody.manifest.name,
        part=part,
        tunes=melody.tunes[part],
        reference=_reference(melody, part),
        training=trained_on.tunes["train"] if trained_on is not None else (),
    )


def find_tunes(
    subjects: Sequence[Subject],
    *,
    dataset: str | None = None,
    part: str = "test",
    data_dir: files.PathLike | None = None,
    split_file: files.PathLike | None = None,
) -> tuple[MelodyData, MelodyData | None]:
    """The data to judge models on, and the data that the first was trained on, where it is known.

    Args:
        subjects: the models; the first one's run directory says the corpus and split.
        dataset: a corpus instead of that.
        part: train, validation or test.
        data_dir: where the corpus lies.
        split_file: a split instead of the run's or the corpus's own.

    Raises:
        UsageError: neither a run directory nor `dataset` says what to judge on; no such part.
        EvaluationError: the part is empty, or a model was trained on some of its tunes.
    """
    if part not in PARTS:
        raise UsageError(f"--part is '{part}'; allowed: {', '.join(PARTS)}.")
    run = next((subject.run for subject in subjects if subject.run is not None), None)
    if dataset is None and run is None:
        raise UsageError(
            "A checkpoint outside its run directory does not say what it was trained on: "
            f"name the corpus to judge it on with --dataset ({', '.join(names_of_tunes())})."
        )
    trained_on = _data_of(run, data_dir=data_dir) if run is not None else None
    if dataset is None and split_file is None and trained_on is not None:
        melody = trained_on
    else:
        name = dataset or (trained_on.options["corpus"] if trained_on else "auto")
        melody = load_dataset(name, data_dir=data_dir, split_file=split_file)
    tunes = melody.tunes[part]
    if not tunes:
        raise EvaluationError(
            f"The {part} part of {melody.manifest.name} has no usable tune. "
            "Take another --part, or a larger corpus."
        )
    if part != "train":
        for subject in subjects:
            _refuse_training_tunes(subject, melody.manifest.name, tunes)
    return melody, trained_on


def _kinds_in(path: Path) -> list[str]:
    kinds = [kind for kind in KINDS if any((path / f"{kind}_checkpoints").glob("*.pt"))]
    if not kinds:
        if (path.parent.parent / "study.json").exists():
            raise CheckpointError(
                f"{path} is a trial of a search, which removed its weights: only the best trial's "
                "stay. Search with --keep, or train the trial's recipe.toml again."
            )
        raise CheckpointError(
            f"The run directory {path} holds no checkpoint yet. Let its training finish an epoch."
        )
    return kinds


def _names(places: Sequence[tuple[Path, RunDirectory | None, str]]) -> list[str]:
    """Short names that tell the models apart: kinds; where they repeat, with the run's name.

    A registered version is called as it was asked for: folk@1/lstm.
    """
    kinds = [kind for _, _, kind in places]
    is_registered = any(reference_in(str(path)) is not None for path, _, _ in places)
    if len(set(kinds)) == len(kinds) and not is_registered:
        return kinds
    names = [f"{_short(path, run)}/{kind}" for path, run, kind in places]
    return [
        name if names.count(name) == 1 else f"{path}/{kind}"
        for name, (path, _, kind) in zip(names, places, strict=True)
    ]


def _short(path: Path, run: RunDirectory | None) -> str:
    """A version by its reference, a run by its folder's name, a checkpoint by its own."""
    if run is None:
        return path.stem
    return str(path) if is_version_folder(run.path) else run.path.name


def _data_of(run: RunDirectory, *, data_dir: files.PathLike | None) -> MelodyData:
    """The data of a run as it was: its corpus, split and limits; repeats as written."""
    recipe = recipe_from(run.recipe(), where=str(run.path / "recipe.toml")).data
    # The run's split names what it learned from: copies that were left out are not in it.
    as_written = replace(
        recipe,
        expand_repeats=False,
        without_copies_of="",
        data_dir=str(data_dir or recipe.data_dir),
    )
    return load_streams(as_written, split_file=run.path / "split.json")


def _refuse_training_tunes(subject: Subject, dataset: str, tunes: Sequence[Tune]) -> None:
    """A model's own training tunes are no test of it.

    Raises:
        EvaluationError: some of the tunes are.
    """
    if subject.run is None:
        return
    learned = set(subject.run.split().get("train", ()))
    known = [tune.id for tune in tunes if tune.id in learned]
    facts = CORPORA.get(dataset)
    if known and (facts is None or facts.kind != "generated"):
        raise EvaluationError(
            f"{subject.name} ({subject.run.path}) was trained on {len(known)} of the "
            f"{len(tunes)} tunes to judge it on, such as '{known[0]}'; its figures would mean "
            "nothing. Judge it on its own split, or train it with the same --split-file."
        )


def _reference(melody: MelodyData, part: str) -> Reference:
    """Human tunes of the same corpus that are not judged; else the folk tunes."""
    other = "validation" if part == "train" else "train"
    facts = CORPORA.get(melody.manifest.name)
    is_human = facts is not None and facts.kind != "generated"
    if is_human and len(melody.tunes[other]) >= 2 * FEWEST_TUNES:
        return reference_of(melody.tunes[other], name=f"{melody.manifest.name}, {other}")
    return default_reference()
