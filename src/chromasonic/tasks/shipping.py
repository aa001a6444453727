"""Putting a trained model into the package: thinned to what using it needs, with card and hashes.

ROOT/index.json                 what each model is, its files with size and hash
ROOT/NAME/run.json, recipe.toml, split.json, ...    a run directory with the best checkpoint alone
ROOT/NAME/judged.json           what it was measured to be worth
ROOT/NAME/README.md             its card
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from chromasonic import files
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.registry.judgements import Judgement
from chromasonic.registry.licences import weights_terms
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.model import TrainedModel
from chromasonic.registry.shipped import CARD, INDEX, ShippedModel, models_in
from chromasonic.tasks.finding import models_at
from chromasonic.tasks.shipping_card import shipped_card
from chromasonic.tasks.shipping_plans import PLANS, Plan
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.run_directory import FACTS, SPLIT

JUDGED = "judged.json"
LARGEST_FILE, LARGEST_ALL = 2 * 2**20, 15_000_000
"""Bytes of one file, and of all that ships."""

_CHECKPOINTS, _KEPT = (".pt", ".pth"), ("_history.json", "_history.csv")
_USED = ("format_version", "epoch", "config", "metrics", "best")
"""What is kept of a checkpoint beside its weights."""


def ship(run: files.PathLike, plan: Plan, root: files.PathLike) -> ShippedModel:
    """Put a training's best model into a folder of shipped models, in place of what was there.

    Args:
        run: the run directory.
        plan: what it is called and said to be.
        root: the folder of all shipped models.

    Raises:
        UsageError: a licence does not let the weights be given away, or a file is too large.
        CheckpointError: there is no such model.
    """
    (model,) = models_at(run, kind=plan.kind)
    terms = weights_terms(model.facts.corpora)
    if not terms.may_ship:
        raise UsageError(f"'{plan.name}' may not ship. {terms.sentence}")
    folder = Path(root) / plan.name
    if folder.exists():
        shutil.rmtree(folder)
    for name, path in model.files.items():
        if name.endswith(_CHECKPOINTS):
            files.write_bytes(folder / name, thinned(path))
        elif name.endswith(_KEPT):
            files.write_bytes(folder / name, path.read_bytes())
    _write_texts(model, folder)
    return write_card(plan, root)


def judge_shipped(plan: Plan, root: files.PathLike, judged: Sequence[Judgement]) -> ShippedModel:
    """Note what a shipped model was measured to be worth, and write its card anew."""
    folder = Path(root) / plan.name
    files.write_json(folder / JUDGED, [asdict(judgement) for judgement in judged])
    return write_card(plan, root)


def write_card(plan: Plan, root: files.PathLike) -> ShippedModel:
    """Write a shipped model's card and its entry in the index.

    Raises:
        UsageError: a file is too large to ship.
    """
    root = Path(root)
    folder = root / plan.name
    (model,) = models_at(folder)
    sizes = files_of(folder)
    text = shipped_card(plan, model.facts, judgements_in(folder), sizes)
    files.write_text(folder / CARD, text)
    for name, facts in files_of(folder).items():
        if facts.size_bytes > LARGEST_FILE:
            raise UsageError(
                f"{plan.name}/{name} has {facts.size_bytes:,} bytes; no file that ships has more "
                f"than {LARGEST_FILE:,}. Train a smaller model."
            )
    _write_index(root, plan, model)
    return next(model for model in models_in(root) if model.name == plan.name)


def judgements_in(folder: Path) -> list[Judgement]:
    """What a shipped model was measured to be worth, as its folder says."""
    if not (folder / JUDGED).is_file():
        return []
    values = json.loads((folder / JUDGED).read_text(encoding="utf-8"))
    return [Judgement(**{**value, "remarks": tuple(value["remarks"])}) for value in values]


def files_of(folder: Path) -> dict[str, FileFacts]:
    """Each file of a model's folder but its card's own listing of them."""
    return {
        path.relative_to(folder).as_posix(): FileFacts(
            sha256=files.sha256_of_file(path), size_bytes=path.stat().st_size
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def thinned(checkpoint: Path) -> bytes:
    """A checkpoint as it ships: weights in half the bits, nothing to train on with.

    Weights are rounded to float16, counted shares (float64) to float32, whole numbers to the
    smallest type that holds them; a loader puts them back into the types of the model.

    Raises:
        CheckpointError: it is no checkpoint, or a weight is too large for float16.
    """
    import torch

    content = load_checkpoint(checkpoint)
    weights = {
        name: _smaller(tensor, name, checkpoint)
        for name, tensor in content["model_state_dict"].items()
    }
    kept = {key: content[key] for key in _USED if key in content}
    kept["config"] = without_places(kept["config"])
    stream = io.BytesIO()
    torch.save({**kept, "model_state_dict": weights}, stream)
    return stream.getvalue()


def _smaller(tensor: Any, name: str, source: Path) -> Any:
    import torch

    if tensor.is_floating_point():
        if tensor.dtype is torch.float64:
            return tensor.to(torch.float32)
        half = tensor.detach().to(torch.float16).clone()
        if not torch.isfinite(half).all():
            raise CheckpointError(
                f"{source} cannot be stored in half precision: {name} has a value beyond "
                f"{torch.finfo(torch.float16).max:,.0f}, or one that is no number."
            )
        return half
    if tensor.dtype is torch.int64 and tensor.numel():
        for kind in (torch.int16, torch.int32):
            limits = torch.iinfo(kind)
            if limits.min <= int(tensor.min()) and int(tensor.max()) <= limits.max:
                return tensor.to(kind)
    return tensor.clone()


def without_places(values: Any) -> Any:
    """Nested plain values without folders of the machine that trained: only their last names."""
    if isinstance(values, Mapping):
        hidden = ("found_at", "found_by", "platform", "data_dir")
        return {
            key: "" if key in hidden else without_places(value) for key, value in values.items()
        }
    if isinstance(values, (list, tuple)):
        return [without_places(value) for value in values]
    if isinstance(values, str) and PurePath(values).is_absolute():
        return PurePath(values).name
    return values


def _write_texts(model: TrainedModel, folder: Path) -> None:
    """run.json, recipe.toml and split.json, without anything of the machine."""
    for name, text in model.texts.items():
        if name == FACTS:
            facts = without_places(json.loads(text))
            text = files.json_text(facts) + "\n"
        elif name == SPLIT:  # thousands of ids: one line
            text = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) + "\n"
        files.write_text(folder / name, text)


def _write_index(root: Path, plan: Plan, model: TrainedModel) -> None:
    known = {}
    if (root / INDEX).is_file():
        entries = json.loads((root / INDEX).read_text(encoding="utf-8"))["models"]
        known = {entry["name"]: entry for entry in entries}
    terms = weights_terms(model.facts.corpora)
    asks = f"; {'; '.join(terms.asks)}" if terms.asks else ""
    licences = dict.fromkeys(corpus.licence for corpus in model.facts.corpora)
    known[plan.name] = {
        "name": plan.name,
        "task": plan.task,
        "kind": plan.kind,
        "title": plan.title,
        "summary": plan.summary,
        "licence": f"{'; '.join(licences)}{asks}",
        "corpora": [corpus.name for corpus in model.facts.corpora],
        "files": {name: asdict(facts) for name, facts in files_of(root / plan.name).items()},
    }
    order = [plan.name for plan in PLANS]
    entries = [known[name] for name in order if name in known]
    files.write_json(root / INDEX, {"format_version": 1, "models": entries})
    models_in.cache_clear()
