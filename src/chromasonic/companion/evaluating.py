"""Judging trained companion models on the test parts of their corpora, beside their baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.companion import Companion, Row
from chromasonic.companion.materials import Material, prepare
from chromasonic.companion.models import LoadedCompanion, checkpoint_folder, load_companion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.recipe import DataSettings
from chromasonic.companion.scoring import best_constant, sums_by_piece
from chromasonic.companion.table import Verdict, row_to_dict, verdicts
from chromasonic.config import from_dict
from chromasonic.data.progress import Progress
from chromasonic.errors import CheckpointError
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.training.randomness import seeded
from chromasonic.training.run_directory import environment

RESULTS_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ModelResults:
    """What was found of one model.

    Attributes:
        loaded: the model.
        material: what it was judged on comes from here.
        rows: the model's and its baselines'.
        remarks: what the reader should know.
    """

    loaded: LoadedCompanion
    material: Material
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]

    @property
    def verdicts(self) -> list[Verdict]:
        """Whether the model beats its baselines."""
        return verdicts(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "title": self.loaded.spec.title,
            "checkpoint": str(self.loaded.checkpoint),
            "epoch": self.loaded.info.get("epoch"),
            "parameters": self.loaded.spec.parameters,
            "data": self.material.to_dict(),
            "remarks": list(self.remarks),
            "rows": [row_to_dict(row) for row in self.rows],
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
        }


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was found of all models.

    Attributes:
        models: by name.
        missing: models without a checkpoint here.
        folder: of the checkpoints.
    """

    models: dict[str, ModelResults]
    missing: tuple[str, ...]
    folder: Path

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "format_version": RESULTS_VERSION,
            "checkpoints": str(self.folder),
            "missing": list(self.missing),
            **environment(),
            "models": {name: results.to_dict() for name, results in self.models.items()},
        }


def evaluate_companions(
    path: files.PathLike,
    *,
    models: Sequence[str] | None = None,
    data_dir: files.PathLike | None = None,
    download: bool = False,
    on_progress: Progress | None = None,
    on_model: Callable[[str, Material], None] = lambda *_: None,
) -> Evaluation:
    """Judge the best checkpoints of a folder, each on the test part of what it was trained on.

    Args:
        path: an output folder, its folder of checkpoints, or one checkpoint.
        models: which; None takes those that are there.
        data_dir: where the corpora are now, if not where they were.
        download: whether the network may be asked for corpora.
        on_progress: told how loading goes.
        on_model: told (name, material) before a model is judged.

    Raises:
        CheckpointError: there is no checkpoint, one that was asked for is missing, or one is
            damaged or of another model.
        CorpusError: a corpus that a model was trained on is not there.
    """
    folder = checkpoint_folder(path)
    found, missing = found_models(folder, models)
    results = {}
    for name, file in found.items():
        loaded = load_companion(file, name)
        companion = COMPANIONS[loaded.name]
        material = material_of(companion, loaded, data_dir, download, on_progress)
        on_model(loaded.name, material)
        if material.synthetic:
            rows = synthetic_rows(companion, loaded.network, material)
        else:
            rows = list(companion.evaluate(loaded.network, material.data))
        results[loaded.name] = ModelResults(
            loaded=loaded,
            material=material,
            rows=tuple(rows),
            remarks=(*remarks_on(loaded, material), *material.data.remarks),
        )
    return Evaluation(models=results, missing=missing, folder=folder)


def found_models(
    folder: Path, models: Sequence[str] | None
) -> tuple[dict[str | None, Path], tuple[str, ...]]:
    """Name to checkpoint, and the names without one.

    Args:
        folder: of checkpoints, or one checkpoint.
        models: which; None takes those that are there.

    Raises:
        CheckpointError: there is none, or one that was asked for is missing.
    """
    if not folder.is_dir():
        return {None: folder}, ()
    wanted = tuple(COMPANIONS) if models is None else tuple(models)
    there: dict[str | None, Path] = {
        name: folder / f"{name}_best.pt"
        for name in wanted
        if (folder / f"{name}_best.pt").is_file()
    }
    missing = tuple(name for name in wanted if name not in there)
    if not there or (models is not None and missing):
        raise CheckpointError(
            f"There is no {' and no '.join(f'{name}_best.pt' for name in missing)} in {folder}. "
            "Train first (chromasonic train companion), or give the folder that holds them."
        )
    return there, missing


def material_of(
    companion: Companion,
    loaded: LoadedCompanion,
    data_dir: files.PathLike | None,
    download: bool,
    on_progress: Progress | None,
) -> Material:
    """The data that a model was trained on, divided as it was then.

    Raises:
        CorpusError: none of its corpora is there.
    """
    data = loaded.info.get("data")
    values = dict(data["settings"]) if isinstance(data, dict) and "settings" in data else {}
    if data_dir is not None:
        values["data_dir"] = str(data_dir)
    settings = from_dict(DataSettings, values, where=f"{loaded.checkpoint}: data settings")
    return prepare(
        companion, settings, download=download, on_progress=on_progress, may_make_up=False
    )


def remarks_on(loaded: LoadedCompanion, material: Material) -> list[str]:
    """What makes the figures of a model doubtful."""
    if material.synthetic:
        return [
            "Trained and judged on made-up examples: these figures show that training works, and "
            "say nothing about music."
        ]
    was = loaded.info.get("data")
    if not isinstance(was, dict):
        return [
            "The checkpoint does not say what it was trained on, so it may know the test pieces."
        ]
    before, after = (
        {corpus["name"]: corpus["fingerprint"] for corpus in data["corpora"]}
        for data in (was, material.to_dict())
    )
    changed = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
    if changed:
        return [
            f"Not the corpora that it was trained on ({', '.join(changed)} differ), so it may know "
            "some of the test pieces."
        ]
    return []


def synthetic_rows(
    companion: Companion, network: CompanionNetwork, material: Material
) -> list[Row]:
    """A model beside the best constant answer and an untrained network, on made-up examples."""
    test = material.data.test()
    with seeded(material.settings.seed):
        untrained = CompanionNetwork(companion.spec)
    methods = {
        "model": (network, False),
        "best constant answer": (best_constant(companion, material.data.train), True),
        "untrained network": (untrained, True),
    }
    rows = []
    for method, (module, is_baseline) in methods.items():
        pieces = sums_by_piece(companion, module, test)
        names = ["loss", *([companion.headline] if companion.headline in pieces.sums else [])]
        rows.append(
            Row(
                model=companion.spec.name,
                test="made-up examples",
                method=method,
                figures={
                    name: bootstrap_ratio(pieces.sums[name], pieces.counts[name]) for name in names
                },
                is_baseline=is_baseline,
                better={name: _better(name) for name in names},
            )
        )
    return rows


def _better(metric: str) -> str:
    rises = ("accuracy", "r2", "ccc", "right", "similarity")
    return "higher" if any(word in metric for word in rises) else "lower"
