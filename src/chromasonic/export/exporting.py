"""One module into one RTNeural file, which appears under its name only when it is proven right."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

import chromasonic
from chromasonic import files
from chromasonic.errors import ExportError
from chromasonic.export.document import (
    TOLERANCE,
    Array,
    Document,
    DocumentLayer,
    Metadata,
    weight_hash,
)
from chromasonic.export.exported import Exported
from chromasonic.export.golden import RESET_BEFORE, Usual, golden_inputs, golden_of
from chromasonic.export.rtneural import layers_of
from chromasonic.export.softmax_bounds import guard_softmax
from chromasonic.export.spec import Block, ModelSpec, StatePolicy
from chromasonic.export.verifying import Agreement, compare_with_module
from chromasonic.export.writing import document_text

NO_CORPORA = (
    "it does not say what it was trained on and under which licence, so 'chromasonic validate' "
    "refuses it; name corpora in its Description"
)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a file says of its model beside its numbers.

    Attributes:
        inputs: the blocks that go in.
        outputs: the blocks that come out.
        corpora: each a name, title, licence, licence_url, fingerprint.
        is_synthetic: whether it was trained on made-up examples.
        training: what else is known of the training, as plain values.
    """

    inputs: tuple[Block, ...]
    outputs: tuple[Block, ...]
    corpora: tuple[dict[str, str], ...] = ()
    is_synthetic: bool = False
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A module as a document that is not yet proven.

    Attributes:
        module: what it was made from.
        document: its layers, metadata and golden vectors.
        remarks: what a user must know of it.
        usual: mean and deviation of what goes in; None: around 0, about 1.
    """

    module: nn.Module
    document: Document
    remarks: tuple[str, ...] = ()
    usual: Usual | None = None


def prepare(
    module: nn.Module, spec: ModelSpec, description: Description, *, examples: Array | None = None
) -> Prepared:
    """A module as a document, with golden vectors, its softmax safe from overflow.

    Args:
        module: (B, T, I) features to (B, T, O), with all that the file shall compute (its last
            activation too).
        spec: what it should be.
        description: of the training and the features.
        examples: real features (n, I), one step after the other, for the golden vectors.

    Raises:
        ExportError: it cannot be expressed, holds a value that is not finite, or is another model
            than its spec.
    """
    layers = layers_of(module, torch.zeros(1, 2, spec.inputs))
    check_layers(layers, spec)
    return _prepared(
        module, layers, description, examples,
        name=spec.name, title=spec.title, state=spec.state, step=spec.step,
    )  # fmt: skip


def export_module(
    module: nn.Module,
    path: files.PathLike,
    description: Description,
    *,
    title: str,
    step: str,
    examples: Array | None = None,
    usual: Usual | None = None,
) -> Exported:
    """Write any module that RTNeural's layers can express, and prove the file.

    Args:
        module: (B, T, I) features to (B, T, O), with all that the file shall compute.
        path: of the file; its name without ending is the model's. An older file stays unless the
            new one is right.
        description: of the training and the features; the sizes of its blocks are I and O.
        title: as people write it.
        step: when a step happens, such as "each bar".
        examples: real features (n, I), one step after the other, for the golden vectors.
        usual: mean and deviation (I,) of the features, by which golden vectors are made.

    Raises:
        ExportError: it cannot be expressed (the message names what), holds a value that is not
            finite, or what was written does not compute what the module computes.
        StorageError: the file cannot be written.
    """
    inputs = sum(block.size for block in description.inputs)
    layers = layers_of(module, torch.zeros(1, 2, inputs))
    remembers = any(layer.remembers for layer in layers)
    prepared = _prepared(
        module, layers, description, examples,
        name=Path(path).stem, title=title, state="carry" if remembers else "stateless", step=step,
        usual=usual,
    )  # fmt: skip
    exported = write_verified(path, prepared)
    named = [corpus for corpus in description.corpora if corpus.get("licence")]
    if description.is_synthetic or (named and len(named) == len(description.corpora)):
        return exported
    return replace(exported, remarks=(*exported.remarks, NO_CORPORA))


def _prepared(
    module: nn.Module,
    layers: tuple[DocumentLayer, ...],
    description: Description,
    examples: Array | None,
    *,
    name: str,
    title: str,
    state: StatePolicy,
    step: str,
    usual: Usual | None = None,
) -> Prepared:
    """Golden vectors, a guarded softmax, and metadata for a module's layers."""
    size, gives = (
        sum(block.size for block in blocks) for blocks in (description.inputs, description.outputs)
    )
    if layers[-1].size != gives:
        raise ExportError(
            f"{title} gives {layers[-1].size} numbers, and the blocks that describe them "
            f"({', '.join(block.name for block in description.outputs)}) have {gives}."
        )
    inputs = golden_inputs(size, examples=examples, usual=usual)
    golden = golden_of(module, inputs, RESET_BEFORE)
    guarded = guard_softmax(Document(inputs=size, layers=layers), inputs)
    document = Document(inputs=size, layers=guarded.layers)
    metadata = Metadata(
        name=name,
        title=title,
        version=chromasonic.__version__,
        corpora=description.corpora,
        is_synthetic=description.is_synthetic,
        inputs=description.inputs,
        outputs=description.outputs,
        state_policy=state,
        step=step,
        parameters=document.parameters,
        tolerance=TOLERANCE,
        weight_hash=weight_hash(guarded.layers),
        golden=golden,
        training=description.training,
    )
    return Prepared(
        module=module,
        document=replace(document, metadata=metadata),
        remarks=guarded.remarks,
        usual=usual,
    )


def check_layers(layers: tuple[DocumentLayer, ...], spec: ModelSpec) -> None:
    """That the layers are those of the spec, with as many numbers.

    Raises:
        ExportError: they are not.
    """
    found = [(layer.type, layer.size, layer.activation) for layer in layers]
    wanted = [(layer.kind, layer.size, layer.activation) for layer in spec.layers]
    numbers = sum(array.size for layer in layers for array in layer.weights)
    if found != wanted or numbers != spec.exported_parameters:
        raise ExportError(
            f"{spec.title} computes {found} with {numbers:,} numbers; its spec says {wanted} with "
            f"{spec.exported_parameters:,}. Nothing is exported."
        )


def write_verified(path: files.PathLike, prepared: Prepared) -> Exported:
    """Write a document, read it again, compare it with its module; only then it has its name.

    Args:
        path: where; a file that is there is replaced only by one that was proven.
        prepared: as `prepare` gives it.

    Raises:
        ExportError: what was written does not compute what the module computes.
        StorageError: the file cannot be written; what was there stays.
    """
    path, document = Path(path), prepared.document
    metadata = document.metadata
    assert metadata is not None
    text = document_text(document)
    agreements: list[Agreement] = []

    def write_and_compare(temporary: Path) -> None:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        agreements.append(
            compare_with_module(
                temporary, metadata.title, prepared.module, metadata.golden, usual=prepared.usual
            )
        )

    files.write_with(path, write_and_compare)
    (agreement,) = agreements
    return Exported(
        name=metadata.name,
        path=path,
        size_bytes=len(text.encode()),
        parameters=document.parameters,
        largest_difference=agreement.largest_difference,
        steps=agreement.steps,
        remarks=(*prepared.remarks, *_blindness(agreement)),
    )


def _blindness(agreement: Agreement) -> list[str]:
    if not agreement.blind_to:
        return []
    return [
        "its golden vectors are the same for a model broken on purpose, so they do not guard "
        f"against that: {', '.join(agreement.blind_to)}"
    ]
