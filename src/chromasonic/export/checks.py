"""The single checks of `validation`: each gives whether it passed, and what was found."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from chromasonic.errors import ExportError
from chromasonic.export.document import (
    RECURRENT,
    Document,
    DocumentLayer,
    Golden,
    Metadata,
    weight_hash,
)
from chromasonic.export.golden_strength import (
    MOST_WORK,
    allowed_difference,
    asleep,
    fitting_mutants,
    weaknesses,
    work_of,
)
from chromasonic.export.interpreter import LARGEST_SUM, SMALLEST_SUM, compute, softmax_range
from chromasonic.export.json_limits import printable, shown
from chromasonic.export.reading import parse_document
from chromasonic.export.spec import ModelSpec

Finding = tuple[bool, str]
"""Whether it passed, and what was found."""

SUM_TOLERANCE = 1e-5
"""Of the probabilities of a step."""


def structure_details(document: Document, size_bytes: int) -> list[tuple[str, str]]:
    """What to say of a structure that was read without fault, check by check."""
    layers = document.layers
    sizes = " -> ".join([str(document.inputs), *(str(layer.size) for layer in layers)])
    used = [layer.activation for layer in layers if layer.activation]
    arrays = sum(len(layer.weights) for layer in layers)
    return [
        ("file", f"{size_bytes:,} bytes"),
        ("format", "JSON with in_shape and layers"),
        ("layers", ", ".join(layer.type for layer in layers)),
        ("shapes", f"{sizes}; every row of {arrays} arrays counted"),
        ("activations", ", ".join(used) or "none"),
        ("finite", f"all {document.parameters:,} numbers fit into float32"),
    ]


def metadata(document: Document, found: Metadata) -> Finding:
    """That it is said what the model was trained on, under which licence; and of its state."""
    if found.state_policy == "stateless" and any(
        layer.type in RECURRENT for layer in document.layers
    ):
        return False, "state_policy: stateless, of a model that has a recurrent layer"
    by = f"exported by Chromasonic {printable(found.version)}"
    if found.is_synthetic:
        return True, f"{by}; learned from made-up examples"
    if not found.corpora:
        return False, "corpora: none named; wanted: what the model was trained on"
    for place, corpus in enumerate(found.corpora):
        if not corpus["licence"]:
            return False, f"corpora[{place}]: {printable(corpus['name'])} has no licence"
    told = ", ".join(f"{corpus['name']} ({corpus['licence']})" for corpus in found.corpora)
    return True, f"{by}; learned from {printable(told)}"


def model(document: Document, spec: ModelSpec) -> Finding:
    """That the layers are those of the spec."""
    if document.inputs != spec.inputs:
        return False, f"{document.inputs} inputs; {spec.title} has {spec.inputs}"
    if len(document.layers) != len(spec.layers):
        return False, f"{len(document.layers)} layers; {spec.title} has {len(spec.layers)}"
    for place, (found, wanted) in enumerate(zip(document.layers, spec.layers, strict=True)):
        kind = "dense" if found.type == "time-distributed-dense" else found.type
        ours = kind, found.size, found.activation
        theirs = wanted.kind, wanted.size, wanted.activation
        if ours != theirs:
            return False, (
                f"layers[{place}] is {_layer(*ours)}; {spec.title} has {_layer(*theirs)}"
            )
    policy, step = (
        (None, None)
        if document.metadata is None
        else (document.metadata.state_policy, document.metadata.step)
    )
    if policy is not None and policy != spec.state:
        return False, f"state_policy is {policy}; {spec.title} has {spec.state}"
    if step is not None and step != spec.step:
        return False, f"step is {shown(step)}; {spec.title} has {spec.step!r}"
    return True, f"{spec.title}: {spec.inputs} inputs, {len(spec.layers)} layers, {spec.state}"


def _layer(kind: str, size: int, activation: str) -> str:
    return " ".join(part for part in (kind, str(size), activation) if part)


def parameters(document: Document, spec: ModelSpec | None) -> Finding:
    """That there are as many numbers as the spec and the metadata say."""
    count = document.parameters
    if spec is not None and count != spec.exported_parameters:
        return False, f"{count:,}; {spec.title} has {spec.exported_parameters:,}"
    if document.metadata is not None and document.metadata.parameters != count:
        return False, f"{count:,}; its metadata say {document.metadata.parameters:,}"
    if spec is not None and spec.parameters != count:
        return True, f"{count:,} (PyTorch counts {spec.parameters:,}: two biases in an LSTM)"
    return True, f"{count:,}"


def name(found: Metadata, spec: ModelSpec | None, file_name: str | None) -> Finding:
    """That file, metadata and spec mean one model."""
    if spec is not None and found.name != spec.name:
        return False, (
            f"it holds {shown(found.name)}, where {spec.name!r} should be; rename the file, or "
            "export the right model"
        )
    if spec is not None and found.title != spec.title:
        return False, f"its title is {shown(found.title)}; wanted {spec.title!r}"
    if file_name is not None and file_name != found.name:
        return False, f"the file is called {shown(file_name)} and holds {shown(found.name)}"
    return True, printable(f"{found.name}: {found.title}")


def hash_of_weights(document: Document, found: Metadata) -> Finding:
    """That the weights are those that were exported."""
    wanted = weight_hash(document.layers)
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", found.weight_hash):
        return False, f"{shown(found.weight_hash)}; wanted sha256: and 64 hexadecimal digits"
    if found.weight_hash != wanted:
        return False, (
            f"the weights have {wanted[:19]}..., the metadata say {found.weight_hash[:19]}...: a "
            "weight was changed after the export"
        )
    return True, f"{wanted[:19]}..."


def golden_inputs(document: Document, found: Metadata) -> Finding:
    """That the golden vectors could notice a wrong export."""
    golden = found.golden
    if weak := weaknesses(golden):
        return False, f"{'; '.join(weak)}: they could not notice a wrong export"
    if (work := work_of(document, golden)) > MOST_WORK:
        return False, f"too many to compute: {work:,} products; allowed: {MOST_WORK:,}"
    resets = len(golden.reset_before) - 1
    told = f"{len(golden.inputs)} steps, {resets} {'reset' if resets == 1 else 'resets'}"
    allowed = allowed_difference(golden, found.tolerance)
    if not _apart(document, golden).max() <= allowed:
        return True, f"{told}; the outputs are not those of this file, see there"
    fitting, tried = fitting_mutants(document, golden, allowed)
    if fitting:
        return False, (
            f"they fit {len(fitting)} of {tried} models broken on purpose as well, such as "
            f"{fitting[0]}"
        )
    sleeping, units = asleep(document, golden)
    unseen = f"; {sleeping} of {units} ReLU units are 0 throughout" if sleeping else ""
    return True, f"{told}; they tell it from {tried} models broken on purpose{unseen}"


def golden_outputs(document: Document, found: Metadata) -> Finding:
    """That the file computes the golden outputs, in float64 and NumPy."""
    golden = found.golden
    if work_of(document, golden) > MOST_WORK:
        return False, "too many steps to compute"
    allowed = allowed_difference(golden, found.tolerance)
    apart = _apart(document, golden)
    wrong = ~(apart <= allowed)  # so that NaN is wrong
    if not wrong.any():
        return True, (
            f"{wrong.size:,} outputs, at most {apart.max():.1e} apart; allowed {allowed:.0e}"
        )
    step, output = (int(place) for place in np.argwhere(wrong)[0])
    fitting, _ = fitting_mutants(document, golden, allowed)
    hint = f"; it fits with {' or '.join(fitting)}" if fitting else ""
    return False, (
        f"step {step}, output {output} is {apart[step, output]:.2g} from the wanted "
        f"{golden.outputs[step, output]:.6g}; {int(wrong.sum()):,} of {wrong.size:,} outputs are "
        f"more than {allowed:.0e} apart, at most {apart.max():.2g}{hint}"
    )


def _apart(document: Document, golden: Golden) -> NDArray[np.float64]:
    return np.abs(compute(document, golden.inputs, golden.reset_before) - golden.outputs)


def distribution(golden: Golden) -> Finding:
    """That probabilities are none below 0, and sum to 1 at each step."""
    sums = golden.outputs.astype(np.float64).sum(axis=1)
    apart = float(np.abs(sums - 1).max())
    if golden.outputs.min() < 0 or not apart <= SUM_TOLERANCE:
        step = int(np.abs(sums - 1).argmax())
        return False, f"the golden outputs of step {step} sum to {sums[step]:.6g}; wanted 1"
    return True, f"each step sums to 1 within {apart:.0e}"


def softmax(document: Document, golden: Golden) -> Finding:
    """That a softmax which subtracts no maximum, as RTNeural's, stays within float32."""
    if document.parameters * len(golden.inputs) > MOST_WORK:
        return False, "too many steps to compute"
    found = softmax_range(document, golden.inputs, golden.reset_before)
    if found is None:
        return True, "there is none"
    told = f"log of the sum of exponentials {found.smallest:.3g} to {found.largest:.3g}"
    if not (found.smallest >= SMALLEST_SUM and found.largest <= LARGEST_SUM):
        return False, (
            f"{told}; allowed {SMALLEST_SUM:g} to {LARGEST_SUM:g}: RTNeural subtracts no maximum "
            "and would overflow or divide by 0"
        )
    return True, f"{told} on the golden steps; allowed {SMALLEST_SUM:g} to {LARGEST_SUM:g}"


