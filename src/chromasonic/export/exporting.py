"""One module into one RTNeural file, which appears under its name only when it is proven right."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
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
from chromasonic.export.golden import RESET_BEFORE, golden_inputs, golden_of
from chromasonic.export.rtneural import layers_of
from chromasonic.export.softmax_bounds import guard_softmax
from chromasonic.export.spec import Block, ModelSpec
from chromasonic.export.verifying import Agreement, compare_with_module
from chromasonic.export.writing import document_text


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
    """

    module: nn.Module
    document: Document
    remarks: tuple[str, ...] = ()


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
    inputs = golden_inputs(spec.inputs, examples=examples)
    golden = golden_of(module, inputs, RESET_BEFORE)
    guarded = guard_softmax(Document(inputs=spec.inputs, layers=layers), inputs)
    document = Document(
        inputs=spec.inputs,
        layers=guarded.layers,
        metadata=Metadata(
            name=spec.name,
            title=spec.title,
            version=chromasonic.__version__,
            corpora=description.corpora,
            is_synthetic=description.is_synthetic,
            inputs=description.inputs,
            outputs=description.outputs,
            state_policy=spec.state,
            step=spec.step,
            parameters=spec.exported_parameters,
            tolerance=TOLERANCE,
            weight_hash=weight_hash(guarded.layers),
            golden=golden,
            training=description.training,
        ),
    )
    return Prepared(module=module, document=document, remarks=guarded.remarks)


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
            compare_with_module(temporary, metadata.title, prepared.module, metadata.golden)
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
