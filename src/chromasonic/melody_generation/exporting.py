"""Trained melody networks as ONNX files: OUT/tune_KIND.onnx, each proven token by token.

The file computes all that the network reads from the token ids alone, its memory goes in and comes
out by name, and its metadata hold the vocabulary: onnxruntime and NumPy are enough to write a tune
(`docs/onnx.md`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from chromasonic import __version__, files
from chromasonic.data import CORPORA
from chromasonic.errors import ExportError, UsageError
from chromasonic.export.document import FORMAT, Golden
from chromasonic.export.exported import Exported
from chromasonic.export.onnx_checking import check_onnx, hash_of, tensors_of, trained
from chromasonic.export.onnx_graph import GraphBuilder, chosen_opset
from chromasonic.export.onnx_running import Interface, RunningModel
from chromasonic.export.onnx_writing import texts_of, write_proved
from chromasonic.export.writing import array_text
from chromasonic.melody_generation.models import MODELS, LoadedModel, load_model
from chromasonic.melody_generation.onnx_networks import add_lstm, add_transformer
from chromasonic.melody_generation.onnx_proof import Proof, golden_of, prove
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.registry.reference import is_version_folder, located
from chromasonic.training.checkpoint import training_facts
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.state import find_checkpoint

WRITERS: dict[str, Callable[[GraphBuilder, Any], Interface]] = {
    "lstm": add_lstm,
    "transformer": add_transformer,
}
"""By kind of model."""

PREFIX = "tune_"
"""Of the names of files: the companion MelodyTransformer is a `melody_transformer` too."""

TITLES = {"lstm": "LSTM melody model", "transformer": "Transformer melody model"}
CORPUS_FACTS = ("name", "title", "licence", "fingerprint", "citation")

MADE_UP = "trained on made-up tunes: it shows that export works, and knows no music"
MAY_NOT_SHIP = "the licence of its corpus does not let its weights be shipped freely"
UNKNOWN_DATA = "its checkpoint does not say what it was trained on"
NO_NETWORK = "a Markov model counts what it has read and is no network, so ONNX has no word for it"


def export_melody(
    run: files.PathLike,
    *,
    models: Sequence[str] | None = None,
    output: files.PathLike | None = None,
    opset: int | None = None,
) -> tuple[Exported, ...]:
    """Export trained melody networks, each from its best checkpoint.

    Args:
        run: a run directory, a folder of checkpoints, a checkpoint, or NAME@VERSION.
        models: lstm, transformer; without, all networks that are there.
        output: the folder for the files; without, the run directory.
        opset: ONNX's operator set; None is the newest that the installed packages know.

    Returns:
        What was written.

    Raises:
        UsageError: there is no such model or operator set, or `output` is a file.
        CheckpointError: there is no checkpoint, or it is damaged.
        ExportError: it is a Markov model, the packages are not installed, or what was written is
            not what was trained.
        StorageError: a file cannot be written.
    """
    unknown = [name for name in models or () if name not in MODELS]
    if unknown:
        raise UsageError(
            f"--models is '{','.join(models or ())}'; melody networks are {', '.join(WRITERS)}."
        )
    folder = Path(output) if output is not None else output_folder(run)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--output is {folder}, which is a file; give a folder.")
    loaded, remarks = _networks(located(run), models)
    return tuple(
        export_melody_model(model, folder, opset=opset, remarks=remarks) for model in loaded
    )


def export_melody_model(
    loaded: LoadedModel,
    folder: files.PathLike,
    *,
    opset: int | None = None,
    remarks: Sequence[str] = (),
) -> Exported:
    """Write one network as FOLDER/tune_KIND.onnx, proven.

    Args:
        loaded: the network.
        folder: for the file.
        opset: ONNX's operator set; None is the newest that the installed packages know.
        remarks: for the user, besides those on the network itself.

    Raises:
        ExportError: it is no network, the packages are not installed, or what was written is not
            what was trained; an older file stays.
        StorageError: the file cannot be written.
    """
    model = loaded.model
    if loaded.kind not in WRITERS:
        raise ExportError(
            f"{loaded.checkpoint} holds a model of kind '{loaded.kind}': {NO_NETWORK}. "
            f"Networks that can be exported are {', '.join(WRITERS)}."
        )
    _check_finite(loaded)
    graph = GraphBuilder()
    interface = WRITERS[loaded.kind](graph, model)
    name = f"{PREFIX}{loaded.kind}"
    built = graph.model(
        name=name,
        opset=chosen_opset(opset),
        description=f"{TITLES[loaded.kind]} of Chromasonic: tokens to logits of the next token.",
        metadata={},
    )
    tensors = tensors_of(built)
    golden, tolerance = golden_of(model)
    facts = {
        **_facts(loaded),
        "parameters": sum(array.size for array in trained(tensors)),
        "tolerance": tolerance,
        "weight_hash": hash_of(tensors),
    }
    graph.set_metadata(
        built,
        {**texts_of(facts), "golden": _golden_text(golden), "interface": interface.to_json()},
    )
    content = built.SerializeToString()
    proofs: list[Proof] = []

    def check(temporary: Path) -> None:
        check_onnx(temporary)
        proofs.append(prove(model, RunningModel(temporary.read_bytes(), interface)))

    path = Path(folder) / f"{name}.onnx"
    write_proved(path, content, check)
    return Exported(
        name=name,
        path=path,
        size_bytes=len(content),
        parameters=facts["parameters"],
        largest_difference=proofs[0].largest_difference,
        steps=proofs[0].tokens,
        remarks=(*_warnings(loaded, facts), *remarks),
    )


def output_folder(run: files.PathLike) -> Path:
    """Where exports go: the run directory that a run, its checkpoints or one of them lie in.

    Of a registered version the present folder: nothing may be written beside its files.
    """
    path = located(run)
    folder = path if path.is_dir() else path.parent
    folder = folder.parent if folder.name.endswith("_checkpoints") else folder
    return Path() if is_version_folder(folder) else folder


def _networks(run: Path, models: Sequence[str] | None) -> tuple[list[LoadedModel], tuple[str, ...]]:
    """The networks of a run, and remarks on what else is there.

    Raises:
        ExportError: only a Markov model is there, or one was asked for.
        CheckpointError: there is none, or one that was asked for is missing.
    """
    if not run.is_dir():
        return [load_model(run, kind=kind) for kind in models or (None,)], ()
    if models is not None:
        return [load_model(run, kind=kind) for kind in models], ()
    there = [kind for kind in MODELS if _is_there(run, kind)]
    if not there:
        return [load_model(find_checkpoint(run))], ()
    kinds = [kind for kind in there if kind in WRITERS] or there
    remarks = tuple(
        f"the run's {kind} model is not exported: {NO_NETWORK}"
        for kind in there
        if kind not in kinds
    )
    return [load_model(run, kind=kind) for kind in kinds], remarks


def _is_there(run: Path, kind: str) -> bool:
    folders = (run, RunDirectory(run).checkpoints(kind))
    return any((folder / f"melody_{kind}_best.pt").is_file() for folder in folders)


def _check_finite(loaded: LoadedModel) -> None:
    for name, weight in loaded.model.named_parameters():
        if not nn.utils.parameters_to_vector([weight]).isfinite().all():
            raise ExportError(
                f"{name} of {loaded.checkpoint} holds a value that is no finite number, so "
                "nothing is exported. Train it anew, or export an earlier checkpoint."
            )


def _facts(loaded: LoadedModel) -> dict[str, Any]:
    """What the metadata say of model, vocabulary and training; no path of this machine."""
    corpus = _corpus(loaded)
    facts = CORPORA.get(str(corpus.get("name")))
    values = {
        "format": FORMAT,
        "name": f"{PREFIX}{loaded.kind}",
        "title": TITLES[loaded.kind],
        "version": __version__,
        "corpora": [{key: str(corpus.get(key, "")) for key in CORPUS_FACTS}] if corpus else [],
        "is_synthetic": facts is not None and facts.kind == "generated",
        "model": {"kind": loaded.kind, "config": loaded.config},
        "vocabulary": list(VOCABULARY.names),
        "vocabulary_signature": VOCABULARY.signature,
        "state_policy": "carry",
        "step": "each token",
        "training": training_facts(loaded.info),
    }
    return json.loads(files.json_text(values))  # plain values; NaN becomes null


def _warnings(loaded: LoadedModel, facts: dict[str, Any]) -> list[str]:
    """What a user must know before the file goes into a product."""
    corpus = _corpus(loaded)
    if facts["is_synthetic"]:
        return [MADE_UP]
    if not corpus:
        return [UNKNOWN_DATA]
    return [] if corpus.get("weights_may_ship") else [MAY_NOT_SHIP]


def _corpus(loaded: LoadedModel) -> dict[str, Any]:
    corpus = loaded.info.get("corpus")
    return corpus if isinstance(corpus, dict) else {}


def _golden_text(golden: Golden) -> str:
    """Golden tokens and logits as a JSON object."""
    ids, resets = golden.inputs.tolist(), list(golden.reset_before)
    return (
        f'{{"inputs":{json.dumps(ids)},"outputs":{array_text(golden.outputs)},'
        f'"reset_before":{json.dumps(resets)}}}'
    )