def round_trip(document: Document) -> Finding:
    """That the document, written and read once more, is the same to the last bit."""
    from chromasonic.export.writing import document_text

    try:
        again = parse_document(document_text(document))
    except ExportError as error:
        return False, f"written anew it cannot be read: {error}"
    if not same_document(document, again):
        return False, "written and read once more it is another document"
    return True, "written and read once more it is the same to the last bit"


def same_document(one: Document, other: Document) -> bool:
    """Whether two documents hold the same, every number to the last bit."""
    if one.inputs != other.inputs or len(one.layers) != len(other.layers):
        return False
    if not all(map(_same_layer, one.layers, other.layers)):
        return False
    if one.metadata is None or other.metadata is None:
        return one.metadata is other.metadata
    left, right = (dict(vars(document.metadata)) for document in (one, other))
    ours, theirs = left.pop("golden"), right.pop("golden")
    return (
        left == right
        and ours.reset_before == theirs.reset_before
        and _same_array(ours.inputs, theirs.inputs)
        and _same_array(ours.outputs, theirs.outputs)
    )


def _same_layer(one: DocumentLayer, other: DocumentLayer) -> bool:
    return (
        (one.type, one.size, one.activation, one.options)
        == (other.type, other.size, other.activation, other.options)
        and len(one.weights) == len(other.weights)
        and all(map(_same_array, one.weights, other.weights))
    )


def _same_array(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and one.tobytes() == other.tobytes()
